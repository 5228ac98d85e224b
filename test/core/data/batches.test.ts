import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JitterSpec } from '../../../src-core/contract/spec';
import type { Batch } from '../../../src-core/data/batches';
import { Batches, drawBatch } from '../../../src-core/data/batches';
import { drawImage, normalisationTable } from '../../../src-core/data/jitter';
import { Random } from '../../../src-core/random';

const STILL: JitterSpec = { pixels: 0, distribution: 'rounded' };
const SHAKEN: JitterSpec = { pixels: 2, distribution: 'uniform' };

function members(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, index) => 3 * index + 1);
}

/** A copy: what a Batches hands out may be overwritten by its next batch. */
function copyOf({ positions, shiftX, shiftY, size }: Batch): object {
  return { positions: [...positions], shiftX: [...shiftX], shiftY: [...shiftY], size };
}

const settings = fc.record({
  count: fc.integer({ min: 1, max: 60 }),
  batchSize: fc.integer({ min: 1, max: 70 }),
  seed: fc.nat(),
});

describe('Batches', () => {
  it('passes over every image once an epoch, in an order of the epoch’s own', () => {
    fc.assert(
      fc.property(settings, fc.nat(5), ({ count, batchSize, seed }, epoch) => {
        const batches = new Batches(members(count), batchSize, STILL, seed);
        const steps = Array.from({ length: batches.stepsPerEpoch }, (_, step) => epoch * batches.stepsPerEpoch + step);
        const sizes = steps.map((step) => batches.at(step).size);
        const seen = steps.flatMap((step) => [...batches.at(step).positions]);
        expect(batches.stepsPerEpoch).toBe(Math.ceil(count / batchSize));
        expect(sizes.slice(0, -1).every((size) => size === batchSize)).toBe(true);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(count);
        expect(seen.sort((a, b) => a - b)).toEqual([...members(count)]);
      }),
    );
    const long = new Batches(members(500), 500, STILL, 1);
    expect(copyOf(long.at(0))).not.toEqual(copyOf(long.at(1)));
  });

  it('is a pure function of the step, whatever was asked before', () => {
    fc.assert(
      fc.property(
        settings,
        fc.array(fc.nat(200), { minLength: 2, maxLength: 12 }),
        ({ count, batchSize, seed }, steps) => {
          const one = new Batches(members(count), batchSize, SHAKEN, seed);
          for (const step of steps) {
            expect(copyOf(one.at(step))).toEqual(copyOf(new Batches(members(count), batchSize, SHAKEN, seed).at(step)));
          }
        },
      ),
    );
  });

  it('differs with the seed, and leaves the list that it was given as it was', () => {
    const list = members(100);
    const batch = (seed: number): object => copyOf(new Batches(list, 100, SHAKEN, seed).at(0));
    expect(batch(1)).not.toEqual(batch(2));
    expect(list).toEqual(members(100));
  });

  it('shifts both axes, each by itself, within the jitter and never without it', () => {
    const { shiftX, shiftY } = new Batches(members(5000), 5000, SHAKEN, 1).at(0);
    const pairs = new Set(Array.from(shiftX, (x, row) => `${x},${shiftY[row]}`));
    expect(pairs.size).toBe(25);
    const still = new Batches(members(50), 50, STILL, 1).at(0);
    expect([...still.shiftX, ...still.shiftY].every((shift) => shift === 0)).toBe(true);
  });

  it('shifts an image anew at every epoch', () => {
    const batches = new Batches(members(200), 200, SHAKEN, 1);
    const shifts = (step: number): Map<number, string> => {
      const { positions, shiftX, shiftY } = batches.at(step);
      return new Map(Array.from(positions, (position, row) => [position, `${shiftX[row]},${shiftY[row]}`]));
    };
    const [first, second] = [shifts(0), shifts(1)];
    const alike = [...first].filter(([position, shift]) => second.get(position) === shift).length;
    // One in 25 by chance.
    expect(alike).toBeLessThan(30);
  });
});

describe('drawBatch', () => {
  const side = 4;
  const random = new Random(1, 'images');
  const images = Uint8Array.from({ length: 10 * side * side }, () => random.below(256));
  const examples = { images, labels: new Uint8Array(10) };
  const table = normalisationTable('symmetric');
  const batch: Batch = {
    positions: Int32Array.of(7, 0, 9),
    shiftX: Int8Array.of(1, 0, -2),
    shiftY: Int8Array.of(-1, 0, 2),
    size: 3,
  };

  function drawn(row: number): number[] {
    const target = new Float32Array(side * side);
    drawImage(images, side, batch.positions[row]!, batch.shiftX[row]!, batch.shiftY[row]!, table, target, 0);
    return [...target];
  }

  it('draws each image with its own shift', () => {
    const target = new Float32Array(3 * side * side);
    drawBatch(examples, side, batch, table, target);
    expect([...target]).toEqual([0, 1, 2].flatMap(drawn));
  });

  it('draws some rows, in the order asked for, and nothing behind them', () => {
    const target = new Float32Array(3 * side * side).fill(5);
    drawBatch(examples, side, batch, table, target, [2, 0]);
    expect([...target.subarray(0, 2 * side * side)]).toEqual([...drawn(2), ...drawn(0)]);
    expect(target.subarray(2 * side * side).every((value) => value === 5)).toBe(true);
  });
});
