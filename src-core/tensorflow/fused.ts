/**
 * What surrounds a step's matrix products, without gradients: in one pass over memory by the binding's own operations
 * (scripts/native/operations.cc) on the processor, put together from TensorFlow's elsewhere. The results are the same
 * to the bit, but for the sum over a batch in a bias's gradient, whose order is TensorFlow's own.
 */
import type { DropoutMask } from './dropout';
import type { OpAttribute, Tensor } from './engine';
import { backend, tf } from './engine';
import { biasAdd, biasAddGradient, multiply, relu, reluGradient } from './operations';

function scaleAttribute(scale: number): OpAttribute[] {
  return [{ name: 'scale', type: backend.binding.TF_ATTR_FLOAT, value: scale }];
}

function keptBits(mask: DropoutMask | undefined): Tensor {
  return mask ? mask.bits() : tf.tensor1d([], 'int32');
}

function biasReluFused(x: Tensor, bias: Tensor, mask: DropoutMask | undefined): Tensor {
  return backend.executeSingleOutput('DistillLabBiasRelu', scaleAttribute(mask?.scale ?? 1), [x, bias, keptBits(mask)]);
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
    const [x, sums] = backend.executeMultipleOutputs('DistillLabBiasReluGrad', scaleAttribute(scale), inputs, 2);
    return [x!, sums!];
  }
  const scaled = scale === 1 ? gradient : multiply(gradient, tf.scalar(scale));
  const x = reluGradient(scaled, output);
  return [x, biasAddGradient(x)];
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
      return backend.executeSingleOutput('DistillLabDraw', scaleAttribute(mask?.scale ?? 1), inputs);
    }
    const values = new Float32Array(bytes.length);
    for (let index = 0; index < bytes.length; index++) values[index] = table[bytes[index]!]!;
    const pixels = tf.tensor(values, [...shape]);
    return mask ? multiply(pixels, mask.factors()) : pixels;
  });
}
