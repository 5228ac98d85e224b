/** From images to logits. */
import type { ModelSpec } from '../contract/spec';
import type { Tensor, Tensor4D } from '../tensorflow/engine';
import type { DropoutMask } from '../tensorflow/dropout';
import { tf } from '../tensorflow/engine';
import { biasRelu, dense } from '../tensorflow/kernels';
import { CNN } from './layout';

/**
 * The model's logits.
 * @param parameters in the order of the model's layout
 * @param images [batch, side × side]; where the layout drops inputs, with that done already
 * @param masks dropout masks in the order of the layout, undefined where nothing is dropped; none at evaluation
 * @param background the value of most pixels, where most have one: the first products are then quicker
 * @returns [batch, classes]
 */
export function forward(
  model: ModelSpec,
  parameters: readonly Tensor[],
  images: Tensor,
  masks: readonly (DropoutMask | undefined)[] = [],
  background?: number,
): Tensor {
  return model.kind === 'mlp'
    ? forwardMlp(parameters, images, masks, background)
    : forwardCnn(parameters, images, masks);
}

function forwardMlp(
  parameters: readonly Tensor[],
  images: Tensor,
  masks: readonly (DropoutMask | undefined)[],
  background: number | undefined,
): Tensor {
  let layer = images;
  const layers = parameters.length / 2;
  for (let index = 0; index < layers; index++) {
    const last = index === layers - 1;
    layer = dense(layer, parameters[2 * index]!, parameters[2 * index + 1]!, {
      relu: !last,
      mask: last ? undefined : masks[index + 1],
      inputIsData: index === 0,
      background: index === 0 ? background : undefined,
    });
  }
  return layer;
}

function forwardCnn(
  parameters: readonly Tensor[],
  images: Tensor,
  masks: readonly (DropoutMask | undefined)[],
): Tensor {
  const [filter1, bias1, filter2, bias2, weight1, denseBias1, weight2, denseBias2, weight3, denseBias3] = parameters;
  const batch = images.shape[0]!;
  const side = Math.sqrt(images.shape[1]!);
  const { padding, stride, pool } = CNN;
  const around: [number, number] = [padding, padding];
  // Native TensorFlow pads only "same" and "valid"; the border is 0 as in PyTorch, whatever black is.
  const pixels = tf.pad4d(tf.reshape(images, [batch, side, side, 1]) as Tensor4D, [[0, 0], around, around, [0, 0]]);
  const first = biasRelu(tf.conv2d(pixels, filter1 as Tensor4D, 1, 'valid'), bias1!);
  const second = biasRelu(tf.conv2d(first as Tensor4D, filter2 as Tensor4D, stride, 'valid'), bias2!);
  const pooled = tf.maxPool(second as Tensor4D, pool, pool, 'valid');
  const flat = tf.reshape(pooled, [batch, -1]);
  const kept = masks[0] ? tf.mul(flat, masks[0].factors()) : flat;
  const hidden1 = dense(kept, weight1!, denseBias1!, { relu: true, mask: masks[1] });
  const hidden2 = dense(hidden1, weight2!, denseBias2!, { relu: true });
  return dense(hidden2, weight3!, denseBias3!);
}
