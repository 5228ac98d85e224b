import type { ObjectiveSpec } from '../contract/spec';
import type { Tensor } from '../tensorflow/engine';
import { tf } from '../tensorflow/engine';
import { withHardPart } from './hard';
import type { Objective, TeacherBatch } from './objective';
import { addDistributions } from './teacher-distribution';

type DecoupledSpec = Extract<ObjectiveSpec, { kind: 'decoupled' }>;

/** What a teacher says of a batch, with the true class apart. */
interface DecoupledTargets {
  /** [batch, 2]: probability of the true class and of all others together */
  readonly binary: Float32Array;
  /** [batch, classes]: distribution over the other classes, 0 at the true one */
  readonly others: Float32Array;
  /** Σ p·ln p of each row of the two, mean over the batch, in nats */
  readonly negativeEntropies: readonly [binary: number, others: number];
}

function meanNegativeEntropy(p: Float64Array, rows: number): number {
  let sum = 0;
  for (const share of p) if (share > 0) sum += share * Math.log(share);
  return sum / rows;
}

/** @param labels [batch], the true class of each row */
function decoupledTargets(batch: TeacherBatch, labels: Int32Array, temperature: number): DecoupledTargets {
  const rows = labels.length;
  const classes = batch.values.length / (batch.teachers * rows);
  const p = new Float64Array(rows * classes);
  addDistributions(batch, classes, temperature, p);
  const binary = new Float64Array(rows * 2);
  const others = new Float64Array(rows * classes);
  labels.forEach((label, row) => {
    const of = (other: number): number => (other === label ? 0 : p[row * classes + other]!);
    let rest = 0;
    for (let other = 0; other < classes; other++) rest += of(other);
    binary[2 * row] = p[row * classes + label]!;
    binary[2 * row + 1] = rest;
    if (rest > 0) for (let other = 0; other < classes; other++) others[row * classes + other] = of(other) / rest;
  });
  return {
    binary: Float32Array.from(binary),
    others: Float32Array.from(others),
    negativeEntropies: [meanNegativeEntropy(binary, rows), meanNegativeEntropy(others, rows)],
  };
}

/** Takes the true class out of a softmax: e^−1000 is 0. */
const OUT = -1000;

/** Σ p · log q, mean over the rows. */
function meanAgreement(p: Tensor, logQ: Tensor): Tensor {
  return tf.mean(tf.sum(tf.mul(p, logQ), 1));
}

/**
 * w·T²·(α·KL of "the true class or another" + β·KL of the distributions over the others) + (1−w)·cross-entropy
 * (Zhao et al. 2022, "Decoupled knowledge distillation", arXiv 2203.08679, eq. 7). With α = 1 and β the teacher's 1 − p_y
 * of each image it would be plain distillation.
 * Of several teachers, p is the mean of their distributions.
 */
export function decoupledObjective({ temperature, alpha, beta, softWeight }: DecoupledSpec): Objective {
  return (logits, targets) => {
    const labels = tf.argMax(targets.hard, 1).dataSync() as Int32Array;
    const { binary, others, negativeEntropies } = decoupledTargets(targets.teacherLogits!, labels, temperature);
    const scaled = tf.div(logits, temperature);
    const withoutTrue = tf.add(scaled, tf.mul(targets.hard, OUT));
    const sumOfAll = tf.logSumExp(scaled, 1, true);
    const logTrue = tf.sub(tf.sum(tf.mul(scaled, targets.hard), 1, true), sumOfAll);
    const logOthers = tf.sub(tf.logSumExp(withoutTrue, 1, true), sumOfAll);
    const p = tf.tensor2d(binary, [labels.length, 2]);
    const trueOrNot = tf.sub(negativeEntropies[0], meanAgreement(p, tf.concat([logTrue, logOthers], 1)));
    // Where p is 0 the logarithm is some −1000, and their product 0.
    const amongOthers = tf.sub(
      negativeEntropies[1],
      meanAgreement(tf.tensor(others, logits.shape), tf.logSoftmax(withoutTrue)),
    );
    const soft = tf.mul(tf.add(tf.mul(trueOrNot, alpha), tf.mul(amongOthers, beta)), temperature ** 2);
    return withHardPart(soft, softWeight, logits, targets.hard);
  };
}
