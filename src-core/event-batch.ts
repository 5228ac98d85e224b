/** Gathers what a window is told: at most 20 messages a second, and none before it has dealt with the last. */
import type { RunEvent } from './contract/run';
import type { Remote, WindowFunctions } from './contract/rpc';

const MESSAGE_MILLISECONDS = 50;

export class EventBatch {
  private events: RunEvent[] = [];
  private runsChanged = false;
  private readonly evaluated = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private sending = false;
  private closed = false;
  private sentAt = -Infinity;

  constructor(private readonly window: Remote<WindowFunctions>) {}

  add(event: RunEvent): void {
    // Of a run's progress only the newest is worth telling.
    if (event.type === 'progress') {
      this.events = this.events.filter((former) => former.type !== 'progress' || former.run !== event.run);
    }
    this.events.push(event);
    this.schedule();
  }

  addRunsChanged(): void {
    this.runsChanged = true;
    this.schedule();
  }

  addEvaluated(run: string, epoch: number): void {
    this.evaluated.set(run, epoch);
    this.schedule();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private schedule(): void {
    if (this.timer || this.sending || this.closed) return;
    // A timer takes whole milliseconds.
    const delay = Math.ceil(Math.max(0, this.sentAt + MESSAGE_MILLISECONDS - performance.now()));
    this.timer = setTimeout(() => void this.send(), delay);
  }

  private async send(): Promise<void> {
    this.timer = undefined;
    this.sending = true;
    this.sentAt = performance.now();
    const { events, runsChanged } = this;
    const evaluated = Array.from(this.evaluated, ([run, epoch]) => ({ run, epoch }));
    this.events = [];
    this.runsChanged = false;
    this.evaluated.clear();
    // A window that fails to draw, or closes, must not end the training.
    await this.window.news({ events, evaluated, runsChanged }).catch(() => undefined);
    this.sending = false;
    if (this.events.length > 0 || this.runsChanged || this.evaluated.size > 0) this.schedule();
  }
}
