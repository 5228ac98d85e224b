import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src-core/contract/run';
import { RunQueue } from '../../../src-core/experiments/run-queue';
import type { ActiveRun } from '../../../src-core/experiments/training-run';
import { expectLabError, thrownBy } from '../lab-error';

/** A training that goes on until it is told to stop; what it was told stands in `told`. */
class FakeRun {
  readonly told: string[] = [];
  private end!: () => void;
  private readonly ended = new Promise<void>((resolve) => (this.end = resolve));
  readonly active: ActiveRun;

  constructor(readonly id: string) {
    const session = {
      pause: () => this.told.push('pause'),
      resume: () => this.told.push('resume'),
      singleStep: () => this.told.push('step'),
      holdWhenNothingCanBeKept: () => undefined,
      stop: () => {
        this.told.push('stop');
        this.end();
      },
    };
    const ended = this.ended;
    async function* events(): AsyncGenerator<RunEvent, void, void> {
      yield { type: 'status', run: id, status: 'running' };
      await ended;
      yield { type: 'epoch', run: id, record: { epoch: 1 } } as RunEvent;
      yield { type: 'status', run: id, status: 'finished' };
    }
    this.active = { session, events } as unknown as ActiveRun;
  }

  finish(): void {
    this.end();
  }
}

function queueOf(...ids: string[]) {
  const runs = new Map(ids.map((id) => [id, new FakeRun(id)]));
  const started: string[] = [];
  const events: RunEvent[] = [];
  let changes = 0;
  const queue = new RunQueue(
    (id) => {
      started.push(id);
      const run = runs.get(id);
      return run ? Promise.resolve(run.active) : Promise.reject(new Error(`no ${id}`));
    },
    { event: (event) => events.push(event), changed: () => changes++ },
  );
  return { queue, runs, started, events, changes: () => changes };
}

/** Lets everything happen that waits for nothing but its turn. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('the queue of runs', () => {
  it('trains one at a time, in the order of arrival', async () => {
    const { queue, runs, started } = queueOf('a', 'b', 'c');
    for (const id of ['a', 'b', 'c', 'b']) queue.add(id);
    await settle();
    expect(started).toEqual(['a']);
    expect(['a', 'b', 'c', 'd'].map((id) => queue.stateOf(id))).toEqual(['running', 'queued', 'queued', undefined]);
    runs.get('a')!.finish();
    await settle();
    expect(started).toEqual(['a', 'b']);
    expect(queue.busy).toBe(true);
    runs.get('b')!.finish();
    runs.get('c')!.finish();
    await settle();
    expect(started).toEqual(['a', 'b', 'c']);
    expect(queue.busy).toBe(false);
  });

  it('is put in another order, and says who is next', async () => {
    const { queue, runs, started, changes } = queueOf('a', 'b', 'c', 'd');
    for (const id of ['a', 'b', 'c', 'd']) queue.add(id);
    const before = changes();
    queue.move('d', 0);
    expect(changes()).toBe(before + 1);
    queue.move('b', 99);
    expect(['a', 'b', 'c', 'd'].map((id) => queue.placeOf(id))).toEqual([undefined, 2, 1, 0]);
    await settle();
    runs.get('a')!.finish();
    await settle();
    expect(started).toEqual(['a', 'd']);
    expectLabError(
      thrownBy(() => queue.move('d', 0)),
      'not-found',
      'd',
    );
  });

  it('lets a waiting run be taken out', async () => {
    const { queue, runs, started } = queueOf('a', 'b', 'c');
    for (const id of ['a', 'b', 'c']) queue.add(id);
    queue.stop('b');
    expect(queue.stateOf('b')).toBeUndefined();
    await settle();
    runs.get('a')!.finish();
    await settle();
    expect(started).toEqual(['a', 'c']);
  });

  it('steers what is trained, and only that', async () => {
    const { queue, runs } = queueOf('a', 'b');
    queue.add('a');
    queue.add('b');
    await settle();
    queue.pause('a');
    expect(queue.stateOf('a')).toBe('paused');
    queue.singleStep('a');
    queue.proceed('a');
    expect(queue.stateOf('a')).toBe('running');
    expect(runs.get('a')!.told).toEqual(['pause', 'step', 'resume']);
    expectLabError(
      thrownBy(() => queue.pause('b')),
      'not-found',
      'b',
    );
  });

  it('keeps a pause and a stop that came while the run was made ready', async () => {
    const { queue, runs } = queueOf('a');
    queue.add('a');
    queue.pause('a');
    queue.stop('a');
    await settle();
    expect(runs.get('a')!.told).toEqual(['pause', 'stop']);
  });

  it('is paused, with the reason, by a run that can keep nothing; quitting lets it fail and goes on', async () => {
    const queue = new RunQueue(() => Promise.resolve(active), { event: () => undefined, changed: () => undefined });
    const told: string[] = [];
    let wake = (): void => undefined;
    const session = {
      holdWhenNothingCanBeKept: () => told.push('hold'),
      resume: () => (told.push('resume'), wake()),
      stop: () => (told.push('stop'), wake()),
    };
    async function* events(): AsyncGenerator<RunEvent, void, void> {
      while (!told.includes('stop')) {
        const woken = new Promise<void>((resolve) => (wake = resolve));
        yield { type: 'held', run: 'a', reason: 'the disk is full' };
        await woken;
      }
      yield { type: 'status', run: 'a', status: 'failed', failure: 'it is full still' };
      throw new Error('it is full still');
    }
    const active = { session, events } as unknown as ActiveRun;
    queue.add('a');
    await settle();
    expect([queue.stateOf('a'), queue.heldOf('a')]).toEqual(['paused', 'the disk is full']);
    queue.proceed('a');
    expect([queue.stateOf('a'), queue.heldOf('a')]).toEqual(['running', undefined]);
    await settle();
    expect([queue.stateOf('a'), queue.heldOf('a')]).toEqual(['paused', 'the disk is full']);
    await queue.finishEpochAndStop();
    expect(told).toEqual(['hold', 'resume', 'resume', 'stop']);
    expect([queue.stateOf('a'), queue.failureOf('a')]).toEqual([undefined, 'it is full still']);
    queue.add('a');
    expect(queue.failureOf('a')).toBeUndefined();
  });

  it('says why a run could not begin, and goes on with the next', async () => {
    const { queue, started, events } = queueOf('b');
    queue.add('broken');
    queue.add('b');
    await settle();
    expect(events[0]).toEqual({ type: 'status', run: 'broken', status: 'failed', failure: 'no broken' });
    expect(started).toEqual(['broken', 'b']);
  });

  it('empties itself before quitting, and waits for the epoch under way', async () => {
    const { queue, runs, started } = queueOf('a', 'b');
    queue.add('a');
    queue.add('b');
    await settle();
    queue.pause('a');
    let done = false;
    const finished = queue.finishEpochAndStop().then(() => (done = true));
    await settle();
    // Paused, it would never come to its epoch's end.
    expect(runs.get('a')!.told).toEqual(['pause', 'resume']);
    expect(done).toBe(false);
    runs.get('a')!.finish();
    await finished;
    expect(runs.get('a')!.told.at(-1)).toBe('stop');
    expect(started).toEqual(['a']);
  });
});
