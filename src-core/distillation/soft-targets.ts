import type { ObjectiveSpec } from '../contract/spec';
import { tf } from '../tensorflow/engine';
import { crossEntropies } from '../tensorflow/kernels';
import { hardTerm } from './hard';
import type { Objective, TeacherBatch } from './objective';

type SoftSpec = Extract<ObjectiveSpec, { kind: 'soft' }>;

export interface SoftTargets {
  /** the mean over the teachers of softmax(v/T), [batch, classes] */
  readonly p: Float32Array;
  /** Σ p·ln p of each row, [batch], in nats: the part of KL(p‖q) that does not depend on the student */
  readonly negativeEntropies: Float32Array;
}

/** Soft targets at temperature T (Hinton et al. 2015, eq. 1). */
function softTargets({ teachers, values }: TeacherBatch, classes: number, temperature: number): SoftTargets {
  const p = new Float32Array(values.length / teachers);
  const shares = new Float64Array(classes);
  for (let start = 0; start < values.length; start += classes) {
    let largest = -Infinity;
    for (let index = start; index < start + classes; index++) largest = Math.max(largest, values[index]!);
    let sum = 0;
    for (let label = 0; label < classes; label++) {
      shares[label] = Math.exp((values[start + label]! - largest) / temperature);
      sum += shares[label]!;
    }
    const row = start % p.length;
    for (let label = 0; label < classes; label++) p[row + label]! += shares[label]! / (sum * teachers);
  }
  const negativeEntropies = new Float32Array(p.length / classes);
  for (let row = 0; row < negativeEntropies.length; row++) {
    let sum = 0;
    for (let index = row * classes; index < (row + 1) * classes; index++) {
      const share = p[index]!;
      if (share > 0) sum += share * Math.log(share);
    }
    negativeEntropies[row] = sum;
  }
  return { p, negativeEntropies };
}

/**
 * w·T²·KL(p‖q) + (1−w)·cross-entropy (Hinton et al. 2015, section 2), where p and q are the teacher's and the
 * student's distributions at temperature T. T² keeps the soft gradient's size when T changes.
 *
 * Reduction "blog" divides the soft part by the number of classes as well: the blog's code calls
 * `nn.KLDivLoss()`, whose default averages over every element and not over the batch alone.
 */
export function softTargetsObjective({ temperature, softWeight, reduction }: SoftSpec): Objective {
  return (logits, targets) => {
    const classes = logits.shape[1]!;
    const { p, negativeEntropies } = softTargets(targets.teacherLogits!, classes, temperature);
    const scale = temperature ** 2 / (reduction === 'blog' ? classes : 1);
    const soft = {
      targets: tf.tensor(p, logits.shape),
      temperature,
      weight: softWeight,
      scale,
      offsets: tf.tensor1d(negativeEntropies),
    };
    return crossEntropies(logits, [hardTerm(targets.hard, 1 - softWeight), soft]);
  };
}
