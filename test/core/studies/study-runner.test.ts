import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterAll, describe, expect, it } from 'vitest';
import { parseStudy } from '../../../src-core/contract/study';
import { Lab } from '../../../src-core/lab';
import type { CellStatus } from '../../../src-core/studies/study-cells';
import { StudyRunner } from '../../../src-core/studies/study-runner';

const folder = mkdtempSync(join(tmpdir(), 'distill-lab-study-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const spec = (changes: object = {}): object => ({
  data: { share: 0.01 },
  model: { kind: 'mlp', hidden: [8] },
  optimiser: { kind: 'momentum', learningRate: 0.05 },
  training: { epochs: 2 },
  ...changes,
});

const STUDY = parseStudy({
  name: 'tiny',
  seeds: [1, 2],
  groups: {
    teacher: { spec: spec() },
    student: {
      spec: spec({ objective: { kind: 'soft', teachers: ['@teacher'] } }),
      grid: { 'objective.temperature': [2, 20] },
    },
    diverging: {
      spec: spec({
        data: { share: 0.02 },
        model: { kind: 'mlp', hidden: [16, 16, 16, 16, 16, 16] },
        optimiser: { kind: 'momentum', learningRate: 100, nesterov: true },
        training: { epochs: 30, batchSize: 64, evaluateEvery: 30 },
      }),
      seeds: [1],
    },
    orphan: { spec: spec({ objective: { kind: 'soft', teachers: ['@diverging'] } }), seeds: [1] },
  },
});

/** Processes that train for this test. */
function workers(): number[] {
  const lines = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n');
  return lines
    .filter((line) => line.includes('study-worker') && line.includes(folder))
    .map((line) => Number.parseInt(line, 10));
}

const of = (statuses: readonly CellStatus[], group: string): CellStatus[] =>
  statuses.filter(({ cell }) => cell.group === group);

describe('a study', () => {
  it('trains its cells; a failure stands in its cell and in those that learn from it, and stops nothing else', async () => {
    const seen: string[] = [];
    const runner = new StudyRunner(new Lab(folder), STUDY, {
      workers: 2,
      changed: ({ cell, state }) => seen.push(`${cell.key}: ${state}`),
    });
    expect(await runner.run()).toBe(true);
    const statuses = runner.status();
    expect([...of(statuses, 'teacher'), ...of(statuses, 'student')].map(({ state }) => state)).toEqual(
      Array.from({ length: 6 }, () => 'finished'),
    );
    expect(of(statuses, 'diverging')[0]).toMatchObject({
      state: 'failed',
      failure: expect.stringContaining('not finite') as string,
    });
    expect(of(statuses, 'orphan')[0]).toMatchObject({
      state: 'failed',
      failure: expect.stringContaining('diverging') as string,
    });
    expect(seen).toContain('teacher seed=2: running');

    const lab = new Lab(folder);
    // Of the process that trained it, not of this one.
    const threads = Math.max(1, Math.floor(availableParallelism() / 2));
    expect(lab.open(statuses[0]!.run!).record.environment.threads).toBe(threads);
    for (const { run, cell } of of(statuses, 'student')) {
      const record = lab.open(run!).record;
      expect(record.status).toBe('finished');
      const teacher = statuses.find((status) => status.cell.key === cell.teachers[0])!;
      expect(record.teachers.map((each) => each.run)).toEqual([teacher.run]);
    }
  }, 120_000);

  it('finds what is done, and trains none of it again', async () => {
    const lab = new Lab(folder);
    const before = lab.runs().length;
    const runner = new StudyRunner(
      lab,
      parseStudy({ ...STUDY, groups: { teacher: STUDY.groups['teacher'], student: STUDY.groups['student'] } }),
    );
    await runner.run();
    expect(runner.status().every(({ state }) => state === 'finished')).toBe(true);
    expect(lab.runs()).toHaveLength(before);
  }, 60_000);

  it('leaves alone what failed before, until it is asked to try it again', async () => {
    const lab = new Lab(folder);
    const diverging = parseStudy({ ...STUDY, groups: { diverging: STUDY.groups['diverging'] } });
    const before = lab.runs().length;
    const runner = new StudyRunner(lab, diverging);
    expect(runner.status()[0]).toMatchObject({
      state: 'failed',
      failure: expect.stringContaining('not finite') as string,
    });
    await runner.run();
    expect(lab.runs()).toHaveLength(before);
    const again = new StudyRunner(lab, diverging, { retry: true });
    expect(again.status()[0]!.state).toBe('waiting');
    await again.run();
    expect(again.status()[0]!.state).toBe('failed');
    expect(lab.runs()).toHaveLength(before + 1);
  }, 60_000);

  it('that two processes run at once is trained once, and each waits for what the other trains', async () => {
    const shared = parseStudy({
      name: 'shared',
      seeds: [31, 32],
      groups: {
        teacher: { spec: spec({ training: { epochs: 8 } }) },
        student: { spec: spec({ objective: { kind: 'soft', teachers: ['@teacher'] } }) },
      },
    });
    const before = new Lab(folder).runs().length;
    const runners = [1, 2].map(() => new StudyRunner(new Lab(folder), shared, { workers: 1 }));
    await Promise.all(runners.map((runner) => runner.run()));
    for (const runner of runners) {
      expect(runner.status().map(({ state }) => state)).toEqual(['finished', 'finished', 'finished', 'finished']);
    }
    expect(new Lab(folder).runs()).toHaveLength(before + 4);
  }, 120_000);

  it('takes over what another process has let go of, and does not call it failed', async () => {
    const lab = new Lab(folder);
    const only = parseStudy({ name: 'held', seeds: [41], groups: { only: { spec: spec() } } });
    const run = await lab.create({ ...spec(), seed: 41 });
    const lock = run.lock();
    const seen: string[] = [];
    const runner = new StudyRunner(lab, only, {
      workers: 1,
      changed: ({ state, run: id }) => {
        seen.push(state);
        if (id !== undefined) lock.release();
      },
    });
    await runner.run();
    expect(runner.status()[0]).toMatchObject({ state: 'finished', run: run.id });
    expect(seen).not.toContain('failed');
  }, 60_000);

  it('does not train a deleted teacher again unasked: it says so, and starts nothing', async () => {
    const lab = new Lab(folder);
    const study = parseStudy({
      name: 'taught',
      seeds: [51],
      groups: {
        teacher: { spec: spec() },
        student: { spec: spec({ objective: { kind: 'soft', teachers: ['@teacher'] } }) },
        other: { spec: spec({ training: { epochs: 1 } }) },
      },
    });
    const first = new StudyRunner(lab, study, { groups: ['student'] });
    await first.run();
    const [teacher] = first.status();
    await lab.delete(teacher!.run!);
    const before = lab.runs().length;
    expect(() => new StudyRunner(lab, study)).toThrow(
      `The teacher ${teacher!.run!} (teacher seed=51) is gone or damaged, and 1 run of the study learnt from it.`,
    );
    expect(lab.runs()).toHaveLength(before);
    // What does not need it is not held up.
    await new StudyRunner(lab, study, { groups: ['other'] }).run();
    const anew = new StudyRunner(lab, study, { retrain: true });
    await anew.run();
    expect(anew.status().every(({ state }) => state === 'finished')).toBe(true);
    expect(lab.runs()).toHaveLength(before + 3);
    expect(() => new StudyRunner(lab, study)).not.toThrow();
  }, 60_000);

  it('outlives a killed worker: that cell fails, the next sitting goes on with its run', async () => {
    const lab = new Lab(folder);
    const long = parseStudy({
      name: 'long',
      seeds: [7],
      groups: {
        first: { spec: spec({ training: { epochs: 60, evaluateEvery: 60 } }) },
        second: { spec: spec({ training: { epochs: 3 } }) },
      },
    });
    let killed = false;
    const runner = new StudyRunner(lab, long, {
      workers: 1,
      changed: ({ cell, epoch, state }) => {
        if (killed || cell.group !== 'first' || state !== 'running' || epoch < 3) return;
        killed = true;
        for (const pid of workers()) process.kill(pid, 'SIGKILL');
      },
    });
    await runner.run();
    const [first, second] = runner.status() as [CellStatus, CellStatus];
    expect(first).toMatchObject({ state: 'failed', failure: expect.stringContaining('SIGKILL') as string });
    expect(second.state).toBe('finished');

    const again = new StudyRunner(lab, long);
    await again.run();
    expect(again.status()[0]).toMatchObject({ state: 'finished', run: first.run, epoch: 60 });
  }, 120_000);

  it('that is stopped leaves its runs at a checkpoint, and goes on from there', async () => {
    const lab = new Lab(folder);
    const study = parseStudy({
      name: 'stopped',
      seeds: [9],
      groups: { only: { spec: spec({ training: { epochs: 40, evaluateEvery: 40 } }) } },
    });
    const runner = new StudyRunner(lab, study, {
      changed: ({ epoch }) => {
        if (epoch === 2) runner.stop();
      },
    });
    expect(await runner.run()).toBe(false);
    const [{ run, state }] = runner.status() as [CellStatus];
    expect(state).toBe('waiting');
    expect(lab.open(run!).status).toBe('stopped');
    const again = new StudyRunner(lab, study);
    expect(await again.run()).toBe(true);
    expect(again.status()[0]).toMatchObject({ state: 'finished', run });
  }, 120_000);
});
