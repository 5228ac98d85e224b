/** Which of the lab's networks another program's arrays are, and its parameters in the lab's own order. Pure. */
import { LabError } from '../contract/errors';
import type { ModelSpec } from '../contract/spec';
import type { InputShape } from './layout';
import { CNN, cnnSides, layoutOf } from './layout';
import type { NamedArray } from './model';

/**
 * How an array's axes stand: "torch" [out, in] and [out, in, k, k], images flattened channel by channel; "keras"
 * [in, out] and [k, k, in, out], images flattened pixel by pixel, which is the lab's own way.
 */
export type AxisOrder = 'torch' | 'keras';

interface ForeignLayer {
  readonly name: string;
  readonly order: AxisOrder;
  readonly weight: NamedArray;
  readonly bias: NamedArray | undefined;
}

export interface Recognised {
  readonly model: ModelSpec;
  /** by the names of the lab's checkpoints */
  readonly parameters: Readonly<Record<string, NamedArray>>;
}

const LARGEST_LAYER = 8192;
const MOST_HIDDEN = 8;

/** Layers by what their arrays are called: "fc1.weight" and "fc1.bias" of PyTorch, "dense/kernel" of Keras, the lab's own. */
function layersOf(tensors: Readonly<Record<string, NamedArray>>, source: string): ForeignLayer[] {
  const layers = new Map<string, { order: AxisOrder; weight?: NamedArray; bias?: NamedArray }>();
  for (const [name, array] of Object.entries(tensors)) {
    const [, stem, separator, kind] = /^(?:(.*)([./]))?(weight|kernel|bias)$/.exec(name) ?? [];
    if (kind === undefined) {
      // A checkpoint of the lab's own holds the optimiser's state too, one level below the parameter.
      if (/^[\w-]+\/(weight|bias)\//.test(name)) continue;
      throw new LabError(
        'incompatible',
        `${source} holds “${name}” [${array.shape.join(', ')}], which belongs to no layer that the lab has.`,
        'Dense layers with ReLU between them can be read, and the lab’s own CNN.',
      );
    }
    const key = stem ?? '';
    const layer = layers.get(key) ?? { order: 'keras' as AxisOrder };
    if (kind === 'weight' && separator !== '/') layer.order = 'torch';
    layers.set(key, { ...layer, [kind === 'bias' ? 'bias' : 'weight']: array });
  }
  return [...layers]
    .map(([name, { order, weight, bias }]) => {
      if (!weight) throw new LabError('incompatible', `${source} holds a bias of “${name}” without its weights.`);
      return { name, order, weight, bias };
    })
    .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

function isDense({ weight }: ForeignLayer): boolean {
  return weight.shape.length === 2;
}

function widthsOf({ order, weight }: ForeignLayer): readonly [inputs: number, units: number] {
  const [first, second] = weight.shape as [number, number];
  return order === 'torch' ? [second, first] : [first, second];
}

/** In the order in which each takes what the one before gives; by name where there is a choice. */
function chained(layers: readonly ForeignLayer[], inputs: number, outputs: number): ForeignLayer[] | undefined {
  if (layers.length === 0) return inputs === outputs ? [] : undefined;
  for (const layer of layers) {
    const [takes, gives] = widthsOf(layer);
    if (takes !== inputs) continue;
    const rest = chained(
      layers.filter((other) => other !== layer),
      gives,
      outputs,
    );
    if (rest) return [layer, ...rest];
  }
  return undefined;
}

function described(layers: readonly ForeignLayer[]): string {
  return layers.map(({ name, weight }) => `${name || 'weight'} [${weight.shape.join(', ')}]`).join(', ');
}

/** [columns, rows] of a [rows, columns] array. */
function transposed({ shape, values }: NamedArray): NamedArray {
  const [rows, columns] = shape as [number, number];
  const turned = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) turned[column * rows + row] = values[row * columns + column]!;
  }
  return { shape: [columns, rows], values: turned };
}

function biasOf({ name, bias }: ForeignLayer, units: number, source: string): NamedArray {
  if (!bias) return { shape: [units], values: new Float32Array(units) };
  if (bias.shape.join() === String(units)) return bias;
  throw new LabError('incompatible', `${source}: the bias of “${name}” is [${bias.shape.join(', ')}], not [${units}].`);
}

/** [out, in, k, k] as [k, k, in, out]. */
function kernelOf({ order, weight }: ForeignLayer): NamedArray {
  if (order === 'keras') return weight;
  const [out, inputs, height, width] = weight.shape as [number, number, number, number];
  const values = new Float32Array(weight.values.length);
  let from = 0;
  for (let unit = 0; unit < out; unit++) {
    for (let channel = 0; channel < inputs; channel++) {
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          values[((y * width + x) * inputs + channel) * out + unit] = weight.values[from++]!;
        }
      }
    }
  }
  return { shape: [height, width, inputs, out], values };
}

/** Rows of a weight [channels · side², units] from channel by channel to pixel by pixel. */
function pixelByPixel({ shape, values }: NamedArray, channels: number): NamedArray {
  const [inputs, units] = shape as [number, number];
  const pixels = inputs / channels;
  const turned = new Float32Array(values.length);
  for (let channel = 0; channel < channels; channel++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      const from = (channel * pixels + pixel) * units;
      turned.set(values.subarray(from, from + units), (pixel * channels + channel) * units);
    }
  }
  return { shape, values: turned };
}

/**
 * @param tensors by the names that the other program gives them
 * @param source the file, for the error
 * @throws LabError `incompatible` that says what was found and what would fit
 */
export function recognise(
  tensors: Readonly<Record<string, NamedArray>>,
  input: InputShape,
  source: string,
): Recognised {
  const layers = layersOf(tensors, source);
  const convolutions = layers.filter(({ weight }) => weight.shape.length === 4);
  const dense = layers.filter(isDense);
  const pixels = input.side ** 2;
  const flat = convolutions.length > 0 ? cnnSides(input.side).pooled ** 2 * CNN.filters[1] : pixels;
  const chain = chained(dense, flat, input.classes);
  const fits = convolutions.length + dense.length === layers.length && dense.length > 0 && chain !== undefined;
  if (!fits || convolutions.length === 1 || convolutions.length > 2) {
    throw new LabError(
      'incompatible',
      `${source} holds ${described(layers) || 'no arrays'}: no network that leads from ${input.side}×${input.side} pixels to ` +
        `${input.classes} classes.`,
      `Dense layers from ${pixels} to ${input.classes} can be read, and the lab’s own CNN.`,
    );
  }
  const hidden = chain.slice(0, -1).map((layer) => widthsOf(layer)[1]);
  if (hidden.length > MOST_HIDDEN || hidden.some((units) => units > LARGEST_LAYER)) {
    throw new LabError(
      'incompatible',
      `${source} has hidden layers of ${hidden.join(', ')} units; the lab has at most ${MOST_HIDDEN} of ${LARGEST_LAYER}.`,
    );
  }
  const model: ModelSpec =
    convolutions.length > 0
      ? { kind: 'cnn', hidden: hidden.at(-1) ?? 0, dropout: [0, 0], initialiser: 'uniform-fan-in' }
      : { kind: 'mlp', hidden, dropout: [], initialiser: 'uniform-fan-in' };
  const parameters: Record<string, NamedArray> = {};
  convolutions.forEach((layer, at) => {
    const kernel = kernelOf(layer);
    parameters[`convolution${at + 1}/weight`] = kernel;
    parameters[`convolution${at + 1}/bias`] = biasOf(layer, kernel.shape[3]!, source);
  });
  chain.forEach((layer, at) => {
    const name = at === chain.length - 1 ? 'output' : `hidden${at + 1}`;
    const turned = layer.order === 'torch' ? transposed(layer.weight) : layer.weight;
    const first = at === 0 && convolutions.length > 0 && convolutions[1]!.order === 'torch';
    parameters[`${name}/weight`] = first ? pixelByPixel(turned, CNN.filters[1]) : turned;
    parameters[`${name}/bias`] = biasOf(layer, widthsOf(layer)[1], source);
  });
  const layout = layoutOf(model, input);
  for (const { name, shape } of layout.parameters) {
    const found = parameters[name];
    if (found?.shape.join() === shape.join()) continue;
    throw new LabError(
      'incompatible',
      `${source} is no CNN of the lab’s: ${name} is ${found ? `[${found.shape.join(', ')}]` : 'missing'}, not [${shape.join(', ')}].`,
      `The lab’s CNN has ${CNN.filters.join(' and ')} filters of ${CNN.kernel}×${CNN.kernel}.`,
    );
  }
  if (Object.keys(parameters).length !== layout.parameters.length) {
    throw new LabError('incompatible', `${source} has ${dense.length} dense layers; the lab’s CNN has 3.`);
  }
  return { model, parameters };
}

/**
 * The same network for pixels of 0 to 1, where it was trained on (x − mean) / deviation: what is subtracted and divided
 * by goes into the first layer, W′ = W/s and b′ = b − m/s · Σ W.
 * @throws LabError `incompatible` for convolutions, whose borders are 0 after the normalisation and not before it
 */
export function foldNormalisation(
  { model, parameters }: Recognised,
  mean: number,
  deviation: number,
  source: string,
): Recognised {
  if (model.kind === 'cnn') {
    throw new LabError(
      'incompatible',
      `${source}: a CNN’s pixels are 0 to 1 or −1 to 1, mean 0 and deviation 1, or both 0.5.`,
    );
  }
  const layer = model.hidden.length > 0 ? 'hidden1' : 'output';
  const weight = parameters[`${layer}/weight`]!;
  const bias = parameters[`${layer}/bias`]!;
  const [inputs, units] = weight.shape as [number, number];
  const values = weight.values.map((value) => value / deviation);
  const shifted = Float64Array.from(bias.values);
  for (let input = 0; input < inputs; input++) {
    for (let unit = 0; unit < units; unit++) shifted[unit]! -= mean * values[input * units + unit]!;
  }
  return {
    model,
    parameters: {
      ...parameters,
      [`${layer}/weight`]: { shape: weight.shape, values },
      [`${layer}/bias`]: { shape: bias.shape, values: Float32Array.from(shifted) },
    },
  };
}
