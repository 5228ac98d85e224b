import { tf } from '../tensorflow/engine';
import { softmaxCrossEntropy } from '../tensorflow/kernels';
import type { Objective } from './objective';

/** Cross-entropy with the labels at temperature 1: how teachers and baselines learn. */
export const hardObjective: Objective = (logits, targets) => {
  const hard = tf.mean(softmaxCrossEntropy(logits, targets.hard));
  return { total: hard, hard };
};
