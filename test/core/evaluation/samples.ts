import fc from 'fast-check';
import type { Logits } from '../../../src-core/evaluation/logits';

export function logitsOf(rows: readonly (readonly number[])[], classes = rows[0]!.length): Logits {
  return { values: Float32Array.from(rows.flat()), count: rows.length, classes };
}

/** Four images, three classes; scipy's answers to them are pasted in the tests. */
export const STUDENT = logitsOf([
  [2, -1, 0.5],
  [0, 0, 0],
  [-3, 4, 1],
  [10, 9.5, -20],
]);
export const TEACHER = logitsOf([
  [1, 0, -1],
  [3, 2, 1],
  [0, 5, 2],
  [4, 6, -8],
]);
export const LABELS = Uint8Array.of(0, 2, 1, 1);

export interface Sample {
  readonly logits: Logits;
  readonly labels: Uint8Array;
}

/** Logits and labels; the logits are multiples of 1/8, so that sums with such a bias are exact in float32. */
export function sample({ classes = 4, most = 40 } = {}): fc.Arbitrary<Sample> {
  const row = fc.record({
    values: fc.array(fc.integer({ min: -80, max: 80 }), { minLength: classes, maxLength: classes }),
    label: fc.nat(classes - 1),
  });
  return fc.array(row, { minLength: 1, maxLength: most }).map((rows) => ({
    logits: logitsOf(rows.map(({ values }) => values.map((value) => value / 8))),
    labels: Uint8Array.from(rows, ({ label }) => label),
  }));
}
