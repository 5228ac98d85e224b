/** A study in the window whose runs are trained by a cluster: as many at once as it has room for. */
import { messageOf } from '../contract/errors';
import type { StudyRunOptions } from '../contract/rpc';
import { LabError } from '../contract/errors';
import type { Lab } from '../lab';
import type { ClaimedStudy } from './claim';
import type { RayConnection } from './ray-connection';
import type { CellStatus } from './study-cells';
import { StudyPace } from './study-cells';
import { StudyRunner } from './study-runner';
import type { Sitting, SittingState } from './study-sitting';

export class RaySitting implements Sitting {
  private runner: StudyRunner | undefined;
  private pace: StudyPace | undefined;
  private held: SittingState = 'paused';

  /** @param changed called when a cell, or the state of it all, is another */
  constructor(
    private readonly lab: Lab,
    readonly connection: RayConnection,
    private readonly changed: () => void,
  ) {}

  get state(): SittingState {
    return this.held;
  }

  status(): readonly CellStatus[] {
    return this.runner?.status() ?? [];
  }

  live(): ReadonlyMap<string, CellStatus> {
    return new Map(this.status().map((status) => [status.cell.key, status]));
  }

  progress(): { readonly share: number; readonly secondsLeft: number } {
    return this.pace?.of(this.status()) ?? { share: 0, secondsLeft: Infinity };
  }

  begin({ study }: ClaimedStudy, groups: readonly string[] | undefined, options: StudyRunOptions = {}): void {
    if (this.held === 'running' || this.held === 'pausing') {
      throw new LabError('locked', 'The study is being trained in the cluster.', 'Pause it first.');
    }
    const runner = new StudyRunner(this.lab, study, {
      ...(groups ? { groups } : {}),
      retry: options.retry ?? false,
      retrain: options.retrain ?? false,
      workers: this.connection.workers,
      trainer: this.connection.trainer,
      changed: () => this.changed(),
    });
    this.runner = runner;
    this.pace = new StudyPace(runner.status());
    this.held = 'running';
    runner
      .run()
      .catch((error: unknown) => console.error(messageOf(error)))
      .then((whole) => {
        this.held = whole === true ? 'ended' : 'paused';
        this.changed();
      })
      .catch((error: unknown) => console.error(error));
    this.changed();
  }

  pause(): void {
    if (this.held !== 'running') return;
    this.held = 'pausing';
    this.runner?.stop();
    this.changed();
  }

  /** A cluster goes on when this machine ends: whoever asks again finds its jobs. */
  finish(): void {
    // Nothing of it is trained here.
  }

  event(): void {
    // Its epochs come from the cluster.
  }

  queueChanged(): void {
    // It does not go through the queue.
  }
}
