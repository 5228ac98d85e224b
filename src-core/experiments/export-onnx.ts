/** A trained network as an ONNX graph: from grey values to logits and, if asked for, probabilities. */
import type { OnnxArray, OnnxNode, OnnxValue } from '../data/onnx';
import { encodeOnnx } from '../data/onnx';
import type { InputShape } from '../models/layout';
import type { NetworkLayer } from '../models/network';

/** [kernel, kernel, in, out] as ONNX has it: [out, in, kernel, kernel]. */
function channelsFirst({ shape, values }: OnnxArray): OnnxArray {
  const [height, width, channels, filters] = shape as [number, number, number, number];
  const result = new Float32Array(values.length);
  let at = 0;
  for (let filter = 0; filter < filters; filter++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let pixel = 0; pixel < height * width; pixel++) {
        result[at++] = values[(pixel * channels + channel) * filters + filter]!;
      }
    }
  }
  return { shape: [filters, channels, height, width], values: result };
}

const scalar = (value: number): OnnxArray => ({ shape: [], values: Float32Array.of(value) });

/**
 * @param parameters by their names in checkpoints
 * @param temperature of an output `probabilities`; none without it
 */
export function onnxOf(
  network: readonly NetworkLayer[],
  parameters: Readonly<Record<string, OnnxArray>>,
  { side, classes }: InputShape,
  about: { readonly name: string; readonly version: string; readonly metadata: Readonly<Record<string, string>> },
  temperature?: number,
): Uint8Array {
  const arrays: Record<string, OnnxArray> = {};
  const nodes: OnnxNode[] = [];
  let value = 'digits';
  let square = true;
  const add = (
    operator: string,
    inputs: readonly string[],
    output: string,
    attributes: OnnxNode['attributes'] = {},
  ) => {
    nodes.push({ operator, inputs: [value, ...inputs], output, attributes });
    value = output;
  };
  for (const layer of network) {
    if (layer.kind === 'scale') {
      arrays['scale'] = scalar(layer.scale);
      arrays['offset'] = scalar(layer.offset);
      add('Mul', ['scale'], 'scaled');
      add('Add', ['offset'], 'normalised');
    } else if (layer.kind === 'convolution') {
      const { name, kernel, stride, padding } = layer;
      arrays[`${name}/weight`] = channelsFirst(parameters[`${name}/weight`]!);
      arrays[`${name}/bias`] = parameters[`${name}/bias`]!;
      add('Conv', [`${name}/weight`, `${name}/bias`], `${name}/sum`, {
        kernel_shape: [kernel, kernel],
        strides: [stride, stride],
        pads: [padding, padding, padding, padding],
      });
      add('Relu', [], name);
      square = false;
    } else if (layer.kind === 'max-pool') {
      add('MaxPool', [], 'pooled', { kernel_shape: [layer.size, layer.size], strides: [layer.size, layer.size] });
    } else if (layer.kind === 'flatten') {
      // Weights count channels last; of a single channel the order is the same.
      if (!square) add('Transpose', [], 'channels-last', { perm: [0, 2, 3, 1] });
      add('Flatten', [], 'flat', { axis: 1 });
    } else {
      const { name, relu } = layer;
      arrays[`${name}/weight`] = parameters[`${name}/weight`]!;
      arrays[`${name}/bias`] = parameters[`${name}/bias`]!;
      add('Gemm', [`${name}/weight`, `${name}/bias`], relu ? `${name}/sum` : 'logits');
      if (relu) add('Relu', [], name);
    }
  }
  const outputs: OnnxValue[] = [{ name: 'logits', shape: ['batch', classes], about: 'before softmax' }];
  if (temperature !== undefined) {
    arrays['temperature'] = scalar(temperature);
    add('Div', ['temperature'], 'tempered');
    add('Softmax', [], 'probabilities', { axis: 1 });
    outputs.push({ name: 'probabilities', shape: ['batch', classes], about: `softmax(logits / ${temperature})` });
  }
  const inputs = [{ name: 'digits', shape: ['batch', 1, side, side], about: 'grey values 0 (black) to 255, float32' }];
  return encodeOnnx({ name: about.name, inputs, outputs, arrays, nodes }, about.version, about.metadata);
}
