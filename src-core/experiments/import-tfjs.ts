/** Whether a TensorFlow.js layers model is a network that the lab has, and what its first step does to pixels. */
import { LabError, messageOf } from '../contract/errors';
import type { TfjsLayer } from '../data/tfjs-model';
import { CNN } from '../models/layout';

/** Pixels of 0 to 1 become (pixel − mean) / deviation. */
export interface PixelNormalisation {
  readonly mean: number;
  readonly deviation: number;
}

const IGNORED = new Set(['InputLayer', 'Flatten', 'Reshape', 'Dropout']);

/** @throws Error that says which layer the lab has not, without the file's name */
function checkLayers(layers: readonly TfjsLayer[]): PixelNormalisation | undefined {
  let normalisation: PixelNormalisation | undefined;
  const dense = layers.filter(({ class_name: kind }) => kind === 'Dense');
  for (const [at, { class_name: kind, config }] of layers.entries()) {
    const named = `its layer “${String(config['name'] ?? at)}”`;
    const expectEach = (wanted: Readonly<Record<string, unknown>>): void => {
      for (const [key, value] of Object.entries(wanted)) {
        if (config[key] === undefined || JSON.stringify(config[key]) === JSON.stringify(value)) continue;
        throw new Error(`${named} has ${key} ${JSON.stringify(config[key])}, and the lab’s ${JSON.stringify(value)}`);
      }
    };
    if (IGNORED.has(kind)) continue;
    else if (kind === 'Rescaling') {
      const { scale, offset } = config;
      if (typeof scale !== 'number' || typeof offset !== 'number' || !(scale > 0)) {
        throw new Error(`${named} has no scale and offset that are numbers`);
      }
      // scale · grey + offset = (grey / 255 − mean) / deviation
      const deviation = 1 / (255 * scale);
      normalisation = { mean: -offset * deviation, deviation };
    } else if (kind === 'Dense') {
      const last = config === dense.at(-1)!.config;
      const activation = String(config['activation'] ?? 'linear');
      const allowed = last ? ['linear', 'softmax'] : ['relu'];
      if (!allowed.includes(activation)) {
        throw new Error(
          `${named} has the activation ${activation}, and ${allowed.join(' or ')} is what the lab has there`,
        );
      }
    } else if (kind === 'Conv2D') {
      // Which of the two it is, its border and its weights tell.
      expectEach({ activation: 'relu', padding: 'valid', data_format: 'channels_last' });
    } else if (kind === 'ZeroPadding2D') {
      const { padding } = CNN;
      const sides = JSON.stringify(config['padding']);
      if (
        sides !== JSON.stringify([padding, padding]) &&
        sides !==
          JSON.stringify([
            [padding, padding],
            [padding, padding],
          ])
      ) {
        throw new Error(`${named} has another border than ${padding} pixels`);
      }
    } else if (kind === 'MaxPooling2D') {
      expectEach({ pool_size: [CNN.pool, CNN.pool], strides: [CNN.pool, CNN.pool], padding: 'valid' });
    } else if (kind === 'Softmax' || kind === 'Activation') {
      const activation = kind === 'Softmax' ? 'softmax' : config['activation'];
      if (at !== layers.length - 1 || activation !== 'softmax')
        throw new Error(`${named} is a ${kind} that the lab has not`);
    } else {
      throw new Error(`${named} is a ${kind}, which the lab has not`);
    }
  }
  const strides = layers.filter(({ class_name: kind }) => kind === 'Conv2D').map(({ config }) => config['strides']);
  const wanted = [1, CNN.stride].map((stride) => [stride, stride]);
  if (strides.length > 0 && JSON.stringify(strides) !== JSON.stringify(wanted)) {
    throw new Error(
      `its convolutions have strides ${JSON.stringify(strides)}, and the lab’s ${JSON.stringify(wanted)}`,
    );
  }
  return normalisation;
}

/**
 * Checks a model's layers one by one; their sizes are told by their weights.
 * @returns what its first step does to pixels; undefined where they come normalised
 * @throws LabError `incompatible` that names the layer
 */
export function tfjsNormalisation(layers: readonly TfjsLayer[], file: string): PixelNormalisation | undefined {
  try {
    return checkLayers(layers);
  } catch (error) {
    throw new LabError('incompatible', `${file} cannot be used: ${messageOf(error)}.`, '', { cause: error });
  }
}
