import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agreement, divergences, meanKl } from '../../../src-core/evaluation/fidelity';
import { STUDENT, TEACHER, logitsOf, sample } from './samples';

describe('agreement', () => {
  it('counts equal predictions, right or wrong', () => {
    expect(agreement(TEACHER, STUDENT)).toBe(0.75);
    expect(agreement(TEACHER, TEACHER)).toBe(1);
  });

  it('refuses logits of different shapes and of no images', () => {
    expect(() => agreement(TEACHER, logitsOf([[1, 2, 3]]))).toThrow(
      "the teacher's logits are [4, 3], the student's [1, 3]",
    );
    expect(() => meanKl(logitsOf([], 3), logitsOf([], 3))).toThrow(RangeError);
  });
});

describe('meanKl', () => {
  // scipy 1.17.1: stats.entropy(softmax(v/T), softmax(z/T), axis=1)
  it.each([
    [1, [0.27814698773718183, 0.2662167068281709, 0.007225296163382855, 0.5491525062536039]],
    [4, [0.03207430366726703, 0.020512639017239626, 0.015206767582106748, 0.10507736492722912]],
    [20, [0.0014262246916999701, 0.0008328128132793038, 0.0010255744881818244, 0.04984832813753895]],
  ])('of teacher from student at T = %i', (temperature, expected) => {
    divergences(TEACHER, STUDENT, temperature).forEach((value, row) => expect(value).toBeCloseTo(expected[row]!, 12));
    const mean = expected.reduce((sum, value) => sum + value, 0) / 4;
    expect(meanKl(TEACHER, STUDENT, temperature)).toBeCloseTo(mean, 12);
  });

  it('is not symmetric, never negative, and nothing for equal logits or shifted ones', () => {
    expect(meanKl(TEACHER, STUDENT)).not.toBeCloseTo(meanKl(STUDENT, TEACHER), 3);
    fc.assert(
      fc.property(sample(), fc.integer({ min: -8, max: 8 }), ({ logits }, shift) => {
        const shifted = { ...logits, values: logits.values.map((value) => value + shift) };
        expect(meanKl(logits, shifted)).toBeCloseTo(0, 10);
        const reversed = { ...logits, values: logits.values.toReversed() };
        for (const value of divergences(logits, reversed, 3)) expect(value).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
