/** A trained network as a TensorFlow.js layers model: model.json with its weights in a file beside it. */
import type { InputShape } from '../models/layout';
import type { NetworkLayer } from '../models/network';
import type { NamedArray } from '../models/model';

/** A layer's class and settings as Keras writes them. */
function kerasLayer(layer: NetworkLayer): { readonly class_name: string; readonly config: object }[] {
  switch (layer.kind) {
    case 'scale':
      return [{ class_name: 'Rescaling', config: { name: 'normalise', scale: layer.scale, offset: layer.offset } }];
    case 'convolution': {
      const { name, kernel, filters, stride, padding } = layer;
      const around = { class_name: 'ZeroPadding2D', config: { name: `${name}_border`, padding: [padding, padding] } };
      const config = {
        name,
        filters,
        kernel_size: [kernel, kernel],
        strides: [stride, stride],
        padding: 'valid',
        data_format: 'channels_last',
        activation: 'relu',
        use_bias: true,
      };
      return [...(padding > 0 ? [around] : []), { class_name: 'Conv2D', config }];
    }
    case 'max-pool': {
      const size = [layer.size, layer.size];
      return [
        { class_name: 'MaxPooling2D', config: { name: 'pool', pool_size: size, strides: size, padding: 'valid' } },
      ];
    }
    case 'flatten':
      return [{ class_name: 'Flatten', config: { name: 'flatten' } }];
    case 'dense': {
      const { name, units, relu } = layer;
      const config = { name, units, activation: relu ? 'relu' : 'linear', use_bias: true };
      return [{ class_name: 'Dense', config }];
    }
  }
}

/**
 * Takes [batch, side, side, 1] grey values 0 to 255, gives logits.
 * @param weightsFile name of the second file, which model.json refers to
 */
export function tfjsOf(
  network: readonly NetworkLayer[],
  parameters: Readonly<Record<string, NamedArray>>,
  { side }: InputShape,
  about: { readonly name: string; readonly version: string; readonly metadata: Readonly<Record<string, string>> },
  weightsFile: string,
): { readonly json: string; readonly weights: Uint8Array } {
  const layers = network.flatMap(kerasLayer);
  const arrays = network.flatMap((layer) =>
    'name' in layer
      ? [
          { name: `${layer.name}/kernel`, ...parameters[`${layer.name}/weight`]! },
          { name: `${layer.name}/bias`, ...parameters[`${layer.name}/bias`]! },
        ]
      : [],
  );
  const weights = new Uint8Array(arrays.reduce((bytes, { values }) => bytes + values.byteLength, 0));
  let at = 0;
  for (const { values } of arrays) {
    weights.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  const input = {
    class_name: 'InputLayer',
    config: { name: 'digits', batch_input_shape: [null, side, side, 1], dtype: 'float32' },
  };
  const model = {
    format: 'layers-model',
    generatedBy: `Distill Lab ${about.version}`,
    convertedBy: null,
    userDefinedMetadata: about.metadata,
    modelTopology: {
      class_name: 'Sequential',
      config: { name: about.name, layers: [input, ...layers] },
      keras_version: 'tfjs-layers 4.22.0',
      backend: 'tensor_flow.js',
    },
    weightsManifest: [
      { paths: [weightsFile], weights: arrays.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })) },
    ],
  };
  return { json: `${JSON.stringify(model, null, 2)}\n`, weights };
}
