/** Which runs of a lab folder are the cells of a study, where each stands, and which is next. */
import { LabError, messageOf } from '../contract/errors';
import type { GoneTeacher } from '../contract/scorecard';
import type { RunSpec } from '../contract/spec';
import type { StudyCell } from '../contract/study';
import type { Run } from '../experiments/run-store';
import { slug } from '../experiments/run-store';
import type { Lab } from '../lab';
import { layoutOf } from '../models/layout';

/** A spec as text: what two runs of the same training share, whatever they are called. */
function textOf(spec: RunSpec): string {
  return JSON.stringify({ ...spec, name: '' });
}

/** A cell's spec as its run has it; undefined while a teacher is not finished. */
function specOf({ spec, teachers: keys }: StudyCell, found: ReadonlyMap<string, Run>): RunSpec | undefined {
  const { objective } = spec;
  const teachers = keys.map((key) => found.get(key));
  if (teachers.some((teacher) => teacher?.status !== 'finished')) return undefined;
  if (objective.kind === 'hard') return spec;
  return {
    ...spec,
    objective: { ...objective, teachers: teachers.map((run) => `${run!.id}@${run!.checkpoint().name}`) },
  };
}

/**
 * The cells' runs by key: of several with a cell's spec the newest that did not fail. A student's is found by way of its
 * teachers', which must be finished.
 * @param cells teachers before their students
 * @param method version that trained them: runs of others are not theirs
 */
export function findCells(cells: readonly StudyCell[], runs: readonly Run[], method: number): Map<string, Run> {
  const bySpec = new Map<string, Run>();
  for (const run of runs) {
    if (run.record.environment.method === method && run.status !== 'failed') bySpec.set(textOf(run.spec), run);
  }
  const found = new Map<string, Run>();
  for (const cell of cells) {
    const spec = specOf(cell, found);
    const run = spec && bySpec.get(textOf(spec));
    if (run) found.set(cell.key, run);
  }
  return found;
}

/**
 * Teachers that are gone or cannot be read although runs that learnt from them are there: to train the study would be to
 * train them again, and with them everything that learnt from them.
 * @param found as `findCells` gives it
 */
export function goneTeachers(
  cells: readonly StudyCell[],
  runs: readonly Run[],
  found: ReadonlyMap<string, Run>,
  method: number,
): GoneTeacher[] {
  const there = new Set(runs.map(({ id }) => id));
  const untaught = (spec: RunSpec): string =>
    textOf({ ...spec, objective: { ...spec.objective, teachers: [] } } as unknown as RunSpec);
  const students = new Map<string, Run[]>();
  for (const run of runs) {
    const lost = run.record.teachers.some((teacher) => !there.has(teacher.run));
    if (!lost || run.status === 'failed' || run.record.environment.method !== method) continue;
    const text = untaught(run.spec);
    students.set(text, [...(students.get(text) ?? []), run]);
  }
  if (students.size === 0) return [];
  // A student of one teacher and a student of another may have the same spec: a folder's name says which is meant.
  const names = new Map(
    cells.map(({ key, spec }) => [key, slug(spec.name || layoutOf(spec.model, { side: 28, classes: 10 }).summary)]),
  );
  const gone = new Map<string, { readonly cell: string; readonly students: Set<string> }>();
  for (const cell of cells) {
    const missing = [...cell.teachers.entries()].filter(([, key]) => !found.has(key));
    if (missing.length === 0) continue;
    for (const { id, record } of students.get(untaught(cell.spec)) ?? []) {
      for (const [place, key] of missing) {
        const teacher = record.teachers[place]?.run;
        if (teacher === undefined || there.has(teacher) || !teacher.endsWith(`-${names.get(key)}`)) continue;
        const known = gone.get(teacher) ?? { cell: key, students: new Set() };
        known.students.add(id);
        gone.set(teacher, known);
      }
    }
  }
  return [...gone].map(([run, { cell, students: all }]) => ({ run, cell, students: all.size }));
}

/** What is wrong with a teacher that is gone, in a sentence. */
export function goneText([first, ...others]: readonly GoneTeacher[]): string {
  const { run, cell, students } = first!;
  const more = others.length === 0 ? '' : `, and so with ${others.length} more`;
  return `The teacher ${run} (${cell}) is gone or damaged, and ${students} ${
    students === 1 ? 'run' : 'runs'
  } of the study learnt from it${more}.`;
}

/**
 * Refuses to train again, unasked, teachers that somebody deleted.
 * @throws LabError `not-found`
 */
export function refuseGoneTeachers(cells: readonly StudyCell[], runs: readonly Run[], method: number): void {
  const gone = goneTeachers(cells, runs, findCells(cells, runs, method), method);
  if (gone.length === 0) return;
  throw new LabError(
    'not-found',
    goneText(gone),
    'Bring it back, or have it and its students trained anew (--retrain).',
  );
}

export type CellState = 'waiting' | 'running' | 'finished' | 'failed';

/** Where a cell of a study stands. */
export interface CellStatus {
  readonly cell: StudyCell;
  readonly state: CellState;
  /** the run behind it, once there is one */
  readonly run?: string;
  readonly failure?: string;
  /** whether another process trains it */
  readonly elsewhere?: boolean;
  /** epochs done */
  readonly epoch: number;
}

/**
 * Where cells stand before anything is done. One whose only runs failed has failed, and so have those that learn from it.
 * @param cells teachers before their students
 * @param found as `findCells` gives it
 */
export function statusOf(
  cells: readonly StudyCell[],
  runs: readonly Run[],
  found: ReadonlyMap<string, Run>,
  method: number,
): Map<string, CellStatus> {
  const failures = new Map<string, Run>();
  for (const run of runs) {
    if (run.record.environment.method === method && run.status === 'failed') failures.set(textOf(run.spec), run);
  }
  const statuses = new Map<string, CellStatus>();
  for (const cell of cells) {
    const run = found.get(cell.key);
    const spec = run ? undefined : specOf(cell, found);
    const failed = spec && failures.get(textOf(spec));
    const lost = run ? undefined : cell.teachers.find((key) => statuses.get(key)?.state === 'failed');
    const epochOf = ({ record }: Run): number => record.checkpoints.at(-1)?.epoch ?? 0;
    if (run) {
      const state = run.status === 'finished' || run.status === 'running' ? run.status : 'waiting';
      statuses.set(cell.key, { cell, state, run: run.id, epoch: epochOf(run) });
    } else if (failed) {
      const failure = failed.record.failure ?? 'It failed.';
      statuses.set(cell.key, { cell, state: 'failed', failure, run: failed.id, epoch: epochOf(failed) });
    } else if (lost !== undefined) {
      statuses.set(cell.key, { cell, state: 'failed', failure: lostTeacher(lost), epoch: 0 });
    } else statuses.set(cell.key, { cell, state: 'waiting', epoch: 0 });
  }
  return statuses;
}

function lostTeacher(key: string): string {
  return `Its teacher failed: ${key}.`;
}

/**
 * Where cells stand when a sitting begins. What another process trains is looked at when its turn comes.
 * @param retry whether what failed waits to be tried again
 */
export function beginning(cells: readonly StudyCell[], runs: readonly Run[], method: number, retry: boolean) {
  const statuses = statusOf(cells, runs, findCells(cells, runs, method), method);
  for (const [key, status] of statuses) {
    if (status.state === 'running') statuses.set(key, { ...status, state: 'waiting' });
    if (status.state === 'failed' && retry) statuses.set(key, { cell: status.cell, state: 'waiting', epoch: 0 });
  }
  return statuses;
}

/** How often a run that another process trains is looked at. */
export const ELSEWHERE_MILLISECONDS = 2000;

/** Whether a living process trains a run, or is about to. */
export function isTrained(lab: Lab, run: string): boolean {
  try {
    return lab.open(run).locked;
  } catch {
    // Gone or damaged: whoever opens it next says so.
    return false;
  }
}

/** How a cell stands whose run somebody has let go of. */
export function outcome(lab: Lab, run: string): Partial<CellStatus> {
  try {
    const { status, record } = lab.open(run);
    if (status === 'failed') return { state: 'failed', failure: record.failure ?? 'It failed.', elsewhere: false };
    return { state: status === 'finished' ? 'finished' : 'waiting', elsewhere: false };
  } catch (error) {
    return { state: 'failed', failure: messageOf(error), elsewhere: false };
  }
}

/**
 * The first waiting cell whose teachers are finished, in the order of the cells.
 * @returns beside it those that wait for a teacher that failed, with what to say of each
 */
export function nextReady(statuses: readonly CellStatus[]): {
  readonly next: StudyCell | undefined;
  readonly lost: readonly { readonly cell: StudyCell; readonly failure: string }[];
} {
  const states = new Map(statuses.map(({ cell, state }) => [cell.key, state]));
  const lost: { readonly cell: StudyCell; readonly failure: string }[] = [];
  for (const { cell, state } of statuses) {
    if (state !== 'waiting') continue;
    const failed = cell.teachers.find((key) => states.get(key) === 'failed');
    if (failed !== undefined) {
      lost.push({ cell, failure: lostTeacher(failed) });
      states.set(cell.key, 'failed');
    } else if (cell.teachers.every((key) => states.get(key) === 'finished')) return { next: cell, lost };
  }
  return { next: undefined, lost };
}

/** A cell's spec with its teachers' runs in their places; all of them have one. */
export function taughtSpec({ spec, teachers }: StudyCell, statuses: ReadonlyMap<string, CellStatus>): RunSpec {
  const { objective } = spec;
  if (objective.kind === 'hard') return spec;
  return { ...spec, objective: { ...objective, teachers: teachers.map((key) => statuses.get(key)!.run!) } };
}

/** Multiply-adds of an epoch, about: what one run costs against another. */
function workOf({ data, model }: RunSpec): number {
  const { multiplyAdds } = layoutOf(model, { side: 28, classes: 10 });
  return multiplyAdds * data.share * data.classes.length;
}

/** How far a sitting is, and how long it will take at the pace it has had. */
export class StudyPace {
  private readonly start = performance.now();
  /** multiply-adds of an epoch of each cell */
  private readonly work = new Map<string, number>();
  private readonly before: number;

  /** @param statuses where the cells stand when the sitting begins */
  constructor(statuses: readonly CellStatus[]) {
    this.before = this.workDone(statuses).done;
  }

  /** Arithmetic done so far and in all; what failed will not be done. */
  private workDone(statuses: readonly CellStatus[]): { done: number; all: number } {
    let [done, all] = [0, 0];
    for (const { cell, state, epoch } of statuses) {
      if (state === 'failed') continue;
      const work = this.work.get(cell.key) ?? workOf(cell.spec);
      this.work.set(cell.key, work);
      const { epochs } = cell.spec.training;
      all += work * epochs;
      done += work * (state === 'finished' ? epochs : epoch);
    }
    return { done, all };
  }

  /** @returns share of the arithmetic, 0 to 1, and seconds; infinite before anything was done */
  of(statuses: readonly CellStatus[]): { readonly share: number; readonly secondsLeft: number } {
    const { done, all } = this.workDone(statuses);
    const rate = (done - this.before) / ((performance.now() - this.start) / 1000);
    return {
      share: all > 0 ? done / all : 1,
      secondsLeft: done >= all ? 0 : rate > 0 ? (all - done) / rate : Infinity,
    };
  }
}
