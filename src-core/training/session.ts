/** A training as somebody watches and steers it: paced, evaluated, recorded. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LabError } from '../contract/errors';
import type { EpochRecord, RunEvent } from '../contract/run';
import type { Dataset } from '../data/dataset';
import type { TransferSet } from '../data/transfer-set';
import { meanCrossEntropy } from '../evaluation/calibration';
import { confusionMatrix } from '../evaluation/confusion';
import { countErrors } from '../evaluation/errors';
import { agreement, meanKl } from '../evaluation/fidelity';
import { gradientShare } from '../evaluation/gradient-share';
import type { Logits } from '../evaluation/logits';
import { predictions } from '../evaluation/logits';
import type { LossSums, Training, TrainingState } from './train';

/** The binding is synchronous: so often, in milliseconds, other work gets its turn. */
const TURN_MILLISECONDS = 30;

/** Images of the transfer set on which the parts of the gradient are weighed. */
const WEIGHED_IMAGES = 1000;

/** Five messages a second: whoever draws them takes the processor from the training. */
const MESSAGE_MILLISECONDS = 200;

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
  private holding = false;
  private wake: (() => void) | undefined;
  private seconds: number;
  /** the teachers' logits on the test images and on those that are weighed; computed once */
  private teacher: { readonly test: Logits; readonly weighed: Logits } | undefined;

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

  /** From now on, where nothing can be kept, the training is held rather than ended. */
  holdWhenNothingCanBeKept(): void {
    this.holding = true;
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
        meter.stop(performance.now());
        if (await this.heldUntilGranted()) turn = performance.now();
        meter.go();
        const endsEpoch = event.step % training.batches.stepsPerEpoch === 0;
        if (this.stopping && !endsEpoch) {
          this.seconds += epochSeconds;
          yield* this.kept(() => this.recorder.stopped(training.state(), this.seconds));
          return false;
        }
        stepStart = performance.now();
        continue;
      }
      meter.endEpoch(now, event.losses);
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
      yield* this.kept(() => this.recorder.epoch(record, evaluation, training.state()));
      yield { type: 'epoch', run: this.run, record };
      epochSteps = 0;
      epochSeconds = 0;
      if (this.stopping) return last;
      meter.go();
      stepStart = turn = performance.now();
    }
    return true;
  }

  /** Has something recorded; held on the way, it is tried again each time the training goes on, a last time at a stop. */
  private async *kept(record: () => Promise<void>): AsyncGenerator<RunEvent, void, void> {
    for (;;) {
      const last = this.stopping;
      try {
        await record();
        return;
      } catch (error) {
        if (!this.holding || last || !(error instanceof LabError) || error.code !== 'storage') throw error;
        this.paused = true;
        yield { type: 'held', run: this.run, reason: error.message };
        await this.heldUntilGranted();
      }
    }
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
    const { test: examples, classes } = this.dataset;
    const testLabels = examples.labels;
    const predicted = predictions(test);
    const validationLabels = Uint8Array.from(this.transferSet.validation, (at) => this.dataset.train.labels[at]!);
    return {
      testErrors: countErrors(predicted, testLabels),
      testLoss: meanCrossEntropy(test, testLabels),
      confusion: [...confusionMatrix(predicted, testLabels, classes)],
      ...this.fidelity(test),
      ...(validation
        ? {
            validationErrors: countErrors(predictions(validation), validationLabels),
            validationLoss: meanCrossEntropy(validation, validationLabels),
          }
        : {}),
    };
  }

  /** How the student stands to its teachers; nothing without one. */
  private fidelity(test: Logits): Partial<EpochRecord> {
    const { objective } = this.training.spec;
    if (objective.kind === 'hard') return {};
    const { train, test: examples, classes } = this.dataset;
    const weighed = this.transferSet.training.subarray(0, WEIGHED_IMAGES);
    this.teacher ??= {
      test: this.training.teacherOn(examples.images, Uint32Array.from(examples.labels.keys()))!,
      weighed: this.training.teacherOn(train.images, weighed)!,
    };
    const figures = { agreement: agreement(this.teacher.test, test), teacherKl: meanKl(this.teacher.test, test) };
    if (objective.kind !== 'soft' || objective.standardise) return figures;
    const { temperature, softWeight, reduction } = objective;
    const student = { values: this.training.evaluate(train.images, weighed), count: weighed.length, classes };
    const labels = Uint8Array.from(weighed, (at) => train.labels[at]!);
    const weights = { soft: reduction === 'blog' ? softWeight / classes : softWeight, hard: 1 - softWeight };
    const softGradientShare = gradientShare(student, this.teacher.weighed, labels, temperature, weights);
    return { ...figures, softGradientShare };
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

/** Speed, loss and time left since the last message; only time spent in training counts. */
class Meter {
  private since = performance.now();
  private milliseconds = 0;
  private step: number;
  /** over the images since the last message, across the ends of epochs */
  private loss = 0;
  private images = 0;
  /** of the epoch under way, how much is in `loss` and `images` or was told before */
  private counted: LossSums;
  private messages = 0;
  private smoothedMilliseconds = 0;

  constructor(private readonly training: Training) {
    this.step = training.step;
    this.counted = training.losses();
  }

  /** Messages are apart by training time: one soon after an evaluation would speak for a step or two. */
  due(now: number): boolean {
    return this.milliseconds + now - this.since >= MESSAGE_MILLISECONDS;
  }

  /** What follows is no training, until `go`. */
  stop(now: number): void {
    this.milliseconds += now - this.since;
    this.since = now;
  }

  go(): void {
    this.since = performance.now();
  }

  /** @param losses of the whole epoch, whose sums now begin anew */
  endEpoch(now: number, losses: LossSums): void {
    this.stop(now);
    this.gather(losses);
    this.counted = { total: 0, soft: 0, hard: 0, images: 0 };
  }

  private gather(sums: LossSums): void {
    this.loss += sums.total - this.counted.total;
    this.images += sums.images - this.counted.images;
    this.counted = sums;
  }

  /** After at least one step since the last message. */
  read(now: number, learningRate: number): Omit<Extract<RunEvent, { type: 'progress' }>, 'run'> {
    const { training } = this;
    const { epochs, batchSize } = training.spec.training;
    this.stop(now);
    this.gather(training.losses());
    const latest = this.milliseconds / (training.step - this.step);
    this.messages += 1;
    // A weight of three tenths smooths over about half a second of messages. A training's first step makes things ready
    // and takes long: the second message forgets it.
    this.smoothedMilliseconds = this.messages < 3 ? latest : 0.7 * this.smoothedMilliseconds + 0.3 * latest;
    const stepMilliseconds = this.smoothedMilliseconds;
    const progress = {
      type: 'progress' as const,
      epoch: Math.ceil(training.step / training.batches.stepsPerEpoch),
      epochs,
      step: training.step,
      totalSteps: training.totalSteps,
      loss: this.loss / this.images,
      learningRate,
      stepMilliseconds,
      imagesPerSecond: (1000 * batchSize) / stepMilliseconds,
      secondsLeft: ((training.totalSteps - training.step) * stepMilliseconds) / 1000,
    };
    this.step = training.step;
    this.milliseconds = this.loss = this.images = 0;
    return progress;
  }
}
