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

/** Where an operation asks for a mask and there is none. */
const NO_BITS = tf.keep(tf.tensor1d([], 'int32'));

function keptBits(mask: DropoutMask | undefined): Tensor {
  return mask ? mask.bits() : NO_BITS;
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
 * xᵀ·dy, the gradient of x·w with respect to w, as its factors: whoever uses it may do so while multiplying, and the
 * product, as large as w, is never written to memory.
 */
export type Product = {
  /** [rows, inputs] */
  readonly x: Tensor;
  /** [rows, units] */
  readonly dy: Tensor;
  /** [units], dy summed over its rows */
  readonly sums: Tensor;
  /** of x: see `inkMatMul` */
  readonly background: number | undefined;
};

/** A gradient with respect to a parameter. */
export type Gradient = Tensor | Product;

/** A gradient as one tensor, new where it was a product. */
export function multipliedOut(gradient: Gradient): Tensor {
  if (gradient instanceof tf.Tensor) return gradient;
  const { x, dy, sums, background } = gradient;
  return fused.available && background !== undefined
    ? backend.executeSingleOutput('DistillLabInkMatMulGrad', factorAttribute(background), [x, dy, sums])
    : matMul(x, dy, true);
}

/** Momentum with the gradient multiplied out on the way: v ← p·v + a·xᵀ·dy, w ← w + b·v. */
export interface ProductMomentum {
  /** what w's and v's variables hold, [inputs, units]: written in place */
  readonly weight: Tensor;
  readonly velocity: Tensor;
  /** [4]: p, a, b, and 1 where w moves by b·(p·v + a·xᵀ·dy) instead (Nesterov), else 0 */
  readonly settings: Tensor;
}

/**
 * Multiplies a gradient out into velocity and weight, where `multipliesIntoVelocity` says so.
 * The same as `ResourceApplyMomentum` and `ResourceApplyKerasMomentum` with the matrix, but for rounding.
 */
export function applyProductMomentum(
  { x, dy, sums, background }: Product,
  { weight, velocity, settings }: ProductMomentum,
): void {
  backend.executeMultipleOutputs(
    background === undefined ? 'DistillLabDenseMomentum' : 'DistillLabInkMomentum',
    factorAttribute(background ?? 0),
    [x, dy, sums, weight, velocity, settings],
    0,
  );
}

/** The binding has the dense product where the processor's registers are wide enough for it to be quicker than TensorFlow's. */
function tryDenseMomentum(): boolean {
  try {
    tf.tidy(() => {
      const one = (): Tensor => tf.ones([1, 1]);
      applyProductMomentum(
        { x: one(), dy: one(), sums: tf.ones([1]), background: undefined },
        { weight: one(), velocity: one(), settings: tf.zeros([4]) },
      );
    });
    return true;
  } catch {
    return false;
  }
}

const denseMomentum = fused.available && tryDenseMomentum();

/** Whether this binding can apply this gradient without the whole of it ever being there. */
export function multipliesIntoVelocity(gradient: Gradient): gradient is Product {
  if (gradient instanceof tf.Tensor || !fused.available) return false;
  return gradient.background !== undefined || denseMomentum;
}

/** Which images of a set, and by how many pixels to the right and down: [positions, 2], row-major. */
export interface ShiftedImages {
  readonly positions: Int32Array;
  readonly shifts: Int32Array;
}

/**
 * Stored images as a network sees them, shifted: mask · table[byte], and table[0] where nothing is. Only where
 * `fused.available`: elsewhere JavaScript draws them.
 * @param images bytes, [images, side, side]
 * @param table [256]
 * @param mask [positions, side × side]
 * @returns [positions, side × side]
 */
export function drawImages(
  images: Tensor,
  { positions, shifts }: ShiftedImages,
  table: Tensor,
  mask: DropoutMask | undefined,
): Tensor {
  return tf.tidy(() => {
    const inputs = [images, tf.tensor1d(positions, 'int32'), tf.tensor1d(shifts, 'int32'), table, keptBits(mask)];
    return backend.executeSingleOutput('DistillLabDraw', factorAttribute(mask?.scale ?? 1), inputs);
  });
}
