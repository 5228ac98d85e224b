/**
 * The layers' arithmetic with gradients of our own. Each is one node on tfjs's tape, so that whatever is computed
 * from its output, a new objective say, still differentiates by itself.
 */
import type { Tensor } from './engine';
import { tf } from './engine';
import {
  biasAdd,
  biasAddGradient,
  matMul,
  matMulTransposed,
  multiply,
  relu,
  reluGradient,
  softmaxCrossEntropy as softmaxCrossEntropyOperation,
} from './operations';

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
  /** [batch, units] multiplied with the output: dropout's zeros and scale */
  readonly mask?: Tensor | undefined;
  /** the input is data: the gradient with respect to it, a whole matrix product, is not computed */
  readonly inputIsData?: boolean;
}

/**
 * A fully connected layer: mask · relu(x·weight + bias).
 * @param x [batch, inputs]
 * @param weight [inputs, units]
 * @param bias [units]
 * @returns [batch, units]
 */
export function dense(x: Tensor, weight: Tensor, bias: Tensor, options: DenseOptions = {}): Tensor {
  const { mask } = options;
  const forward = (input: Tensor, w: Tensor, b: Tensor): Tensor => {
    const product = matMul(input, w);
    let output = biasAdd(product, b);
    product.dispose();
    for (const next of [options.relu ? relu : undefined, mask ? (t: Tensor) => multiply(t, mask) : undefined]) {
      if (!next) continue;
      const before = output;
      output = next(before);
      before.dispose();
    }
    return output;
  };
  // Masked outputs are 0 where the unit was dropped or not active, so the output alone says where ReLU passes.
  const beforeActivation = (gradient: Tensor, output: Tensor): Tensor => {
    const unmasked = mask ? multiply(gradient, mask) : gradient;
    return options.relu ? reluGradient(unmasked, output) : unmasked;
  };
  if (options.inputIsData) {
    return differentiable(
      ([w, b], save) => {
        const output = forward(x, w!, b!);
        save([x, output]);
        return {
          value: output,
          gradFunc: (gradient, [savedInput, savedOutput]) => {
            const inner = beforeActivation(gradient, savedOutput!);
            return [matMul(savedInput!, inner, true), biasAddGradient(inner)];
          },
        };
      },
      [weight, bias],
    );
  }
  return differentiable(
    ([input, w, b], save) => {
      const output = forward(input!, w!, b!);
      save([input!, w!, output]);
      return {
        value: output,
        gradFunc: (gradient, [savedInput, savedWeight, savedOutput]) => {
          const inner = beforeActivation(gradient, savedOutput!);
          return [matMulTransposed(inner, savedWeight!), matMul(savedInput!, inner, true), biasAddGradient(inner)];
        },
      };
    },
    [x, weight, bias],
  );
}

/**
 * Cross-entropy of softmax(logits) against target distributions, for each row.
 * @param logits [batch, classes]
 * @param targets [batch, classes], constants; rows sum to 1
 * @returns [batch]
 */
export function softmaxCrossEntropy(logits: Tensor, targets: Tensor): Tensor {
  return differentiable(
    ([input], save) => {
      const [loss, derivative] = softmaxCrossEntropyOperation(input!, targets);
      save([derivative]);
      return {
        value: loss,
        gradFunc: (gradient, [saved]) => [multiply(gradient.expandDims(1), saved!)],
      };
    },
    [logits],
  );
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
