import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JitterSpec } from '../../../src-core/contract/spec';
import { drawImage, drawShift, drawUnshifted, normalisationTable } from '../../../src-core/data/jitter';
import { Random } from '../../../src-core/random';

const DRAWS = 100_000;

function countShifts(jitter: JitterSpec): number[] {
  const random = new Random(11, 'jitter');
  const counts = new Array<number>(2 * jitter.pixels + 1).fill(0);
  for (let draw = 0; draw < DRAWS; draw++) counts[drawShift(jitter, random) + jitter.pixels]! += 1;
  return counts;
}

/** Pearson's statistic. */
function chiSquare(counts: readonly number[], shares: readonly number[]): number {
  return counts.reduce(
    (sum, count, index) => sum + (count - DRAWS * shares[index]!) ** 2 / (DRAWS * shares[index]!),
    0,
  );
}

describe('drawShift', () => {
  // A statistic with k−1 degrees of freedom exceeds these once in a thousand; the draws are fixed by their seed.
  it.each<[JitterSpec['distribution'], number, number[], number]>([
    ['rounded', 1, [1 / 4, 1 / 2, 1 / 4], 13.8],
    ['rounded', 2, [1 / 8, 1 / 4, 1 / 4, 1 / 4, 1 / 8], 18.5],
    ['uniform', 1, [1 / 3, 1 / 3, 1 / 3], 13.8],
    ['uniform', 2, [1 / 5, 1 / 5, 1 / 5, 1 / 5, 1 / 5], 18.5],
    ['rounded', 4, [1 / 16, 1 / 8, 1 / 8, 1 / 8, 1 / 8, 1 / 8, 1 / 8, 1 / 8, 1 / 16], 26.1],
  ])('%s, ±%i pixels: has the shares it promises', (distribution, pixels, shares, limit) => {
    expect(chiSquare(countShifts({ pixels, distribution }), shares)).toBeLessThan(limit);
  });

  it('takes nothing from the generator where there is no jitter', () => {
    const [used, fresh] = [new Random(1, 'jitter'), new Random(1, 'jitter')];
    expect(drawShift({ pixels: 0, distribution: 'rounded' }, used)).toBe(0);
    expect(used.uint32()).toBe(fresh.uint32());
  });
});

describe('normalisationTable', () => {
  it('maps black, grey and white', () => {
    const [symmetric, unit] = [normalisationTable('symmetric'), normalisationTable('unit')];
    expect([symmetric[0], symmetric[255]]).toEqual([-1, 1]);
    expect([unit[0], unit[255]]).toEqual([0, 1]);
    for (let grey = 0; grey < 256; grey++) expect(symmetric[grey]).toBeCloseTo(2 * unit[grey]! - 1, 6);
  });
});

describe('drawImage', () => {
  it('agrees with moving one pixel after the other, and leaves its surroundings alone', () => {
    const cases = fc.integer({ min: 1, max: 7 }).chain((side) =>
      fc.record({
        side: fc.constant(side),
        images: fc.uint8Array({ minLength: 3 * side * side, maxLength: 3 * side * side }),
        position: fc.nat(2),
        shiftX: fc.integer({ min: -side, max: side }),
        shiftY: fc.integer({ min: -side, max: side }),
        normalisation: fc.constantFrom('symmetric' as const, 'unit' as const),
      }),
    );
    fc.assert(
      fc.property(cases, ({ side, images, position, shiftX, shiftY, normalisation }) => {
        const table = normalisationTable(normalisation);
        const target = new Float32Array(side * side + 4).fill(9);
        drawImage(images, side, position, shiftX, shiftY, table, target, 2);
        const expected = [9, 9];
        for (let y = 0; y < side; y++) {
          for (let x = 0; x < side; x++) {
            const [fromX, fromY] = [x - shiftX, y - shiftY];
            const inside = fromX >= 0 && fromX < side && fromY >= 0 && fromY < side;
            expected.push(table[inside ? images[(position * side + fromY) * side + fromX]! : 0]!);
          }
        }
        expect([...target]).toEqual([...expected, 9, 9]);
      }),
      { numRuns: 300 },
    );
  });

  it('draws the border as black as the normalisation has it', () => {
    const white = new Uint8Array(9).fill(255);
    for (const [normalisation, black] of [
      ['symmetric', -1],
      ['unit', 0],
    ] as const) {
      const target = new Float32Array(9);
      drawImage(white, 3, 0, 1, -2, normalisationTable(normalisation), target, 0);
      expect([...target]).toEqual([black, 1, 1, black, black, black, black, black, black]);
    }
  });
});

describe('drawUnshifted', () => {
  it('draws the images asked for, in that order', () => {
    const images = Uint8Array.of(0, 51, 102, 153, 204, 255, 0, 255);
    expect([...drawUnshifted(images, 2, [1, 0, 1], 'unit')].map((value) => Math.round(5 * value))).toEqual([
      4, 5, 0, 5, 0, 1, 2, 3, 4, 5, 0, 5,
    ]);
  });
});
