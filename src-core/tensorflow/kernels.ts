/**
 * The layers' arithmetic, forward and back, and the cross-entropies, which are one node on tfjs's tape: an objective is
 * whatever that tape differentiates.
 */
import type { DropoutMask } from './dropout';
import type { Tensor, Tensor4D } from './engine';
import { tf } from './engine';
import type { CrossEntropyTerm, Gradient } from './fused';
import { biasReluDropout, biasReluDropoutGradient, crossEntropiesAndGradient, inkMatMul } from './fused';
import { biasAdd, biasAddGradient, matMul, matMulTransposed, multiply, relu, reluGradient } from './operations';

/** What a layer computed, and how a gradient goes back through it. */
export interface Layer {
  readonly output: Tensor;
  /** @param gradient with respect to the output */
  backward(gradient: Tensor): {
    /** with respect to the parameters, in their order */
    readonly parameters: readonly Gradient[];
    /** with respect to the input; not computed where that is data */
    readonly input?: Tensor;
  };
}

export interface DenseOptions {
  /** max(0, ·) on the output */
  readonly relu?: boolean;
  /** of the output, [batch, units]; there is none without relu */
  readonly mask?: DropoutMask | undefined;
  /** the input is data: the gradient with respect to it, a whole matrix product, is not computed */
  readonly inputIsData?: boolean;
  /** of data: the value of most of its entries, where they are most; see `inkMatMul` */
  readonly background?: number | undefined;
}

/**
 * A fully connected layer: mask · relu(x·weight + bias).
 * @param x [batch, inputs]
 * @param weight [inputs, units]
 * @param bias [units]
 * @returns output [batch, units]
 * @throws TypeError on a mask without relu
 */
export function dense(x: Tensor, weight: Tensor, bias: Tensor, options: DenseOptions = {}): Layer {
  const { mask, background } = options;
  if (mask && !options.relu) throw new TypeError('a layer without relu has no dropout');
  const product = background === undefined ? matMul(x, weight) : inkMatMul(x, weight, background);
  const output = options.relu ? biasReluDropout(product, bias, mask) : biasAdd(product, bias);
  product.dispose();
  return {
    output,
    backward(gradient) {
      const [dy, sums] = options.relu
        ? biasReluDropoutGradient(gradient, output, bias, mask?.scale ?? 1)
        : [gradient, biasAddGradient(gradient)];
      const parameters = [{ x, dy, sums, background }, sums];
      return options.inputIsData ? { parameters } : { parameters, input: matMulTransposed(dy, weight) };
    },
  };
}

/**
 * A convolution without padding: relu(x ∗ filter + bias).
 * @param x [batch, side, side, channels]
 * @param filter [rows, columns, channels, filters]
 * @param bias [filters]
 * @param options.inputIsData the gradient with respect to the input is not computed
 * @returns output [batch, side, side, filters]
 */
export function convolution(
  x: Tensor4D,
  filter: Tensor4D,
  bias: Tensor,
  options: { readonly stride: number; readonly inputIsData?: boolean },
): Layer {
  const output = tf.tidy(() => relu(biasAdd(tf.conv2d(x, filter, options.stride, 'valid'), bias)));
  const attributes = {
    strides: [options.stride, options.stride],
    pad: 'valid',
    dataFormat: 'NHWC',
    inputShape: x.shape,
    filterShape: filter.shape,
  };
  return {
    output,
    backward(gradient) {
      const dy = reluGradient(gradient, output);
      const run = (kernel: string, inputs: { readonly [name: string]: Tensor }): Tensor =>
        tf.engine().runKernel(kernel, inputs as never, attributes) as Tensor;
      const parameters = [run('Conv2DBackpropFilter', { x, dy }), biasAddGradient(dy)];
      return options.inputIsData ? { parameters } : { parameters, input: run('Conv2DBackpropInput', { dy, filter }) };
    },
  };
}

/**
 * The largest of every size × size pixels.
 * @param x [batch, side, side, channels]
 */
export function maxPool(x: Tensor4D, size: number): Layer {
  const output = tf.maxPool(x, size, size, 'valid');
  return {
    output,
    backward(dy) {
      const attributes = { filterSize: [size, size], strides: [size, size], pad: 'valid' };
      const inputs = { dy, input: x, output };
      return { parameters: [], input: tf.engine().runKernel('MaxPoolGrad', inputs as never, attributes) as Tensor };
    },
  };
}

/** Everything of an image in one row: [batch, …] to [batch, values], with dropout where there is a mask. */
export function flatten(x: Tensor, mask: DropoutMask | undefined): Layer {
  const factors = mask?.factors();
  const flat = tf.reshape(x, [x.shape[0]!, -1]);
  return {
    output: factors ? multiply(flat, factors) : flat,
    backward: (gradient) => ({
      parameters: [],
      input: tf.reshape(factors ? multiply(gradient, factors) : gradient, x.shape),
    }),
  };
}

type GradientFunction = (gradient: Tensor, saved: Tensor[]) => Tensor[];

function differentiable(
  forward: (inputs: Tensor[], save: (tensors: Tensor[]) => void) => { value: Tensor; gradFunc: GradientFunction },
  inputs: Tensor[],
): Tensor {
  const custom = tf.customGrad((...parameters: unknown[]) => {
    const save = parameters.at(-1) as (tensors: Tensor[]) => void;
    const { value, gradFunc } = forward(parameters.slice(0, -1) as Tensor[], save);
    return { value, gradFunc: (gradient: Tensor, saved: Tensor[]) => gradFunc(gradient, saved) };
  });
  return custom(...inputs);
}

export interface CrossEntropies {
  /** Σ weight · term, differentiable with respect to the logits */
  readonly total: Tensor;
  /** for the record: the total, then each term without its weight, [1 + terms]. Kept: whoever asked disposes of it. */
  readonly values: Tensor;
}

/**
 * A weighted sum of cross-entropies: one node on the tape; see `crossEntropiesAndGradient`.
 * @param logits [batch, classes]
 * @param terms one to five
 */
export function crossEntropies(logits: Tensor, terms: readonly CrossEntropyTerm[]): CrossEntropies {
  let record: Tensor | undefined;
  const total = differentiable(
    ([input], save) => {
      const [sum, values, derivative] = crossEntropiesAndGradient(input!, terms);
      record = tf.keep(values);
      save([derivative]);
      return {
        value: sum,
        gradFunc: (gradient, [saved]) => [multiply(saved!, gradient)],
      };
    },
    [logits],
  );
  return { total, values: record! };
}
