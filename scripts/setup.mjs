// Everything a fresh checkout needs before it can run: npm packages and native TensorFlow. Needs only Node.
// Costs a few file reads when all is there.
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endChildren } from './child.mjs';
import { dependenciesReady, ensureDependencies } from './dependencies.mjs';
import { withLock } from './lock.mjs';
import { createProgress } from './progress.mjs';
import { SetUpError, explain } from './set-up-error.mjs';
import { createContext, ensureTensorFlow, isReady, removeBroken } from './tensorflow.mjs';

const oldestNode = [20, 11];

/** @param {string} version */
export function checkNode(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldestNode;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new SetUpError(
    `This is Node ${version}; ${oldestNode.join('.')} or later is needed.`,
    'install a current Node.js from https://nodejs.org, or: nvm install 22',
  );
}

/**
 * @typedef {object} SetUpOptions
 * @property {boolean} [verbose]
 * @property {boolean} [percent] a line for every per cent, for a program that reads along
 * @property {boolean} [mend] believes no stamp: what is there and does not load is made anew
 * @property {import('./tensorflow.mjs').Context} [context]
 */

/** @param {SetUpOptions} [options] */
export async function setUp({
  verbose = false,
  percent = false,
  mend = false,
  context = createContext({ progress: createProgress({ verbose, percent }) }),
} = {}) {
  checkNode(process.versions.node);
  if (!mend && dependenciesReady(context) && isReady(context)) return;
  const onWait = (/** @type {string} */ owner) =>
    context.progress.say(`Waiting for ${owner}, which is already setting up this checkout`);
  // In the checkout and not in node_modules, which npm ci deletes.
  await withLock(join(context.projectRoot, '.setup.lock'), onWait, async () => {
    await ensureDependencies(context);
    if (mend) await removeBroken(context);
    await ensureTensorFlow(context);
  });
}

/**
 * Set-up as a program, or before one: a failure is explained and ends the process.
 * @param {SetUpOptions} [options]
 * @returns {Promise<boolean>} false when it failed
 */
export async function setUpOrExplain(options) {
  // Without this the programs that set-up has started would go on without it. 'exit' lets the locks go.
  const end = (/** @type {NodeJS.Signals} */ signal) => {
    endChildren();
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  process.on('SIGINT', end).on('SIGTERM', end);
  try {
    await setUp(options);
    return true;
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 1;
    return false;
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}

if (process.argv[1] && fileURLToPath(import.meta.url) === realpathSync(process.argv[1])) {
  // Whoever runs this by itself has a reason to doubt what is there.
  const asked = (/** @type {string} */ name) => process.argv.includes(name);
  await setUpOrExplain({ verbose: asked('--verbose'), percent: asked('--percent'), mend: true });
}
