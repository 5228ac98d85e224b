import type { ObjectiveSpec } from '../contract/spec';
import { tf } from '../tensorflow/engine';
import { withHardPart } from './hard';
import type { Objective, TeacherBatch } from './objective';

type LogitsSpec = Extract<ObjectiveSpec, { kind: 'mse-logits' }>;

/** The mean of the teachers' logits, [batch, classes]. */
function meanLogits({ teachers, values }: TeacherBatch): Float32Array {
  const mean = new Float32Array(values.length / teachers);
  for (let index = 0; index < values.length; index++) mean[index % mean.length]! += values[index]! / teachers;
  return mean;
}

/**
 * w·mean of ½(z−v)² over batch and classes + (1−w)·cross-entropy. For logits with zero mean this is the limit of
 * T²·KL as T grows (Hinton et al. 2015, eq. 4), so learning rates carry over from soft targets.
 * Of several teachers, v is the mean of their logits.
 */
export function logitMatchingObjective({ softWeight }: LogitsSpec): Objective {
  return (logits, targets) => {
    const teacher = tf.tensor(meanLogits(targets.teacherLogits!), logits.shape);
    const soft = tf.mul(tf.mean(tf.square(tf.sub(logits, teacher))), 0.5);
    return withHardPart(soft, softWeight, logits, targets.hard);
  };
}
