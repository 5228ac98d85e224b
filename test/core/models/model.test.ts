import { describe, expect, it } from 'vitest';
import type { ModelSpec } from '../../../src-core/contract/spec';
import { LabError } from '../../../src-core/contract/errors';
import { layoutOf } from '../../../src-core/models/layout';
import type { NamedArray } from '../../../src-core/models/model';
import { Model } from '../../../src-core/models/model';
import { normals } from '../numbers';

const DIGITS = { side: 28, classes: 10 };
const mlp = (...hidden: number[]): ModelSpec => ({ kind: 'mlp', hidden, dropout: [], initialiser: 'uniform-fan-in' });
const CNN: ModelSpec = { kind: 'cnn', hidden: 128, dropout: [0.25, 0.5], initialiser: 'uniform-fan-in' };

const valuesOf = (model: Model): Float32Array[] => model.variables.map((variable) => variable.values());

describe('layoutOf', () => {
  // science.md, section 5.
  it.each([
    [mlp(1200, 1200), 2_395_210, 2_392_800, '784-1200-1200-10'],
    [mlp(800, 800), 1_276_810, 1_275_200, '784-800-800-10'],
    [mlp(300, 300), 328_810, 328_200, '784-300-300-10'],
    [mlp(30, 30), 24_790, 24_720, '784-30-30-10'],
    [CNN, 238_570, 1_066_752, 'CNN 8-16 · 784-256-128-10'],
  ])('counts parameters and multiply-adds of %o', (spec, parameterCount, multiplyAdds, summary) => {
    expect(layoutOf(spec, DIGITS)).toMatchObject({ parameterCount, multiplyAdds, summary });
  });
});

describe('a new model', () => {
  it('follows from its seed, and no two of its layers are alike', () => {
    const [a, b, other] = [1, 1, 2].map((seed) => Model.initialise(mlp(28, 28), { side: 28, classes: 28 }, seed));
    expect(valuesOf(b!)).toEqual(valuesOf(a!));
    expect(valuesOf(other!)).not.toEqual(valuesOf(a!));
    const [, , hidden2, , output] = valuesOf(a!);
    expect(hidden2).not.toEqual(output);
    for (const model of [a, b, other]) model!.dispose();
  });

  it('gives an image the same logits wherever it stands among many', () => {
    const model = Model.initialise(mlp(8), { side: 4, classes: 3 }, 1);
    const one = normals(16, 1);
    const many = new Float32Array(2001 * 16);
    many.set(one, 2000 * 16);
    const logits = model.logits(many);
    expect(logits).toHaveLength(2001 * 3);
    model.logits(one).forEach((logit, label) => expect(logits[2000 * 3 + label]).toBeCloseTo(logit, 5));
    model.dispose();
  });
});

describe('Model.restore', () => {
  const input = { side: 4, classes: 3 };
  const tensorsOf = (model: Model): Record<string, NamedArray> =>
    Object.fromEntries(model.variables.map(({ name, shape }, at) => [name, { shape, values: valuesOf(model)[at]! }]));
  const original = Model.initialise(mlp(5), input, 1);
  const tensors = tensorsOf(original);

  it('takes back every value, and shares none', () => {
    const restored = Model.restore(mlp(5), input, tensors, 'file');
    tensors['output/bias']!.values.fill(9);
    expect(valuesOf(restored)).toEqual(valuesOf(original));
    tensors['output/bias']!.values.set(original.variables[3]!.values());
    restored.dispose();
  });

  it.each<[string, ModelSpec, Record<string, NamedArray>, string]>([
    ['wider', mlp(6), tensors, '"hidden1/weight" has shape [16, 5], expected [16, 6]'],
    ['deeper', mlp(5, 5), tensors, '"hidden2/weight" is missing, expected [5, 5]'],
    ['a CNN', CNN, tensors, '"convolution1/weight" is missing, expected [5, 5, 1, 8]'],
    [
      'turned round',
      mlp(5),
      { ...tensors, 'output/weight': { shape: [3, 5], values: new Float32Array(15) } },
      '"output/weight" has shape [3, 5], expected [5, 3]',
    ],
  ])('refuses a checkpoint when the model is %s, by name', (_, spec, given, message) => {
    const restore = (): Model => Model.restore(spec, input, given, 'epoch-0001.safetensors');
    expect(restore).toThrow(LabError);
    expect(restore).toThrow(message);
    expect(restore).toThrow('epoch-0001.safetensors');
    expect(restore).toThrow(expect.objectContaining({ code: 'incompatible' }));
  });
});
