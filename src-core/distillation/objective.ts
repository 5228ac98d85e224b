/**
 * What a network learns from. An objective is a function of the logits and of the batch's targets that
 * differentiates by itself; each method is a file of its own.
 */
import type { ObjectiveSpec } from '../contract/spec';
import { assertNever } from '../contract/errors';
import type { Tensor } from '../tensorflow/engine';
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

/** Means over the batch; what the optimiser minimises is `total`. The others are kept: who asks disposes of them. */
export interface Losses {
  readonly total: Tensor;
  /** the part that compares with the teacher, unweighted, for the record; absent without a teacher */
  readonly soft?: Tensor;
  /** cross-entropy with the labels, unweighted, for the record */
  readonly hard: Tensor;
}

/** @param logits [batch, classes] */
export type Objective = (logits: Tensor, targets: Targets) => Losses;

/** The objective that a spec names. */
export function createObjective(spec: ObjectiveSpec): Objective {
  switch (spec.kind) {
    case 'hard':
      return hardObjective;
    case 'soft':
      return softTargetsObjective(spec);
    case 'mse-logits':
      return logitMatchingObjective(spec);
    default:
      return assertNever(spec);
  }
}
