// Set-up, the Electron runtime, the built application: then the window.
import { endLike, runInForeground } from './child.mjs';
import { ensureBuilt } from './build.mjs';
import { dependenciesReady } from './dependencies.mjs';
import { ensureElectron } from './electron.mjs';
import { createProgress } from './progress.mjs';
import { explain } from './set-up-error.mjs';
import { setUpOrExplain } from './setup.mjs';
import { createContext } from './tensorflow.mjs';

/**
 * `--lab DIR` as Chromium's command line wants it; the rest as it is.
 * @param {string[]} args
 */
export function windowArguments(args) {
  const at = args.indexOf('--lab');
  if (at < 0 || args[at + 1] === undefined) return args;
  return [...args.slice(0, at), `--lab=${args[at + 1]}`, ...args.slice(at + 2)];
}

/**
 * What starts the built application; a failure is explained.
 * @param {{ verbose?: boolean, withoutTensorFlow?: boolean }} [options] `withoutTensorFlow`: its lack alone does not
 *   count as a failure
 * @returns {Promise<import('./electron.mjs').Program | undefined>} undefined when it failed
 */
export async function prepareWindow({ verbose = false, withoutTensorFlow = false } = {}) {
  const context = createContext({ progress: createProgress({ verbose }) });
  if (!(await setUpOrExplain({ verbose }))) {
    if (!withoutTensorFlow || !dependenciesReady(context)) return undefined;
    context.progress.say('The window opens without TensorFlow: all but training works, and Train has a button for it.');
    process.exitCode = 0;
  }
  // With this Node the window sets TensorFlow up: Electron's own may be too old.
  process.env.DISTILL_LAB_NODE = process.execPath;
  try {
    const program = await ensureElectron(context);
    await ensureBuilt(context.progress);
    return program;
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 1;
    return undefined;
  }
}

/** @param {string[]} args */
export async function openWindow(args) {
  const program = await prepareWindow({ verbose: args.includes('--verbose'), withoutTensorFlow: true });
  if (!program) return;
  endLike(await runInForeground(program.executable, [...program.args, ...windowArguments(args)]));
}
