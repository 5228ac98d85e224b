/** The forward functions against loops in float64, written from the papers' formulas and not from the code. */
import { describe, expect, it } from 'vitest';
import type { ModelSpec } from '../../../src-core/contract/spec';
import { forward } from '../../../src-core/models/forward';
import type { InputShape } from '../../../src-core/models/layout';
import { layoutOf } from '../../../src-core/models/layout';
import { Model } from '../../../src-core/models/model';
import type { Tensor } from '../../../src-core/tensorflow/engine';
import { Random } from '../../../src-core/random';
import { DropoutMask } from '../../../src-core/tensorflow/dropout';
import { tf } from '../../../src-core/tensorflow/engine';
import { multipliedOut } from '../../../src-core/tensorflow/fused';
import { expectClose, finiteDifferences, normals } from '../numbers';

type Values = Float64Array | number[];
type Masks = readonly (Values | undefined)[];

const IMAGES = 3;

function denseByHand(x: Values, weight: Values, bias: Values, active: boolean, mask?: Values): number[] {
  const units = bias.length;
  return Array.from({ length: units }, (_, unit) => {
    let total = bias[unit]!;
    for (let input = 0; input < x.length; input++) total += x[input]! * weight[input * units + unit]!;
    return (active ? Math.max(0, total) : total) * (mask ? mask[unit]! : 1);
  });
}

function mlpByHand(parameters: Values[], image: Values, masks: Masks): number[] {
  let layer = Array.from(image, (value, index) => value * (masks[0] ? masks[0][index]! : 1));
  for (let at = 0; at < parameters.length; at += 2) {
    const last = at === parameters.length - 2;
    layer = denseByHand(layer, parameters[at]!, parameters[at + 1]!, !last, last ? undefined : masks[at / 2 + 1]);
  }
  return layer;
}

/** [side, side, channels], row-major. */
interface Maps {
  readonly side: number;
  readonly channels: number;
  readonly values: number[];
}

function convolveByHand(maps: Maps, filter: Values, bias: Values, padding: number, stride: number): Maps {
  const kernel = 5;
  const channels = bias.length;
  const side = Math.floor((maps.side + 2 * padding - kernel) / stride) + 1;
  const values: number[] = [];
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      for (let out = 0; out < channels; out++) {
        let total = bias[out]!;
        for (let dy = 0; dy < kernel; dy++) {
          for (let dx = 0; dx < kernel; dx++) {
            const [y, x] = [row * stride + dy - padding, column * stride + dx - padding];
            if (y < 0 || x < 0 || y >= maps.side || x >= maps.side) continue;
            for (let channel = 0; channel < maps.channels; channel++) {
              const weight = filter[((dy * kernel + dx) * maps.channels + channel) * channels + out]!;
              total += weight * maps.values[(y * maps.side + x) * maps.channels + channel]!;
            }
          }
        }
        values.push(Math.max(0, total));
      }
    }
  }
  return { side, channels, values };
}

function poolByHand({ side, channels, values }: Maps): number[] {
  const half = Math.floor(side / 2);
  return Array.from({ length: half * half * channels }, (_, index) => {
    const channel = index % channels;
    const [row, column] = [Math.floor(index / channels / half) * 2, (Math.floor(index / channels) % half) * 2];
    const at = (y: number, x: number): number => values[((row + y) * side + column + x) * channels + channel]!;
    return Math.max(at(0, 0), at(0, 1), at(1, 0), at(1, 1));
  });
}

/** Conv(8, 5×5, pad 4) – ReLU – Conv(16, 5×5, stride 2) – ReLU – MaxPool(2) – 2h – h – classes. */
function cnnByHand(parameters: Values[], image: Values, masks: Masks): number[] {
  const [filter1, bias1, filter2, bias2, ...dense] = parameters;
  const pixels = { side: Math.sqrt(image.length), channels: 1, values: Array.from(image) };
  const first = convolveByHand(pixels, filter1!, bias1!, 4, 1);
  const second = convolveByHand(first, filter2!, bias2!, 0, 2);
  return mlpByHand(dense, poolByHand(second), masks);
}

const MLP: ModelSpec = { kind: 'mlp', hidden: [6, 5], dropout: [], initialiser: 'normal' };
const CNN: ModelSpec = { kind: 'cnn', hidden: 3, dropout: [0.25, 0.5], initialiser: 'normal' };

const cases: [string, ModelSpec, InputShape, typeof mlpByHand][] = [
  ['MLP', MLP, { side: 3, classes: 4 }, mlpByHand],
  ['linear model', { ...MLP, hidden: [] }, { side: 3, classes: 4 }, mlpByHand],
  ['CNN', CNN, { side: 8, classes: 4 }, cnnByHand],
];

describe.each(cases)('the %s', (_, spec, input, byHand) => {
  const layout = layoutOf(spec, input);
  const shapes = layout.parameters.map(({ shape }) => [...shape]);
  const size = (shape: number[]): number => shape.reduce((product, length) => product * length, 1);
  const parameters = shapes.map((shape, index) => normals(size(shape), index + 10, 0.3));
  const images = normals(IMAGES * input.side ** 2, 1);

  /** One for each place, or none. */
  const masks = (dropping: boolean): (DropoutMask | undefined)[] =>
    layout.dropout.map(({ units }, index) =>
      dropping ? new DropoutMask([IMAGES, units], 0.4, new Random(index, 'mask')) : undefined,
    );

  /** As the network is given them: pixels are dropped as they are drawn. */
  function drawn(dropping: boolean): Tensor {
    const pixels = tf.tensor2d(images, [IMAGES, input.side ** 2]);
    const mask = masks(dropping).find((_unused, index) => layout.dropout[index]!.input);
    return mask ? tf.mul(pixels, mask.factors()) : pixels;
  }

  function byHandAll(values: Values[], dropping: boolean): number[] {
    const all = masks(dropping).map((mask) => mask?.factors().dataSync() as Float32Array | undefined);
    return Array.from({ length: IMAGES }, (_unused, image) => {
      const pixels = input.side ** 2;
      const rowOf = (mask: Float32Array, units: number): number[] => [
        ...mask.subarray(image * units, (image + 1) * units),
      ];
      const own = all.map((mask, index) => mask && rowOf(mask, layout.dropout[index]!.units));
      return byHand(values, [...images.subarray(image * pixels, (image + 1) * pixels)], own);
    }).flat();
  }

  it.each([{ dropping: false }, { dropping: true }])('computes what loops compute: %o', ({ dropping }) => {
    const logits = tf.tidy(() => {
      const tensors = parameters.map((values, index) => tf.tensor(values, shapes[index]!));
      return forward(spec, tensors, drawn(dropping), masks(dropping)).logits;
    });
    expect(logits.shape).toEqual([IMAGES, input.classes]);
    const expected = byHandAll(
      parameters.map((values) => [...values]),
      dropping,
    );
    expectClose(logits.dataSync(), expected, 2e-5);
    logits.dispose();
  });

  it('computes the same as a model restored from a checkpoint', () => {
    const named = layout.parameters.map(({ name, shape }, index) => [name, { shape, values: parameters[index]! }]);
    const model = Model.restore(spec, input, Object.fromEntries(named), 'The checkpoint');
    const expected = byHandAll(
      parameters.map((values) => [...values]),
      false,
    );
    expectClose(model.logits(images), expected, 2e-5);
    model.dispose();
  });

  it.each([{ dropping: false }, { dropping: true }])('differentiates as finite differences do: %o', ({ dropping }) => {
    const weights = normals(IMAGES * input.classes, 99);
    const gradients = tf.tidy(() => {
      const tensors = parameters.map((values, index) => tf.tensor(values, shapes[index]!));
      const { backward } = forward(spec, tensors, drawn(dropping), masks(dropping));
      return backward(tf.tensor2d(weights, [IMAGES, input.classes])).map(
        (gradient) => multipliedOut(gradient).dataSync() as Float32Array,
      );
    });
    const exact = parameters.map((values) => Float64Array.from(values));
    const valueAt = (): number =>
      byHandAll(exact, dropping).reduce((total, logit, index) => total + logit * weights[index]!, 0);
    exact.forEach((values, index) => {
      // Of large parameters some entries, spread over all of it.
      const step = Math.ceil(values.length / 25);
      const some = Array.from({ length: Math.floor(values.length / step) }, (_unused, at) => at * step);
      const expected = finiteDifferences(valueAt, values, 1e-6, some);
      expectClose(
        some.map((at) => gradients[index]![at]!),
        expected,
        1e-4,
      );
    });
  });
});
