import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clopperPearson, countErrors, describeErrors, errorFlags, perClass } from '../../../src-core/evaluation/errors';
import { regularisedBeta } from '../../../src-core/evaluation/special-functions';

const predicted = Uint8Array.of(0, 1, 2, 2, 1);
const labels = Uint8Array.of(0, 2, 2, 1, 1);

describe('counting', () => {
  it('flags, counts and sorts errors by class', () => {
    expect([...errorFlags(predicted, labels)]).toEqual([0, 1, 0, 1, 0]);
    expect(countErrors(predicted, labels)).toBe(2);
    expect(perClass(predicted, labels, 4)).toEqual([
      { errors: 0, total: 1 },
      { errors: 1, total: 2 },
      { errors: 1, total: 2 },
      { errors: 0, total: 0 },
    ]);
  });

  it('refuses lists that do not belong together', () => {
    expect(() => countErrors(predicted, labels.subarray(1))).toThrow('5 predictions for 4 labels');
    expect(() => errorFlags(predicted, labels.subarray(1))).toThrow(RangeError);
    expect(() => perClass(predicted, labels, 2)).toThrow('label 2 of image 1 is not below 2');
  });

  it('speaks as the blog does', () => {
    expect(describeErrors(67, 10_000)).toBe('(67 wrong out of 10000)');
  });
});

describe('clopperPearson', () => {
  // scipy 1.17.1: stats.binomtest(errors, total).proportion_ci(level, 'exact')
  it.each([
    [58, 10_000, 0.95, 0.004407042199779724, 0.007491474603117052],
    [67, 10_000, 0.95, 0.00519607042614138, 0.008501060190260878],
    [74, 10_000, 0.95, 0.005814929234524207, 0.009281232996208259],
    [146, 10_000, 0.95, 0.012341305353309899, 0.01714746319804964],
    [94, 10_000, 0.9, 0.007869758689220428, 0.01114818785667052],
    [5000, 10_000, 0.95, 0.4901513805899749, 0.509848619410025],
    [1, 3, 0.99, 0.0016694521863085243, 0.9585998492839761],
    [0, 10, 0.95, 0, 0.30849710781876294],
    [10, 10, 0.95, 0.6915028921812371, 1],
  ])('%i of %i at level %f', (errors, total, level, low, high) => {
    const interval = clopperPearson(errors, total, level);
    expect(interval.low).toBeCloseTo(low, 11);
    expect(interval.high).toBeCloseTo(high, 11);
  });

  it('rounds to the intervals of errors in the lab’s own tables', () => {
    const rounded = [58, 67, 74, 146].map((errors) => {
      const { low, high } = clopperPearson(errors, 10_000);
      return [Math.round(low * 10_000), Math.round(high * 10_000)];
    });
    expect(rounded).toEqual([
      [44, 75],
      [52, 85],
      [58, 93],
      [123, 171],
    ]);
  });

  it('holds the observed rate, is mirrored by counting the right ones, and widens with the level', () => {
    const counts = fc.integer({ min: 1, max: 20_000 }).chain((total) => fc.tuple(fc.nat(total), fc.constant(total)));
    fc.assert(
      fc.property(counts, ([errors, total]) => {
        const { low, high } = clopperPearson(errors, total);
        expect(low).toBeLessThanOrEqual(errors / total);
        expect(high).toBeGreaterThanOrEqual(errors / total);
        const mirrored = clopperPearson(total - errors, total);
        expect(low).toBeCloseTo(1 - mirrored.high, 10);
        const wider = clopperPearson(errors, total, 0.99);
        expect(wider.high - wider.low).toBeGreaterThan(high - low);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    [-1, 10, 0.95],
    [11, 10, 0.95],
    [1.5, 10, 0.95],
    [0, 0, 0.95],
    [1, 10, 1],
    [1, 10, 0],
  ])('refuses %f of %i at level %f', (errors, total, level) => {
    expect(() => clopperPearson(errors, total, level)).toThrow(RangeError);
  });
});

describe('regularisedBeta', () => {
  // scipy 1.17.1: special.betainc(a, b, x)
  it.each([
    [0.3, 2, 3, 0.34829999999999994],
    [0.007, 67, 9934, 0.6566852791255116],
    [0.5, 0.5, 0.5, 0.5],
    [0.99, 40, 2, 0.9365604619975526],
    [0.5, 5000, 5001, 0.5039893230696917],
    [0, 2, 3, 0],
    [1, 2, 3, 1],
  ])('I at %f of (%f, %f)', (x, a, b, expected) => {
    expect(regularisedBeta(x, a, b)).toBeCloseTo(expected, 9);
  });
});
