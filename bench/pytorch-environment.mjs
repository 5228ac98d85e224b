// Makes the virtual environment in which the PyTorch side of `npm run bench` runs, and says where its Python is.
// Plain Node, nothing installed: `node bench/pytorch-environment.mjs` makes it and prints that path.
//
// Torch is asked for by its version alone, from wherever this machine's pip looks, so no host is named here. The
// benchmark runs on the processor only, so where pip also knows a CPU build (2.13.0+cpu, through PIP_FIND_LINKS or
// PIP_EXTRA_INDEX_URL, say), it prefers that to the plain one: a local suffix ranks higher. Elsewhere it gets what
// PyPI has for the platform, which on Linux is the CUDA build: gigabytes more to fetch, and the same CPU code.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const torch = '2.13.0';
const requirements = [`torch==${torch}`, 'numpy==2.4.6', 'pillow==13.0.0'];

/** An error whose message is meant for the person at the terminal, without a stack. */
export class PyTorchUnavailable extends Error {
  /** @override */
  name = 'PyTorchUnavailable';
}

/**
 * The Python of a complete environment. Makes the environment if it is missing, half made (a run that was
 * interrupted left no stamp), of other versions, or broken by a Python that has since gone.
 * @returns {Promise<string>} absolute path of the environment's python
 */
export async function ensurePyTorch() {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'distill-lab', `bench-pytorch-${torch}`);
  const windows = process.platform === 'win32';
  const python = windows ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
  const stamp = join(folder, 'complete.json');
  const wanted = `${JSON.stringify(requirements)}\n`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && quietly(python, ['-c', '']).status === 0) {
    return python;
  }

  const system = windows ? 'python' : 'python3';
  checkPython(system);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  console.error(`Making the benchmark's PyTorch environment in ${folder}: once, a few minutes.`);
  loudly(system, ['-m', 'venv', folder], `${system} could not make a virtual environment in ${folder}.`);
  loudly(
    python,
    ['-m', 'pip', 'install', '--disable-pip-version-check', ...requirements],
    `pip could not install ${requirements.join(' ')} (see its output above). Is there a network, and does this ` +
      `platform have a build of torch ${torch} for this Python?`,
  );
  loudly(python, ['-c', 'import torch, numpy, PIL.Image'], `torch ${torch} was installed, but does not load.`);
  writeFileSync(stamp, wanted);
  return python;
}

/** @param {string} system the command that starts the machine's own Python */
function checkPython(system) {
  const version = quietly(system, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
  if (version.error || version.status !== 0) {
    throw new PyTorchUnavailable(
      `The PyTorch comparison needs ${system}, which does not run here. On Debian or Ubuntu: ` +
        'apt-get install python3 python3-venv',
    );
  }
  const [major = 0, minor = 0] = version.stdout.trim().split('.').map(Number);
  if (major !== 3 || minor < 11) {
    throw new PyTorchUnavailable(
      `The PyTorch comparison needs Python 3.11 or later; ${system} is ${version.stdout.trim()}.`,
    );
  }
  // Debian splits both off: `python3 -m venv` alone starts there, and fails half way without ensurepip.
  if (quietly(system, ['-c', 'import venv, ensurepip']).status !== 0) {
    throw new PyTorchUnavailable(
      `${system} has no venv module, which the PyTorch comparison needs. On Debian or Ubuntu: ` +
        'apt-get install python3-venv',
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
  if (error || status !== 0) throw new PyTorchUnavailable(failure);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    console.log(await ensurePyTorch());
  } catch (error) {
    if (!(error instanceof PyTorchUnavailable)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
