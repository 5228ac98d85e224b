/** A training as seen in a terminal: a live bar on a screen, a plain line an epoch in a pipe. */
import { bold, dim } from 'ansis';
import type { Options, SingleBar } from 'cli-progress';
import cliProgress from 'cli-progress';
import type { EpochRecord, RunEvent } from '../contract/run';
import { duration, grouped } from './format';

type Progress = Extract<RunEvent, { type: 'progress' }>;

export interface ProgressDisplay {
  show(event: RunEvent): void;
  end(): void;
}

function describe(event: Progress, testErrors: number | undefined): string {
  const parts = [
    `epoch ${event.epoch}/${event.epochs}`,
    `loss ${event.loss.toFixed(4)}`,
    ...(testErrors === undefined ? [] : [`${grouped(testErrors)} test errors`]),
    `${event.stepMilliseconds.toFixed(1)} ms/step`,
    `${grouped(event.imagesPerSecond)} images/s`,
    `${duration(event.secondsLeft)} left`,
  ];
  return parts.join(dim(' · '));
}

function describeEpoch(name: string, record: EpochRecord, epochs: number): string {
  const parts = [
    `${name}: epoch ${record.epoch}/${epochs}`,
    `loss ${record.loss.toFixed(4)}`,
    ...(record.testErrors === undefined ? [] : [`${record.testErrors} test errors`]),
    ...(record.validationErrors === undefined ? [] : [`${record.validationErrors} validation errors`]),
    `${record.stepMilliseconds.toFixed(1)} ms/step`,
    `${duration(record.seconds)} trained`,
  ];
  return parts.join(' · ');
}

class Bar implements ProgressDisplay {
  private readonly bar: SingleBar;
  private testErrors: number | undefined;
  private started = false;

  constructor(private readonly name: string) {
    const format = (options: Options, { progress }: { progress: number }, payload: { text?: string }): string => {
      const width = 20;
      const done = Math.round(progress * width);
      return `${bold(this.name)} ${'━'.repeat(done)}${dim('━'.repeat(width - done))} ${payload.text ?? ''}`;
    };
    this.bar = new cliProgress.SingleBar({
      format,
      hideCursor: true,
      fps: 10,
      stream: process.stderr,
      linewrap: false,
    });
  }

  show(event: RunEvent): void {
    if (event.type === 'epoch') this.testErrors = event.record.testErrors ?? this.testErrors;
    if (event.type !== 'progress') return;
    const payload = { text: describe(event, this.testErrors) };
    if (!this.started) {
      this.bar.start(event.totalSteps, event.step, payload);
      this.started = true;
    } else {
      this.bar.update(event.step, payload);
    }
  }

  end(): void {
    if (this.started) this.bar.stop();
  }
}

class Lines implements ProgressDisplay {
  constructor(
    private readonly name: string,
    private readonly epochs: number,
  ) {}

  show(event: RunEvent): void {
    if (event.type === 'epoch') process.stderr.write(`${describeEpoch(this.name, event.record, this.epochs)}\n`);
  }

  end(): void {
    // Every line was whole when it was written.
  }
}

/** @param epochs of the run's spec */
export function progressDisplay(name: string, epochs: number): ProgressDisplay {
  return process.stderr.isTTY ? new Bar(name) : new Lines(name, epochs);
}
