/** A model as a list of layers, from grey values to logits: what other programs' formats are written from. Pure. */
import type { ModelSpec, Normalisation } from '../contract/spec';
import type { InputShape } from './layout';
import { CNN, layoutOf } from './layout';

export type NetworkLayer =
  /** grey values 0 to 255 become scale · grey + offset */
  | { readonly kind: 'scale'; readonly scale: number; readonly offset: number }
  /** weight [kernel, kernel, in, out], bias [out]; borders are 0; ReLU after it */
  | {
      readonly kind: 'convolution';
      readonly name: string;
      readonly kernel: number;
      readonly filters: number;
      readonly stride: number;
      readonly padding: number;
    }
  | { readonly kind: 'max-pool'; readonly size: number }
  /** [side, side, channels] → [side · side · channels], channels last */
  | { readonly kind: 'flatten' }
  /** weight [inputs, units], bias [units] */
  | { readonly kind: 'dense'; readonly name: string; readonly units: number; readonly relu: boolean };

/** Layers by the names under which checkpoints hold their parameters ("hidden1/weight"). */
export function networkOf(model: ModelSpec, input: InputShape, normalisation: Normalisation): NetworkLayer[] {
  const layers: NetworkLayer[] = [
    normalisation === 'symmetric'
      ? { kind: 'scale', scale: 2 / 255, offset: -1 }
      : { kind: 'scale', scale: 1 / 255, offset: 0 },
  ];
  if (model.kind === 'cnn') {
    const { kernel, filters, padding, stride, pool } = CNN;
    layers.push(
      { kind: 'convolution', name: 'convolution1', kernel, filters: filters[0], stride: 1, padding },
      { kind: 'convolution', name: 'convolution2', kernel, filters: filters[1], stride, padding: 0 },
      { kind: 'max-pool', size: pool },
    );
  }
  layers.push({ kind: 'flatten' });
  for (const { name, shape, kind } of layoutOf(model, input).parameters) {
    if (kind !== 'weight' || shape.length !== 2) continue;
    const layer = name.replace('/weight', '');
    layers.push({ kind: 'dense', name: layer, units: shape[1]!, relu: layer !== 'output' });
  }
  return layers;
}
