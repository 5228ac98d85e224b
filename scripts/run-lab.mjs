// Set-up, then the laboratory in this terminal.
import { fileURLToPath } from 'node:url';
import { endLike, runInForeground } from './child.mjs';
import { setUpOrExplain } from './setup.mjs';

const root = new URL('..', import.meta.url);

/**
 * TensorFlow's own chatter is for those who ask for it.
 * @param {NodeJS.ProcessEnv} env
 * @param {boolean} verbose
 * @returns {NodeJS.ProcessEnv}
 */
export function quietEnvironment(env, verbose) {
  return verbose || env.TF_CPP_MIN_LOG_LEVEL !== undefined ? { ...env } : { ...env, TF_CPP_MIN_LOG_LEVEL: '2' };
}

/**
 * The arguments with which Node runs a TypeScript file of this project.
 * @param {string} file
 * @param {NodeJS.ProcessEnv} env what it will run in; changed where it must be
 */
export function typescriptProgram(file, env) {
  // tsx looks for a tsconfig.json in the current folder, which may be any.
  env.TSX_TSCONFIG_PATH ??= fileURLToPath(new URL('tsconfig.json', root));
  return ['--import', import.meta.resolve('tsx'), file];
}

/** @param {string[]} args */
export async function runLab(args) {
  const verbose = args.includes('--verbose');
  if (!(await setUpOrExplain({ verbose }))) return;
  const env = quietEnvironment(process.env, verbose);
  const program = typescriptProgram(fileURLToPath(new URL('src-core/cli.ts', root)), env);
  endLike(await runInForeground(process.execPath, [...program, ...args], { env }));
}
