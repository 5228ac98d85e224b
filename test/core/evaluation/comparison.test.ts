import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { discordant, mcnemarExact, pairedBootstrap, pairedGroups } from '../../../src-core/evaluation/comparison';

/** Flags of two runs with b images on which only the first is wrong, and c on which only the second is. */
function flags(count: number, b: number, c: number, both = 0): [Uint8Array, Uint8Array] {
  const first = new Uint8Array(count).fill(1, 0, b + both);
  const second = new Uint8Array(count).fill(1, b, b + both + c);
  return [first, second];
}

describe('discordant', () => {
  it('sorts images by who is wrong', () => {
    const [first, second] = flags(10, 3, 2, 1);
    expect(discordant(first, second)).toEqual({ bothRight: 4, onlyFirstWrong: 3, onlySecondWrong: 2, bothWrong: 1 });
    expect(pairedGroups(first, second)).toEqual({
      bothRight: Uint32Array.of(6, 7, 8, 9),
      onlyFirstWrong: Uint32Array.of(0, 1, 2),
      onlySecondWrong: Uint32Array.of(4, 5),
      bothWrong: Uint32Array.of(3),
    });
    expect(() => discordant(first, second.subarray(1))).toThrow('10 flags against 9');
  });
});

describe('mcnemarExact', () => {
  // scipy 1.17.1: stats.binomtest(b, b + c, 0.5).pvalue
  it.each([
    [1, 0, 1],
    [5, 5, 1],
    [6, 16, 0.052478790283203125],
    [30, 60, 0.0020602656809630745],
    [67, 74, 0.6135127096954123],
    [0, 20, 1.9073486328125e-6],
    [400, 700, 1.1735888055606002e-19],
    [5000, 5200, 0.04878796312682234],
    [3, 100, 3.593419195462753e-26],
  ])('b = %i, c = %i', (b, c, expected) => {
    expect(mcnemarExact(b, c) / expected).toBeCloseTo(1, 8);
  });

  it('finds no difference where nothing is discordant', () => {
    expect(mcnemarExact(0, 0)).toBe(1);
  });

  it('is symmetric and lies in (0, 1], however large the counts', () => {
    const count = fc.oneof(fc.nat(60), fc.nat(100_000));
    fc.assert(
      fc.property(count, count, (b, c) => {
        const p = mcnemarExact(b, c);
        expect(p).toBe(mcnemarExact(c, b));
        expect(p).toBeGreaterThan(0);
        expect(p).toBeLessThanOrEqual(1);
      }),
    );
  });

  it.each([-1, 0.5, NaN])('refuses the count %f', (count) => {
    expect(() => mcnemarExact(count, 3)).toThrow(RangeError);
  });
});

describe('pairedBootstrap', () => {
  // numpy 2.4.6: 2.5 and 97.5 percentiles of two million draws of rng.multinomial(n, [b/n, c/n, rest]), b minus c
  it.each([
    [10_000, 30, 60, -49, -12, 1],
    [10_000, 4, 5000, -5094, -4898, 5],
    [200, 10, 30, -32, -8, 1],
  ])('of %i images, b = %i, c = %i', (count, b, c, low, high, tolerance) => {
    const interval = pairedBootstrap(...flags(count, b, c), { seed: 1 });
    expect(interval.difference).toBe(b - c);
    expect(Math.abs(interval.low - low)).toBeLessThanOrEqual(tolerance);
    expect(Math.abs(interval.high - high)).toBeLessThanOrEqual(tolerance);
  });

  it('agrees with resampling image by image', () => {
    const [first, second] = flags(60, 12, 5, 7);
    const interval = pairedBootstrap(first, second, { resamples: 4000, seed: 3 });
    let state = 1;
    const next = () => (state = Math.imul(state, 48271) >>> 0) / 2 ** 32;
    const differences = Array.from({ length: 4000 }, () => {
      let difference = 0;
      for (let draw = 0; draw < 60; draw++) {
        const row = Math.floor(next() * 60);
        difference += first[row]! - second[row]!;
      }
      return difference;
    }).sort((a, b) => a - b);
    expect(Math.abs(interval.low - differences[100]!)).toBeLessThanOrEqual(1);
    expect(Math.abs(interval.high - differences[3900]!)).toBeLessThanOrEqual(1);
  });

  it('gives the same interval for the same seed, and the mirrored one for the runs exchanged', () => {
    const [first, second] = flags(1000, 20, 35, 10);
    const interval = pairedBootstrap(first, second, { seed: 7 });
    expect(pairedBootstrap(first, second, { seed: 7 })).toEqual(interval);
    const exchanged = pairedBootstrap(second, first, { seed: 7 });
    expect(exchanged.difference).toBe(-interval.difference);
    expect(Math.abs(exchanged.low + interval.high)).toBeLessThanOrEqual(1);
  });

  it('has no width for runs that err alike, and holds the difference otherwise', () => {
    const [first] = flags(50, 9, 0);
    expect(pairedBootstrap(first, first, { seed: 1 })).toMatchObject({ difference: 0, low: 0, high: 0 });
    fc.assert(
      fc.property(fc.nat(40), fc.nat(40), fc.nat(20), fc.nat(1000), (b, c, both, seed) => {
        const { difference, low, high } = pairedBootstrap(...flags(100, b, c, both), { seed, resamples: 1000 });
        expect(low).toBeLessThanOrEqual(difference);
        expect(high).toBeGreaterThanOrEqual(difference);
      }),
    );
    // Every image counts against the first run: no resample can differ.
    expect(pairedBootstrap(...flags(8, 8, 0), { seed: 1 })).toMatchObject({ low: 8, high: 8 });
  });

  it('refuses no images and too few resamples', () => {
    const none = new Uint8Array(0);
    expect(() => pairedBootstrap(none, none, { seed: 1 })).toThrow(RangeError);
    expect(() => pairedBootstrap(...flags(8, 1, 1), { seed: 1, resamples: 10 })).toThrow(RangeError);
  });
});
