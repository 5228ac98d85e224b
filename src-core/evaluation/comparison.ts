import { Random } from '../random';
import { logGamma } from './special-functions';

/** The images of two runs' shared test set by who is wrong; counts. */
export interface Discordance {
  readonly bothRight: number;
  /** McNemar's b */
  readonly onlyFirstWrong: number;
  /** McNemar's c */
  readonly onlySecondWrong: number;
  readonly bothWrong: number;
}

/** The same four groups as ascending image indices. */
export interface PairedGroups {
  readonly bothRight: Uint32Array;
  readonly onlyFirstWrong: Uint32Array;
  readonly onlySecondWrong: Uint32Array;
  readonly bothWrong: Uint32Array;
}

export interface BootstrapOptions {
  /** 100 or more */
  readonly resamples?: number;
  /** 0 to 2³²−1; the same seed gives the same interval */
  readonly seed: number;
}

/** Difference in errors, first run minus second: below 0 when the first makes fewer. */
export interface BootstrapInterval {
  /** as observed */
  readonly difference: number;
  /** 2.5 percentile of the resampled differences */
  readonly low: number;
  /** 97.5 percentile */
  readonly high: number;
  readonly resamples: number;
  readonly seed: number;
}

function checkPaired(flagsA: Uint8Array, flagsB: Uint8Array): void {
  if (flagsA.length !== flagsB.length) {
    throw new RangeError(`two runs are compared image by image: ${flagsA.length} flags against ${flagsB.length}`);
  }
}

/**
 * Sorts the images by which run is wrong on them.
 * @param flagsA [count], 1 where the first run is wrong (see `errorFlags`)
 * @param flagsB [count], 1 where the second run is wrong, the same images in the same order
 * @throws RangeError when the lengths differ
 */
export function pairedGroups(flagsA: Uint8Array, flagsB: Uint8Array): PairedGroups {
  checkPaired(flagsA, flagsB);
  const groups: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let row = 0; row < flagsA.length; row++) groups[(flagsA[row] ? 1 : 0) + (flagsB[row] ? 2 : 0)]!.push(row);
  return {
    bothRight: Uint32Array.from(groups[0]),
    onlyFirstWrong: Uint32Array.from(groups[1]),
    onlySecondWrong: Uint32Array.from(groups[2]),
    bothWrong: Uint32Array.from(groups[3]),
  };
}

/**
 * Counts the images by which run is wrong on them.
 * @throws RangeError when the lengths differ
 */
export function discordant(flagsA: Uint8Array, flagsB: Uint8Array): Discordance {
  checkPaired(flagsA, flagsB);
  let first = 0;
  let second = 0;
  let both = 0;
  for (let row = 0; row < flagsA.length; row++) {
    if (flagsA[row] && flagsB[row]) both++;
    else if (flagsA[row]) first++;
    else if (flagsB[row]) second++;
  }
  return {
    bothRight: flagsA.length - first - second - both,
    onlyFirstWrong: first,
    onlySecondWrong: second,
    bothWrong: both,
  };
}

/**
 * McNemar's exact test that two runs err equally often: p = min(1, 2·Σ_{i ≤ min(b,c)} C(b+c, i) / 2^(b+c))
 * (McNemar 1947; Dietterich 1998).
 * @param onlyFirstWrong b, a whole number, 0 or more
 * @param onlySecondWrong c, likewise
 * @returns two-sided p, above 0 (never rounded down to it) and at most 1
 * @throws RangeError on counts that are not whole numbers, 0 or more
 */
export function mcnemarExact(onlyFirstWrong: number, onlySecondWrong: number): number {
  for (const count of [onlyFirstWrong, onlySecondWrong]) {
    if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`not a count: ${count}`);
  }
  const smaller = Math.min(onlyFirstWrong, onlySecondWrong);
  const total = onlyFirstWrong + onlySecondWrong;
  if (2 * smaller === total) return 1;
  // Σ_{i ≤ m} C(n, i) = C(n, m) · (1 + m/(n−m+1) + …): the sum beside the largest term stays small, and that term
  // is kept as a logarithm, where neither C(n, m) nor 2ⁿ can overflow.
  let sum = 1;
  let term = 1;
  for (let index = smaller; index > 0 && term > 1e-18 * sum; index--) {
    term *= index / (total - index + 1);
    sum += term;
  }
  const logLargest = logGamma(total + 1) - logGamma(smaller + 1) - logGamma(total - smaller + 1);
  const p = 2 * sum * Math.exp(logLargest - total * Math.LN2);
  return Math.min(1, Math.max(Number.MIN_VALUE, p));
}

/** Cumulative probabilities of a binomial number, for the values that occur. */
interface BinomialTable {
  readonly first: number;
  readonly cumulative: Float64Array;
}

/** Built outwards from the mode by ratios of neighbours, so that nothing underflows whatever the counts. */
function binomialTable(trials: number, probability: number): BinomialTable {
  if (probability <= 0 || trials === 0) return { first: 0, cumulative: Float64Array.of(1) };
  if (probability >= 1) return { first: trials, cumulative: Float64Array.of(1) };
  const mode = Math.min(trials, Math.floor((trials + 1) * probability));
  const odds = probability / (1 - probability);
  const below: number[] = [];
  for (let value = mode, weight = 1; value > 0; value--) {
    weight *= value / ((trials - value + 1) * odds);
    if (weight < 1e-18) break;
    below.push(weight);
  }
  const weights = [...below.reverse(), 1];
  for (let value = mode, weight = 1; value < trials; value++) {
    weight *= ((trials - value) * odds) / (value + 1);
    if (weight < 1e-18) break;
    weights.push(weight);
  }
  const cumulative = Float64Array.from(weights);
  for (let index = 1; index < cumulative.length; index++) cumulative[index]! += cumulative[index - 1]!;
  const sum = cumulative.at(-1)!;
  for (let index = 0; index < cumulative.length; index++) cumulative[index]! /= sum;
  return { first: mode - below.length, cumulative };
}

function drawFrom({ first, cumulative }: BinomialTable, uniform: number): number {
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (cumulative[middle]! > uniform) high = middle;
    else low = middle + 1;
  }
  return first + low;
}

/** Linear interpolation between order statistics, as numpy.percentile does by default. */
function percentile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const index = Math.floor(position);
  const next = sorted[Math.min(index + 1, sorted.length - 1)]!;
  return sorted[index]! + (position - index) * (next - sorted[index]!);
}

/**
 * Percentile bootstrap interval of the difference in errors of two runs on the same images (Efron 1979): the images
 * are resampled with replacement, both flags of an image together.
 *
 * Of a resample only the numbers of images on which one run alone is wrong matter. They are multinomial, so they are
 * drawn directly: how many are discordant, and of those how many count against the first run.
 * @param flagsA [count], 1 where the first run is wrong; count at least 1
 * @param flagsB [count], 1 where the second run is wrong, the same images in the same order
 * @throws RangeError when the lengths differ, there is no image or there are fewer than 100 resamples
 */
export function pairedBootstrap(
  flagsA: Uint8Array,
  flagsB: Uint8Array,
  { resamples = 10_000, seed }: BootstrapOptions,
): BootstrapInterval {
  if (flagsA.length === 0) throw new RangeError('no images to resample');
  if (!Number.isInteger(resamples) || resamples < 100) {
    throw new RangeError(`resamples must be a whole number, at least 100, not ${resamples}`);
  }
  const { onlyFirstWrong, onlySecondWrong } = discordant(flagsA, flagsB);
  const difference = onlyFirstWrong - onlySecondWrong;
  const either = onlyFirstWrong + onlySecondWrong;
  if (either === 0) return { difference, low: 0, high: 0, resamples, seed };
  const random = new Random(seed, 'bootstrap');
  const discordantTable = binomialTable(flagsA.length, either / flagsA.length);
  const tables = new Map<number, BinomialTable>();
  const differences = new Float64Array(resamples);
  for (let resample = 0; resample < resamples; resample++) {
    const drawn = drawFrom(discordantTable, random.uniform());
    let table = tables.get(drawn);
    if (!table) tables.set(drawn, (table = binomialTable(drawn, onlyFirstWrong / either)));
    differences[resample] = 2 * drawFrom(table, random.uniform()) - drawn;
  }
  differences.sort();
  return { difference, low: percentile(differences, 0.025), high: percentile(differences, 0.975), resamples, seed };
}
