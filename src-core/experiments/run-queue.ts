/** Runs wait their turn: one is trained at a time, steered by whoever watches. */
import { LabError, messageOf } from '../contract/errors';
import type { RunEvent } from '../contract/run';
import type { ActiveRun } from './training-run';

/** Makes a run ready to train. */
export type Activate = (id: string, checkpoint: string | undefined) => Promise<ActiveRun>;

export interface QueueListener {
  event(event: RunEvent): void;
  /** the queue or the state of one of its runs is another */
  changed(): void;
}

interface Waiting {
  readonly id: string;
  readonly checkpoint: string | undefined;
}

export class RunQueue {
  private waiting: Waiting[] = [];
  private current:
    { readonly id: string; active?: ActiveRun; paused: boolean; stopped: boolean; held?: string } | undefined;
  /** why a run ended: the disk may not have taken the news */
  private readonly failures = new Map<string, string>();
  private finishing = false;
  private idle: (() => void)[] = [];

  constructor(
    private readonly activate: Activate,
    private readonly listener: QueueListener,
  ) {}

  /** Whether something is trained or waits. */
  get busy(): boolean {
    return this.current !== undefined || this.waiting.length > 0;
  }

  /** What the queue knows of a run; undefined where its folder says all there is. */
  stateOf(id: string): 'queued' | 'paused' | 'running' | undefined {
    if (this.current?.id === id) return this.current.paused ? 'paused' : 'running';
    return this.waiting.some((entry) => entry.id === id) ? 'queued' : undefined;
  }

  /** Why a run is held by the session itself. */
  heldOf(id: string): string | undefined {
    return this.current?.id === id ? this.current.held : undefined;
  }

  /** Why a run ended badly, until it is tried again. */
  failureOf(id: string): string | undefined {
    return this.failures.get(id);
  }

  /** Puts a run at the end; one that is there already stays where it is. */
  add(id: string, checkpoint?: string): void {
    if (this.stateOf(id) !== undefined) return;
    this.failures.delete(id);
    this.waiting.push({ id, checkpoint });
    this.listener.changed();
    this.next();
  }

  /** Place of a waiting run, from 0 for the next one; undefined when it does not wait. */
  placeOf(id: string): number | undefined {
    const at = this.waiting.findIndex((entry) => entry.id === id);
    return at < 0 ? undefined : at;
  }

  /**
   * Puts a waiting run elsewhere in the queue.
   * @param place from 0 for the next one; beyond the end is the end
   * @throws LabError `not-found` when it does not wait
   */
  move(id: string, place: number): void {
    const entry = this.waiting.find((other) => other.id === id);
    if (!entry) throw new LabError('not-found', `Run ${id} does not wait in the queue (any more).`);
    const others = this.waiting.filter((other) => other !== entry);
    others.splice(Math.max(0, place), 0, entry);
    this.waiting = others;
    this.listener.changed();
  }

  private next(): void {
    if (this.current) return;
    const entry = this.waiting.shift();
    if (!entry) {
      for (const resolve of this.idle.splice(0)) resolve();
      return;
    }
    void this.train(entry);
  }

  private async train({ id, checkpoint }: Waiting): Promise<void> {
    const current: NonNullable<typeof this.current> = { id, paused: false, stopped: false };
    this.current = current;
    this.listener.changed();
    try {
      const active = await this.activate(id, checkpoint);
      current.active = active;
      active.session.holdWhenNothingCanBeKept();
      if (current.paused) active.session.pause();
      if (current.stopped) active.session.stop();
      for await (const event of active.events()) {
        this.listener.event(event);
        if (event.type === 'status' && event.failure !== undefined) this.failures.set(id, event.failure);
        if (event.type === 'held') {
          current.paused = true;
          current.held = event.reason;
        }
        if (event.type === 'status' || event.type === 'held') this.listener.changed();
        if ((event.type === 'epoch' || event.type === 'held') && this.finishing) active.session.stop();
      }
    } catch (error) {
      // What fails within a training is told by its own event; what fails before it would otherwise be told by none.
      if (!current.active) {
        this.failures.set(id, messageOf(error));
        this.listener.event({ type: 'status', run: id, status: 'failed', failure: messageOf(error) });
      }
    } finally {
      this.current = undefined;
      this.listener.changed();
      this.next();
    }
  }

  private training(id: string): NonNullable<typeof this.current> {
    if (this.current?.id === id) return this.current;
    throw new LabError('not-found', `Run ${id} is not being trained here.`, 'Steer it where it was started.');
  }

  pause(id: string): void {
    const current = this.training(id);
    current.paused = true;
    current.active?.session.pause();
    this.listener.changed();
  }

  proceed(id: string): void {
    const current = this.training(id);
    current.paused = false;
    delete current.held;
    current.active?.session.resume();
    this.listener.changed();
  }

  singleStep(id: string): void {
    const current = this.training(id);
    current.paused = true;
    current.active?.session.singleStep();
    this.listener.changed();
  }

  /** Ends a training with a checkpoint, or takes a waiting run out of the queue. */
  stop(id: string): void {
    const left = this.waiting.filter((entry) => entry.id !== id);
    if (left.length < this.waiting.length) {
      this.waiting = left;
      this.listener.changed();
      return;
    }
    const current = this.training(id);
    current.stopped = true;
    current.active?.session.stop();
  }

  /** Empties the queue and stops what is trained at its epoch's end; resolves when its checkpoint is written. */
  async finishEpochAndStop(): Promise<void> {
    this.waiting = [];
    if (!this.current) return;
    this.finishing = true;
    if (this.current.paused) this.proceed(this.current.id);
    await new Promise<void>((resolve) => this.idle.push(resolve));
    this.finishing = false;
  }
}
