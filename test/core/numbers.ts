/** Numbers to compute with by hand, in float64. */
import { expect } from 'vitest';
import { Random } from '../../src-core/random';
import type { Tensor } from '../../src-core/tensorflow/engine';
import { tf } from '../../src-core/tensorflow/engine';

/** Normal numbers that are always the same for a seed. */
export function normals(count: number, seed: number, deviation = 1): Float32Array {
  const random = new Random(seed, 'test');
  return Float32Array.from({ length: count }, () => deviation * random.normal());
}

/** A tensor of normal numbers. */
export function normalTensor(shape: number[], seed: number, deviation = 1): Tensor {
  const count = shape.reduce((product, length) => product * length, 1);
  return tf.tensor(normals(count, seed, deviation), shape);
}

/** Central differences of a function of an array, which is whole again afterwards. */
export function finiteDifferences(
  of: (values: Float32Array | Float64Array) => number,
  at: Float32Array | Float64Array,
  width: number,
  indices: Iterable<number> = at.keys(),
): number[] {
  return Array.from(indices, (index) => {
    const middle = at[index]!;
    at[index] = middle + width;
    // What was stored, not what was meant: a float32 rounds it.
    const above = at[index]!;
    const high = of(at);
    at[index] = middle - width;
    const below = at[index]!;
    const low = of(at);
    at[index] = middle;
    return (high - low) / (above - below);
  });
}

/** Every value within a tolerance, absolute for small values and relative for large ones. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const far = Array.from({ length: actual.length }, (_, index) => ({
    index,
    actual: actual[index]!,
    expected: expected[index]!,
  })).filter(({ actual: a, expected: e }) => !(Math.abs(a - e) <= tolerance * Math.max(1, Math.abs(e))));
  expect(far).toEqual([]);
}

/** softmax(values / T), in float64. */
export function softmax(values: ArrayLike<number>, temperature = 1): number[] {
  const powers = Array.from(values, (value) => Math.exp(value / temperature));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}
