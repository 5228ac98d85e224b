import { describe, expect, it } from 'vitest';
import { suspectLabels } from '../../../src-core/evaluation/label-issues';

/** Logits that give these probabilities. */
function from(...rows: readonly (readonly number[])[]) {
  const classes = rows[0]!.length;
  return { values: Float32Array.from(rows.flat(), Math.log), count: rows.length, classes };
}

describe('suspectLabels', () => {
  // Mean self-confidence: class 0 (0.9 + 0.8 + 0.1) / 3 = 0.6, class 1 (0.7 + 0.7) / 2 = 0.7.
  const logits = from([0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.3, 0.7], [0.3, 0.7]);
  const labels = Uint8Array.of(0, 0, 0, 1, 1);

  it('names images that reach another class’s own confidence, by hand', () => {
    const found = suspectLabels(logits, labels);
    expect(found).toEqual([{ row: 2, label: 0, suggested: 1, margin: expect.closeTo(-0.8, 5) as number }]);
  });

  it('lets a wrong answer be that is not confident enough', () => {
    // Class 1's own confidence is 0.9: 0.6 is below it, although the answer is wrong.
    expect(suspectLabels(from([0.4, 0.6], [0.9, 0.1], [0.1, 0.9]), Uint8Array.of(0, 0, 1))).toEqual([]);
  });

  it('puts the most suspicious first, and suggests the likeliest of several', () => {
    const many = from(
      [0.05, 0.15, 0.8],
      [0.3, 0.1, 0.6],
      [0.6, 0.2, 0.2],
      [0.2, 0.1, 0.7],
      [0.2, 0.5, 0.3],
      [0.3, 0.3, 0.4],
    );
    const found = suspectLabels(many, Uint8Array.of(0, 0, 0, 2, 1, 2));
    expect(found.map(({ row, suggested }) => [row, suggested])).toEqual([
      [0, 2],
      [1, 2],
    ]);
    expect(found[0]!.margin).toBeLessThan(found[1]!.margin);
  });

  it('suggests no class without images, and takes labels that are all right as they are', () => {
    expect(suspectLabels(from([0.1, 0.2, 0.7], [0.2, 0.799, 0.001]), Uint8Array.of(1, 1))).toEqual([]);
    expect(suspectLabels(from([0.9, 0.1], [0.1, 0.9]), Uint8Array.of(0, 1))).toEqual([]);
  });
});
