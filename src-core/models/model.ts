/** A model with parameters of its own: created from a spec and a seed, or from a checkpoint's tensors. */
import { LabError } from '../contract/errors';
import type { ModelSpec } from '../contract/spec';
import { Random } from '../random';
import type { Tensor } from '../tensorflow/engine';
import { tf } from '../tensorflow/engine';
import { initialBiases, initialWeights } from '../tensorflow/initialisers';
import { Variable } from '../tensorflow/parameters';
import type { Pass } from './forward';
import { forward } from './forward';
import type { InputShape, ModelLayout } from './layout';
import { layoutOf } from './layout';

export interface NamedArray {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Images run at once where no gradient is needed; bounds the memory of evaluation. */
const EVALUATION_BATCH = 1000;

export class Model {
  readonly layout: ModelLayout;

  private constructor(
    readonly spec: ModelSpec,
    readonly input: InputShape,
    readonly variables: readonly Variable[],
  ) {
    this.layout = layoutOf(spec, input);
  }

  /** A model with initial weights drawn from the seed. */
  static initialise(spec: ModelSpec, input: InputShape, seed: number): Model {
    const variables = layoutOf(spec, input).parameters.map(({ name, shape, kind, fanIn, fanOut }, index) => {
      const random = new Random(seed, 'initial-weights', index);
      const count = shape.reduce((product, length) => product * length, 1);
      const values =
        kind === 'weight'
          ? initialWeights(spec.initialiser, count, fanIn, fanOut, random)
          : initialBiases(spec.initialiser, count, fanIn, random);
      return new Variable(name, shape, values);
    });
    return new Model(spec, input, variables);
  }

  /**
   * A model with given weights.
   * @param source where they come from, for the error
   * @throws LabError `incompatible` when a parameter is missing or has another shape
   */
  static restore(
    spec: ModelSpec,
    input: InputShape,
    tensors: Readonly<Record<string, NamedArray>>,
    source: string,
  ): Model {
    const { parameters, summary } = layoutOf(spec, input);
    const arrays = parameters.map(({ name, shape }): [string, NamedArray] => {
      const tensor = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
      if (!tensor || tensor.shape.join() !== shape.join()) {
        const found = tensor ? `has shape [${tensor.shape.join(', ')}]` : 'is missing';
        throw new LabError(
          'incompatible',
          `${source} does not fit the model ${summary}: "${name}" ${found}, expected [${shape.join(', ')}].`,
        );
      }
      return [name, tensor];
    });
    // Only now that all fit: nothing is left on the device when one does not.
    const variables = arrays.map(([name, { shape, values }]) => new Variable(name, shape, values.slice()));
    return new Model(spec, input, variables);
  }

  /**
   * Logits of stored images, without dropout.
   * @param images normalised pixels, [count, side × side]
   * @returns [count, classes]
   */
  logits(images: Float32Array): Float32Array {
    return this.run(images, this.input.classes, ({ logits }) => logits);
  }

  /** Units of the last hidden layer; 0 for a network without one. */
  get hiddenUnits(): number {
    return this.layout.parameters.find(({ name }) => name === 'output/weight')!.fanIn * +this.hasHidden;
  }

  private get hasHidden(): boolean {
    return this.spec.kind === 'cnn' || this.spec.hidden.length > 0;
  }

  /**
   * What the last hidden layer makes of stored images, after its ReLU, without dropout.
   * @param images normalised pixels, [count, side × side]
   * @returns [count, hiddenUnits]
   */
  hidden(images: Float32Array): Float32Array {
    return this.run(images, this.hiddenUnits, ({ hidden }) => hidden!);
  }

  private run(images: Float32Array, width: number, of: (pass: Pass) => Tensor): Float32Array {
    const pixels = this.input.side ** 2;
    const count = images.length / pixels;
    const found = new Float32Array(count * width);
    const parameters = this.variables.map((variable) => variable.read());
    try {
      for (let start = 0; start < count; start += EVALUATION_BATCH) {
        const end = Math.min(start + EVALUATION_BATCH, count);
        const part = tf.tidy(() => {
          const batch: Tensor = tf.tensor(images.subarray(start * pixels, end * pixels), [end - start, pixels]);
          return of(forward(this.spec, parameters, batch));
        });
        found.set(part.dataSync(), start * width);
        part.dispose();
      }
    } finally {
      tf.dispose(parameters);
    }
    return found;
  }

  dispose(): void {
    for (const variable of this.variables) variable.dispose();
  }
}
