import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src-core/random';

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });

function draw(count: number, next: () => number): number[] {
  return Array.from({ length: count }, next);
}

describe('Random', () => {
  it('is a pure function of seed, stream and step', () => {
    fc.assert(
      fc.property(seeds, fc.string(), fc.nat(), (seed, stream, step) => {
        const [one, other] = [new Random(seed, stream, step), new Random(seed, stream, step)];
        expect(draw(8, () => one.uint32())).toEqual(draw(8, () => other.uint32()));
      }),
    );
  });

  it('gives the same numbers on every machine and in every version of the lab', () => {
    const random = new Random(1, 'shuffle', 0);
    // Changed numbers would change what every spec on disk means.
    expect(draw(4, () => random.uint32())).toEqual([2_092_706_214, 784_038_418, 2_195_847_836, 2_996_497_478]);
  });

  it('draws otherwise for another seed, stream or step', () => {
    const first = (seed: number, stream: string, step: number): string => {
      const random = new Random(seed, stream, step);
      return draw(2, () => random.uint32()).join();
    };
    const drawn = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      for (const stream of ['shuffle', 'jitter', 'dropout/0', 'dropout/1']) {
        for (const step of [0, 1, 2, 100, 2 ** 31, 2 ** 32, 2 ** 32 + 1]) drawn.add(first(seed, stream, step));
      }
    }
    expect(drawn.size).toBe(20 * 4 * 7);
    expect(first(2 ** 32 - 1, 'shuffle', 0)).not.toBe(first(2 ** 31 - 1, 'shuffle', 0));
  });

  it('gives neighbouring steps numbers that have nothing to do with each other', () => {
    const firsts = draw(10_000, () => 0).map((_, step) => new Random(1, 'jitter', step).uniform() - 0.5);
    const covariance = firsts.slice(1).reduce((sum, value, index) => sum + value * firsts[index]!, 0) / 10_000;
    // The correlation of independent numbers has standard deviation 0.01.
    expect(Math.abs(12 * covariance)).toBeLessThan(0.04);
  });

  it('draws uniformly from 0 to 1', () => {
    const random = new Random(3, 'uniform');
    const counts = new Array<number>(100).fill(0);
    for (let index = 0; index < 100_000; index++) {
      const value = random.uniform();
      expect(value >= 0 && value < 1).toBe(true);
      counts[Math.floor(100 * value)]! += 1;
    }
    const statistic = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    // Chi-square with 99 degrees of freedom lies above 149 once in a thousand.
    expect(statistic).toBeLessThan(149);
  });

  it('sets every bit as often as not', () => {
    const random = new Random(4, 'bits');
    const ones = new Array<number>(32).fill(0);
    for (let index = 0; index < 10_000; index++) {
      const value = random.int32();
      expect(value).toBe(value | 0);
      for (let bit = 0; bit < 32; bit++) ones[bit]! += (value >>> bit) & 1;
    }
    // Standard deviation 50.
    for (const count of ones) expect(Math.abs(count - 5000)).toBeLessThan(200);
  });

  it('draws whole numbers below a bound, every one of them alike', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 2 ** 32 }), (seed, bound) => {
        const value = new Random(seed, 'below').below(bound);
        expect(Number.isInteger(value) && value >= 0 && value < bound).toBe(true);
      }),
    );
    const random = new Random(5, 'below');
    const counts = new Array<number>(7).fill(0);
    for (let index = 0; index < 70_000; index++) counts[random.below(7)]! += 1;
    // Chi-square with 6 degrees of freedom lies above 22.5 once in a thousand.
    expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(22.5);
    // Taking a remainder without rejection would fill the lower half of this range with two thirds of all numbers.
    const bound = 3 * 2 ** 30;
    const low = draw(10_000, () => random.below(bound)).filter((value) => value < bound / 3).length;
    expect(Math.abs(low - 3333)).toBeLessThan(200);
  });

  it('draws normal numbers with the right moments', () => {
    const random = new Random(6, 'normal');
    const values = draw(100_000, () => random.normal());
    const moment = (power: number): number => values.reduce((sum, value) => sum + value ** power, 0) / values.length;
    // Standard errors: 0.0032, 0.0045, 0.012 and 0.031.
    expect(Math.abs(moment(1))).toBeLessThan(0.013);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.018);
    expect(Math.abs(moment(3))).toBeLessThan(0.05);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.125);
    const beyond = values.filter((value) => Math.abs(value) > 1.96).length;
    expect(Math.abs(beyond - 5000)).toBeLessThan(280);
  });

  it('fills an array with normal numbers of a deviation, of any length', () => {
    const values = new Random(8, 'noise').fillNormal(new Float32Array(100_001).fill(7), 0.2);
    const moment = (power: number): number =>
      values.reduce((sum, value) => sum + (value / 0.2) ** power, 0) / values.length;
    // Standard errors: 0.0032, 0.0045, 0.012 and 0.031.
    expect(Math.abs(moment(1))).toBeLessThan(0.013);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.018);
    expect(Math.abs(moment(3))).toBeLessThan(0.05);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.125);
    const neighbours = values.slice(1).reduce((sum, value, index) => sum + value * values[index]!, 0) / 0.04 / 100_000;
    expect(Math.abs(neighbours)).toBeLessThan(0.013);
    expect(values.at(-1)).not.toBe(7);
    expect(new Random(8, 'noise').fillNormal(new Float32Array(100_001), 0.2)).toEqual(values);
  });

  it('gives the same noise on every machine and in every version of the lab', () => {
    const values = new Random(1, 'noise').fillNormal(new Float32Array(4), 1);
    expect(Array.from(values, (value) => Number(value.toFixed(5)))).toEqual([0.28237, 0.38261, 1.77038, 0.11299]);
  });

  it('shuffles: every entry stays, every order is as likely', () => {
    fc.assert(
      fc.property(seeds, fc.array(fc.integer({ min: -1000, max: 1000 })), (seed, entries) => {
        const array = Int32Array.from(entries);
        const shuffled = new Random(seed, 'shuffle').shuffle(array);
        expect(shuffled).toBe(array);
        expect([...shuffled].sort((a, b) => a - b)).toEqual([...entries].sort((a, b) => a - b));
      }),
    );
    const counts = new Map<string, number>();
    for (let step = 0; step < 24_000; step++) {
      const order = new Random(7, 'shuffle', step).shuffle(Int32Array.of(1, 2, 3, 4)).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    // Chi-square with 23 degrees of freedom lies above 49.7 once in a thousand.
    expect([...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).toBeLessThan(49.7);
  });
});
