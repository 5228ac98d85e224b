// A small world for set-up: a checkout, a cache, a wheel of a few bytes, and programs on a PATH of its own.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findProgram } from '../../scripts/child.mjs';
import type { Variant } from '../../scripts/wheels.mjs';

// What pip does here: bring the wheel that FAKE_WHEELS holds. Unpacking is left to the real Python.
const fakePython = (realPython: string) => `#!/bin/sh
[ "$1" = -c ] && exec ${realPython} "$@"
echo "python3 $*" >> "$FAKE_LOG"
[ "$3" = download ] || { echo 'a version'; exit 0; }
[ -n "$FAKE_NETWORK_DOWN" ] && { echo 'ERROR: Could not find a version that satisfies the requirement' >&2; exit 1; }
[ -n "$FAKE_SLOW_DOWNLOAD" ] && sleep "$FAKE_SLOW_DOWNLOAD"
while [ $# -gt 1 ]; do [ "$1" = --dest ] && dest=$2; shift; done
cp "$FAKE_WHEELS"/\${1%%==*}* "$dest/"
`;

const fakeCompiler = `#!/bin/sh
echo "g++ $*" >> "$FAKE_LOG"
[ -n "$FAKE_SLOW_COMPILER" ] && sleep "$FAKE_SLOW_COMPILER"
while [ $# -gt 1 ]; do [ "$1" = -o ] && echo built > "$2"; shift; done
`;

export interface World {
  root: string;
  projectRoot: string;
  cacheHome: string;
  cacheFolder: string;
  entry: (device?: 'cpu' | 'gpu') => string;
  binding: string;
  env: NodeJS.ProcessEnv;
  variants: Record<string, Variant>;
  addProgram: (name: string, text: string) => void;
  removeProgram: (name: string) => void;
  calls: (pattern: RegExp) => number;
  remove: () => void;
}

/** Makes the wheels and says where the real Python is: all in one process, since each costs a tenth of a second. */
function makeWheels(folder: string, wheels: Record<string, Record<string, string>>): string {
  const program = `
import json, sys, zipfile
for name, parts in json.loads(sys.argv[2]).items():
    with zipfile.ZipFile(f'{sys.argv[1]}/{name}-1.whl', 'w', zipfile.ZIP_DEFLATED) as wheel:
        for part, text in parts.items(): wheel.writestr(part, text)
print(sys.executable)`;
  return execFileSync('python3', ['-c', program, folder, JSON.stringify(wheels)], { encoding: 'utf8' }).trim();
}

export function createWorld(): World {
  const root = mkdtempSync(join(tmpdir(), 'distill-lab-setup-'));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  const projectRoot = join(root, 'checkout');
  const packageFolder = join(projectRoot, 'node_modules', '@tensorflow', 'tfjs-node-gpu');
  write(join(packageFolder, 'package.json'), '{ "version": "4.22.0" }');
  write(join(packageFolder, 'binding', 'tfjs_binding.cc'), '// source');
  write(join(packageFolder, 'scripts', 'install.js'), "console.error('no route to the bucket'); process.exit(1);");

  const wheels = join(root, 'wheels');
  mkdirSync(wheels);
  const parts = {
    'tensorflow/libtensorflow_cc.so.2': 'library'.repeat(1000),
    'tensorflow/libtensorflow_framework.so.2': 'framework',
    'tensorflow/include/tensorflow/c/c_api.h': 'header',
    'tensorflow/include/eigen/Eigen': 'not needed',
    'tensorflow/python/keras.py': 'not needed',
    'tensorflow/THIRD_PARTY_NOTICES.txt': 'notices',
  };
  const realPython = makeWheels(wheels, {
    'tensorflow-cpu': parts,
    tensorflow: parts,
    'nvidia-cublas': { 'nvidia/cublas/lib/libcublas.so.12': 'cublas', 'nvidia/cublas/include/cublas.h': 'not needed' },
  });
  const pin = (name: string) => {
    const path = join(wheels, `${name}-1.whl`);
    const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
    return { requirement: `${name}==1`, platform: 'any', file: `${name}-1.whl`, sha256, bytes: statSync(path).size };
  };

  const programs = join(root, 'bin');
  const log = join(root, 'log');
  const addProgram = (name: string, text: string) => {
    write(join(programs, name), text);
    chmodSync(join(programs, name), 0o755);
  };
  for (const name of ['sh', 'cp', 'sleep', 'node', 'env']) {
    const real = findProgram(name, process.env);
    if (real) addProgram(name, `#!/bin/sh\nexec ${real} "$@"\n`);
  }
  addProgram('python3', fakePython(realPython));
  addProgram('g++', fakeCompiler);

  const cacheHome = join(root, 'cache');
  const cacheFolder = join(cacheHome, 'distill-lab');
  return {
    root,
    projectRoot,
    cacheHome,
    cacheFolder,
    entry: (device = 'cpu') => join(cacheFolder, `tensorflow-2.21.0-${device}-linux-x64`),
    binding: join(packageFolder, 'lib', 'napi-v8', 'tfjs_binding.node'),
    env: { PATH: programs, HOME: root, XDG_CACHE_HOME: cacheHome, FAKE_LOG: log, FAKE_WHEELS: wheels },
    variants: {
      'linux-x64-cpu': { unpackedBytes: 10_000, wheels: [pin('tensorflow-cpu')] },
      'linux-x64-gpu': { unpackedBytes: 10_000, wheels: [pin('tensorflow'), pin('nvidia-cublas')] },
    },
    addProgram,
    removeProgram: (name) => rmSync(join(programs, name)),
    calls: (pattern) =>
      (existsSync(log) ? readFileSync(log, 'utf8') : '').split('\n').filter((line) => pattern.test(line)).length,
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
