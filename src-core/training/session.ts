/** A training as somebody watches and steers it: paced, evaluated, recorded. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EpochRecord, RunEvent } from '../contract/run';
import type { Dataset } from '../data/dataset';
import type { TransferSet } from '../data/transfer-set';
import { meanCrossEntropy } from '../evaluation/calibration';
import { countErrors } from '../evaluation/errors';
import type { Logits } from '../evaluation/logits';
import { predictions } from '../evaluation/logits';
import type { LossSums, Training, TrainingState } from './train';

/** The binding is synchronous: so often, in milliseconds, other work gets its turn. */
const TURN_MILLISECONDS = 30;

/** At most 20 messages a second. */
const MESSAGE_MILLISECONDS = 50;

export interface Evaluation {
  readonly test: Logits;
  readonly validation?: Logits;
}

/** Where a session's results go. What it is given is whole when the promise resolves. */
export interface Recorder {
  epoch(record: EpochRecord, evaluation: Evaluation | undefined, state: TrainingState): Promise<void>;
  /**
   * A stop within an epoch, or before the first.
   * @param seconds spent in training steps so far
   */
  stopped(state: TrainingState, seconds: number): Promise<void>;
}

export class Session {
  private paused = false;
  private stepsGranted = 0;
  private stopping = false;
  private wake: (() => void) | undefined;
  private seconds: number;

  /**
   * @param run its identity, in every event
   * @param seconds time already spent in steps, before a resume
   */
  constructor(
    private readonly run: string,
    private readonly training: Training,
    private readonly dataset: Dataset,
    private readonly transferSet: TransferSet,
    private readonly recorder: Recorder,
    seconds = 0,
  ) {
    this.seconds = seconds;
  }

  /** Holds the training after the step under way, or after its first. */
  pause(): void {
    this.paused = true;
  }

  /** Goes on after a pause. */
  resume(): void {
    this.paused = false;
    this.wake?.();
  }

  /** Takes one step and pauses again. */
  singleStep(): void {
    this.paused = true;
    this.stepsGranted += 1;
    this.wake?.();
  }

  /** Ends after the step under way, with a checkpoint to resume from. */
  stop(): void {
    this.stopping = true;
    this.wake?.();
  }

  /**
   * Trains until the spec's end or a stop.
   * @returns whether the spec's end was reached
   */
  async *events(): AsyncGenerator<RunEvent, boolean, void> {
    const { training } = this;
    const { epochs, evaluateEvery } = training.spec.training;
    const meter = new Meter(training);
    let turn = performance.now();
    let stepStart = turn;
    let epochSteps = 0;
    let epochSeconds = 0;
    let learningRate = 0;

    if (this.stopping) {
      // What a later step began from is on disk already; the beginning is not.
      if (training.step === 0) await this.recorder.stopped(training.state(), this.seconds);
      return training.step === training.totalSteps;
    }
    for await (const event of training.train()) {
      const now = performance.now();
      if (event.type === 'step') {
        learningRate = event.learningRate;
        epochSteps += 1;
        epochSeconds += (now - stepStart) / 1000;
        if (now - turn >= TURN_MILLISECONDS) {
          await nextTurn();
          turn = performance.now();
        }
        // Taking a step and being held for the next are separate: a single step is reported at once.
        const held = this.paused && this.stepsGranted === 0;
        if (held || meter.due(now)) yield { ...meter.read(now, learningRate), run: this.run };
        if (await this.heldUntilGranted()) {
          meter.restart();
          turn = performance.now();
        }
        const endsEpoch = event.step % training.batches.stepsPerEpoch === 0;
        if (this.stopping && !endsEpoch) {
          this.seconds += epochSeconds;
          await this.recorder.stopped(training.state(), this.seconds);
          return false;
        }
        stepStart = performance.now();
        continue;
      }
      this.seconds += epochSeconds;
      const last = event.epoch === epochs;
      const evaluation = last || event.epoch % evaluateEvery === 0 ? this.evaluate() : undefined;
      const record: EpochRecord = {
        epoch: event.epoch,
        step: event.step,
        ...meanLosses(event.losses, training.spec.objective.kind !== 'hard'),
        learningRate,
        ...(evaluation ? this.figures(evaluation) : {}),
        seconds: this.seconds,
        stepMilliseconds: (1000 * epochSeconds) / epochSteps,
      };
      await this.recorder.epoch(record, evaluation, training.state());
      yield { type: 'epoch', run: this.run, record };
      epochSteps = 0;
      epochSeconds = 0;
      if (this.stopping) return last;
      meter.restart();
      stepStart = turn = performance.now();
    }
    return true;
  }

  /** Waits while paused; true when it did wait. */
  private async heldUntilGranted(): Promise<boolean> {
    let waited = false;
    while (this.paused && !this.stopping && this.stepsGranted === 0) {
      waited = true;
      await new Promise<void>((resolve) => (this.wake = resolve));
      this.wake = undefined;
    }
    if (this.stepsGranted > 0) this.stepsGranted -= 1;
    return waited;
  }

  private evaluate(): Evaluation {
    const { test, train, classes } = this.dataset;
    const logitsOf = (images: Uint8Array, positions: ArrayLike<number>): Logits => ({
      values: this.training.evaluate(images, positions),
      count: positions.length,
      classes,
    });
    const { validation } = this.transferSet;
    return {
      test: logitsOf(test.images, Uint32Array.from(test.labels.keys())),
      ...(validation.length > 0 ? { validation: logitsOf(train.images, validation) } : {}),
    };
  }

  private figures({ test, validation }: Evaluation): Partial<EpochRecord> {
    const testLabels = this.dataset.test.labels;
    const validationLabels = Uint8Array.from(this.transferSet.validation, (at) => this.dataset.train.labels[at]!);
    return {
      testErrors: countErrors(predictions(test), testLabels),
      testLoss: meanCrossEntropy(test, testLabels),
      ...(validation
        ? {
            validationErrors: countErrors(predictions(validation), validationLabels),
            validationLoss: meanCrossEntropy(validation, validationLabels),
          }
        : {}),
    };
  }
}

function meanLosses(sums: LossSums, withTeacher: boolean): Pick<EpochRecord, 'loss' | 'hardLoss' | 'softLoss'> {
  const mean = (sum: number): number => sum / sums.images;
  return {
    loss: mean(sums.total),
    hardLoss: mean(sums.hard),
    ...(withTeacher ? { softLoss: mean(sums.soft) } : {}),
  };
}

/** Speed, loss and time left since the last message. */
class Meter {
  private lastMessage = performance.now();
  private since = performance.now();
  private step: number;
  private sums: LossSums;
  private smoothedMilliseconds: number | undefined;

  constructor(private readonly training: Training) {
    this.step = training.step;
    this.sums = training.losses();
  }

  due(now: number): boolean {
    return now - this.lastMessage >= MESSAGE_MILLISECONDS;
  }

  /** Begins to measure anew, after a pause or an evaluation. */
  restart(): void {
    this.since = performance.now();
    this.step = this.training.step;
    this.sums = this.training.losses();
  }

  read(now: number, learningRate: number): Omit<Extract<RunEvent, { type: 'progress' }>, 'run'> {
    const { training } = this;
    const { epochs, batchSize } = training.spec.training;
    const { stepsPerEpoch } = training.batches;
    const sums = training.losses();
    const images = sums.images - this.sums.images;
    const steps = training.step - this.step;
    if (steps > 0) {
      const milliseconds = (now - this.since) / steps;
      // A weight of one tenth smooths over about half a second of messages.
      this.smoothedMilliseconds = this.smoothedMilliseconds
        ? 0.9 * this.smoothedMilliseconds + 0.1 * milliseconds
        : milliseconds;
    }
    const stepMilliseconds = this.smoothedMilliseconds ?? 0;
    const progress = {
      type: 'progress' as const,
      epoch: Math.ceil(training.step / stepsPerEpoch),
      epochs,
      step: training.step,
      totalSteps: training.totalSteps,
      loss: images > 0 ? (sums.total - this.sums.total) / images : sums.total / sums.images,
      learningRate,
      stepMilliseconds,
      imagesPerSecond: stepMilliseconds > 0 ? (1000 * batchSize) / stepMilliseconds : 0,
      secondsLeft: ((training.totalSteps - training.step) * stepMilliseconds) / 1000,
    };
    this.lastMessage = this.since = now;
    this.step = training.step;
    this.sums = sums;
    return progress;
  }
}
