import { describe, expect, it } from 'vitest';
import { probabilities } from '../../../src-core/evaluation/logits';
import { classSimilarity, shareOfRow } from '../../../src-core/evaluation/similarity';
import { normals } from '../numbers';

const logits = { values: normals(60, 3, 4), count: 20, classes: 3 };
const labels = Uint8Array.from({ length: 20 }, (_, at) => (at < 5 ? 0 : 2));

describe('classSimilarity', () => {
  it.each([0.5, 1, 20])('is the mean of the shares of each class’s images, at T = %d', (temperature) => {
    const found = classSimilarity(logits, labels, temperature);
    const shares = probabilities(logits, temperature);
    for (const [label, rows] of [
      [0, [0, 1, 2, 3, 4]],
      [2, Array.from({ length: 15 }, (_, at) => at + 5)],
    ] as const) {
      for (let other = 0; other < 3; other++) {
        const mean = rows.reduce((sum, row) => sum + shares[row * 3 + other]!, 0) / rows.length;
        expect(found[label * 3 + other]).toBeCloseTo(mean, 6);
      }
      expect(found[label * 3]! + found[label * 3 + 1]! + found[label * 3 + 2]!).toBeCloseTo(1, 6);
    }
    // There are no images of class 1.
    expect([...found.subarray(3, 6)]).toEqual([0, 0, 0]);
  });

  it('evens out as T grows', () => {
    for (const share of classSimilarity(
      logits,
      Uint8Array.from(labels, () => 1),
      1e4,
    ).subarray(3, 6)) {
      expect(share).toBeCloseTo(1 / 3, 2);
    }
  });

  it('of one image is its probability', () => {
    const shares = probabilities(logits, 4);
    expect(shareOfRow(logits.values, 9, 3, 1, 4)).toBeCloseTo(shares[10]!, 6);
  });

  it('refuses a temperature of 0', () => {
    expect(() => classSimilarity(logits, labels, 0)).toThrow(RangeError);
  });
});
