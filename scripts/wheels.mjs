// The wheels TensorFlow comes from, pinned, and how one is fetched and unpacked. Their libraries do not
// depend on the Python version, so every machine takes the cp311 wheel: one file, one hash.
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SetUpError, installCommand } from './set-up-error.mjs';

export const tensorflowVersion = '2.21.0';

/**
 * @typedef {object} Wheel
 * @property {string} requirement what pip is asked for
 * @property {string} platform pip's platform tag
 * @property {string} file
 * @property {string} sha256
 * @property {number} bytes
 */

/**
 * @typedef {object} Variant what one cache entry is made of
 * @property {Wheel[]} wheels
 * @property {number} unpackedBytes
 */

/**
 * @param {string} requirement
 * @param {string} platform
 * @param {string} file
 * @param {string} sha256
 * @param {number} bytes
 * @returns {Wheel}
 */
const wheel = (requirement, platform, file, sha256, bytes) => ({ requirement, platform, file, sha256, bytes });

/**
 * By platform, architecture and device. The CUDA wheels are those that tensorflow 2.21.0's `and-cuda` extra
 * asks for, newest that satisfied it when this was written.
 * @type {Record<string, Variant>}
 */
export const variants = {
  'linux-x64-cpu': {
    unpackedBytes: 861e6,
    wheels: [
      wheel(
        'tensorflow-cpu==2.21.0',
        'manylinux_2_27_x86_64',
        'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
        '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
        273_829_956,
      ),
    ],
  },
  // There is no tensorflow-cpu for arm64: the plain wheel is without CUDA there.
  'linux-arm64-cpu': {
    unpackedBytes: 891e6,
    wheels: [
      wheel(
        'tensorflow==2.21.0',
        'manylinux_2_27_aarch64',
        'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_aarch64.whl',
        '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
        281_828_020,
      ),
    ],
  },
  'linux-x64-gpu': {
    unpackedBytes: 5_750e6,
    wheels: [
      wheel(
        'tensorflow==2.21.0',
        'manylinux_2_27_x86_64',
        'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
        '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
        572_440_367,
      ),
      wheel(
        'nvidia-cublas-cu12==12.9.3.13',
        'manylinux_2_27_x86_64',
        'nvidia_cublas_cu12-12.9.3.13-py3-none-manylinux_2_27_x86_64.whl',
        'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72',
        581_217_458,
      ),
      wheel(
        'nvidia-cuda-cupti-cu12==12.8.90',
        'manylinux2014_x86_64',
        'nvidia_cuda_cupti_cu12-12.8.90-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
        'ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182',
        10_248_621,
      ),
      wheel(
        'nvidia-cuda-nvcc-cu12==12.9.86',
        'manylinux2010_x86_64',
        'nvidia_cuda_nvcc_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
        '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0',
        40_546_229,
      ),
      wheel(
        'nvidia-cuda-nvrtc-cu12==12.9.86',
        'manylinux2010_x86_64',
        'nvidia_cuda_nvrtc_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
        '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
        89_568_129,
      ),
      wheel(
        'nvidia-cuda-runtime-cu12==12.9.79',
        'manylinux2014_x86_64',
        'nvidia_cuda_runtime_cu12-12.9.79-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
        '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
        3_493_179,
      ),
      wheel(
        'nvidia-cudnn-cu12==9.28.0.42',
        'manylinux_2_27_x86_64',
        'nvidia_cudnn_cu12-9.28.0.42-py3-none-manylinux_2_27_x86_64.whl',
        '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
        716_538_495,
      ),
      wheel(
        'nvidia-cufft-cu12==11.4.1.4',
        'manylinux2014_x86_64',
        'nvidia_cufft_cu12-11.4.1.4-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
        'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
        200_877_592,
      ),
      wheel(
        'nvidia-curand-cu12==10.3.10.19',
        'manylinux_2_27_x86_64',
        'nvidia_curand_cu12-10.3.10.19-py3-none-manylinux_2_27_x86_64.whl',
        '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e',
        68_295_626,
      ),
      wheel(
        'nvidia-cusolver-cu12==11.7.5.82',
        'manylinux_2_27_x86_64',
        'nvidia_cusolver_cu12-11.7.5.82-py3-none-manylinux_2_27_x86_64.whl',
        '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
        338_117_415,
      ),
      wheel(
        'nvidia-cusparse-cu12==12.5.10.65',
        'manylinux2014_x86_64',
        'nvidia_cusparse_cu12-12.5.10.65-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
        '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
        366_465_088,
      ),
      wheel(
        'nvidia-nccl-cu12==2.32.3',
        'manylinux_2_27_x86_64',
        'nvidia_nccl_cu12-2.32.3-py3-none-manylinux_2_27_x86_64.whl',
        'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c',
        351_526_311,
      ),
      wheel(
        'nvidia-nvjitlink-cu12==12.9.86',
        'manylinux2010_x86_64',
        'nvidia_nvjitlink_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
        'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
        39_748_338,
      ),
    ],
  },
};

// What is taken out of a wheel, by the beginning of the name: the libraries, the headers of the C interface
// that the binding includes, and the licences. The rest is Python.
const neededParts = [
  'tensorflow/libtensorflow',
  'tensorflow/THIRD_PARTY_NOTICES',
  'tensorflow/include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/platform/',
  'tensorflow/include/tsl/',
  'tensorflow/include/xla/tsl/',
  'nvidia/',
];

// A wheel is a zip file, and wherever pip fetched one there is Python's own reader for it.
const unpackProgram = `
import json, os, sys, zipfile
wheel, folder, parts = sys.argv[1], sys.argv[2], tuple(json.loads(sys.argv[3]))
def needed(name):
    if name.endswith('/') or name.startswith('nvidia/') and '/include/' in name: return False
    return name.startswith(parts) or '.dist-info/' in name and 'licen' in name.lower()
with zipfile.ZipFile(wheel) as archive:
    members = [member for member in archive.infolist() if needed(member.filename)]
    total, done, told = sum(member.file_size for member in members) or 1, 0, 0
    root = os.path.realpath(folder)
    for member in members:
        target = os.path.realpath(os.path.join(root, member.filename))
        if not target.startswith(root + os.sep): raise SystemExit('a name leaves the folder: ' + member.filename)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with archive.open(member) as source, open(target, 'wb') as sink:
            while True:
                piece = source.read(1 << 20)
                if not piece: break
                sink.write(piece)
                done += len(piece)
                if done - told > 8 << 20:
                    told = done
                    print(done / total, flush=True)
        if member.external_attr >> 16 & 0o111: os.chmod(target, 0o755)
`;

/**
 * @param {string} path
 * @returns {Promise<string>}
 */
async function sha256(path) {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(piece);
  return hash.digest('hex');
}

/** @param {number} bytes */
export const megabytes = (bytes) => `${Math.max(1, Math.round(bytes / 1e6))} MB`;

/** @param {string} folder */
async function largestFile(folder) {
  let largest = 0;
  for (const name of await readdir(folder, { recursive: true }).catch(() => [])) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found?.isFile()) largest = Math.max(largest, found.size);
  }
  return largest;
}

/**
 * Brings one wheel into `folder`, unless it is there already with the right hash.
 * @param {Wheel} wheel
 * @param {string} folder
 * @param {string} python
 * @param {import('./tensorflow.mjs').Context} context
 * @returns {Promise<string>} its path
 */
export async function fetchWheel(wheel, folder, python, context) {
  const path = join(folder, wheel.file);
  if (existsSync(path)) {
    if ((await sha256(path)) === wheel.sha256) return path;
    await rm(path); // half of a file, or another one: fetched again
  }
  // pip keeps its temporary file beside the target, where there was room, and not in a small /tmp.
  const attempt = join(folder, `attempt-${process.pid}`);
  await mkdir(join(attempt, 'tmp'), { recursive: true });
  const stage = context.progress.stage(
    `Downloading ${wheel.requirement} (${megabytes(wheel.bytes)}, once for all checkouts)`,
  );
  const timer = setInterval(async () => stage.update((await largestFile(attempt)) / wheel.bytes), 250);
  try {
    const args = [
      '-m',
      'pip',
      'download',
      '--no-deps',
      '--only-binary=:all:',
      '--no-cache-dir',
      '--disable-pip-version-check',
    ];
    args.push('--python-version', '3.11', '--implementation', 'cp', '--platform', wheel.platform);
    args.push('--progress-bar', 'off', '--dest', attempt, wheel.requirement);
    const ended = await context.run(python, args, { env: { ...context.env, TMPDIR: join(attempt, 'tmp') } });
    if (ended.code !== 0) throw pipFailure(wheel, path, ended, context);
    const fetched = join(attempt, wheel.file);
    if (!existsSync(fetched)) {
      const names = (await readdir(attempt)).filter((name) => name !== 'tmp').join(', ') || 'nothing';
      throw new SetUpError(`pip was asked for ${wheel.file} and brought ${names}.`, tryAnotherIndex, ended.stdout);
    }
    const found = await sha256(fetched);
    if (found !== wheel.sha256) {
      throw new SetUpError(
        `${wheel.file} is not the file this project was tested with, and was thrown away: its sha256 is ${found}, expected ${wheel.sha256}.`,
        tryAnotherIndex,
      );
    }
    await rename(fetched, path);
    stage.done();
    return path;
  } finally {
    clearInterval(timer);
    await rm(attempt, { recursive: true, force: true });
  }
}

const tryAnotherIndex =
  'see which package index pip uses (python3 -m pip config list), name another one in PIP_INDEX_URL, and run this again';

/**
 * @param {Wheel} wheel
 * @param {string} path
 * @param {import('./child.mjs').ChildResult} ended
 * @param {import('./tensorflow.mjs').Context} context
 */
function pipFailure(wheel, path, ended, context) {
  const said = ended.stderr || ended.stdout;
  if (/No module named pip/.test(said)) {
    return new SetUpError('Python is here without pip.', installCommand(['pip'], context));
  }
  if (/No space left|Disk quota/.test(said))
    return new SetUpError(`The disk is full at ${path}.`, 'free some space and run this again');
  return new SetUpError(
    `pip could not download ${wheel.requirement} (exit code ${ended.code ?? ended.signal}).`,
    `look at the network or at pip's settings (PIP_INDEX_URL, HTTPS_PROXY) and run this again; or put ${wheel.file}, from any machine that has a network, at ${path}`,
    said,
  );
}

/**
 * @param {Wheel} wheel
 * @param {string} path
 * @param {string} folder
 * @param {string} python
 * @param {import('./tensorflow.mjs').Context} context
 */
export async function unpackWheel(wheel, path, folder, python, context) {
  const stage = context.progress.stage(`Unpacking ${wheel.requirement}`);
  const ended = await context.run(python, ['-c', unpackProgram, path, folder, JSON.stringify(neededParts)], {
    env: context.env,
    onLine: (line) => stage.update(Number(line)),
  });
  if (ended.code !== 0) {
    if (/No space left|Disk quota/.test(ended.stderr)) {
      throw new SetUpError(`The disk is full at ${folder}.`, 'free some space and run this again');
    }
    throw new SetUpError(`${wheel.file} could not be unpacked.`, `delete ${path} and run this again`, ended.stderr);
  }
  stage.done();
}
