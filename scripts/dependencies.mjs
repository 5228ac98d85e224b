// node_modules as package-lock.json says. A stamp inside node_modules holds the lock file's hash: an
// interrupted `npm ci` leaves none.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findProgram } from './child.mjs';
import { SetUpError } from './set-up-error.mjs';

/** @typedef {Record<string, { version?: string, integrity?: string, optional?: boolean, devOptional?: boolean }>} Packages */

/** @param {import('./tensorflow.mjs').Context} context */
function lockPaths({ projectRoot }) {
  const modules = join(projectRoot, 'node_modules');
  return {
    modules,
    lock: join(projectRoot, 'package-lock.json'),
    stamp: join(modules, '.distill-lab-lock'),
    installed: join(modules, '.package-lock.json'),
  };
}

/** @param {string} path */
function lockHash(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** @param {import('./tensorflow.mjs').Context} context */
export function dependenciesReady(context) {
  const { lock, stamp } = lockPaths(context);
  return existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === lockHash(lock);
}

/**
 * Whether npm's own record of what it installed says the same as the lock file: then somebody ran npm by
 * hand, and installing again would only cost time. npm writes the record last.
 * @param {string} lock
 * @param {string} installed
 */
function sameAsInstalled(lock, installed) {
  try {
    /** @type {Packages} */
    const wanted = JSON.parse(readFileSync(lock, 'utf8')).packages;
    /** @type {Packages} */
    const present = JSON.parse(readFileSync(installed, 'utf8')).packages;
    const same = (/** @type {string} */ name) =>
      wanted[name]?.version === present[name]?.version && wanted[name]?.integrity === present[name]?.integrity;
    return (
      Object.keys(present).every((name) => name in wanted) &&
      Object.entries(wanted).every(
        ([name, entry]) => name === '' || same(name) || (!(name in present) && (entry.optional || entry.devOptional)),
      )
    );
  } catch {
    return false;
  }
}

/**
 * npm as a program and its first arguments: the one that runs this script if there is one, since `npm` itself
 * is a shell script on Windows.
 * @param {NodeJS.ProcessEnv} env
 * @returns {[string, string[]] | undefined}
 */
export function findNpm(env) {
  const candidates = [env.npm_execpath, join(dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js')];
  const script = candidates.find((path) => path && /npm-cli\.c?js$/.test(path) && existsSync(path));
  if (script && (env.npm_execpath || process.platform === 'win32')) return [process.execPath, [script]];
  const program = findProgram('npm', env);
  return program ? [program, []] : undefined;
}

/** @param {import('./tensorflow.mjs').Context} context */
export async function ensureDependencies(context) {
  if (dependenciesReady(context)) return;
  const { modules, lock, stamp, installed } = lockPaths(context);
  if (!sameAsInstalled(lock, installed)) {
    const npm = findNpm(context.env);
    if (!npm)
      throw new SetUpError(
        'npm is not on PATH.',
        'install Node.js with npm from https://nodejs.org and run this again',
      );
    await rm(stamp, { force: true });
    const stage = context.progress.stage('Installing npm packages (npm ci)');
    const [program, first] = npm;
    const ended = await context.run(program, [...first, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: context.projectRoot,
      env: context.env,
    });
    if (ended.code !== 0 || !existsSync(modules)) {
      throw new SetUpError(
        `npm ci failed (exit code ${ended.code ?? ended.signal}).`,
        "look at the network or at npm's settings (npm config get registry), then run: npm ci",
        ended.stderr || ended.stdout,
      );
    }
    stage.done();
  }
  await writeFile(stamp, `${lockHash(lock)}\n`);
}
