/**
 * The layers' arithmetic with gradients of our own. Each is one node on tfjs's tape, so that whatever is computed
 * from its output, a new objective say, still differentiates by itself.
 */
import type { DropoutMask } from './dropout';
import type { Tensor } from './engine';
import { tf } from './engine';
import { biasReluDropout, biasReluDropoutGradient } from './fused';
import {
  add,
  biasAdd,
  biasAddGradient,
  matMul,
  matMulTransposed,
  meanOfVector,
  multiply,
  relu,
  reluGradient,
  softmaxCrossEntropy,
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
  /** of the output, [batch, units]; there is none without relu */
  readonly mask?: DropoutMask | undefined;
  /** the input is data: the gradient with respect to it, a whole matrix product, is not computed */
  readonly inputIsData?: boolean;
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
  const { mask } = options;
  if (mask && !options.relu) throw new TypeError('a layer without relu has no dropout');
  const forward = (input: Tensor, w: Tensor, b: Tensor): Tensor => {
    const product = matMul(input, w);
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
            return [matMul(savedInput!, inner, true), biasGradient];
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

export interface CrossEntropies {
  /** Σ weight · term, differentiable with respect to the logits */
  readonly total: Tensor;
  /** each term by itself, for the record: no gradient flows through these. Kept: whoever asked disposes of them. */
  readonly terms: readonly Tensor[];
}

/**
 * Cross-entropies of softmax(logits / T) against target distributions, each averaged over the batch, weighted and
 * summed: one node on the tape, whose gradient is Σ weight · scale · (softmax(logits / T) − targets) / (T · batch).
 * @param logits [batch, classes]
 * @param terms at least one
 */
export function crossEntropies(logits: Tensor, terms: readonly CrossEntropyTerm[]): CrossEntropies {
  const batch = logits.shape[0]!;
  const values: Tensor[] = [];
  const times = (tensor: Tensor, factor: number): Tensor =>
    factor === 1 ? tensor : multiply(tensor, tf.scalar(factor));
  const total = differentiable(
    ([input], save) => {
      const derivatives: Tensor[] = [];
      const parts = terms.map(({ targets, temperature, weight, scale, offsets }) => {
        const [losses, derivative] = softmaxCrossEntropy(times(input!, 1 / temperature), targets);
        derivatives.push(derivative);
        const value = times(meanOfVector(offsets ? add(losses, offsets) : losses), scale);
        values.push(tf.keep(value));
        return times(value, weight);
      });
      save(derivatives);
      return {
        // A sum of one would be the kept tensor itself.
        value: parts.length === 1 ? parts[0]!.clone() : parts.reduce(add),
        gradFunc: (gradient, saved) => {
          const scaled = terms.map(({ temperature, weight, scale }, index) =>
            times(saved[index]!, (weight * scale) / (temperature * batch)),
          );
          return [multiply(scaled.reduce(add), gradient)];
        },
      };
    },
    [logits],
  );
  return { total, terms: values };
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
