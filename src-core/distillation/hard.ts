import type { ObjectiveSpec } from '../contract/spec';
import type { Tensor } from '../tensorflow/engine';
import { tf } from '../tensorflow/engine';
import type { CrossEntropyTerm } from '../tensorflow/fused';
import { crossEntropies } from '../tensorflow/kernels';
import type { Losses, Objective } from './objective';

type HardSpec = Extract<ObjectiveSpec, { kind: 'hard' }>;

/** Cross-entropy with the labels at temperature 1, with its weight in a sum. */
export function hardTerm(labels: Tensor, weight: number): CrossEntropyTerm {
  return { targets: labels, temperature: 1, weight, scale: 1 };
}

/**
 * w·soft + (1−w)·cross-entropy with the labels, for a soft part of whatever kind.
 * @param soft a scalar that differentiates
 * @param labels one-hot, [batch, classes]
 */
export function withHardPart(soft: Tensor, softWeight: number, logits: Tensor, labels: Tensor): Losses {
  const { total: hard, values } = crossEntropies(logits, [hardTerm(labels, 1)]);
  values.dispose();
  const total = tf.add(tf.mul(soft, softWeight), tf.mul(hard, 1 - softWeight));
  return { total, values: tf.keep(tf.stack([total, hard, soft])) };
}

/** (1−ε)·label + ε/classes (Szegedy et al. 2016, section 7; Müller et al. 2019, section 1). */
function smoothed(labels: Tensor, share: number): Tensor {
  return tf.add(tf.mul(labels, 1 - share), share / labels.shape[1]!);
}

/** Cross-entropy with the labels at temperature 1, smoothed or not: how teachers and baselines learn. */
export function hardObjective({ labelSmoothing }: HardSpec): Objective {
  return (logits, targets) => {
    const labels = labelSmoothing === 0 ? targets.hard : smoothed(targets.hard, labelSmoothing);
    return crossEntropies(logits, [hardTerm(labels, 1)]);
  };
}
