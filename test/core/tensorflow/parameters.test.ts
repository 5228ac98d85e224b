import { describe, expect, it } from 'vitest';
import { backend, tf } from '../../../src-core/tensorflow/engine';
import { Variable } from '../../../src-core/tensorflow/parameters';

describe('a variable', () => {
  it('holds what it is given, and what it is given later', () => {
    const variable = new Variable('hidden1/weight', [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
    expect([variable.name, variable.shape, variable.size]).toEqual(['hidden1/weight', [2, 3], 6]);
    const tensor = variable.read();
    expect(tensor.shape).toEqual([2, 3]);
    expect(tensor.arraySync()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    tensor.dispose();
    variable.assign(Float32Array.of(6, 5, 4, 3, 2, 1));
    expect([...variable.values()]).toEqual([6, 5, 4, 3, 2, 1]);
    variable.dispose();
  });

  it('hands out copies', () => {
    const variable = new Variable('bias', [2], Float32Array.of(1, 2));
    variable.values().fill(9);
    expect([...variable.values()]).toEqual([1, 2]);
    variable.dispose();
  });

  it('shares nothing with another of the same name', () => {
    const [a, b] = [new Variable('bias', [1], Float32Array.of(1)), new Variable('bias', [1], Float32Array.of(2))];
    a.assign(Float32Array.of(3));
    expect([...b.values()]).toEqual([2]);
    a.dispose();
    expect([...b.values()]).toEqual([2]);
    b.dispose();
  });

  it('refuses another number of values, by name', () => {
    const variable = new Variable('hidden1/bias', [3], new Float32Array(3));
    expect(() => variable.assign(new Float32Array(2))).toThrow('hidden1/bias has 3 values, not 2');
    variable.dispose();
  });

  it('leaves nothing behind, and can be disposed of twice', () => {
    const count = (): number[] => [tf.memory().numTensors, backend.binding.getNumOfTensors()];
    const before = count();
    const variable = new Variable('weight', [4, 4], new Float32Array(16));
    variable.values();
    variable.assign(new Float32Array(16));
    variable.dispose();
    variable.dispose();
    expect(count()).toEqual(before);
  });
});
