import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../src-core/data/batches';
import { Batches, drawBatch } from '../../../src-core/data/batches';
import type { Disturbance } from '../../../src-core/data/jitter';
import { drawImage, normalisationTable } from '../../../src-core/data/jitter';
import { Random } from '../../../src-core/random';

const STILL: Disturbance = { jitter: { pixels: 0, distribution: 'rounded' }, noise: 0 };
const SHAKEN: Disturbance = { jitter: { pixels: 2, distribution: 'uniform' }, noise: 0 };
const NOISY: Disturbance = { ...SHAKEN, noise: 0.25 };
const PIXELS = 9;

function members(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, index) => 3 * index + 1);
}

/** A copy: what a Batches hands out may be overwritten by its next batch. */
function copyOf({ positions, shiftX, shiftY, noise, size }: Batch): object {
  return { positions: [...positions], shiftX: [...shiftX], shiftY: [...shiftY], noise: [...(noise ?? [])], size };
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
        const batches = new Batches(members(count), batchSize, STILL, seed, PIXELS);
        const steps = Array.from({ length: batches.stepsPerEpoch }, (_, step) => epoch * batches.stepsPerEpoch + step);
        const sizes = steps.map((step) => batches.at(step).size);
        const seen = steps.flatMap((step) => [...batches.at(step).positions]);
        expect(batches.stepsPerEpoch).toBe(Math.ceil(count / batchSize));
        expect(sizes.slice(0, -1).every((size) => size === batchSize)).toBe(true);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(count);
        expect(seen.sort((a, b) => a - b)).toEqual([...members(count)]);
      }),
    );
    const long = new Batches(members(500), 500, STILL, 1, PIXELS);
    expect(copyOf(long.at(0))).not.toEqual(copyOf(long.at(1)));
  });

  it('is a pure function of the step, whatever was asked before', () => {
    fc.assert(
      fc.property(
        settings,
        fc.array(fc.nat(200), { minLength: 2, maxLength: 12 }),
        ({ count, batchSize, seed }, steps) => {
          const batches = (): Batches => new Batches(members(count), batchSize, NOISY, seed, PIXELS);
          const one = batches();
          for (const step of steps) expect(copyOf(one.at(step))).toEqual(copyOf(batches().at(step)));
        },
      ),
    );
  });

  it('differs with the seed, and leaves the list that it was given as it was', () => {
    const list = members(100);
    const batch = (seed: number): object => copyOf(new Batches(list, 100, SHAKEN, seed, PIXELS).at(0));
    expect(batch(1)).not.toEqual(batch(2));
    expect(list).toEqual(members(100));
  });

  it('shifts both axes, each by itself, within the jitter and never without it', () => {
    const { shiftX, shiftY } = new Batches(members(5000), 5000, SHAKEN, 1, PIXELS).at(0);
    const pairs = new Set(Array.from(shiftX, (x, row) => `${x},${shiftY[row]}`));
    expect(pairs.size).toBe(25);
    const still = new Batches(members(50), 50, STILL, 1, PIXELS).at(0);
    expect([...still.shiftX, ...still.shiftY].every((shift) => shift === 0)).toBe(true);
  });

  it('shifts an image anew at every epoch', () => {
    const batches = new Batches(members(200), 200, SHAKEN, 1, PIXELS);
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

describe('noise', () => {
  it('is of every pixel by itself, with the deviation asked for, at every step and seed another', () => {
    const noiseOf = (seed: number, step: number): number[] => [
      ...new Batches(members(4000), 2000, NOISY, seed, PIXELS).at(step).noise!,
    ];
    const noise = noiseOf(1, 0);
    expect(noise).toHaveLength(2000 * PIXELS);
    const mean = noise.reduce((sum, value) => sum + value, 0) / noise.length;
    const deviation = Math.sqrt(noise.reduce((sum, value) => sum + (value - mean) ** 2, 0) / noise.length);
    // Standard errors: 0.25/√18000 = 0.0019, and 0.0013.
    expect(Math.abs(mean)).toBeLessThan(0.008);
    expect(Math.abs(deviation - 0.25)).toBeLessThan(0.006);
    for (const other of [noiseOf(1, 1), noiseOf(2, 0)]) {
      const product = other.reduce((sum, value, index) => sum + value * noise[index]!, 0) / noise.length;
      // Standard error 0.25²/√18000 = 0.0005.
      expect(Math.abs(product)).toBeLessThan(0.002);
    }
  });

  it('leaves order and shifts as they are without it, and is absent where there is none', () => {
    const quiet = new Batches(members(50), 20, SHAKEN, 3, PIXELS).at(4);
    const noisy = new Batches(members(50), 20, NOISY, 3, PIXELS).at(4);
    expect(quiet.noise).toBeUndefined();
    expect(copyOf({ ...noisy, noise: new Float32Array() })).toEqual(copyOf(quiet));
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

  it.each(['unit', 'symmetric'] as const)(
    'adds each image’s noise at the %s normalisation, clipped',
    (normalisation) => {
      const noise = new Float32Array(3 * side * side);
      new Random(2, 'noise').fillNormal(noise, 0.5);
      const [quiet, noisy] = [new Float32Array(2 * side * side), new Float32Array(2 * side * side)];
      const own = normalisationTable(normalisation);
      drawBatch(examples, side, batch, own, quiet, [2, 0]);
      drawBatch(examples, side, { ...batch, noise }, own, noisy, [2, 0]);
      const [black, white] = normalisation === 'unit' ? [0, 1] : [-1, 1];
      const expected = [2, 0].flatMap((row, index) =>
        Array.from({ length: side * side }, (_, pixel) => {
          const value = quiet[index * side * side + pixel]! + (white - black) * noise[row * side * side + pixel]!;
          return Math.fround(Math.min(white, Math.max(black, value)));
        }),
      );
      expect([...noisy]).toEqual(expected);
      // All three happen.
      expect(noisy.includes(black) && noisy.includes(white)).toBe(true);
      expect(noisy.filter((value) => value > black && value < white).length).toBeGreaterThan(5);
    },
  );

  it('draws some rows, in the order asked for, and nothing behind them', () => {
    const target = new Float32Array(3 * side * side).fill(5);
    drawBatch(examples, side, batch, table, target, [2, 0]);
    expect([...target.subarray(0, 2 * side * side)]).toEqual([...drawn(2), ...drawn(0)]);
    expect(target.subarray(2 * side * side).every((value) => value === 5)).toBe(true);
  });
});
