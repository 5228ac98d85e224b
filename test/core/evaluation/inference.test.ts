import { describe, expect, it } from 'vitest';
import {
  analysisOfVariance,
  meanInterval,
  pairedT,
  studentQuantile,
  studentTwoSided,
  welchT,
} from '../../../src-core/evaluation/inference';

// scipy 1.17.1 gave the expected values of all of these.
const A = [71, 78, 76, 74, 80];
const B = [74, 79, 81, 75, 86];
const C = [90, 84, 88];

describe('Student’s t', () => {
  // 2 * stats.t.sf(value, freedom)
  it.each([
    [2.5, 4, 0.06676654481198814],
    [-2.5, 4, 0.06676654481198814],
    [1.3, 1, 0.41742880032030544],
    [4.2, 13.7, 0.0009314987008550897],
    [0, 3, 1],
  ])('of %f at %f degrees of freedom', (value, freedom, expected) => {
    expect(studentTwoSided(value, freedom)).toBeCloseTo(expected, 12);
  });

  // stats.t.ppf(1 - probability / 2, freedom)
  it.each([
    [0.05, 1, 12.706204736174694],
    [0.05, 4, 2.7764451051977934],
    [0.01, 10, 3.16927267261695],
  ])('with %f outside at %i degrees of freedom', (probability, freedom, expected) => {
    expect(studentQuantile(probability, freedom)).toBeCloseTo(expected, 8);
  });

  it('is nowhere beyond infinity, and needs a degree of freedom', () => {
    expect(studentTwoSided(Infinity, 3)).toBe(0);
    expect(() => studentTwoSided(1, 0)).toThrow('degrees of freedom must be above 0, not 0');
  });
});

describe('the interval of a mean', () => {
  it('is Student’s', () => {
    const { low, high } = meanInterval(A);
    // stats.t.interval(0.95, 4, loc=mean, scale=stats.sem(A))
    expect(low).toBeCloseTo(71.46305410339126, 8);
    expect(high).toBeCloseTo(80.13694589660874, 8);
    expect(() => meanInterval([1])).toThrow('two values');
  });
});

describe('two samples', () => {
  it('by pairs', () => {
    // stats.ttest_rel(A, B)
    const { statistic, p, difference, interval } = pairedT(A, B);
    expect([statistic, p, difference, interval.low, interval.high]).toEqual(
      [-3.1378581622109443, 0.03491970667453904, -3.2, -6.031429553964545, -0.36857044603545575].map(
        (value) => expect.closeTo(value, 8) as number,
      ),
    );
    expect(() => pairedT(A, C)).toThrow('5 values against 3');
    expect(() => pairedT([1], [2])).toThrow('two pairs');
  });

  it('by Welch', () => {
    // stats.ttest_ind(A, C, equal_var=False)
    const { statistic, p, interval } = welchT(A, C);
    expect([statistic, p, interval.low, interval.high]).toEqual(
      [-4.895137372527632, 0.004823913516959939, -17.63890793319477, -5.427758733471895].map(
        (value) => expect.closeTo(value, 8) as number,
      ),
    );
    expect(() => welchT(A, [1])).toThrow('on each side');
  });

  it('without any deviation differ surely, or not at all', () => {
    expect(pairedT([2, 3], [1, 2])).toMatchObject({ p: 0, interval: { low: 1, high: 1 } });
    expect(pairedT([2, 3], [2, 3])).toMatchObject({ statistic: 0, p: 1 });
    expect(welchT([2, 2], [1, 1]).p).toBe(0);
  });
});

describe('analysis of variance', () => {
  it('is Fisher’s F', () => {
    // stats.f_oneway(A, B, C)
    const { statistic, p } = analysisOfVariance([A, B, C]);
    expect(statistic).toBeCloseTo(7.843803595248677, 8);
    expect(p).toBeCloseTo(0.008940910399380367, 10);
  });

  it('of two groups is the t test of equal variance: F = t²', () => {
    const [first, second] = [
      [1, 2, 4],
      [3, 5, 6],
    ];
    const { statistic, p } = analysisOfVariance([first!, second!]);
    const pooled = welchT(first!, second!);
    expect(statistic).toBeCloseTo(pooled.statistic ** 2, 10);
    expect(p).toBeCloseTo(studentTwoSided(pooled.statistic, 4), 10);
  });

  it('knows groups without deviation, and refuses too few values', () => {
    expect(
      analysisOfVariance([
        [1, 1],
        [1, 1],
      ]),
    ).toEqual({ statistic: 0, p: 1 });
    expect(
      analysisOfVariance([
        [1, 1],
        [2, 2],
      ]).p,
    ).toBe(0);
    for (const groups of [[A], [[1], [2]], [A, []]]) expect(() => analysisOfVariance(groups)).toThrow(RangeError);
  });
});
