// @vitest-environment happy-dom
import { beforeEach, expect, it, vi } from 'vitest';
import { useCore } from '../../renderer/stores/core';
import { useSetUp } from '../../renderer/stores/set-up';
import { answers, connection, reset, settle } from './lab-double';

vi.mock('../../renderer/lab', async () => (await import('./lab-double')).double);

let say: (line: string) => void;
let end: (failure: string | undefined) => void;
beforeEach(() => {
  reset();
  const desktop = {
    canSetUp: () => Promise.resolve(true),
    setUp: () => new Promise((resolve) => (end = resolve)),
    onSetUpLine: (callback: typeof say) => {
      say = callback;
      return () => undefined;
    },
  };
  Object.assign(window, { desktop });
});

const missing = { lab: '~', labVersion: '1', problems: [{ what: 'no binding', remedy: 'set up' }] };
const found = { ...missing, problems: [], engine: { tensorflow: '2', device: 'cpu', processor: '', threads: 1 } };

async function opened() {
  answers['status'] = () => missing;
  const setUp = useSetUp();
  connection.value = 'ready';
  await settle();
  return setUp;
}

/** The core ends and another one is there. */
async function restart(status: object): Promise<void> {
  answers['status'] = () => status;
  connection.value = 'lost';
  await settle();
  connection.value = 'ready';
  await settle();
}

it('keeps one line of each stage, the newest', async () => {
  const setUp = await opened();
  void setUp.start();
  for (const line of ['Fetching', 'Fetching 1 %', 'Fetching 2 %', 'Compiling']) say(line);
  expect(setUp.lines).toEqual(['Fetching 2 %', 'Compiling']);
});

it('is done when a core has loaded what set-up brought', async () => {
  const setUp = await opened();
  expect([setUp.possible, useCore().withoutTensorFlow]).toEqual([true, true]);
  void setUp.start();
  end(undefined);
  await settle();
  expect(setUp.phase).toBe('restarting');
  await restart(found);
  expect([setUp.phase, setUp.failure, useCore().withoutTensorFlow]).toEqual(['idle', undefined, false]);
});

it('says why it failed, and when it did not help', async () => {
  const setUp = await opened();
  void setUp.start();
  end('Set-up stopped: no compiler');
  await settle();
  expect([setUp.phase, setUp.failure]).toEqual(['idle', 'Set-up stopped: no compiler']);
  void setUp.start();
  expect(setUp.failure).toBeUndefined();
  end(undefined);
  await settle();
  await restart({ ...missing });
  expect([setUp.phase, setUp.failure]).toEqual(['idle', expect.stringContaining('still does not load')]);
});
