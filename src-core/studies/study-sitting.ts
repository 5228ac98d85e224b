/**
 * A study in the window: one cell at a time goes through the run queue, and none while a person's own runs wait. What
 * was done is found again, so that a sitting can end at any moment.
 */
import { messageOf } from '../contract/errors';
import type { RunEvent } from '../contract/run';
import { METHOD } from '../contract/run';
import type { StudyRunOptions } from '../contract/rpc';
import type { ClaimCell } from '../contract/scorecard';
import type { StudyCell } from '../contract/study';
import { cellsOf, expandStudy } from '../contract/study';
import type { RunQueue } from '../experiments/run-queue';
import type { Run } from '../experiments/run-store';
import type { Lab } from '../lab';
import type { ClaimedStudy } from './claim';
import type { CellStatus } from './study-cells';
import {
  beginning,
  ELSEWHERE_MILLISECONDS,
  isTrained,
  nextReady,
  outcome,
  refuseGoneTeachers,
  StudyPace,
  taughtSpec,
} from './study-cells';

/** `paused`: somebody stopped it, and it can go on; `ended`: everything was tried. */
export type SittingState = 'running' | 'pausing' | 'paused' | 'ended';

/** A study that is trained for a window, wherever. */
export interface Sitting {
  readonly state: SittingState;
  status(): readonly CellStatus[];
  /** Where the cells stand, by key. */
  live(): ReadonlyMap<string, CellStatus>;
  /** How far it is; see `StudyPace`. */
  progress(): { readonly share: number; readonly secondsLeft: number };
  /**
   * Begins, or goes on: with what was asked for before, or with more.
   * @param groups of the study, whose teachers come by themselves; all when left out
   * @param options see `StudyRunOptions`
   * @throws LabError as `expandStudy`, and `not-found` for a teacher that is gone
   */
  begin(claimed: ClaimedStudy, groups: readonly string[] | undefined, options?: StudyRunOptions): void;
  /** Ends the training under way with a checkpoint; nothing new begins. */
  pause(): void;
  /** Nothing new begins; somebody else ends what is under way. */
  finish(): void;
  /** To be told of every event of the queue's trainings. */
  event(event: RunEvent): void;
  /** To be told of every change of the queue. */
  queueChanged(): void;
}

/** A cell as the window is told of it. */
export function plainStatus({ cell, state, run, failure, elsewhere, epoch }: CellStatus): ClaimCell {
  return {
    key: cell.key,
    group: cell.group,
    seed: cell.seed,
    state,
    ...(run === undefined ? {} : { run }),
    ...(failure === undefined ? {} : { failure }),
    ...(elsewhere ? { elsewhere } : {}),
    epoch,
    epochs: cell.spec.training.epochs,
  };
}

export class StudySitting implements Sitting {
  private cells: readonly StudyCell[] = [];
  private statuses = new Map<string, CellStatus>();
  private known = new Map<string, Run>();
  /** keys of cells that another process trains */
  private readonly elsewhere = new Set<string>();
  private lookAgain: ReturnType<typeof setTimeout> | undefined;
  private pace: StudyPace | undefined;
  private current: StudyCell | undefined;
  /** while a run is looked for or made */
  private preparing = false;
  private held: SittingState = 'running';
  /** whether `pause` stopped the run under way: stopped by somebody else, it pauses the study */
  private stopping = false;

  /**
   * @param queue tells of its changes by way of `queueChanged`, and of its trainings by way of `event`
   * @param changed called when a cell, or the state of it all, is another
   */
  constructor(
    private readonly lab: Lab,
    private readonly queue: RunQueue,
    private readonly changed: () => void,
  ) {}

  get state(): SittingState {
    return this.held;
  }

  status(): readonly CellStatus[] {
    return this.cells.map(({ key }) => this.statuses.get(key)!);
  }

  live(): ReadonlyMap<string, CellStatus> {
    return this.statuses;
  }

  progress(): { readonly share: number; readonly secondsLeft: number } {
    return this.pace?.of(this.status()) ?? { share: 0, secondsLeft: Infinity };
  }

  begin({ study }: ClaimedStudy, groups: readonly string[] | undefined, options: StudyRunOptions = {}): void {
    const all = expandStudy(study);
    const cells = groups ? cellsOf(all, groups) : all;
    const runs = this.lab.runs().filter((run): run is Run => 'spec' in run);
    if (!options.retrain) refuseGoneTeachers(cells, runs, METHOD);
    this.cells = cells;
    this.known = new Map(runs.map((run) => [run.id, run]));
    const training = this.current && this.statuses.get(this.current.key);
    this.statuses = beginning(cells, runs, METHOD, options.retry ?? false);
    this.elsewhere.clear();
    if (training && this.statuses.has(training.cell.key)) this.statuses.set(training.cell.key, training);
    this.pace = new StudyPace(this.status());
    this.held = 'running';
    this.advance();
  }

  pause(): void {
    if (this.held !== 'running') return;
    this.finish();
    const run = this.currentRun();
    if (run !== undefined && this.queue.stateOf(run) !== undefined) {
      this.stopping = true;
      this.queue.stop(run);
    }
  }

  finish(): void {
    if (this.held !== 'running') return;
    clearTimeout(this.lookAgain);
    this.lookAgain = undefined;
    this.held = this.current || this.preparing ? 'pausing' : 'paused';
    this.changed();
  }

  private currentRun(): string | undefined {
    return this.current && this.statuses.get(this.current.key)?.run;
  }

  private set(cell: StudyCell, change: Partial<CellStatus>): void {
    // A cell that is no longer asked for may still be trained.
    const before = this.statuses.get(cell.key) ?? { cell, state: 'waiting', epoch: 0 };
    this.statuses.set(cell.key, { ...before, ...change });
  }

  event(event: RunEvent): void {
    if (event.type === 'epoch' && this.current && event.run === this.currentRun()) {
      this.set(this.current, { epoch: event.record.epoch });
    }
  }

  queueChanged(): void {
    const run = this.currentRun();
    if (this.preparing) return;
    if (this.current && run !== undefined && this.queue.stateOf(run) === undefined) this.settle(this.current, run);
    this.advance();
  }

  /** The queue has let go of a cell's run: it is done, failed, or was stopped by somebody. */
  private settle(cell: StudyCell, run: string): void {
    this.current = undefined;
    if (isTrained(this.lab, run)) {
      // Another process was quicker.
      this.elsewhere.add(cell.key);
      this.set(cell, { state: 'running', elsewhere: true });
      return;
    }
    try {
      const { status, record } = this.lab.open(run);
      const failure = this.queue.failureOf(run) ?? record.failure;
      if (status === 'finished') this.set(cell, { state: 'finished', epoch: cell.spec.training.epochs });
      else if (status === 'failed' || failure !== undefined) {
        this.set(cell, { state: 'failed', failure: failure ?? 'It failed.' });
      } else {
        this.set(cell, { state: 'waiting' });
        if (!this.stopping) this.held = 'paused';
      }
    } catch (error) {
      this.set(cell, { state: 'failed', failure: messageOf(error) });
    }
    this.stopping = false;
    if (this.held === 'pausing') this.held = 'paused';
    this.changed();
  }

  private advance(): void {
    if (this.held !== 'running' || this.current || this.preparing || this.queue.busy) return;
    const { next, lost } = nextReady(this.status());
    for (const { cell, failure } of lost) this.set(cell, { state: 'failed', failure });
    if (next) void this.start(next);
    else if (this.elsewhere.size > 0) this.lookAgain ??= setTimeout(() => this.lookElsewhere(), ELSEWHERE_MILLISECONDS);
    else {
      this.held = 'ended';
      this.changed();
    }
  }

  /** What another process has let go of is done, has failed, or has its turn again. */
  private lookElsewhere(): void {
    this.lookAgain = undefined;
    for (const key of [...this.elsewhere]) {
      const { cell, run } = this.statuses.get(key)!;
      if (isTrained(this.lab, run!)) continue;
      this.elsewhere.delete(key);
      this.set(cell, outcome(this.lab, run!));
    }
    this.changed();
    this.advance();
  }

  private async start(cell: StudyCell): Promise<void> {
    this.preparing = true;
    try {
      const run = await this.lab.findOrCreate(taughtSpec(cell, this.statuses), this.known);
      this.set(cell, { run: run.id });
      if (run.status === 'finished') this.set(cell, { state: 'finished' });
      else if (isTrained(this.lab, run.id)) {
        this.elsewhere.add(cell.key);
        this.set(cell, { state: 'running', elsewhere: true, epoch: run.record.checkpoints.at(-1)?.epoch ?? 0 });
      } else if (this.held === 'running' && !this.queue.busy) {
        this.current = cell;
        this.set(cell, { state: 'running' });
        this.queue.add(run.id);
      }
    } catch (error) {
      this.set(cell, { state: 'failed', failure: messageOf(error) });
    } finally {
      this.preparing = false;
    }
    if (this.held === 'pausing' && !this.current) this.held = 'paused';
    this.changed();
    // The queue may have let go of the run already, and more may be ready.
    this.queueChanged();
  }
}
