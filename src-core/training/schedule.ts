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
