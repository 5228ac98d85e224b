import { describe, expect, it } from 'vitest';
import { principalComponents } from '../../../src-core/tensorflow/principal-components';
import { normals } from '../numbers';

describe('principalComponents', () => {
  // Independent directions of deviation 8, 4, 2, 1, turned by a rotation in two planes.
  const [count, width] = [4000, 4];
  const raw = normals(count * width, 5);
  const [c, s] = [Math.cos(0.6), Math.sin(0.6)];
  const data = new Float32Array(count * width);
  for (let row = 0; row < count; row++) {
    const [p, q, r, t] = [8, 4, 2, 1].map((deviation, at) => deviation * raw[row * width + at]!) as [
      number,
      number,
      number,
      number,
    ];
    data.set([10 + c * p - s * r, -3 + c * q - s * t, s * p + c * r, s * q + c * t], row * width);
  }

  it('finds the directions of the largest variance, and their shares', () => {
    const { values, shares } = principalComponents(data, count, width, 2);
    expect(shares[0]).toBeCloseTo(64 / 85, 1);
    expect(shares[1]).toBeCloseTo(16 / 85, 1);
    let correlation = 0;
    for (let row = 0; row < count; row++) correlation += (values[row * 2]! / 8) * raw[row * width]!;
    expect(Math.abs(correlation / count)).toBeCloseTo(1, 1);
  });

  it('gives the same signs for the same data, and no more components than columns', () => {
    const first = principalComponents(data, count, width, 50);
    expect(first.shares).toHaveLength(4);
    expect(first.shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 4);
    expect(principalComponents(data, count, width, 50).values).toEqual(first.values);
  });

  it('takes data that do not vary', () => {
    const { values, shares } = principalComponents(new Float32Array(12).fill(3), 4, 3, 2);
    expect([...values].every((value) => Math.abs(value) < 1e-5)).toBe(true);
    expect([...shares]).toEqual([0, 0]);
  });
});
