import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runChild } from '../../scripts/child.mjs';
import { createProgress } from '../../scripts/progress.mjs';
import {
  createContext,
  describeTensorFlow,
  ensureTensorFlow,
  isReady,
  removeBroken,
} from '../../scripts/tensorflow.mjs';
import { createWorld, type World } from './world.js';

let world: World;
let said: string[];
let started: string[];

beforeEach(() => {
  world = createWorld();
  said = [];
  started = [];
});
afterEach(() => world.remove());

/** One set-up, in this process. */
function context(env: NodeJS.ProcessEnv = {}, loads: (path: string) => boolean = () => true) {
  const stream = { isTTY: false, write: (text: string) => said.push(text) } as unknown as NodeJS.WriteStream;
  return createContext({
    projectRoot: world.projectRoot,
    variants: world.variants,
    env: { ...world.env, ...env },
    platform: 'linux',
    arch: 'x64',
    progress: createProgress({ stream }),
    run: async (command, args, options) => {
      started.push([command, ...args].join(' '));
      if (args[0] !== '-e') return runChild(command, args, options);
      const code = loads(args[2] ?? '') ? 0 : 1;
      return { code, signal: null, stdout: '', stderr: 'undefined symbol: TF_Version' };
    },
  });
}

/** One set-up, in a process of its own. */
function provisionElsewhere(env: NodeJS.ProcessEnv = {}) {
  const { projectRoot, variants } = world;
  const description = JSON.stringify({ projectRoot, variants, env: { ...world.env, ...env } });
  const script = fileURLToPath(new URL('provision.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, description], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (text) => (stderr += text));
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, stderr })),
  );
  return { child, ended };
}

async function until(condition: () => boolean) {
  const end = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const leftovers = () => readdirSync(world.cacheFolder).filter((name) => /partial|old|download|lock/.test(name));

function expectComplete(device: 'cpu' | 'gpu' = 'cpu') {
  expect(readFileSync(world.binding, 'utf8')).toBe('built\n');
  expect(existsSync(join(world.entry(device), 'tensorflow', 'libtensorflow_cc.so.2'))).toBe(true);
  expect(leftovers()).toEqual([]);
}

describe('a first set-up', () => {
  it('keeps the libraries, the headers and the licences of the wheel, and nothing else', async () => {
    await ensureTensorFlow(context());
    expectComplete();
    expect(readdirSync(join(world.entry(), 'tensorflow')).sort()).toEqual([
      'THIRD_PARTY_NOTICES.txt',
      'include',
      'libtensorflow_cc.so.2',
      'libtensorflow_framework.so.2',
    ]);
    expect(readdirSync(join(world.entry(), 'tensorflow', 'include'))).toEqual(['tensorflow']);
    expect(said.join('')).toMatch(/Downloading tensorflow-cpu==1 .*\nUnpacking .*\nCompiling/);
  });

  it('leaves a working binding alone that it did not make', async () => {
    mkdirSync(join(world.binding, '..'), { recursive: true });
    writeFileSync(world.binding, 'somebody else’s');
    await ensureTensorFlow(context());
    expect(readFileSync(world.binding, 'utf8')).toBe('somebody else’s');
    expect(isReady(context())).toBe(true);
  });

  it('says so when the result does not load, and takes it away again', async () => {
    await expect(ensureTensorFlow(context({}, () => false))).rejects.toMatchObject({
      detail: expect.stringContaining('undefined symbol'),
    });
    expect(existsSync(world.binding)).toBe(false);
    await ensureTensorFlow(context());
    expectComplete();
    expect(world.calls(/download/)).toBe(1);
  });
});

describe('a later set-up', () => {
  beforeEach(async () => {
    await ensureTensorFlow(context());
    said = [];
    started = [];
  });

  it('that doubts what is there takes away what does not load, and only that', async () => {
    await removeBroken(context());
    expectComplete();
    // Damaged both in node_modules and where it is kept: compiled anew.
    await removeBroken(context({}, () => false));
    expect(existsSync(world.binding)).toBe(false);
    let tries = 0;
    await ensureTensorFlow(context({}, () => ++tries > 1));
    expectComplete();
    expect(world.calls(/g\+\+ .*tfjs_binding\.node/)).toBe(2);
  });

  it('tells every per cent to a program that reads along', () => {
    const stream = { isTTY: false, write: (text: string) => said.push(text) } as unknown as NodeJS.WriteStream;
    const stage = createProgress({ stream, percent: true }).stage('Fetching');
    for (const fraction of [0.101, 0.109, 0.5]) stage.update(fraction);
    stage.done();
    expect(said).toEqual(['Fetching\n', 'Fetching 10 %\n', 'Fetching 50 %\n']);
  });

  it('starts no process and says nothing', async () => {
    await ensureTensorFlow(context());
    expect(started).toEqual([]);
    expect(said).toEqual([]);
  });

  it('needs neither network nor Python nor compiler when node_modules was installed anew', async () => {
    rmSync(join(world.binding, '..'), { recursive: true });
    world.removeProgram('python3');
    world.removeProgram('g++');
    await ensureTensorFlow(context());
    expectComplete();
  });

  it('compiles again, and downloads nothing, when the binding’s sources changed', async () => {
    writeFileSync(
      join(world.projectRoot, 'node_modules/@tensorflow/tfjs-node-gpu/binding/tfjs_binding.cc'),
      '// newer',
    );
    await ensureTensorFlow(context());
    expect(world.calls(/^g\+\+/)).toBe(4);
    expect(world.calls(/download/)).toBe(1);
  });

  it.each(['truncated', 'gone'])('mends an entry whose library is %s', async (fault) => {
    const library = join(world.entry(), 'tensorflow', 'libtensorflow_cc.so.2');
    if (fault === 'gone') rmSync(library);
    else truncateSync(library, 10);
    await ensureTensorFlow(context());
    expect(readFileSync(library)).toHaveLength(7000);
    expectComplete();
  });
});

describe('a wheel that is not the pinned one', () => {
  const wheel = () => join(world.root, 'wheels', 'tensorflow-cpu-1.whl');

  it('is refused by name when pip brings it, whole or cut short', async () => {
    const good = readFileSync(wheel());
    for (const bad of [Buffer.from('another wheel'), good.subarray(0, good.length / 2)]) {
      writeFileSync(wheel(), bad);
      await expect(ensureTensorFlow(context())).rejects.toMatchObject({
        what: expect.stringMatching(
          /tensorflow-cpu-1\.whl.*thrown away.*sha256 is [0-9a-f]{64}, expected [0-9a-f]{64}/,
        ),
        remedy: expect.stringContaining('PIP_INDEX_URL'),
      });
    }
    expect(existsSync(world.entry())).toBe(false);
    writeFileSync(wheel(), good);
    await ensureTensorFlow(context());
    expectComplete();
  });

  it('is fetched again when half of it lies in the download folder, and not when all of it does', async () => {
    const downloads = `${world.entry()}.download`;
    const good = readFileSync(wheel());
    mkdirSync(downloads, { recursive: true });
    writeFileSync(join(downloads, 'tensorflow-cpu-1.whl'), good.subarray(0, 100));
    await expect(ensureTensorFlow(context({ FAKE_NETWORK_DOWN: '1' }))).rejects.toMatchObject({
      remedy: expect.stringContaining(join(downloads, 'tensorflow-cpu-1.whl')),
    });
    writeFileSync(join(downloads, 'tensorflow-cpu-1.whl'), good);
    await ensureTensorFlow(context({ FAKE_NETWORK_DOWN: '1' }));
    expectComplete();
  });
});

describe('what is missing is named, with the command that brings it', () => {
  it('no Python: upstream’s installer is tried, then the package is named', async () => {
    world.removeProgram('python3');
    await expect(ensureTensorFlow(context())).rejects.toMatchObject({
      what: expect.stringContaining('no Python 3'),
      remedy: expect.stringMatching(/install|pacman/),
      detail: expect.stringContaining('no route to the bucket'),
    });
  });

  it('no compiler: said before anything is downloaded', async () => {
    world.removeProgram('g++');
    await expect(ensureTensorFlow(context())).rejects.toMatchObject({
      what: expect.stringContaining('no C++ compiler'),
    });
    await expect(ensureTensorFlow(context({ CXX: 'icpx -O3' }))).rejects.toMatchObject({
      what: expect.stringContaining('icpx'),
    });
    expect(world.calls(/download/)).toBe(0);
  });

  it('a cache that cannot be written', async () => {
    writeFileSync(world.cacheHome, 'a file where the folder should be');
    await expect(ensureTensorFlow(context())).rejects.toMatchObject({
      what: expect.stringMatching(/cannot be written/),
      remedy: expect.stringContaining('XDG_CACHE_HOME='),
    });
  });

  it('a full disk, before the download', async () => {
    const variants = {
      'linux-x64-cpu': { unpackedBytes: 1e18, wheels: world.variants['linux-x64-cpu']?.wheels ?? [] },
    };
    await expect(ensureTensorFlow({ ...context(), variants })).rejects.toMatchObject({
      what: expect.stringMatching(/free and TensorFlow needs/),
    });
  });

  it('describes all of it for doctor', async () => {
    const before = await describeTensorFlow(context());
    expect(before.present).toMatchObject({ package: true, entry: false, ready: false });
    expect(before.problems).toEqual([{ what: expect.any(String), remedy: 'node scripts/setup.mjs' }]);
    await ensureTensorFlow(context());
    const after = await describeTensorFlow(context());
    expect(after).toMatchObject({
      device: 'cpu',
      version: '2.21.0',
      origin: 'wheel',
      present: { ready: true },
      problems: [],
    });
    expect(JSON.parse(JSON.stringify(after))).toEqual(after);
  });
});

describe('set-ups that are killed, or two at once', () => {
  it.each([
    ['downloading', { FAKE_SLOW_DOWNLOAD: '2' }, /download/, 2],
    ['compiling', { FAKE_SLOW_COMPILER: '2' }, /^g\+\+/, 1],
  ])('goes on after kill -9 while %s', async (_stage, env, reached, downloads) => {
    const { child, ended } = provisionElsewhere(env);
    await until(() => world.calls(reached) > 0);
    child.kill('SIGKILL');
    await ended;
    expect(existsSync(`${world.entry()}.lock`)).toBe(true);
    await ensureTensorFlow(context());
    expectComplete();
    expect(world.calls(/download/)).toBe(downloads);
  });

  it('two at once download once, and the second says what it waits for', async () => {
    const first = provisionElsewhere({ FAKE_SLOW_DOWNLOAD: '1' });
    await until(() => world.calls(/download/) > 0);
    const second = await provisionElsewhere().ended;
    expect((await first.ended).code).toBe(0);
    expect(second).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^Waiting for process \d+, .*tensorflow-2\.21\.0-cpu/),
    });
    expect(world.calls(/download/)).toBe(1);
    expectComplete();
  });

  it.each([
    ['by a process that is gone', '{"pid":4194305,"host":"elsewhere"}'],
    ['half written', ''],
  ])('takes over a lock left behind %s', async (_how, text) => {
    mkdirSync(world.cacheFolder, { recursive: true });
    const lock = `${world.entry()}.lock`;
    writeFileSync(lock, text);
    const longAgo = new Date(Date.now() - 120_000);
    utimesSync(lock, longAgo, longAgo);
    await ensureTensorFlow(context());
    expectComplete();
  });
});

describe('a GPU', () => {
  beforeEach(() => world.addProgram('nvidia-smi', '#!/bin/sh\necho "GPU 0: a GPU"\n'));

  it('gets the CUDA wheels, announced as not yet tried', async () => {
    await ensureTensorFlow(context());
    expectComplete('gpu');
    expect(existsSync(join(world.entry('gpu'), 'nvidia', 'cublas', 'lib', 'libcublas.so.12'))).toBe(true);
    expect(existsSync(join(world.entry('gpu'), 'nvidia', 'cublas', 'include'))).toBe(false);
    expect(said.join('')).toContain('not yet tried on a real GPU by this project');
    expect(isReady(context())).toBe(true);
  });

  it('is not used when DISTILL_LAB_DEVICE says cpu, and again when it no longer does', async () => {
    await ensureTensorFlow(context({ DISTILL_LAB_DEVICE: 'cpu' }));
    expectComplete('cpu');
    expect(isReady(context({ DISTILL_LAB_DEVICE: 'cpu' }))).toBe(true);
    expect(isReady(context())).toBe(false);
    await expect(ensureTensorFlow(context({ DISTILL_LAB_DEVICE: 'tpu' }))).rejects.toMatchObject({
      what: expect.stringContaining('tpu'),
    });
  });

  it('falls back to the CPU with the reason, and does not try again each time', async () => {
    rmSync(join(world.root, 'wheels', 'nvidia-cublas-1.whl'));
    await ensureTensorFlow(context());
    expectComplete('cpu');
    expect(said.join('')).toMatch(/CPU build it is\. Reason: pip could not download nvidia-cublas==1/);
    expect(isReady(context())).toBe(true);
    expect((await describeTensorFlow(context())).problems).toHaveLength(1);
  });
});
