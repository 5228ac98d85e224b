// Child processes: always argument arrays, never a shell.
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * @typedef {object} ChildResult
 * @property {number | null} code
 * @property {NodeJS.Signals | null} signal
 * @property {string} stdout
 * @property {string} stderr
 */

/**
 * @typedef {object} ChildOptions
 * @property {NodeJS.ProcessEnv} [env]
 * @property {string} [cwd]
 * @property {number} [timeout] milliseconds, after which the child is killed
 * @property {(line: string) => void} [onLine] each line of its standard output
 */

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/**
 * Runs a program to its end and keeps the last of what it says. A program that is not there gives code 127.
 * @param {string} command
 * @param {string[]} args
 * @param {ChildOptions} [options]
 * @returns {Promise<ChildResult>}
 */
export function runChild(command, args, options = {}) {
  return new Promise((resolve) => {
    const { onLine, ...rest } = options;
    const child = spawn(command, args, { ...rest, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
    running.add(child);
    let stdout = '';
    let stderr = '';
    let line = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout = (stdout + text).slice(-64_000);
      if (!onLine) return;
      const lines = (line + text).split('\n');
      line = lines.pop() ?? '';
      lines.forEach(onLine);
    });
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr = (stderr + text).slice(-64_000)));
    child.on('error', (error) => {
      running.delete(child);
      resolve({ code: 127, signal: null, stdout, stderr: stderr + error.message });
    });
    child.on('close', (code, signal) => {
      running.delete(child);
      resolve({ code, signal, stdout, stderr });
    });
  });
}

/** Ends what this process started and still runs: for a set-up that is itself being ended. */
export function endChildren() {
  for (const child of running) child.kill('SIGKILL');
}

/**
 * Runs a program that takes over the terminal, and outlives it: Ctrl-C reaches the child from the terminal
 * itself, SIGTERM and SIGHUP are passed on.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, ending?: AbortSignal }} [options] `ending`: once aborted, the
 *   program is asked to end
 * @returns {Promise<{ code: number | null, signal: NodeJS.Signals | null }>}
 */
export function runInForeground(command, args, { ending, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: 'inherit' });
    // A terminal sends Ctrl-C to the whole group: passing it on would make it two. Without a terminal it
    // was sent to this process alone.
    const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
    /** @type {Array<[NodeJS.Signals, () => void]>} */
    const handlers = [
      ['SIGINT', () => !onTerminal && child.kill('SIGINT')],
      ['SIGTERM', () => child.kill('SIGTERM')],
      ['SIGHUP', () => child.kill('SIGHUP')],
    ];
    for (const [signal, handler] of handlers) process.on(signal, handler);
    ending?.addEventListener('abort', () => child.kill('SIGTERM'));
    const forget = () => handlers.forEach(([signal, handler]) => process.off(signal, handler));
    child.on('error', (error) => {
      forget();
      reject(error);
    });
    child.on('exit', (code, signal) => {
      forget();
      resolve({ code, signal });
    });
  });
}

/**
 * Ends this process as the child ended: with its code, or by its signal.
 * @param {{ code: number | null, signal: NodeJS.Signals | null }} end
 */
export function endLike({ code, signal }) {
  if (!signal) return void (process.exitCode = code ?? 1);
  process.exitCode = 1;
  process.kill(process.pid, signal);
  setTimeout(() => process.exit(1), 1000); // only if the signal is one that does not end this process
}

/**
 * Looks for a program on PATH without starting it.
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined}
 */
export function findProgram(name, env) {
  const folders = (env.PATH ?? env.Path ?? '').split(delimiter).filter(Boolean);
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', ''] : [''];
  const candidates = /[\\/]/.test(name)
    ? [name]
    : folders.flatMap((folder) => endings.map((end) => join(folder, name + end)));
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return statSync(path).isFile();
    } catch {
      return false;
    }
  });
}
