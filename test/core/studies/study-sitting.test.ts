import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseStudy } from '../../../src-core/contract/study';
import type { RunEvent } from '../../../src-core/contract/run';
import { RunQueue } from '../../../src-core/experiments/run-queue';
import { Lab } from '../../../src-core/lab';
import type { ClaimedStudy } from '../../../src-core/studies/claim';
import { plainStatus, StudySitting } from '../../../src-core/studies/study-sitting';

const folder = mkdtempSync(join(tmpdir(), 'distill-lab-sitting-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const spec = (changes: object = {}): Record<string, unknown> => ({
  data: { share: 0.01 },
  model: { kind: 'mlp', hidden: [8] },
  optimiser: { kind: 'momentum', learningRate: 0.05 },
  training: { epochs: 2 },
  ...changes,
});

function study(name: string, groups: Record<string, unknown>, seeds = [1]): ClaimedStudy {
  return { study: parseStudy({ name, seeds, groups }), claims: [] };
}

/** A queue with a sitting, as the window's core has them. */
function window() {
  const lab = new Lab(folder);
  const trained: string[] = [];
  let waiting: (() => void)[] = [];
  let onEvent: (event: RunEvent) => void = () => undefined;
  const look = (): void => {
    const now = waiting;
    waiting = [];
    for (const wake of now) wake();
  };
  const queue: RunQueue = new RunQueue(
    async (id, checkpoint) => {
      trained.push(id);
      return lab.activate(lab.open(id), checkpoint);
    },
    {
      event: (event) => {
        sitting.event(event);
        onEvent(event);
      },
      changed: () => sitting.queueChanged(),
    },
  );
  const sitting = new StudySitting(lab, queue, look);
  return {
    lab,
    queue,
    sitting,
    trained,
    onEvent: (listener: (event: RunEvent) => void) => (onEvent = listener),
    /** resolves when the sitting is in this state */
    until: async (state: StudySitting['state']) => {
      while (sitting.state !== state) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}

const states = (sitting: StudySitting): string[] => sitting.status().map(({ cell, state }) => `${cell.key}: ${state}`);

describe('a study in the window', () => {
  it('trains teachers before students; a failure stands in its cell and in those that learn from it', async () => {
    const { sitting, until } = window();
    const diverging = spec({
      data: { share: 0.02 },
      model: { kind: 'mlp', hidden: [16, 16, 16, 16, 16, 16] },
      optimiser: { kind: 'momentum', learningRate: 100, nesterov: true },
      training: { epochs: 30, batchSize: 64, evaluateEvery: 30 },
    });
    sitting.begin(
      study('failing', {
        diverging: { spec: diverging },
        orphan: { spec: spec({ objective: { kind: 'soft', teachers: ['@diverging'] } }) },
        teacher: { spec: spec() },
        student: { spec: spec({ objective: { kind: 'soft', teachers: ['@teacher'] } }) },
      }),
      undefined,
    );
    await until('ended');
    expect(states(sitting)).toEqual([
      'diverging seed=1: failed',
      'orphan seed=1: failed',
      'teacher seed=1: finished',
      'student seed=1: finished',
    ]);
    const [failed, orphan] = sitting.status();
    expect(failed!.failure).toContain('not finite');
    expect(orphan!.failure).toBe('Its teacher failed: diverging seed=1.');
    expect(sitting.progress()).toEqual({ share: 1, secondsLeft: 0 });
  }, 120_000);

  it('lets a person’s own runs go first', async () => {
    const { lab, queue, sitting, trained, onEvent, until } = window();
    const own = await lab.create(spec({ seed: 77, name: 'own' }));
    let asked = false;
    onEvent(() => {
      // While the first cell is trained somebody queues a run.
      if (asked) return;
      asked = true;
      queue.add(own.id);
    });
    sitting.begin(study('patient', { cell: { spec: spec() } }, [11, 12, 13]), undefined);
    await until('ended');
    const ids = sitting.status().map(({ run }) => run);
    expect(trained).toEqual([ids[0], own.id, ids[1], ids[2]]);
  }, 60_000);

  it('stops at a checkpoint when it is paused, trains nothing twice, and goes on', async () => {
    const first = window();
    const long = study('long', { cell: { spec: spec({ training: { epochs: 60, evaluateEvery: 60 } }) } }, [21, 22]);
    first.onEvent((event) => {
      if (event.type === 'epoch' && event.record.epoch === 2) first.sitting.pause();
    });
    first.sitting.begin(long, undefined);
    await first.until('paused');
    const [stopped] = first.sitting.status();
    expect(stopped).toMatchObject({ state: 'waiting' });
    expect(first.lab.open(stopped!.run!).status).toBe('stopped');
    expect(first.trained).toHaveLength(1);

    // Another window, another day.
    const second = window();
    second.sitting.begin(long, undefined);
    await second.until('ended');
    expect(states(second.sitting)).toEqual(['cell seed=21: finished', 'cell seed=22: finished']);
    expect(second.trained[0]).toBe(stopped!.run);
    const third = window();
    third.sitting.begin(long, undefined);
    expect(third.sitting.state).toBe('ended');
    expect(third.trained).toEqual([]);
  }, 120_000);

  it('goes on beside what another process trains, waits for it and takes it over', async () => {
    const { lab, sitting, trained, onEvent, until } = window();
    const run = await lab.create(spec({ seed: 61 }));
    const lock = run.lock();
    let seen: string[] = [];
    onEvent(() => {
      if (seen.length === 0) seen = states(sitting);
    });
    sitting.begin(study('beside', { cell: { spec: spec() } }, [61, 62]), undefined);
    while (trained.length === 0 || !states(sitting).includes('cell seed=62: finished')) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(seen).toEqual(['cell seed=61: running', 'cell seed=62: running']);
    expect(sitting.state).toBe('running');
    expect(sitting.status().map(plainStatus)[0]).toMatchObject({ state: 'running', run: run.id, elsewhere: true });
    lock.release();
    await until('ended');
    expect(states(sitting)).toEqual(['cell seed=61: finished', 'cell seed=62: finished']);
    expect(trained).toEqual([sitting.status()[1]!.run, run.id]);
  }, 60_000);

  it('pauses when somebody stops its run, and when the window finishes its epoch to close', async () => {
    const { queue, sitting, onEvent, until } = window();
    const long = study('stopped', { cell: { spec: spec({ training: { epochs: 60, evaluateEvery: 60 } }) } }, [31, 32]);
    onEvent((event) => {
      if (event.type === 'epoch' && event.record.epoch === 2) queue.stop(event.run);
    });
    sitting.begin(long, undefined);
    await until('paused');
    expect(states(sitting)).toEqual(['cell seed=31: waiting', 'cell seed=32: waiting']);
    let finished: Promise<void> | undefined;
    onEvent((event) => {
      if (finished || event.type !== 'epoch') return;
      sitting.finish();
      finished = queue.finishEpochAndStop();
    });
    sitting.begin(long, undefined);
    await until('paused');
    await finished;
    expect(queue.busy).toBe(false);
    expect(states(sitting)).toEqual(['cell seed=31: waiting', 'cell seed=32: waiting']);
  }, 120_000);
});
