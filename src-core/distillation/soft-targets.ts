import type { ObjectiveSpec } from '../contract/spec';
import type { Tensor } from '../tensorflow/engine';
import { tf } from '../tensorflow/engine';
import { softmaxCrossEntropy } from '../tensorflow/kernels';
import { hardObjective } from './hard';
import type { Objective } from './objective';

type SoftSpec = Extract<ObjectiveSpec, { kind: 'soft' }>;

/**
 * Soft targets: the mean over the teachers of softmax(v/T).
 * @param teacherLogits [teachers, batch, classes]
 * @returns [batch, classes]
 */
export function softTargets(teacherLogits: Tensor, temperature: number): Tensor {
  return tf.tidy(() => tf.mean(tf.softmax(tf.div(teacherLogits, temperature)), 0));
}

/** Σ p·ln p of each row, 0 where p is 0: the part of KL(p‖q) that does not depend on the student. */
function negativeEntropy(p: Tensor): Tensor {
  return tf.sum(tf.mul(p, tf.log(tf.maximum(p, 1e-38))), -1);
}

/**
 * w·T²·KL(p‖q) + (1−w)·cross-entropy (Hinton et al. 2015, section 2), where p and q are the teacher's and the
 * student's distributions at temperature T. T² keeps the soft gradient's size when T changes.
 *
 * Reduction "blog" divides the soft part by the number of classes as well: the blog's code calls
 * `nn.KLDivLoss()`, whose default averages over every element and not over the batch alone.
 */
export function softTargetsObjective(spec: SoftSpec): Objective {
  const { temperature, softWeight } = spec;
  return (logits, targets) => {
    const p = softTargets(targets.teacherLogits!, temperature);
    const divergence = tf.add(softmaxCrossEntropy(tf.div(logits, temperature), p), negativeEntropy(p));
    const divisor = spec.reduction === 'blog' ? logits.shape[1]! : 1;
    const soft = tf.mul(tf.mean(divergence), temperature ** 2 / divisor);
    const { hard } = hardObjective(logits, targets);
    return { total: tf.add(tf.mul(soft, softWeight), tf.mul(hard, 1 - softWeight)), soft, hard };
  };
}
