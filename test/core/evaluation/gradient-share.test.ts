import { describe, expect, it } from 'vitest';
import { gradientShare } from '../../../src-core/evaluation/gradient-share';
import { LABELS, STUDENT, TEACHER, logitsOf } from './samples';

function softmax(row: readonly number[], temperature: number): number[] {
  const powers = row.map((value) => Math.exp(value / temperature));
  const sum = powers.reduce((all, power) => all + power, 0);
  return powers.map((power) => power / sum);
}

/** Norm of a function's gradient by central differences. */
function gradientNorm(of: (row: readonly number[]) => number, at: readonly number[]): number {
  const width = 1e-5;
  const squares = at.map((_, index) => {
    const moved = (by: number) => of(at.map((value, place) => (place === index ? value + by : value)));
    return ((moved(width) - moved(-width)) / (2 * width)) ** 2;
  });
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
}

const row = ({ values, classes }: typeof STUDENT, at: number): number[] => [
  ...values.subarray(at * classes, (at + 1) * classes),
];

describe('gradientShare', () => {
  it.each([1, 4, 20])('is that of finite differences of both losses at T = %i', (temperature) => {
    let [soft, hard] = [0, 0];
    LABELS.forEach((label, at) => {
      const target = softmax(row(TEACHER, at), temperature);
      soft += gradientNorm(
        (z) => -softmax(z, temperature).reduce((sum, q, index) => sum + target[index]! * Math.log(q), 0),
        row(STUDENT, at),
      );
      hard += gradientNorm((z) => -Math.log(softmax(z, 1)[label]!), row(STUDENT, at));
    });
    const share = gradientShare(STUDENT, TEACHER, LABELS, temperature, { soft: 0.7, hard: 0.3 });
    expect(share.withoutFactor).toBeCloseTo((0.7 * soft) / (0.7 * soft + 0.3 * hard), 7);
    const scaled = soft * temperature ** 2;
    expect(share.withFactor).toBeCloseTo((0.7 * scaled) / (0.7 * scaled + 0.3 * hard), 7);
  });

  it('is all or nothing where one weight is 0, and 0 where nothing pulls', () => {
    expect(gradientShare(STUDENT, TEACHER, LABELS, 4, { soft: 1, hard: 0 })).toEqual({
      withFactor: 1,
      withoutFactor: 1,
    });
    expect(gradientShare(STUDENT, TEACHER, LABELS, 4, { soft: 0, hard: 1 }).withFactor).toBe(0);
    expect(gradientShare(STUDENT, STUDENT, LABELS, 4, { soft: 1, hard: 0 }).withFactor).toBe(0);
  });

  it('refuses what does not fit', () => {
    const weights = { soft: 1, hard: 1 };
    expect(() => gradientShare(STUDENT, logitsOf([[1, 2, 3]]), LABELS, 4, weights)).toThrow('the teacher has 3 logits');
    expect(() => gradientShare(STUDENT, TEACHER, LABELS, 0, weights)).toThrow(/temperature/i);
  });
});
