import type { ObjectiveSpec } from '../contract/spec';
import type { Tensor } from '../tensorflow/engine';
import { tf } from '../tensorflow/engine';
import type { CrossEntropyTerm } from '../tensorflow/fused';
import { crossEntropies } from '../tensorflow/kernels';
import { hardTerm } from './hard';
import type { Objective, TeacherBatch } from './objective';
import { addDistributions } from './teacher-distribution';

type SoftSpec = Extract<ObjectiveSpec, { kind: 'soft' }>;

export interface SoftTargets {
  /** the mean over the teachers of softmax(v/T), [batch, classes] */
  readonly p: Float32Array;
  /** Σ p·ln p of each row, [batch], in nats: the part of KL(p‖q) that does not depend on the student */
  readonly negativeEntropies: Float32Array;
}

/** Soft targets at temperature T (Hinton et al. 2015, eq. 1). */
function softTargets(batch: TeacherBatch, classes: number, temperature: number): SoftTargets {
  const p = new Float32Array(batch.values.length / batch.teachers);
  addDistributions(batch, classes, temperature, p);
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

/** Added to a deviation that could be 0. */
const LEAST_DEVIATION = 1e-7;

/** (z − mean) / deviation of each row, the deviation over classes − 1 (Sun et al. 2024, algorithm 1). */
function standardised(logits: Tensor): Tensor {
  const centred = tf.sub(logits, tf.mean(logits, 1, true));
  const variance = tf.div(tf.sum(tf.square(centred), 1, true), logits.shape[1]! - 1);
  return tf.div(centred, tf.add(tf.sqrt(variance), LEAST_DEVIATION));
}

/** The same of a teacher's logits. */
function standardisedBatch({ teachers, values }: TeacherBatch, classes: number): TeacherBatch {
  const scaled = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += classes) {
    const row = values.subarray(start, start + classes);
    const mean = row.reduce((sum, value) => sum + value, 0) / classes;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (classes - 1);
    row.forEach((value, label) => (scaled[start + label] = (value - mean) / (Math.sqrt(variance) + LEAST_DEVIATION)));
  }
  return { teachers, values: scaled };
}

/**
 * w·T²·KL(p‖q) + (1−w)·cross-entropy (Hinton et al. 2015, section 2), where p and q are the teacher's and the
 * student's distributions at temperature T. T² keeps the soft gradient's size when T changes.
 *
 * Reduction "blog" divides the soft part by the number of classes as well: the blog's code calls
 * `nn.KLDivLoss()`, whose default averages over every element and not over the batch alone.
 *
 * With standardised logits (Sun et al. 2024, "Logit standardization in knowledge distillation", arXiv 2403.01427) the soft
 * part compares shapes alone: the student need not match the size of its teacher's logits.
 */
export function softTargetsObjective(spec: SoftSpec): Objective {
  const { temperature, softWeight, reduction, standardise } = spec;
  return (logits, targets) => {
    const classes = logits.shape[1]!;
    const teacher = standardise ? standardisedBatch(targets.teacherLogits!, classes) : targets.teacherLogits!;
    const { p, negativeEntropies } = softTargets(teacher, classes, temperature);
    const soft: CrossEntropyTerm = {
      targets: tf.tensor(p, logits.shape),
      temperature,
      weight: softWeight,
      scale: temperature ** 2 / (reduction === 'blog' ? classes : 1),
      offsets: tf.tensor1d(negativeEntropies),
    };
    const hard = hardTerm(targets.hard, 1 - softWeight);
    if (!standardise) return crossEntropies(logits, [hard, soft]);
    const parts = [crossEntropies(logits, [hard]), crossEntropies(standardised(logits), [soft])];
    const total = tf.addN(parts.map((part) => part.total));
    const values = tf.keep(tf.concat([tf.reshape(total, [1]), ...parts.map((part) => tf.slice(part.values, 1, 1))]));
    for (const part of parts) part.values.dispose();
    return { total, values };
  };
}
