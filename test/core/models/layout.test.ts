import { describe, expect, it } from 'vitest';
import type { ModelSpec } from '../../../src-core/contract/spec';
import { cnnSides, layoutOf } from '../../../src-core/models/layout';

const MNIST = { side: 28, classes: 10 };

function mlp(hidden: number[], dropout: number[] = []): ModelSpec {
  return { kind: 'mlp', hidden, dropout, initialiser: 'uniform-fan-in' };
}

const CNN: ModelSpec = { kind: 'cnn', hidden: 128, dropout: [0.25, 0.5], initialiser: 'uniform-fan-in' };

describe('layoutOf', () => {
  it.each<[string, ModelSpec, string, number, number]>([
    ['the teacher', mlp([1200, 1200]), '784-1200-1200-10', 2_395_210, 2_392_800],
    ['the student of 800', mlp([800, 800]), '784-800-800-10', 1_276_810, 1_275_200],
    ['the student of 300', mlp([300, 300]), '784-300-300-10', 328_810, 328_200],
    ['the student of 30', mlp([30, 30]), '784-30-30-10', 24_790, 24_720],
    ['a linear classifier', mlp([]), '784-10', 7850, 7840],
    ['the blog’s CNN', CNN, 'CNN 8-16 · 784-256-128-10', 238_570, 1_066_752],
  ])('counts %s', (_, model, summary, parameterCount, multiplyAdds) => {
    expect(layoutOf(model, MNIST)).toMatchObject({ summary, parameterCount, multiplyAdds });
  });

  it('names the parameters of a network with two hidden layers', () => {
    const { parameters } = layoutOf(mlp([5, 4]), { side: 3, classes: 2 });
    expect(parameters.map(({ name, shape, fanIn, hiddenWeight }) => [name, shape, fanIn, hiddenWeight])).toEqual([
      ['hidden1/weight', [9, 5], 9, true],
      ['hidden1/bias', [5], 9, false],
      ['hidden2/weight', [5, 4], 5, true],
      ['hidden2/bias', [4], 5, false],
      ['output/weight', [4, 2], 4, false],
      ['output/bias', [2], 4, false],
    ]);
  });

  it('drops the input and then each hidden layer, never the output', () => {
    expect(layoutOf(mlp([5, 4], [0.2, 0.5, 0.4]), { side: 3, classes: 2 }).dropout).toEqual([
      { units: 9, probability: 0.2, input: true },
      { units: 5, probability: 0.5, input: false },
      { units: 4, probability: 0.4, input: false },
    ]);
    expect(layoutOf(mlp([5]), { side: 3, classes: 2 }).dropout.map(({ probability }) => probability)).toEqual([0, 0]);
  });

  it('drops the blog’s feature maps and first dense layer', () => {
    expect(layoutOf(CNN, MNIST).dropout).toEqual([
      { units: 784, probability: 0.25, input: false },
      { units: 256, probability: 0.5, input: false },
    ]);
  });

  it('has the blog’s feature maps: 32×32, 14×14 and 7×7', () => {
    expect(cnnSides(28)).toEqual({ first: 32, second: 14, pooled: 7 });
  });
});
