// Virtual environments in the lab's cache for other programs that the lab is compared with. Packages are asked for by
// their versions alone, from wherever this machine's pip looks, so no host is named here.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * @typedef {object} PythonEnvironment
 * @property {string} name of its folder in the cache
 * @property {string} purpose what needs it, as a subject: "The PyTorch comparison"
 * @property {string[]} requirements as pip takes them
 * @property {string} imports a statement that works once they are there
 */

/** An error whose message is meant for the person at the terminal, without a stack. */
export class PythonUnavailable extends Error {
  /** @override */
  name = 'PythonUnavailable';
}

/**
 * The Python of a complete environment. Makes the environment if it is missing, half made (a run that was
 * interrupted left no stamp), of other versions, or broken by a Python that has since gone.
 * @param {PythonEnvironment} environment
 * @returns {string} absolute path of the environment's python
 * @throws {PythonUnavailable}
 */
export function ensurePython({ name, purpose, requirements, imports }) {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'distill-lab', name);
  const windows = process.platform === 'win32';
  const python = windows ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
  const stamp = join(folder, 'complete.json');
  const wanted = `${JSON.stringify(requirements)}\n`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && quietly(python, ['-c', '']).status === 0) {
    return python;
  }

  const system = windows ? 'python' : 'python3';
  checkPython(system, purpose);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  console.error(`Making a Python environment in ${folder}: once.`);
  loudly(system, ['-m', 'venv', folder], `${system} could not make a virtual environment in ${folder}.`);
  loudly(
    python,
    ['-m', 'pip', 'install', '--disable-pip-version-check', '--quiet', ...requirements],
    `pip could not install ${requirements.join(' ')} (see its output above). Is there a network, and does this ` +
      'platform have builds of them for this Python?',
  );
  loudly(python, ['-c', imports], `${requirements.join(' ')} were installed, but do not load.`);
  writeFileSync(stamp, wanted);
  return python;
}

/**
 * @param {string} system the command that starts the machine's own Python
 * @param {string} purpose
 */
function checkPython(system, purpose) {
  const version = quietly(system, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
  if (version.error || version.status !== 0) {
    throw new PythonUnavailable(
      `${purpose} needs ${system}, which does not run here. On Debian or Ubuntu: apt-get install python3 python3-venv`,
    );
  }
  const [major = 0, minor = 0] = version.stdout.trim().split('.').map(Number);
  if (major !== 3 || minor < 11) {
    throw new PythonUnavailable(`${purpose} needs Python 3.11 or later; ${system} is ${version.stdout.trim()}.`);
  }
  // Debian splits both off: `python3 -m venv` alone starts there, and fails half way without ensurepip.
  if (quietly(system, ['-c', 'import venv, ensurepip']).status !== 0) {
    throw new PythonUnavailable(
      `${system} has no venv module, which ${purpose[0]?.toLowerCase()}${purpose.slice(1)} needs. On Debian or Ubuntu: apt-get install python3-venv`,
    );
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 */
function quietly(command, args) {
  return spawnSync(command, args, { encoding: 'utf8' });
}

/**
 * Runs with all output on stderr, so that stdout stays the caller's.
 * @param {string} command
 * @param {string[]} args
 * @param {string} failure
 */
function loudly(command, args, failure) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2] });
  if (error || status !== 0) throw new PythonUnavailable(failure);
}
