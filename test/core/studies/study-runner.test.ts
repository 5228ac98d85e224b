import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
