import type { Tensor } from '../tensorflow/engine';
import type { CrossEntropyTerm } from '../tensorflow/fused';
import { crossEntropies } from '../tensorflow/kernels';
import type { Objective } from './objective';

/** Cross-entropy with the labels at temperature 1, with its weight in a sum. */
export function hardTerm(labels: Tensor, weight: number): CrossEntropyTerm {
  return { targets: labels, temperature: 1, weight, scale: 1 };
}

/** Cross-entropy with the labels at temperature 1: how teachers and baselines learn. */
export const hardObjective: Objective = (logits, targets) => crossEntropies(logits, [hardTerm(targets.hard, 1)]);
