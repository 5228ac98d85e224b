// The virtual environment in which the PyTorch side of `npm run bench` runs, and where its Python is.
// Plain Node, nothing installed: `node bench/pytorch-environment.mjs` makes it and prints that path.
//
// The benchmark runs on the processor only, so where pip also knows a CPU build (2.13.0+cpu, through PIP_FIND_LINKS or
// PIP_EXTRA_INDEX_URL, say), it prefers that to the plain one: a local suffix ranks higher. Elsewhere it gets what
// PyPI has for the platform, which on Linux is the CUDA build: gigabytes more to fetch, and the same CPU code.
import { pathToFileURL } from 'node:url';
import { PythonUnavailable, ensurePython } from '../scripts/python-environment.mjs';

const torch = '2.13.0';

/** @returns {string} absolute path of the environment's python */
export function ensurePyTorch() {
  return ensurePython({
    name: `bench-pytorch-${torch}`,
    purpose: 'The PyTorch comparison',
    requirements: [`torch==${torch}`, 'numpy==2.4.6', 'pillow==13.0.0'],
    imports: 'import torch, numpy, PIL.Image',
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    console.log(ensurePyTorch());
  } catch (error) {
    if (!(error instanceof PythonUnavailable)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
