/** Other programs' arrays as the lab's networks: by name, by shape, and refused with what was found. */
import { describe, expect, it } from 'vitest';
import type { NamedArray } from '../../../src-core/models/model';
import { Model } from '../../../src-core/models/model';
import { foldNormalisation, recognise } from '../../../src-core/models/recognise';
import { expectLabError, thrownBy } from '../lab-error';
import { normals } from '../numbers';

const INPUT = { side: 4, classes: 3 };

function array(...shape: number[]): NamedArray {
  const count = shape.reduce((product, length) => product * length, 1);
  return { shape, values: normals(count, shape.join().length + count) };
}

/** [out, in] from [in, out]. */
function turned({ shape, values }: NamedArray): NamedArray {
  const [rows, columns] = shape as [number, number];
  return {
    shape: [columns, rows],
    values: Float32Array.from(values, (_, at) => values[(at % rows) * columns + Math.floor(at / rows)]!),
  };
}

const WEIGHTS = [array(16, 5), array(5, 7), array(7, 3)] as const;
const BIASES = [array(5), array(7), array(3)] as const;

/** What the lab makes of layers under these names. */
function expectFound(names: readonly (readonly [weight: string, bias: string])[], torch: boolean): void {
  const tensors: Record<string, NamedArray> = {};
  names.forEach(([weight, bias], at) => {
    tensors[weight] = torch ? turned(WEIGHTS[at]!) : WEIGHTS[at]!;
    tensors[bias] = BIASES[at]!;
  });
  // Whatever order the file has.
  const shuffled = Object.fromEntries(Object.entries(tensors).reverse());
  const { model, parameters } = recognise(shuffled, INPUT, 'a file');
  expect(model).toMatchObject({ kind: 'mlp', hidden: [5, 7] });
  ['hidden1', 'hidden2', 'output'].forEach((layer, at) => {
    expect(parameters[`${layer}/weight`]).toEqual(WEIGHTS[at]);
    expect(parameters[`${layer}/bias`]).toEqual(BIASES[at]);
  });
}

describe('recognise', () => {
  it('reads PyTorch’s, Keras’ and its own names', () => {
    expectFound(
      [0, 2, 4].map((at) => [`${at}.weight`, `${at}.bias`] as const),
      true,
    );
    expectFound(
      ['fc1', 'fc2', 'fc10'].map((name) => [`${name}.weight`, `${name}.bias`] as const),
      true,
    );
    // Sorted by name they would stand in another order: shapes tell.
    expectFound(
      ['in', 'mid', 'head'].map((name) => [`net.${name}.weight`, `net.${name}.bias`] as const),
      true,
    );
    expectFound(
      ['dense', 'dense_1', 'dense_2'].map((name) => [`${name}/kernel`, `${name}/bias`] as const),
      false,
    );
    expectFound(
      ['hidden1', 'hidden2', 'output'].map((name) => [`${name}/weight`, `${name}/bias`] as const),
      false,
    );
  });

  it('takes layers without bias, and a network of one layer', () => {
    const { model, parameters } = recognise({ weight: turned(array(16, 3)) }, INPUT, 'a file');
    expect(model).toMatchObject({ hidden: [] });
    expect([...parameters['output/bias']!.values]).toEqual([0, 0, 0]);
  });

  it('leaves the optimiser’s state of its own checkpoints alone', () => {
    const tensors = { 'output/weight': array(16, 3), 'output/bias': array(3), 'output/weight/velocity': array(16, 3) };
    expect(recognise(tensors, INPUT, 'a file').model).toMatchObject({ hidden: [] });
  });

  it('refuses what is no network of the lab’s, and says what was found', () => {
    const refuse = (tensors: Record<string, NamedArray>, ...words: string[]): void => {
      expectLabError(
        thrownBy(() => recognise(tensors, INPUT, 'a file')),
        'incompatible',
        'a file',
        ...words,
      );
    };
    refuse({}, 'no arrays');
    refuse({ 'fc.weight': array(3, 20) }, 'fc [3, 20]', '4×4 pixels', '3 classes');
    refuse({ 'fc.weight': array(10, 16) }, 'fc [10, 16]');
    refuse({ 'bn.running_mean': array(5), 'fc.weight': array(3, 16) }, '“bn.running_mean” [5]', 'no layer');
    refuse({ 'fc.bias': array(3) }, 'bias of “fc” without its weights');
    refuse({ 'fc.weight': array(3, 16), 'fc.bias': array(4) }, 'bias of “fc” is [4], not [3]');
    refuse({ 'a.weight': array(9000, 16), 'b.weight': array(3, 9000) }, '9000 units', '8192');
    refuse({ 'conv.weight': array(8, 1, 5, 5), 'fc.weight': array(3, 16) }, 'no network');
    refuse({ 'x.weight': array(3, 16, 1) }, 'no network');
  });

  it('folds a mean and a deviation into the first layer: the same logits from plain pixels', () => {
    const found = recognise(
      Object.fromEntries(
        ['0', '1', '2'].flatMap((name, at) => [
          [`${name}/kernel`, WEIGHTS[at]!],
          [`${name}/bias`, BIASES[at]!],
        ]),
      ),
      INPUT,
      'a file',
    );
    const [mean, deviation] = [0.1307, 0.3081];
    const pixels = normals(32, 5).map((value) => Math.abs(value) % 1);
    const standardised = pixels.map((value) => (value - mean) / deviation);
    const folded = foldNormalisation(found, mean, deviation, 'a file');
    const logitsOf = ({ model, parameters }: typeof found, images: Float32Array): Float32Array => {
      const restored = Model.restore(model, INPUT, parameters, 'a file');
      const logits = restored.logits(images);
      restored.dispose();
      return logits;
    };
    const wanted = logitsOf(found, standardised);
    logitsOf(folded, pixels).forEach((value, at) => expect(value).toBeCloseTo(wanted[at]!, 3));
  });
});
