import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const operations = fileURLToPath(new URL('../../../src-core/tensorflow/operations.ts', import.meta.url));
const engine = fileURLToPath(new URL('../../../src-core/tensorflow/engine.ts', import.meta.url));

/** Multiplies matrices without a pause, with a handler for the signal installed, and says so when it is through. */
const program = `
  const { tf } = await import(${JSON.stringify(engine)});
  const { matMul } = await import(${JSON.stringify(operations)});
  let seen = 0;
  process.on('SIGUSR2', () => { seen += 1; });
  const [a, b] = [tf.ones([128, 784]), tf.ones([784, 800])];
  console.log('there');
  for (let round = 0; round < 40; round++) {
    for (let step = 0; step < 20; step++) matMul(a, b).dispose();
    await new Promise((resolve) => setImmediate(resolve));
  }
  console.log(seen > 0 ? 'through' : 'no signal came');
  process.stdin.once('data', () => process.exit());
`;

describe('signals', () => {
  it('neither end a process that multiplies matrices nor get lost', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      cwd: fileURLToPath(new URL('../../..', import.meta.url)),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let stdout = '';
    let storm: NodeJS.Timeout | undefined;
    child.stdout.on('data', (text) => {
      stdout += text;
      if (stdout.includes('\n', 'there\n'.length)) {
        // Node takes its handler away as it exits: the storm has to be over by then.
        clearInterval(storm);
        child.stdin.end('exit\n');
        return;
      }
      storm ??= setInterval(() => {
        for (let shot = 0; shot < 20; shot++) child.kill('SIGUSR2');
      }, 1);
    });
    const end = await new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })));
    expect(end).toEqual({ code: 0, signal: null });
    expect(stdout).toBe('there\nthrough\n');
  });
});
