// @vitest-environment happy-dom
import { shortSubtitle, subtitle } from '../../renderer/format';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { useRuns } from '../../renderer/stores/runs';
import { useUi } from '../../renderer/stores/ui';
import type { RunSummary } from '../../src-core/contract/rpc';
import { answers, calls, connection, reset, settle, summary, tell } from './lab-double';

vi.mock('../../renderer/lab', async () => (await import('./lab-double')).double);

let list: RunSummary[];
beforeEach(() => {
  reset();
  list = [summary('1'), summary('2', { status: 'running', epoch: 1 })];
  answers['runs'] = () => list;
});

async function opened() {
  const runs = useRuns();
  connection.value = 'ready';
  await settle();
  return runs;
}

describe('the runs store', () => {
  it('reads the list once the core is there, and again when the core says so', async () => {
    const runs = useRuns();
    await settle();
    expect(runs.loaded).toBe(false);
    connection.value = 'ready';
    await settle();
    expect(runs.list.map(({ id }) => id)).toEqual(['1', '2']);
    list = [...list, summary('3')];
    tell.runsChanged();
    await settle();
    expect(runs.byId.has('3')).toBe(true);
  });

  it('waits for the run of its own core, not for one that another process trains', async () => {
    list = [summary('1', { status: 'running', elsewhere: true })];
    const runs = await opened();
    expect([runs.running?.id, runs.training?.id]).toEqual(['1', undefined]);
    list = [...list, summary('2', { status: 'paused' })];
    tell.runsChanged();
    await settle();
    expect([runs.running?.id, runs.training?.id]).toEqual(['2', '2']);
  });

  it('asks once more, not once for each, when the list changes while it is read', async () => {
    await opened();
    calls.length = 0;
    for (let change = 0; change < 5; change++) tell.runsChanged();
    await settle();
    expect(calls.filter(([name]) => name === 'runs')).toHaveLength(2);
  });

  it('takes epochs and status from events, and forgets the progress of what has ended', async () => {
    const runs = await opened();
    expect(runs.running?.id).toBe('2');
    tell.events([
      {
        type: 'progress',
        run: '2',
        epoch: 2,
        epochs: 2,
        step: 15,
        totalSteps: 20,
        loss: 0.5,
        learningRate: 0.1,
      } as never,
      { type: 'epoch', run: '2', record: { epoch: 2, step: 20, testErrors: 99, loss: 0.4 } as never },
    ]);
    expect(runs.progress.get('2')?.step).toBe(15);
    expect(runs.byId.get('2')).toMatchObject({ epoch: 2, testErrors: 99 });
    expect([...runs.metrics('2').columns.testErrors.values]).toEqual([99]);
    const before = runs.version;
    tell.events([{ type: 'status', run: '2', status: 'failed', failure: 'the disk is full' }]);
    expect(runs.byId.get('2')).toMatchObject({ status: 'failed', failure: 'the disk is full' });
    expect(runs.progress.has('2')).toBe(false);
    expect(runs.version).toBe(before + 1);
  });

  it('shows waiting runs in the order of the queue, not of their numbers', async () => {
    list = [
      summary('1', { status: 'queued', place: 2 }),
      summary('2', { status: 'queued', place: 0 }),
      summary('3', { status: 'queued', place: 1 }),
    ];
    const runs = await opened();
    expect(runs.queued.map(({ id }) => id)).toEqual(['2', '3', '1']);
    await runs.moveInQueue('1', 0);
    expect(calls).toContainEqual(['moveInQueue', '1', 0]);
  });

  it('deletes a run with a way back, and lets go of the one that was chosen', async () => {
    const runs = await opened();
    const ui = useUi();
    answers['deleteRuns'] = (ids: string[]) => (list = list.filter(({ id }) => !ids.includes(id)));
    answers['undelete'] = () => (list = [summary('1'), ...list]);
    runs.select('1');
    await runs.remove(['1']);
    expect(runs.list.map(({ id }) => id)).toEqual(['2']);
    expect(runs.selectedId).toBeUndefined();
    const notice = ui.notices.at(-1)!;
    expect(notice.text).toContain('run 1');
    notice.action!.run();
    await settle();
    expect(runs.list.map(({ id }) => id)).toEqual(['1', '2']);
  });

  it('keeps a run that could not be deleted, and says why', async () => {
    const runs = await opened();
    answers['deleteRuns'] = () => {
      throw new Error('Run 2 is being trained.');
    };
    await runs.remove(['2']);
    expect(runs.byId.has('2')).toBe(true);
    expect(useUi().notices.at(-1)).toMatchObject({ kind: 'error', text: 'Run 2 is being trained.' });
  });

  it('knows of no progress once the core is lost', async () => {
    const runs = await opened();
    tell.events([{ type: 'progress', run: '2', step: 1, totalSteps: 2, epochs: 2 } as never]);
    expect(runs.progress.size).toBe(1);
    connection.value = 'lost';
    await settle();
    expect(runs.progress.size).toBe(0);
  });
});

describe('the line below a run’s name', () => {
  it.each([
    [{}, '784-10 · hard labels · seed 1', 'hard labels · seed 1'],
    [{ share: 0.03 }, '784-10 · hard labels · 3 % · seed 1', 'hard labels · 3 % · seed 1'],
    [
      { objective: 'soft', temperature: 8, classes: [0, 1, 2, 4, 5, 6, 7, 8, 9], share: 0.125 },
      '784-10 · distilled · without 3 · 12.5 % · seed 1',
      'T 8 · without 3 · 12.5 % · seed 1',
    ],
    [{ classes: [7, 8] }, '784-10 · hard labels · only 7, 8 · seed 1', 'hard labels · only 7, 8 · seed 1'],
  ] as const)('of %j', (changes, long, short) => {
    const run = summary('1', { model: '784-10', objective: 'hard', seed: 1, ...changes });
    expect([subtitle(run), shortSubtitle(run)]).toEqual([long, short]);
  });
});
