import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  crossEntropies,
  expectedCalibrationError,
  meanCrossEntropy,
  reliability,
} from '../../../src-core/evaluation/calibration';
import { LABELS, STUDENT, logitsOf, sample } from './samples';

describe('meanCrossEntropy', () => {
  it('equals scipy.special.log_softmax (scipy 1.17.1)', () => {
    const expected = [0.24131129665715703, 1.0986122886681098, 0.04945560969564572, 0.9740769841801649];
    crossEntropies(STUDENT, LABELS).forEach((loss, row) => expect(loss).toBeCloseTo(expected[row]!, 12));
    expect(meanCrossEntropy(STUDENT, LABELS)).toBeCloseTo(0.5908640448002693, 12);
  });

  it('refuses to be a mean over nothing', () => {
    expect(() => meanCrossEntropy(logitsOf([], 3), new Uint8Array(0))).toThrow(RangeError);
    expect(() => expectedCalibrationError(logitsOf([], 3), new Uint8Array(0))).toThrow(RangeError);
  });
});

describe('expectedCalibrationError', () => {
  // By a few lines of numpy 2.4.6 over scipy.special.softmax, bins open below and closed above.
  it.each([
    [15, 0.30461205609752695],
    [5, 0.1974105733921648],
  ])('with %i bins', (bins, expected) => {
    expect(expectedCalibrationError(STUDENT, LABELS, bins)).toBeCloseTo(expected, 12);
  });

  it('by hand: nine of ten right at confidence 0.9 is calibrated, all right is off by 0.1', () => {
    const logits = logitsOf(Array.from({ length: 10 }, () => [Math.log(9), 0]));
    const labels = new Uint8Array(10);
    expect(expectedCalibrationError(logits, labels)).toBeCloseTo(0.1, 6);
    labels[3] = 1;
    expect(expectedCalibrationError(logits, labels)).toBeCloseTo(0, 6);
  });
});

describe('reliability', () => {
  it('puts every image into one bin, with its confidence inside', () => {
    fc.assert(
      fc.property(sample(), fc.integer({ min: 1, max: 20 }), ({ logits, labels }, bins) => {
        const diagram = reliability(logits, labels, bins);
        expect(diagram).toHaveLength(bins);
        expect(diagram.reduce((sum, bin) => sum + bin.count, 0)).toBe(logits.count);
        for (const bin of diagram.filter(({ count }) => count > 0)) {
          expect(bin.confidence).toBeGreaterThan(bin.low - 1e-9);
          expect(bin.confidence).toBeLessThan(bin.high + 1e-9);
        }
        const error = expectedCalibrationError(logits, labels, bins);
        expect(error).toBeGreaterThanOrEqual(0);
        expect(error).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('refuses no bins', () => {
    expect(() => reliability(STUDENT, LABELS, 0)).toThrow(RangeError);
  });
});
