import { describe, expect, it } from 'vitest';
import { meanDistribution } from '../../../src-core/evaluation/ensemble';
import { probabilities } from '../../../src-core/evaluation/logits';

const first = { values: Float32Array.of(4, 1, -2, 0, 3, 1), count: 2, classes: 3 };
const second = { values: Float32Array.of(-1, 5, 0, 2, 2, 2), count: 2, classes: 3 };

describe('the mean of several networks', () => {
  it.each([1, 4, 20])('is the mean of their probabilities at T = %d', (temperature) => {
    const shares = probabilities(meanDistribution([first, second], temperature), temperature);
    const [a, b] = [probabilities(first, temperature), probabilities(second, temperature)];
    shares.forEach((share, index) => expect(share).toBeCloseTo((a[index]! + b[index]!) / 2, 6));
  });

  it('of one network has its probabilities', () => {
    const shares = probabilities(meanDistribution([first], 2), 2);
    probabilities(first, 2).forEach((share, index) => expect(shares[index]).toBeCloseTo(share, 6));
  });

  it('is finite where a probability is too small for a float', () => {
    const sure = { values: Float32Array.of(5000, 0, 0), count: 1, classes: 3 };
    const { values } = meanDistribution([sure, sure], 1);
    expect(values.every(Number.isFinite)).toBe(true);
    expect(values[1]).toBeCloseTo(-5000, 2);
  });

  it('refuses none, and shapes that differ', () => {
    expect(() => meanDistribution([], 1)).toThrow(RangeError);
    expect(() => meanDistribution([first, { ...first, values: first.values.subarray(3), count: 1 }], 1)).toThrow(
      /\[1, 3\] beside \[2, 3\]/,
    );
  });
});
