/** From images to logits, and gradients back. */
import type { ModelSpec } from '../contract/spec';
import type { Tensor, Tensor4D } from '../tensorflow/engine';
import type { DropoutMask } from '../tensorflow/dropout';
import { tf } from '../tensorflow/engine';
import type { Gradient } from '../tensorflow/fused';
import type { Layer } from '../tensorflow/kernels';
import { convolution, dense, flatten, maxPool } from '../tensorflow/kernels';
import { CNN } from './layout';

/** A network that has seen a batch. */
export interface Pass {
  /** [batch, classes] */
  readonly logits: Tensor;
  /** [batch, units] of the last hidden layer, after its ReLU; undefined for a network without one */
  readonly hidden: Tensor | undefined;
  /**
   * @param gradient with respect to the logits
   * @returns with respect to the parameters, in the order of the model's layout
   */
  backward(gradient: Tensor): Gradient[];
}

/**
 * The model's logits.
 * @param parameters in the order of the model's layout
 * @param images [batch, side × side]; where the layout drops inputs, with that done already
 * @param masks dropout masks in the order of the layout, undefined where nothing is dropped; none at evaluation
 * @param background the value of most pixels, where most have one: the first products are then quicker
 */
export function forward(
  model: ModelSpec,
  parameters: readonly Tensor[],
  images: Tensor,
  masks: readonly (DropoutMask | undefined)[] = [],
  background?: number,
): Pass {
  const layers =
    model.kind === 'mlp'
      ? denseLayers(parameters, images, masks.slice(1), { inputIsData: true, background })
      : cnnLayers(parameters, images, masks);
  return {
    logits: layers.at(-1)!.output,
    hidden: layers.at(-2)?.output,
    backward(gradient) {
      const gradients: Gradient[] = [];
      let arriving: Tensor | undefined = gradient;
      for (const layer of [...layers].reverse()) {
        // Only the first layer's input is data.
        const { parameters: own, input } = layer.backward(arriving!);
        gradients.unshift(...own);
        arriving = input;
      }
      return gradients;
    },
  };
}

/**
 * @param masks of the hidden layers' outputs
 * @param first what holds for the first layer alone
 */
function denseLayers(
  parameters: readonly Tensor[],
  input: Tensor,
  masks: readonly (DropoutMask | undefined)[],
  first: { readonly inputIsData?: boolean; readonly background?: number | undefined } = {},
): Layer[] {
  const layers: Layer[] = [];
  for (let index = 0; index < parameters.length / 2; index++) {
    const last = index === parameters.length / 2 - 1;
    layers.push(
      dense(layers.at(-1)?.output ?? input, parameters[2 * index]!, parameters[2 * index + 1]!, {
        relu: !last,
        mask: last ? undefined : masks[index],
        ...(index === 0 ? first : {}),
      }),
    );
  }
  return layers;
}

function cnnLayers(
  [filter1, bias1, filter2, bias2, ...head]: readonly Tensor[],
  images: Tensor,
  masks: readonly (DropoutMask | undefined)[],
): Layer[] {
  const side = Math.sqrt(images.shape[1]!);
  const { padding, stride, pool } = CNN;
  const around: [number, number] = [padding, padding];
  // Native TensorFlow pads only "same" and "valid"; the border is 0 as in PyTorch, whatever black is.
  const square = tf.reshape(images, [images.shape[0]!, side, side, 1]) as Tensor4D;
  const pixels = tf.pad4d(square, [[0, 0], around, around, [0, 0]]);
  const first = convolution(pixels, filter1 as Tensor4D, bias1!, { stride: 1, inputIsData: true });
  const second = convolution(first.output as Tensor4D, filter2 as Tensor4D, bias2!, { stride });
  const pooled = maxPool(second.output as Tensor4D, pool);
  const flat = flatten(pooled.output, masks[0]);
  return [first, second, pooled, flat, ...denseLayers(head, flat.output, masks.slice(1))];
}
