/** Scorecards of runs that are written, not trained: what counts, what stands apart, what is said of a failure. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { METHOD } from '../../../src-core/contract/run';
import type { ClaimResult, Scorecard } from '../../../src-core/contract/scorecard';
import type { StudyCell } from '../../../src-core/contract/study';
import { expandStudy } from '../../../src-core/contract/study';
import type { Logits } from '../../../src-core/evaluation/logits';
import type { Run } from '../../../src-core/experiments/run-store';
import { Lab } from '../../../src-core/lab';
import { layoutOf } from '../../../src-core/models/layout';
import { claimedStudy } from '../../../src-core/studies/claimed-studies';
import { Scorer } from '../../../src-core/studies/score';
import { findCells } from '../../../src-core/studies/study-cells';
import { StudyMembers } from '../../../src-core/studies/study-members';
import { describeRun, stateAt } from '../experiments/stored-run';

const parent = mkdtempSync(join(tmpdir(), 'distill-lab-score-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));
let lab: Lab;
beforeEach(() => {
  lab = new Lab(mkdtempSync(join(parent, 'lab-')));
});

const CELLS = expandStudy(claimedStudy(parent, 'paper-section-3', 'minutes').study);
const cellOf = (key: string): StudyCell => CELLS.find((cell) => cell.key === key)!;

/** Logits of the test images that are wrong on the first so many. */
function wrongOn(errors: number): Logits {
  const { labels } = lab.dataset().test;
  const values = new Float32Array(10 * labels.length);
  labels.forEach((label, row) => (values[10 * row + ((label + (row < errors ? 1 : 0)) % 10)] = 5));
  return { values, count: labels.length, classes: 10 };
}

interface Written {
  readonly errors?: number;
  readonly method?: number;
  readonly status?: Run['status'];
  readonly teachers?: readonly Run[];
}

/** A run of a cell's spec, as a training would have left it. */
async function write(
  key: string,
  { errors = 80, method = METHOD, status = 'finished', teachers = [] }: Written = {},
): Promise<Run> {
  const { spec } = cellOf(key);
  const base = describeRun();
  const objective =
    spec.objective.kind === 'hard'
      ? spec.objective
      : { ...spec.objective, teachers: teachers.map((run) => `${run.id}@${run.checkpoint().name}`) };
  const run = await lab.store.create(layoutOf(spec.model, { side: 28, classes: 10 }).summary, {
    ...base,
    spec: { ...spec, objective } as typeof spec,
    teachers: teachers.map((run) => ({
      run: run.id,
      checkpoint: run.checkpoint().name,
      sha256: run.checkpoint().sha256,
    })),
    model: { ...base.model, side: 28, classes: 10 },
    environment: { ...base.environment, method },
  });
  const { epochs } = spec.training;
  const name = `epoch-${String(epochs).padStart(4, '0')}`;
  await run.writeCheckpoint(
    { name, epoch: epochs, step: 10 * epochs, seconds: 7, testErrors: errors },
    stateAt(10 * epochs),
    { test: wrongOn(errors) },
  );
  await run.save({ status });
  return lab.open(run.id);
}

const score = (live?: Parameters<Scorer['score']>[2]): Promise<Scorecard> =>
  new Scorer(lab).score('paper-section-3', 'minutes', live);
const claimOf = (scorecard: Scorecard, id: string): ClaimResult => scorecard.claims.find((claim) => claim.id === id)!;

describe('a scorecard', () => {
  it('of an empty lab has every claim, and nothing in it', async () => {
    const scorecard = await score();
    expect(scorecard).toMatchObject({ trainingSeconds: 0, environments: [], method: METHOD });
    for (const { figures, relations, cells } of scorecard.claims) {
      expect(figures.every(({ seeds, mean }) => seeds.length === 0 && mean === undefined)).toBe(true);
      expect(relations.every(({ verdict }) => verdict === 'not run')).toBe(true);
      expect(cells.every(({ state }) => state === 'waiting')).toBe(true);
    }
  });

  it('has the errors of its finished runs, counted from their logits, and the same twice', async () => {
    const teacher = await write('teacher seed=1', { errors: 67 });
    const student = await write('student seed=1', { errors: 75, teachers: [teacher] });
    await write('baseline seed=1', { errors: 150, status: 'stopped' });
    const scorecard = await score();
    expect(claimOf(scorecard, 'teacher').figures[0]).toMatchObject({
      label: 'teacher',
      mean: 67,
      seeds: [{ seed: 1, run: teacher.id, value: 67 }],
      verdict: 'cannot tell',
    });
    expect(claimOf(scorecard, 'student').figures[0]!.seeds).toEqual([{ seed: 1, run: student.id, value: 75 }]);
    expect(claimOf(scorecard, 'baseline').figures[0]!.seeds).toEqual([]);
    const repeated = claimOf(scorecard, 'diagnostics').figures.find(({ label }) => label.endsWith('repeated, student'));
    expect(repeated!.mean).toBe(100);
    expect(scorecard.trainingSeconds).toBe(21);
    expect(scorecard.environments).toHaveLength(1);
    const scorer = new Scorer(lab);
    const plain = (each: Scorecard) => ({ ...each, createdAt: '' });
    const first = plain(await scorer.score('paper-section-3', 'minutes'));
    expect(first).toEqual(plain(scorecard));
    expect(plain(await scorer.score('paper-section-3', 'minutes'))).toEqual(first);
  });

  it('never mixes runs of two versions of the method: the other’s stand apart', async () => {
    const old = await write('teacher seed=1', { errors: 300, method: METHOD + 1 });
    const oldStudent = await write('student seed=1', { errors: 310, method: METHOD + 1, teachers: [old] });
    let claim = claimOf(await score(), 'teacher');
    expect(claim.figures[0]!.seeds).toEqual([]);
    expect(claim.apart).toEqual([{ run: old.id, group: 'teacher', seed: 1, method: METHOD + 1, testErrors: 300 }]);
    const now = await write('teacher seed=1', { errors: 67 });
    const scorecard = await score();
    claim = claimOf(scorecard, 'teacher');
    expect(claim.figures[0]!.seeds).toEqual([{ seed: 1, run: now.id, value: 67 }]);
    expect(claim.apart.map(({ run }) => run)).toEqual([old.id]);
    // Its teacher is of the other version, so it is not the student of this one's.
    expect(claimOf(scorecard, 'student').figures[0]!.seeds).toEqual([]);
    expect(claimOf(scorecard, 'student').apart.map(({ run }) => run)).toContain(oldStudent.id);
  });

  it('tells of a failed cell what failed, beside the numbers of the others', async () => {
    await write('teacher seed=1', { errors: 67 });
    const cell = cellOf('baseline seed=1');
    const failed = { cell, state: 'failed', failure: 'The loss is not finite.', epoch: 2 } as const;
    const scorecard = await score(new Map([[cell.key, failed]]));
    const found = claimOf(scorecard, 'baseline').cells.find(({ key }) => key === cell.key);
    expect(found).toMatchObject({ state: 'failed', failure: 'The loss is not finite.', epoch: 2 });
    expect(claimOf(scorecard, 'teacher').figures[0]!.mean).toBe(67);
  });

  it('shows what failed in an earlier sitting, and what waits for it; a newer run takes its place', async () => {
    const run = await write('teacher seed=1', { status: 'failed' });
    await run.save({ failure: 'The loss is not finite.' });
    const cells = (scorecard: Scorecard) =>
      new Map(scorecard.claims.flatMap((claim) => claim.cells.map((each) => [each.key, each])));
    const shown = cells(await score());
    expect(shown.get('teacher seed=1')).toMatchObject({
      state: 'failed',
      failure: 'The loss is not finite.',
      run: run.id,
    });
    expect(shown.get('student seed=1')).toMatchObject({
      state: 'failed',
      failure: 'Its teacher failed: teacher seed=1.',
    });
    expect(shown.get('baseline seed=1')!.state).toBe('waiting');
    await write('teacher seed=1', { status: 'stopped' });
    expect(cells(await score()).get('teacher seed=1')!.state).toBe('waiting');
  });

  it('says which teacher is gone, and of how many; not once it is trained anew', async () => {
    const teacher = await write('teacher seed=1');
    await write('student seed=1', { teachers: [teacher] });
    await write('student-jittered seed=1', { teachers: [teacher] });
    expect((await score()).gone).toBeUndefined();
    await lab.delete(teacher.id);
    expect((await score()).gone).toBe(
      `The teacher ${teacher.id} (teacher seed=1) is gone or damaged, and 2 runs of the study learnt from it.`,
    );
    const anew = await write('teacher seed=1', { status: 'stopped' });
    expect((await score()).gone).toBeUndefined();
    await anew.save({ status: 'finished' });
    expect((await score()).gone).toBeUndefined();
  });
});

describe('the runs of cells', () => {
  const found = (method = METHOD) =>
    findCells(
      CELLS,
      lab.runs().filter((run): run is Run => 'spec' in run),
      method,
    );

  it('are found by their spec, whatever they are called; the newest that did not fail', async () => {
    await write('teacher seed=1');
    const second = await write('teacher seed=1');
    await write('teacher seed=1', { status: 'failed' });
    expect(found().get('teacher seed=1')!.id).toBe(second.id);
    expect(found().has('baseline seed=1')).toBe(false);
    expect(found(METHOD + 1).size).toBe(0);
  });

  it('are found where they are older than a field of the spec, which is then at its default', async () => {
    const teacher = await write('teacher seed=1');
    const student = await write('student seed=1', { teachers: [teacher] });
    for (const { path } of [teacher, student]) {
      const file = join(path, 'run.json');
      const record = JSON.parse(readFileSync(file, 'utf8')) as { spec: { data: { noise?: number } } };
      expect(record.spec.data.noise).toBe(0);
      delete record.spec.data.noise;
      writeFileSync(file, JSON.stringify(record));
    }
    expect(found().get('teacher seed=1')!.id).toBe(teacher.id);
    expect(found().get('student seed=1')!.id).toBe(student.id);
    const members = new StudyMembers(lab.folder, (id) => lab.open(id));
    expect(members.studyOf(lab.open(teacher.id))).toBe('paper-section-3-minutes');
    // Nor is it trained again by who asks for the same spec.
    expect((await lab.findOrCreate(teacher.spec)).id).toBe(teacher.id);
  });

  it('that learn are those of the teacher that was found, once it is finished', async () => {
    const teacher = await write('teacher seed=1');
    const student = await write('student seed=1', { teachers: [teacher] });
    expect(found().get('student seed=1')!.id).toBe(student.id);
    const newer = await write('teacher seed=1');
    expect(found().get('teacher seed=1')!.id).toBe(newer.id);
    expect(found().has('student seed=1')).toBe(false);
    await newer.save({ status: 'running' });
    expect(found().has('student seed=1')).toBe(false);
  });
});
