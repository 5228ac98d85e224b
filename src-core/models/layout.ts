/** What a model spec amounts to before a single number is computed: its parameters, sizes and costs. Pure. */
import type { ModelSpec } from '../contract/spec';

/** Square grey images and their classes. */
export interface InputShape {
  /** pixels along one edge */
  readonly side: number;
  readonly classes: number;
}

export interface ParameterLayout {
  /** name in checkpoints, such as "hidden1/weight" */
  readonly name: string;
  readonly shape: readonly number[];
  readonly kind: 'weight' | 'bias';
  readonly fanIn: number;
  readonly fanOut: number;
  /** weights into hidden units, [inputs, units] */
  readonly hiddenWeight: boolean;
}

export interface DropoutLayout {
  /** 1/65536 is the finest step */
  readonly probability: number;
  /** values of one image that are dropped or kept, each by itself */
  readonly units: number;
  /** they are the image's own pixels: dropped as it is drawn, not by the forward function */
  readonly input: boolean;
}

export interface ModelLayout {
  readonly parameters: readonly ParameterLayout[];
  /** one for each place where the forward function can drop units, in its order; probability 0 means none */
  readonly dropout: readonly DropoutLayout[];
  readonly parameterCount: number;
  /** multiply-adds of one image's forward pass, biases not counted */
  readonly multiplyAdds: number;
  /** such as "784-1200-1200-10" */
  readonly summary: string;
}

/** The blog's CNN: two convolutions, of which the second has stride 2, and a max-pooling by 2. */
export const CNN = { filters: [8, 16], kernel: 5, padding: 4, stride: 2, pool: 2 } as const;

function denseLayers(widths: readonly number[]): ParameterLayout[] {
  return widths.slice(1).flatMap((units, index) => {
    const inputs = widths[index]!;
    const last = index === widths.length - 2;
    const layer = last ? 'output' : `hidden${index + 1}`;
    const common = { fanIn: inputs, fanOut: units };
    return [
      { ...common, name: `${layer}/weight`, shape: [inputs, units], kind: 'weight' as const, hiddenWeight: !last },
      { ...common, name: `${layer}/bias`, shape: [units], kind: 'bias' as const, hiddenWeight: false },
    ];
  });
}

function convolution(name: string, channelsIn: number, channelsOut: number): ParameterLayout[] {
  const { kernel } = CNN;
  const common = { fanIn: kernel * kernel * channelsIn, fanOut: kernel * kernel * channelsOut, hiddenWeight: false };
  return [
    { ...common, name: `${name}/weight`, shape: [kernel, kernel, channelsIn, channelsOut], kind: 'weight' },
    { ...common, name: `${name}/bias`, shape: [channelsOut], kind: 'bias' },
  ];
}

/** Edge lengths of the CNN's feature maps: after each convolution and after pooling. */
export function cnnSides(side: number): { first: number; second: number; pooled: number } {
  const first = side + 2 * CNN.padding - CNN.kernel + 1;
  const second = Math.floor((first - CNN.kernel) / CNN.stride) + 1;
  return { first, second, pooled: Math.floor(second / CNN.pool) };
}

function size(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Parameters, dropout places and costs of a model. */
export function layoutOf(model: ModelSpec, input: InputShape): ModelLayout {
  if (model.kind === 'mlp') {
    const widths = [input.side ** 2, ...model.hidden, input.classes];
    const parameters = denseLayers(widths);
    return {
      parameters,
      dropout: widths.slice(0, -1).map((units, index) => ({
        units,
        probability: model.dropout[index] ?? 0,
        input: index === 0,
      })),
      parameterCount: countParameters(parameters),
      multiplyAdds: multiplyAddsOfDense(parameters),
      summary: widths.join('-'),
    };
  }
  const [filters1, filters2] = CNN.filters;
  const { first, second, pooled } = cnnSides(input.side);
  const flat = pooled ** 2 * filters2;
  const widths = [flat, 2 * model.hidden, model.hidden, input.classes];
  const convolution1 = convolution('convolution1', 1, filters1);
  const convolution2 = convolution('convolution2', filters1, filters2);
  const dense = denseLayers(widths);
  const parameters = [...convolution1, ...convolution2, ...dense];
  return {
    parameters,
    dropout: [
      { units: flat, probability: model.dropout[0]!, input: false },
      { units: 2 * model.hidden, probability: model.dropout[1]!, input: false },
    ],
    parameterCount: countParameters(parameters),
    multiplyAdds:
      first ** 2 * size(convolution1[0]!.shape) +
      second ** 2 * size(convolution2[0]!.shape) +
      multiplyAddsOfDense(dense),
    summary: `CNN ${filters1}-${filters2} · ${widths.join('-')}`,
  };
}

function countParameters(parameters: readonly ParameterLayout[]): number {
  return parameters.reduce((total, { shape }) => total + size(shape), 0);
}

function multiplyAddsOfDense(parameters: readonly ParameterLayout[]): number {
  return parameters.reduce((total, { shape, kind }) => (kind === 'weight' ? total + size(shape) : total), 0);
}
