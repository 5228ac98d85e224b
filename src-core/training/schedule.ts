/** Learning rate and momentum as pure functions of the step. */
import { assertNever } from '../contract/errors';
import type { RunSpec } from '../contract/spec';
import type { StepSettings } from '../tensorflow/optimisers';

export interface ScheduledStep extends StepSettings {
  /** the optimiser's slots are emptied before this step */
  readonly reset: boolean;
}

/**
 * What the optimiser is told at one step.
 * @param step from 0, over the whole run
 * @param stepsPerEpoch 1 or more
 */
export function settingsAt(spec: RunSpec, step: number, stepsPerEpoch: number): ScheduledStep {
  const { optimiser, schedule } = spec;
  const base = optimiser.learningRate;
  const momentum = optimiser.kind === 'momentum' ? optimiser.momentum : 0;
  const plain = { momentum, updates: step + 1, reset: false };
  const epoch = Math.floor(step / stepsPerEpoch);
  switch (schedule.kind) {
    case 'constant':
      return { ...plain, learningRate: base };
    case 'halve': {
      const halvings = Math.floor(epoch / schedule.everyEpochs);
      const learningRate = base * 0.5 ** halvings;
      if (!schedule.rebuildOptimiser) return { ...plain, learningRate };
      const firstStep = halvings * schedule.everyEpochs * stepsPerEpoch;
      return { momentum, learningRate, updates: step - firstStep + 1, reset: step === firstStep && step > 0 };
    }
    case 'exponential': {
      // Hinton et al. 2012 (arXiv 1207.0580), appendix A.1: the update is p·Δw − (1−p)·ε·g.
      const ramp = Math.min(1, epoch / schedule.momentumEpochs);
      const p = schedule.momentumStart + (schedule.momentumEnd - schedule.momentumStart) * ramp;
      return { ...plain, momentum: p, learningRate: (1 - p) * base * schedule.decay ** epoch };
    }
    case 'cosine': {
      const steps = spec.training.epochs * stepsPerEpoch;
      const warmUp = Math.round(schedule.warmUp * steps);
      if (step < warmUp) return { ...plain, learningRate: (base * (step + 1)) / warmUp };
      const progress = (step - warmUp) / Math.max(1, steps - warmUp);
      const share = (1 + Math.cos(Math.PI * progress)) / 2;
      return { ...plain, learningRate: base * (schedule.finalShare + (1 - schedule.finalShare) * share) };
    }
    default:
      return assertNever(schedule);
  }
}

/** How far a straight line may be from the rate between two points of the curve, as a share of the rate's peak. */
const CURVE_TOLERANCE = 0.002;

/**
 * The learning rate over a run as few points between which straight lines tell the truth: both ends of every epoch,
 * where schedules jump, and within an epoch wherever it bends.
 * @param stepsPerEpoch 1 or more
 * @returns steps from 0, rising, and the rate at each
 */
export function scheduleCurve(spec: RunSpec, stepsPerEpoch: number): { steps: Float64Array; rates: Float64Array } {
  const rateAt = (step: number): number => settingsAt(spec, step, stepsPerEpoch).learningRate;
  const { epochs } = spec.training;
  const ends: [step: number, rate: number][] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const first = epoch * stepsPerEpoch;
    ends.push([first, rateAt(first)]);
    if (stepsPerEpoch > 1) ends.push([first + stepsPerEpoch - 1, rateAt(first + stepsPerEpoch - 1)]);
  }
  const tolerance = CURVE_TOLERANCE * ends.reduce((peak, [, rate]) => Math.max(peak, rate), 0);
  const points: typeof ends = [];

  /** Adds what lies between two points, without them. */
  const between = ([from, start]: [number, number], [to, end]: [number, number]): void => {
    if (to - from < 2) return;
    const straight = [1, 2, 3].every((quarter) => {
      const step = Math.round(from + ((to - from) * quarter) / 4);
      const line = start + ((end - start) * (step - from)) / (to - from);
      return Math.abs(rateAt(step) - line) <= tolerance;
    });
    if (straight) return;
    const middle: [number, number] = [(from + to) >> 1, rateAt((from + to) >> 1)];
    between([from, start], middle);
    points.push(middle);
    between(middle, [to, end]);
  };
  for (const [at, point] of ends.entries()) {
    if (at > 0) between(ends[at - 1]!, point);
    points.push(point);
  }
  return { steps: Float64Array.from(points, ([step]) => step), rates: Float64Array.from(points, ([, rate]) => rate) };
}
