/**
 * Verdicts on published numbers and statements. A published error count is one run: its exact binomial interval says
 * what the same method may give on another sample of as many test images, ours over seeds says where our mean lies.
 */
import type { FigureResult, RelationResult, SeedValue } from '../contract/scorecard';
import { clopperPearson } from './errors';
import { analysisOfVariance, meanInterval, pairedT, welchT } from './inference';
import { mean, sampleDeviation } from './spread';

/** What a figure is before anything was run. */
export type FigureAsked = Pick<FigureResult, 'label' | 'unit' | 'total' | 'published' | 'selectedOn' | 'detail'>;

/** How the verdict on a figure is reached, in a sentence for those who read it. */
export const FIGURE_TEST =
  'agrees: the 95 % t interval of our mean over seeds lies inside the exact 95 % binomial (Clopper–Pearson) interval of the published count; differs: the two do not meet; cannot tell: they overlap, or there is one seed';

function round(value: number): string {
  const size = Math.abs(value);
  const text = size.toFixed(Number.isInteger(value) || size >= 100 ? 0 : size >= 10 ? 1 : 2);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** The 95 % interval of a published number in its own unit; undefined where its images are not counted. */
function publishedInterval(
  published: number,
  { unit, total }: FigureAsked,
): { readonly low: number; readonly high: number } | undefined {
  if (total === undefined) return undefined;
  const scale = unit === '%' ? 100 / total : 1;
  const { low, high } = clopperPearson(Math.round(published / scale), total);
  return { low: low * total * scale, high: high * total * scale };
}

/** A figure's numbers over its seeds and the verdict on what was published. */
export function judgeFigure(asked: FigureAsked, seeds: readonly SeedValue[]): FigureResult {
  const values = seeds.map(({ value }) => value);
  const deviation = sampleDeviation(values);
  const interval = deviation === undefined ? undefined : meanInterval(values);
  const scale = asked.unit === '%' && asked.total !== undefined ? 100 / asked.total : 1;
  const binomial =
    values.length > 0 && asked.total !== undefined
      ? clopperPearson(Math.min(asked.total, Math.round(mean(values) / scale)), asked.total)
      : undefined;
  const result: FigureResult = {
    ...asked,
    seeds,
    ...(values.length > 0 ? { mean: mean(values) } : {}),
    ...(deviation === undefined ? {} : { deviation }),
    ...(interval ? { meanInterval: interval } : {}),
    ...(binomial
      ? { binomial: { low: binomial.low * asked.total! * scale, high: binomial.high * asked.total! * scale } }
      : {}),
  };
  const who = asked.published.paper === undefined ? 'the blog' : 'the paper';
  const published = asked.published.paper ?? asked.published.blog;
  if (published === undefined) return result;
  if (values.length === 0) return { ...result, verdict: 'not run', reason: 'Nothing was run yet.' };
  const theirs = publishedInterval(published, asked);
  if (!theirs) return result;
  const range = `${who}’s ${round(published)} (${round(theirs.low)} to ${round(theirs.high)})`;
  if (!interval) return { ...result, verdict: 'cannot tell', reason: `One seed against ${range}.` };
  const ours = `Our mean lies in ${round(interval.low)} to ${round(interval.high)}`;
  if (interval.low >= theirs.low && interval.high <= theirs.high) {
    return { ...result, verdict: 'agrees', reason: `${ours}, inside ${range}.` };
  }
  if (interval.high < theirs.low) {
    return { ...result, verdict: 'differs', reason: `${ours}, below ${range}: fewer than published.` };
  }
  if (interval.low > theirs.high) {
    return { ...result, verdict: 'differs', reason: `${ours}, above ${range}: more than published.` };
  }
  return { ...result, verdict: 'cannot tell', reason: `${ours}, which overlaps ${range}: more seeds would tell.` };
}

const LEVEL = 0.05;

function notRun(statement: string, test: string): RelationResult {
  return { statement, test, verdict: 'not run', reason: 'Its runs are not finished yet.' };
}

/** Values of seeds that both have, in the order of the seeds. */
function paired(first: readonly SeedValue[], second: readonly SeedValue[]): [number[], number[]] {
  const others = new Map(second.map(({ seed, value }) => [seed, value]));
  const shared = first.filter(({ seed }) => others.has(seed));
  return [shared.map(({ value }) => value), shared.map(({ seed }) => others.get(seed)!)];
}

/** That the first makes fewer errors than the second, seed by seed. */
export function judgeFewer(
  statement: string,
  first: readonly SeedValue[],
  second: readonly SeedValue[],
): RelationResult {
  const test = 'paired t test over seeds, two-sided at 5 %';
  const [ours, theirs] = paired(first, second);
  if (ours.length === 0) return notRun(statement, test);
  const means = `${round(mean(ours))} against ${round(mean(theirs))} over ${ours.length} ${ours.length === 1 ? 'seed' : 'seeds'}`;
  if (ours.length < 2) return { statement, test, verdict: 'cannot tell', reason: `${means}: a test needs two.` };
  const { p, difference, interval } = pairedT(ours, theirs);
  const reason = `${means}, difference ${round(difference)} (${round(interval.low)} to ${round(interval.high)}).`;
  const verdict = p >= LEVEL ? 'cannot tell' : difference < 0 ? 'agrees' : 'differs';
  return { statement, test, verdict, p, reason };
}

/**
 * That all groups are alike: no test can prove it, so it agrees when every difference between two groups is surely
 * smaller than a margin.
 * @param margin share of the overall mean that still counts as alike, 0 to 1
 */
export function judgeAlike(
  statement: string,
  groups: readonly { readonly name: string; readonly values: readonly number[] }[],
  margin = 0.15,
): RelationResult {
  const percent = Math.round(100 * margin);
  const test = `one-way analysis of variance (F) at 5 %; alike when the 95 % Welch intervals of all differences lie within ±${percent} % of the mean`;
  if (groups.length < 2 || groups.some(({ values }) => values.length === 0)) return notRun(statement, test);
  const means = groups.map(({ name, values }) => `${name}: ${round(mean(values))}`).join(', ');
  if (groups.some(({ values }) => values.length < 2)) {
    return { statement, test, verdict: 'cannot tell', reason: `${means}: a test needs two seeds of each.` };
  }
  const { p } = analysisOfVariance(groups.map(({ values }) => values));
  const allowed = margin * mean(groups.flatMap(({ values }) => values));
  const within = groups.every((one, at) =>
    groups.slice(at + 1).every((other) => {
      const { interval } = welchT(one.values, other.values);
      return interval.low >= -allowed && interval.high <= allowed;
    }),
  );
  const verdict = within ? 'agrees' : p < LEVEL ? 'differs' : 'cannot tell';
  return { statement, test, verdict, p, reason: `${means}.` };
}

/** That the values of one group are the lowest: below those of the others on either side of it. */
export function judgeBest(
  statement: string,
  best: { readonly name: string; readonly values: readonly number[] },
  others: readonly { readonly name: string; readonly values: readonly number[] }[],
): RelationResult {
  const test = 'Welch’s t test against each, two-sided at 5 %, Holm-corrected';
  if (best.values.length === 0 || others.some(({ values }) => values.length === 0)) return notRun(statement, test);
  const means = [best, ...others].map(({ name, values }) => `${name}: ${round(mean(values))}`).join(', ');
  if ([best, ...others].some(({ values }) => values.length < 2)) {
    return { statement, test, verdict: 'cannot tell', reason: `${means}: a test needs two seeds of each.` };
  }
  const tests = others
    .map(({ values }) => welchT(best.values, values))
    .sort((first, second) => first.p - second.p)
    .map((result, rank) => ({ ...result, p: Math.min(1, result.p * (others.length - rank)) }));
  const p = Math.max(...tests.map((result) => result.p));
  const beaten = tests.some((result) => result.p < LEVEL && result.difference > 0);
  const verdict = beaten
    ? 'differs'
    : tests.every((result) => result.p < LEVEL && result.difference < 0)
      ? 'agrees'
      : 'cannot tell';
  return { statement, test, verdict, p, reason: `${means}.` };
}
