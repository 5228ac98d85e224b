import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dependenciesReady, ensureDependencies } from '../../scripts/dependencies.mjs';
import { quietEnvironment } from '../../scripts/run-lab.mjs';
import { SetUpError, explain, installCommand } from '../../scripts/set-up-error.mjs';
import { checkNode } from '../../scripts/setup.mjs';
import { createContext } from '../../scripts/tensorflow.mjs';
import { countTests } from '../../scripts/test.mjs';
import { createWorld, type World } from './world.js';

const fakeNpm = `#!/bin/sh
echo "npm $*" >> "$FAKE_LOG"
[ -n "$FAKE_NETWORK_DOWN" ] && { echo 'npm error network' >&2; exit 1; }
mkdir -p node_modules
`;

describe('npm packages', () => {
  let world: World;
  const context = (env: NodeJS.ProcessEnv = {}) =>
    createContext({
      projectRoot: world.projectRoot,
      env: { ...world.env, PATH: `${world.env.PATH}:/bin:/usr/bin`, ...env },
    });
  const packages = (version: string) =>
    JSON.stringify({
      packages: { '': {}, 'node_modules/a': { version }, 'node_modules/b': { version: '1', optional: true } },
    });

  beforeEach(() => {
    world = createWorld();
    world.addProgram('npm', fakeNpm);
    writeFileSync(join(world.projectRoot, 'package-lock.json'), packages('1'));
  });
  afterEach(() => world.remove());

  it('are installed once for a lock file, and again when it changes', async () => {
    await ensureDependencies(context());
    await ensureDependencies(context());
    expect(world.calls(/^npm ci/)).toBe(1);
    writeFileSync(join(world.projectRoot, 'package-lock.json'), packages('2'));
    await ensureDependencies(context());
    expect(world.calls(/^npm ci/)).toBe(2);
    rmSync(join(world.projectRoot, 'node_modules'), { recursive: true });
    expect(dependenciesReady(context())).toBe(false);
  });

  it('are left alone when npm was run by hand', async () => {
    const installed = join(world.projectRoot, 'node_modules', '.package-lock.json');
    writeFileSync(installed, JSON.stringify({ packages: { 'node_modules/a': { version: '1' } } }));
    await ensureDependencies(context());
    expect(world.calls(/^npm/)).toBe(0);
    writeFileSync(join(world.projectRoot, 'package-lock.json'), packages('2'));
    await ensureDependencies(context());
    expect(world.calls(/^npm ci/)).toBe(1);
  });

  it('that could not be installed leave no stamp', async () => {
    await expect(ensureDependencies(context({ FAKE_NETWORK_DOWN: '1' }))).rejects.toMatchObject({
      detail: expect.stringContaining('npm error network'),
    });
    expect(dependenciesReady(context())).toBe(false);
  });
});

describe('the programs around the laboratory', () => {
  const child = fileURLToPath(new URL('../../scripts/child.mjs', import.meta.url));
  /** A parent as lab.mjs is one, whose child says it is there and then does as told. */
  function parentOf(childProgram: string) {
    const program = `import(${JSON.stringify(child)}).then(async ({ runInForeground, endLike }) => endLike(await runInForeground(process.execPath, ['-e', ${JSON.stringify(childProgram)}])))`;
    const parent = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    let stdout = '';
    const there = new Promise<void>((resolve) => parent.stdout.on('data', (text) => ((stdout += text), resolve())));
    const ended = new Promise<{ code: number | null; signal: string | null; stdout: string }>((resolve) =>
      parent.on('close', (code, signal) => resolve({ code, signal, stdout })),
    );
    return { parent, there, ended };
  }

  it('end with the child’s code', async () => {
    expect(await parentOf('console.log(1); process.exitCode = 7').ended).toMatchObject({ code: 7 });
  });

  it('pass SIGTERM on and outlive a child that cleans up', async () => {
    const { parent, there, ended } = parentOf(
      "process.on('SIGTERM', () => setTimeout(() => { console.log('clean'); process.exit(0) }, 100)); console.log('there'); setInterval(() => {}, 1000)",
    );
    await there;
    parent.kill('SIGTERM');
    expect(await ended).toEqual({ code: 0, signal: null, stdout: 'there\nclean\n' });
  });

  it('end by the signal that ended the child', async () => {
    const { parent, there, ended } = parentOf("console.log('there'); setInterval(() => {}, 1000)");
    await there;
    parent.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: null, signal: 'SIGTERM' });
  });

  it('silence TensorFlow unless told otherwise', () => {
    expect(quietEnvironment({}, false)).toEqual({ TF_CPP_MIN_LOG_LEVEL: '2' });
    expect(quietEnvironment({ TF_CPP_MIN_LOG_LEVEL: '0' }, false)).toEqual({ TF_CPP_MIN_LOG_LEVEL: '0' });
    expect(quietEnvironment({}, true)).toEqual({});
  });

  it('count a test file that cannot be loaded as a failure', () => {
    const testResults = [
      { status: 'failed', assertionResults: [] },
      { status: 'passed', assertionResults: [{}] },
    ];
    expect(
      countTests({ numPassedTests: 1, numFailedTests: 0, numPendingTests: 2, numTodoTests: 1, testResults }),
    ).toEqual({ passed: 1, failed: 1, skipped: 3 });
  });
});

describe('what people are told', () => {
  it('an old Node is named', () => {
    expect(() => checkNode('18.19.0')).toThrow('20.11 or later');
    expect(() => checkNode('20.10.0')).toThrow(SetUpError);
    expect(() => checkNode('20.11.0')).not.toThrow();
    expect(() => checkNode('24.0.1')).not.toThrow();
  });

  it('the command that installs what is missing fits the system', () => {
    const debian = { platform: 'linux', osRelease: 'ID=ubuntu\nID_LIKE=debian\n', root: true };
    expect(installCommand(['pip', 'compiler'], debian)).toBe('apt-get update && apt-get install -y python3-pip g++');
    const rocky = { platform: 'linux', osRelease: 'ID="rocky"\nID_LIKE="rhel centos fedora"\n', root: false };
    expect(installCommand(['python', 'compiler'], rocky)).toBe('sudo dnf install -y python3 gcc-c++');
    expect(installCommand(['compiler'], { platform: 'darwin' })).toBe('xcode-select --install');
  });

  it('an error shows what, the last words of the program, and the way out', () => {
    const text = explain(new SetUpError('pip failed.', 'do this', 'one\ntwo\n'));
    expect(text).toBe('Set-up stopped: pip failed.\n  | one\n  | two\nWhat to do: do this');
  });
});
