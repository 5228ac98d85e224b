import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SetUp } from '../../electron/set-up';

let folder: string;
let said: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'distill-lab-set-up-'));
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A set-up that does this. */
function setUpThat(program: string): SetUp {
  const script = join(folder, 'setup.mjs');
  writeFileSync(script, program);
  return new SetUp(script, (line) => said.push(line));
}

it('passes each line of progress on, and answers nothing when all is well', async () => {
  const setUp = setUpThat("console.error('Fetching\\nFetching 50 %'); console.log(process.argv[2])");
  expect(await setUp.run()).toBeUndefined();
  expect(said).toEqual(['Fetching', 'Fetching 50 %']);
});

it('answers with the explanation of a failure, which is no progress', async () => {
  const words = 'Set-up stopped: no compiler\\n  | words\\nWhat to do: install one';
  expect(await setUpThat(`console.error('Fetching\\n${words}'); process.exitCode = 1`).run()).toBe(
    'Set-up stopped: no compiler\n  | words\nWhat to do: install one',
  );
  expect(said).toEqual(['Fetching']);
});

it('answers with the last words of a failure without an explanation, or with its code', async () => {
  expect(await setUpThat("throw new Error('a fault')").run()).toContain('a fault');
  expect(await setUpThat('process.exit(3)').run()).toBe('Set-up ended with exit code 3.');
});

it('runs once at a time, ends when told to, and is not possible without a script', async () => {
  const setUp = setUpThat('setTimeout(() => {}, 60_000)');
  const [first, second] = [setUp.run(), setUp.run()];
  expect(second).toBe(first);
  setUp.end();
  expect(await first).toBe('Set-up ended with SIGTERM.');
  expect(setUp.possible).toBe(true);
  expect(new SetUp(join(folder, 'none.mjs'), () => undefined).possible).toBe(false);
});
