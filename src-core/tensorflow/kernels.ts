/**
 * The layers' arithmetic with gradients of our own. Each is one node on tfjs's tape, so that whatever is computed
 * from its output, a new objective say, still differentiates by itself.
 */
import type { DropoutMask } from './dropout';
import type { Tensor } from './engine';
import { tf } from './engine';
import type { CrossEntropyTerm } from './fused';
import {
  biasReluDropout,
  biasReluDropoutGradient,
  crossEntropiesAndGradient,
  inkMatMul,
  inkMatMulGradient,
} from './fused';
import { biasAdd, biasAddGradient, matMul, matMulTransposed, multiply, relu, reluGradient } from './operations';

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
 * @returns [batch, units]
 * @throws TypeError on a mask without relu
 */
export function dense(x: Tensor, weight: Tensor, bias: Tensor, options: DenseOptions = {}): Tensor {
  const { mask, background } = options;
  if (mask && !options.relu) throw new TypeError('a layer without relu has no dropout');
  const forward = (input: Tensor, w: Tensor, b: Tensor): Tensor => {
    const product = background === undefined ? matMul(input, w) : inkMatMul(input, w, background);
    const output = options.relu ? biasReluDropout(product, b, mask) : biasAdd(product, b);
    product.dispose();
    return output;
  };
  const beforeBias = (gradient: Tensor, output: Tensor, b: Tensor): [x: Tensor, bias: Tensor] =>
    options.relu
      ? biasReluDropoutGradient(gradient, output, b, mask?.scale ?? 1)
      : [gradient, biasAddGradient(gradient)];
  if (options.inputIsData) {
    return differentiable(
      ([w, b], save) => {
        const output = forward(x, w!, b!);
        save([x, output, b!]);
        return {
          value: output,
          gradFunc: (gradient, [savedInput, savedOutput, savedBias]) => {
            const [inner, biasGradient] = beforeBias(gradient, savedOutput!, savedBias!);
            const weightGradient =
              background === undefined
                ? matMul(savedInput!, inner, true)
                : inkMatMulGradient(savedInput!, inner, biasGradient, background);
            return [weightGradient, biasGradient];
          },
        };
      },
      [weight, bias],
    );
  }
  return differentiable(
    ([input, w, b], save) => {
      const output = forward(input!, w!, b!);
      save([input!, w!, output, b!]);
      return {
        value: output,
        gradFunc: (gradient, [savedInput, savedWeight, savedOutput, savedBias]) => {
          const [inner, biasGradient] = beforeBias(gradient, savedOutput!, savedBias!);
          return [matMulTransposed(inner, savedWeight!), matMul(savedInput!, inner, true), biasGradient];
        },
      };
    },
    [x, weight, bias],
  );
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

/**
 * relu(x + bias), the bias along the last axis.
 * @param x [..., channels]
 * @param bias [channels]
 */
export function biasRelu(x: Tensor, bias: Tensor): Tensor {
  return differentiable(
    ([input, b], save) => {
      const sum = biasAdd(input!, b!);
      const output = relu(sum);
      sum.dispose();
      save([output]);
      return {
        value: output,
        gradFunc: (gradient, [saved]) => {
          const inner = reluGradient(gradient, saved!);
          return [inner, biasAddGradient(inner)];
        },
      };
    },
    [x, bias],
  );
}
