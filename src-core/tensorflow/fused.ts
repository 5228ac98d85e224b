/**
 * What surrounds a step's matrix products, and the products with digits, without gradients: by the binding's own
 * operations (scripts/native/operations.cc) on the processor, put together from TensorFlow's elsewhere. The results are
 * the same to the bit, but where TensorFlow has an order of its own for a sum: over a batch in a bias's gradient, and in
 * the products.
 */
import type { DropoutMask } from './dropout';
import type { OpAttribute, Tensor } from './engine';
import { backend, tf } from './engine';
import {
  add,
  biasAdd,
  biasAddGradient,
  matMul,
  meanOfVector,
  multiply,
  relu,
  reluGradient,
  softmaxCrossEntropy,
} from './operations';

function factorAttribute(value: number): OpAttribute[] {
  return [{ name: 'factor', type: backend.binding.TF_ATTR_FLOAT, value }];
}

function keptBits(mask: DropoutMask | undefined): Tensor {
  return mask ? mask.bits() : tf.tensor1d([], 'int32');
}

function biasReluFused(x: Tensor, bias: Tensor, mask: DropoutMask | undefined): Tensor {
  return backend.executeSingleOutput('DistillLabBiasRelu', factorAttribute(mask?.scale ?? 1), [
    x,
    bias,
    keptBits(mask),
  ]);
}

/** Whether this binding has the operations and a processor to run them on. */
function tryFused(): boolean {
  if (backend.binding.isUsingGpuDevice()) return false;
  try {
    tf.tidy(() => void biasReluFused(tf.ones([1, 1]), tf.ones([1]), undefined));
    return true;
  } catch {
    return false;
  }
}

/** May be switched off to compare: the tests run both ways. */
export const fused = { available: tryFused() };

/**
 * mask · relu(x + bias).
 * @param x [rows, units]
 * @param bias [units]
 * @param mask of the same shape as x
 */
export function biasReluDropout(x: Tensor, bias: Tensor, mask: DropoutMask | undefined): Tensor {
  return tf.tidy(() => {
    if (fused.available) return biasReluFused(x, bias, mask);
    const active = relu(biasAdd(x, bias));
    return mask ? multiply(active, mask.factors()) : active;
  });
}

/**
 * The gradient of mask · relu(x + bias). Its output is 0 where a unit was dropped or not active, so the output alone
 * says where the gradient passes.
 * @param output of `biasReluDropout`
 * @param bias only its length is read
 * @returns gradients with respect to x [rows, units] and to the bias [units]
 */
export function biasReluDropoutGradient(
  gradient: Tensor,
  output: Tensor,
  bias: Tensor,
  scale: number,
): [x: Tensor, bias: Tensor] {
  if (fused.available) {
    const inputs = [gradient, output, bias];
    const [x, sums] = backend.executeMultipleOutputs('DistillLabBiasReluGrad', factorAttribute(scale), inputs, 2);
    return [x!, sums!];
  }
  const scaled = scale === 1 ? gradient : multiply(gradient, tf.scalar(scale));
  const x = reluGradient(scaled, output);
  return [x, biasAddGradient(x)];
}

/** scale · mean of (cross-entropy + offset), one term of a weighted sum. */
export interface CrossEntropyTerm {
  /** [batch, classes], constants; rows sum to 1 */
  readonly targets: Tensor;
  /** the logits are divided by it */
  readonly temperature: number;
  readonly weight: number;
  readonly scale: number;
  /**
   * [batch], constants: −entropy of the targets makes a divergence of the cross-entropy. Added to every row, since the
   * mean of what cancels would keep the rounding of large numbers.
   */
  readonly offsets?: Tensor;
}

/**
 * Cross-entropies of softmax(logits / T) against target distributions, each averaged over the batch, weighted and
 * summed, and the gradient Σ weight · scale · (softmax(logits / T) − targets) / (T · batch).
 * @param logits [batch, classes]
 * @param terms one to five
 * @returns the sum, a scalar; the sum followed by each term without its weight, [1 + terms]; the gradient [batch, classes]
 */
export function crossEntropiesAndGradient(
  logits: Tensor,
  terms: readonly CrossEntropyTerm[],
): [total: Tensor, values: Tensor, gradient: Tensor] {
  if (fused.available) {
    const settings = terms.flatMap(({ temperature, weight, scale }) => [temperature, weight, scale]);
    const targets = terms.map((term) => term.targets);
    const offsets = terms.map((term) => term.offsets ?? tf.tensor1d([], 'float32'));
    const [total, values, gradient] = backend.executeMultipleOutputs(
      'DistillLabCrossEntropies',
      [{ name: 'N', type: backend.binding.TF_ATTR_INT, value: terms.length }],
      [logits, tf.tensor1d(settings, 'float32'), ...targets, ...offsets],
      3,
    );
    return [total!, values!, gradient!];
  }
  const batch = logits.shape[0]!;
  const times = (tensor: Tensor, factor: number): Tensor =>
    factor === 1 ? tensor : multiply(tensor, tf.scalar(factor));
  const parts = terms.map(({ targets, temperature, weight, scale, offsets }) => {
    const [losses, derivative] = softmaxCrossEntropy(times(logits, 1 / temperature), targets);
    const value = times(meanOfVector(offsets ? add(losses, offsets) : losses), scale);
    return {
      value,
      weighted: times(value, weight),
      gradient: times(derivative, (weight * scale) / (temperature * batch)),
    };
  });
  const sum = parts.map(({ weighted }) => weighted).reduce(add);
  return [sum, tf.stack([sum, ...parts.map(({ value }) => value)]), parts.map(({ gradient }) => gradient).reduce(add)];
}

/**
 * x·w for an x whose entries are mostly the background: only the others are multiplied. Worth it up to about three
 * tenths of others.
 * @param x [rows, inputs]
 * @param w [inputs, units]
 * @param background any number is right; the value that x has most often is fast
 * @returns [rows, units]
 */
export function inkMatMul(x: Tensor, w: Tensor, background: number): Tensor {
  return fused.available
    ? backend.executeSingleOutput('DistillLabInkMatMul', factorAttribute(background), [x, w])
    : matMul(x, w);
}

/**
 * xᵀ·dy, the gradient of `inkMatMul` with respect to w.
 * @param x [rows, inputs]
 * @param dy [rows, units]
 * @param sums [units], dy summed over its rows
 * @returns [inputs, units]
 */
export function inkMatMulGradient(x: Tensor, dy: Tensor, sums: Tensor, background: number): Tensor {
  return fused.available
    ? backend.executeSingleOutput('DistillLabInkMatMulGrad', factorAttribute(background), [x, dy, sums])
    : matMul(x, dy, true);
}

/**
 * Bytes as a network sees them: mask · table[byte].
 * @param bytes [rows, pixels], row-major
 * @param table [256]
 * @param mask of the same shape
 * @returns [rows, pixels]
 */
export function drawPixels(
  bytes: Uint8Array,
  shape: readonly [number, number],
  table: Float32Array,
  mask: DropoutMask | undefined,
): Tensor {
  return tf.tidy(() => {
    if (fused.available) {
      const inputs = [tf.tensor(bytes, [...shape], 'bool'), tf.tensor1d(table), keptBits(mask)];
      return backend.executeSingleOutput('DistillLabDraw', factorAttribute(mask?.scale ?? 1), inputs);
    }
    const values = new Float32Array(bytes.length);
    for (let index = 0; index < bytes.length; index++) values[index] = table[bytes[index]!]!;
    const pixels = tf.tensor(values, [...shape]);
    return mask ? multiply(pixels, mask.factors()) : pixels;
  });
}
