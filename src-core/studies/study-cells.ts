/** Which runs of a lab folder are the cells of a study, where each stands, and which is next. */
import type { RunSpec } from '../contract/spec';
import type { StudyCell } from '../contract/study';
import type { Run } from '../experiments/run-store';
import { layoutOf } from '../models/layout';

/** A spec as text: what two runs of the same training share, whatever they are called. */
function textOf(spec: RunSpec): string {
  return JSON.stringify({ ...spec, name: '' });
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
    const teachers = cell.teachers.map((key) => found.get(key));
    if (teachers.some((teacher) => teacher?.status !== 'finished')) continue;
    const { objective } = cell.spec;
    const names = teachers.map((teacher) => `${teacher!.id}@${teacher!.checkpoint().name}`);
    const spec = objective.kind === 'hard' ? cell.spec : { ...cell.spec, objective: { ...objective, teachers: names } };
    const run = bySpec.get(textOf(spec as RunSpec));
    if (run) found.set(cell.key, run);
  }
  return found;
}

export type CellState = 'waiting' | 'running' | 'finished' | 'failed';

/** Where a cell of a study stands. */
export interface CellStatus {
  readonly cell: StudyCell;
  readonly state: CellState;
  /** the run behind it, once there is one */
  readonly run?: string;
  readonly failure?: string;
  /** epochs done */
  readonly epoch: number;
}

/** Where cells stand before anything is done. */
export function statusOf(cells: readonly StudyCell[], runs: ReadonlyMap<string, Run>): Map<string, CellStatus> {
  return new Map<string, CellStatus>(
    cells.map((cell): [string, CellStatus] => {
      const run = runs.get(cell.key);
      if (!run) return [cell.key, { cell, state: 'waiting', epoch: 0 }];
      const state = run.status === 'finished' ? 'finished' : run.status === 'running' ? 'running' : 'waiting';
      return [cell.key, { cell, state, run: run.id, epoch: run.record.checkpoints.at(-1)?.epoch ?? 0 }];
    }),
  );
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
      lost.push({ cell, failure: `Its teacher failed: ${failed}.` });
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
