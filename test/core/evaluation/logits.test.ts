import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LabError } from '../../../src-core/contract/errors';
import { confidence, predictions, probabilities } from '../../../src-core/evaluation/logits';
import { STUDENT, logitsOf, sample } from './samples';

describe('predictions', () => {
  it('takes the largest logit, and the first of equals', () => {
    expect([...predictions(STUDENT)]).toEqual([0, 0, 1, 0]);
    expect([...predictions(logitsOf([[-1, 7, 7]]))]).toEqual([1]);
  });

  it('refuses logits that are not finite, or not of the shape they claim', () => {
    for (const stray of [NaN, Infinity, -Infinity]) {
      expect(() => predictions(logitsOf([[0, stray, 1]]))).toThrow(LabError);
    }
    expect(() => predictions({ values: new Float32Array(5), count: 2, classes: 3 })).toThrow('need 6 values, not 5');
  });

  it('has nothing to say of no images', () => {
    expect(predictions(logitsOf([], 10))).toHaveLength(0);
  });
});

describe('probabilities', () => {
  it('equals scipy.special.softmax (scipy 1.17.1)', () => {
    const at1 = probabilities(STUDENT, 1);
    [0.7855970345892759, 0.039112573270687456, 0.1752903921400367].forEach((expected, column) => {
      expect(at1[column]).toBeCloseTo(expected, 6);
    });
    const at20 = probabilities(STUDENT, 20);
    [0.4548679823734565, 0.443637251873161, 0.1014947657533825].forEach((expected, column) => {
      expect(at20[9 + column]).toBeCloseTo(expected, 6);
    });
  });

  it('stays stable where exp would overflow', () => {
    const [first, second] = probabilities(logitsOf([[3e38, -3e38]]), 0.001);
    expect([first, second]).toEqual([1, 0]);
  });

  it('writes into the array it is given', () => {
    const into = new Float32Array(12);
    expect(probabilities(STUDENT, 2, into)).toBe(into);
    expect(() => probabilities(STUDENT, 2, new Float32Array(3))).toThrow(RangeError);
  });

  it.each([0, -1, NaN, Infinity])('refuses the temperature %s', (temperature) => {
    expect(() => probabilities(STUDENT, temperature)).toThrow(/temperature/);
    expect(() => confidence(STUDENT, temperature)).toThrow(/temperature/);
  });

  it('gives rows that sum to 1 and keep the order of the logits, at any temperature', () => {
    fc.assert(
      fc.property(sample(), fc.double({ min: 0.05, max: 100, noNaN: true }), ({ logits }, temperature) => {
        const shares = probabilities(logits, temperature);
        const confidences = confidence(logits, temperature);
        predictions(logits).forEach((predicted, row) => {
          const own = shares.subarray(row * logits.classes, (row + 1) * logits.classes);
          expect(own.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
          expect(own[predicted]).toBe(Math.max(...own));
          expect(confidences[row]).toBeCloseTo(own[predicted]!, 6);
        });
      }),
    );
  });
});

describe('confidence', () => {
  it('is the largest probability (scipy 1.17.1)', () => {
    const expected = [0.7855970345892759, 0.3333333333333333, 0.9517474055557683, 0.6224593312018184];
    confidence(STUDENT).forEach((value, row) => expect(value).toBeCloseTo(expected[row]!, 6));
  });
});
