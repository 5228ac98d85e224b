/**
 * What a network learns from. An objective is a function of the logits and of the batch's targets that
 * differentiates by itself; each method is a file of its own.
 */
import type { ObjectiveSpec } from '../contract/spec';
import { assertNever } from '../contract/errors';
import type { Tensor } from '../tensorflow/engine';
import { decoupledObjective } from './decoupled';
import { hardObjective } from './hard';
import { logitMatchingObjective } from './logit-matching';
import { softTargetsObjective } from './soft-targets';

/** The teachers' logits for a batch: constants, so what is derived from them needs no TensorFlow. */
export interface TeacherBatch {
  readonly teachers: number;
  /** [teachers, batch, classes], row-major */
  readonly values: Float32Array;
}

export interface Targets {
  /** one-hot labels, [batch, classes] */
  readonly hard: Tensor;
  /** absent where the objective has no teacher */
  readonly teacherLogits?: TeacherBatch | undefined;
}

/** Means over the batch. */
export interface Losses {
  /** what the optimiser minimises, a scalar that differentiates */
  readonly total: Tensor;
  /**
   * For the record: the total, the cross-entropy with the labels and, with a teacher, what compares with it, both
   * unweighted: [2] or [3]. Kept: whoever asked disposes of it.
   */
  readonly values: Tensor;
}

/** @param logits [batch, classes] */
export type Objective = (logits: Tensor, targets: Targets) => Losses;

/** The objective that a spec names. */
export function createObjective(spec: ObjectiveSpec): Objective {
  switch (spec.kind) {
    case 'hard':
      return hardObjective(spec);
    case 'soft':
      return softTargetsObjective(spec);
    case 'decoupled':
      return decoupledObjective(spec);
    case 'mse-logits':
      return logitMatchingObjective(spec);
    default:
      return assertNever(spec);
  }
}
