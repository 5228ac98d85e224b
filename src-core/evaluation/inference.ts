/** Tests and intervals over seeds: what a handful of runs allows to say. */
import type { Interval } from './errors';
import { regularisedBeta } from './special-functions';
import { mean, sampleDeviation } from './spread';

/**
 * P(|t| ≥ |value|) of Student's t.
 * @param freedom degrees of freedom, above 0
 */
export function studentTwoSided(value: number, freedom: number): number {
  if (!(freedom > 0)) throw new RangeError(`degrees of freedom must be above 0, not ${freedom}`);
  if (!Number.isFinite(value)) return 0;
  return regularisedBeta(freedom / (freedom + value * value), freedom / 2, 0.5);
}

/** The t beyond which, on both sides together, `probability` lies. */
export function studentQuantile(probability: number, freedom: number): number {
  let [low, high] = [0, 1];
  while (studentTwoSided(high, freedom) > probability) high *= 2;
  for (let halving = 0; halving < 80; halving++) {
    const middle = (low + high) / 2;
    if (studentTwoSided(middle, freedom) > probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * Student's interval of the mean of a sample.
 * @param values two or more
 * @throws RangeError on fewer
 */
export function meanInterval(values: readonly number[], level = 0.95): Interval {
  const deviation = sampleDeviation(values);
  if (deviation === undefined) throw new RangeError('an interval of the mean needs two values or more');
  const half = (studentQuantile(1 - level, values.length - 1) * deviation) / Math.sqrt(values.length);
  const centre = mean(values);
  return { low: centre - half, high: centre + half };
}

/** A test's statistic and its p, two-sided where it has sides. */
export interface TestResult {
  readonly statistic: number;
  readonly p: number;
  /** of the first (minus the second) sample's mean, where there are two */
  readonly difference: number;
  /** 95 % interval of the difference, where there are two samples */
  readonly interval: Interval;
}

function testOf(difference: number, error: number, freedom: number): TestResult {
  const statistic = difference === 0 ? 0 : difference / error;
  const half = studentQuantile(0.05, freedom) * error;
  return {
    statistic,
    p: studentTwoSided(statistic, freedom),
    difference,
    interval: { low: difference - half, high: difference + half },
  };
}

/**
 * The paired t test that two samples have the same mean: their pairs share a seed.
 * @throws RangeError on fewer than two pairs or lengths that differ
 */
export function pairedT(first: readonly number[], second: readonly number[]): TestResult {
  if (first.length !== second.length) throw new RangeError(`${first.length} values against ${second.length}`);
  const differences = first.map((value, at) => value - second[at]!);
  const deviation = sampleDeviation(differences);
  if (deviation === undefined) throw new RangeError('a paired test needs two pairs or more');
  return testOf(mean(differences), deviation / Math.sqrt(differences.length), differences.length - 1);
}

/**
 * Welch's t test that two samples of unequal variance have the same mean (Welch 1947).
 * @throws RangeError on fewer than two values in either
 */
export function welchT(first: readonly number[], second: readonly number[]): TestResult {
  const [deviationA, deviationB] = [sampleDeviation(first), sampleDeviation(second)];
  if (deviationA === undefined || deviationB === undefined) {
    throw new RangeError('Welch’s test needs two values or more on each side');
  }
  const [a, b] = [deviationA ** 2 / first.length, deviationB ** 2 / second.length];
  const freedom =
    a + b === 0
      ? first.length + second.length - 2
      : (a + b) ** 2 / (a ** 2 / (first.length - 1) + b ** 2 / (second.length - 1));
  return testOf(mean(first) - mean(second), Math.sqrt(a + b), freedom);
}

/**
 * One-way analysis of variance: the F test that all groups have the same mean (Fisher 1925).
 * @param groups two or more, with more values than groups altogether
 * @throws RangeError otherwise
 */
export function analysisOfVariance(groups: readonly (readonly number[])[]): {
  readonly statistic: number;
  readonly p: number;
} {
  const values = groups.flat();
  const [between, within] = [groups.length - 1, values.length - groups.length];
  if (between < 1 || within < 1 || groups.some(({ length }) => length === 0)) {
    throw new RangeError('an analysis of variance needs two groups and more values than groups');
  }
  const centre = mean(values);
  const sumBetween = groups.reduce((sum, group) => sum + group.length * (mean(group) - centre) ** 2, 0);
  const sumWithin = groups.reduce((sum, group) => {
    const own = mean(group);
    return sum + group.reduce((inner, value) => inner + (value - own) ** 2, 0);
  }, 0);
  if (sumBetween === 0) return { statistic: 0, p: 1 };
  const statistic = sumBetween / between / (sumWithin / within);
  if (!Number.isFinite(statistic)) return { statistic, p: 0 };
  const p = regularisedBeta(within / (within + between * statistic), within / 2, between / 2);
  return { statistic, p };
}
