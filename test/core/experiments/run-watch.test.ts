import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { writeNotes } from '../../../src-core/experiments/run-notes';
import type { RunStore } from '../../../src-core/experiments/run-store';
import { signatureOf, watchRuns } from '../../../src-core/experiments/run-watch';
import { describeRun, temporaryStore } from './stored-run';

let end = (): void => {};
afterEach(() => end());

/** The ids of the next change. */
function watching(store: RunStore) {
  const seen: string[] = [];
  let wake = (): void => {};
  end = watchRuns(store, (ids) => {
    seen.push(...ids);
    wake();
  });
  return async (id: string): Promise<void> => {
    while (!seen.includes(id)) await new Promise<void>((resolve) => (wake = resolve));
    seen.length = 0;
  };
}

describe('watching the runs', () => {
  it('tells of runs that come, change within their folder and go', async () => {
    const store = temporaryStore();
    mkdirSync(store.runsFolder, { recursive: true });
    const told = watching(store);
    const run = await store.create('one', describeRun());
    await told(run.id);
    appendFileSync(join(run.path, 'metrics.jsonl'), '{"epoch":1}\n');
    await told(run.id);
    rmSync(run.path, { recursive: true });
    await told(run.id);
  });

  it('sees the first run of a lab that has no folder yet', async () => {
    const store = temporaryStore();
    const told = watching(store);
    await told((await store.create('one', describeRun())).id);
  });

  it('is silent once it is ended', async () => {
    const store = temporaryStore();
    await store.create('one', describeRun());
    const seen: string[] = [];
    watchRuns(store, (ids) => seen.push(...ids))();
    await store.create('two', describeRun());
    const told = watching(store);
    const third = await store.create('three', describeRun());
    await told(third.id);
    expect(seen).toEqual([]);
  });
});

describe('the signature of a run', () => {
  it('changes with its record, metrics, notes and lock', async () => {
    const store = temporaryStore();
    const run = await store.create('one', describeRun());
    const signatures = [signatureOf(store, run.id)];
    const note = (): void => void signatures.push(signatureOf(store, run.id));
    await run.save({ status: 'stopped', failure: 'for a longer file' });
    note();
    appendFileSync(join(run.path, 'metrics.jsonl'), '{"epoch":1}\n');
    note();
    await writeNotes(store, run.id, { star: true });
    note();
    const lock = run.lock();
    note();
    expect(new Set(signatures).size).toBe(5);
    lock.release();
    expect(signatureOf(store, run.id)).toBe(signatures[3]);
  });
});
