import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { confusionMatrix, errorSums, mostConfused, probabilitySums } from '../../../src-core/evaluation/confusion';
import { countErrors } from '../../../src-core/evaluation/errors';
import { predictions } from '../../../src-core/evaluation/logits';
import { LABELS, STUDENT, sample } from './samples';

describe('confusionMatrix', () => {
  it('counts true class by predicted class', () => {
    const matrix = confusionMatrix(Uint8Array.of(0, 2, 2, 1, 2), Uint8Array.of(0, 1, 1, 1, 2), 3);
    expect([...matrix]).toEqual([1, 0, 0, 0, 1, 2, 0, 0, 1]);
    expect(errorSums(matrix, 3)).toEqual({
      byLabel: Uint32Array.of(0, 2, 0),
      byPrediction: Uint32Array.of(0, 0, 2),
      total: 2,
    });
  });

  it('refuses classes that it has no cell for', () => {
    expect(() => confusionMatrix(Uint8Array.of(3), Uint8Array.of(0), 3)).toThrow('image 0: class 3 is not below 3');
    expect(() => confusionMatrix(Uint8Array.of(1), Uint8Array.of(0, 1), 3)).toThrow(RangeError);
  });

  it('sums to the images, its errors to the errors', () => {
    fc.assert(
      fc.property(sample(), ({ logits, labels }) => {
        const predicted = predictions(logits);
        const matrix = confusionMatrix(predicted, labels, logits.classes);
        expect(matrix.reduce((sum, count) => sum + count, 0)).toBe(logits.count);
        const sums = errorSums(matrix, logits.classes);
        expect(sums.total).toBe(countErrors(predicted, labels));
        for (const side of [sums.byLabel, sums.byPrediction]) {
          expect(side.reduce((sum, count) => sum + count, 0)).toBe(sums.total);
        }
      }),
    );
  });
});

describe('probabilitySums', () => {
  it('adds up the softmax of each true class', () => {
    const sums = probabilitySums(STUDENT, LABELS);
    // Row 1 holds the third and fourth image, row 2 the second, whose logits are all equal.
    expect(sums[3]! + sums[4]! + sums[5]!).toBeCloseTo(2, 6);
    expect(sums[0]).toBeCloseTo(0.7855970345892759, 6);
    expect(sums[8]).toBeCloseTo(1 / 3, 6);
    expect(() => probabilitySums(STUDENT, Uint8Array.of(0, 1, 2, 3))).toThrow('label 3 of image 3 is not below 3');
  });
});

describe('mostConfused', () => {
  it('ranks the cells off the diagonal and leaves empty ones out', () => {
    const matrix = Uint32Array.of(9, 1, 4, 0, 9, 0, 4, 0, 9);
    expect(mostConfused(matrix, 3, 5)).toEqual([
      { label: 0, predicted: 2, count: 4 },
      { label: 2, predicted: 0, count: 4 },
      { label: 0, predicted: 1, count: 1 },
    ]);
    expect(mostConfused(matrix, 3)).toHaveLength(1);
  });
});
