import { describe, expect, it } from 'vitest';
import { clopperPearson } from '../../../src-core/evaluation/errors';
import { analysisOfVariance, meanInterval, pairedT, welchT } from '../../../src-core/evaluation/inference';
import { judgeAlike, judgeBest, judgeFewer, judgeFigure } from '../../../src-core/evaluation/verdict';

const seeds = (...values: number[]) => values.map((value, at) => ({ seed: at + 1, run: `run-${at + 1}`, value }));
const asked = { label: 'student', unit: 'errors', total: 10_000 } as const;
const paper = { ...asked, published: { paper: 74 } };

describe('a published number', () => {
  // Its interval by Clopper and Pearson is 58.1 to 92.8.
  it.each<[number[], string, string]>([
    [[71, 78, 76], 'agrees', 'inside the paper’s 74'],
    [[40, 41, 42], 'differs', 'fewer than published'],
    [[110, 112, 111], 'differs', 'more than published'],
    [[88, 97, 92], 'cannot tell', 'more seeds would tell'],
    [[60, 90], 'cannot tell', 'overlaps'],
    [[74], 'cannot tell', 'One seed'],
    [[], 'not run', 'Nothing was run yet'],
  ])('against %j: %s', (values, verdict, reason) => {
    const judged = judgeFigure(paper, seeds(...values));
    expect(judged.verdict).toBe(verdict);
    expect(judged.reason).toContain(reason);
  });

  it('comes with mean, deviation and both intervals', () => {
    const judged = judgeFigure(paper, seeds(71, 78, 76));
    const { low, high } = clopperPearson(75, 10_000);
    expect(judged).toMatchObject({ mean: 75, meanInterval: meanInterval([71, 78, 76]) });
    expect(judged.deviation).toBeCloseTo(Math.sqrt(13), 12);
    expect(judged.binomial).toEqual({ low: low * 10_000, high: high * 10_000 });
  });

  it('in per cent has its interval in per cent', () => {
    const judged = judgeFigure({ ...asked, unit: '%', published: { paper: 47.3 } }, seeds(47.1, 47.5, 47.2));
    const { low, high } = clopperPearson(4727, 10_000);
    expect(judged.verdict).toBe('agrees');
    expect(judged.binomial!.low).toBeCloseTo(100 * low, 10);
    expect(judged.binomial!.high).toBeCloseTo(100 * high, 10);
  });

  it('of the blog counts where the paper has none', () => {
    expect(judgeFigure({ ...asked, published: { blog: 52 } }, seeds(52, 53, 51)).reason).toContain('the blog’s 52');
    expect(judgeFigure({ ...asked, published: { paper: 74, blog: 52 } }, seeds(74, 75, 73)).reason).toContain('paper');
  });

  it('that is none has no verdict, and nothing is said of numbers that count no images', () => {
    expect(judgeFigure({ ...asked, published: {} }, seeds(70, 71))).not.toHaveProperty('verdict');
    const time = judgeFigure({ label: 'time', unit: 'ms', published: { paper: 3 } }, seeds(1, 2));
    expect(time).not.toHaveProperty('verdict');
    expect(time).not.toHaveProperty('binomial');
  });
});

describe('fewer errors', () => {
  it.each<[number[], number[], string]>([
    [[70, 72, 71], [100, 103, 99], 'agrees'],
    [[100, 103, 99], [70, 72, 71], 'differs'],
    [[70, 90, 71], [75, 80, 72], 'cannot tell'],
    [[70], [100], 'cannot tell'],
    [[], [100], 'not run'],
  ])('%j against %j: %s', (first, second, verdict) => {
    expect(judgeFewer('fewer', seeds(...first), seeds(...second)).verdict).toBe(verdict);
  });

  it('are compared by the seeds that both have', () => {
    const [first, second] = [seeds(70, 72, 71), seeds(100, 103, 99, 5)];
    const judged = judgeFewer('fewer', [...first].reverse(), second.slice(1));
    expect(judged.p).toBe(pairedT([71, 72], [99, 103]).p);
    expect(judged.reason).toContain('over 2 seeds');
    expect(judged.reason).toContain('difference −29.5');
    expect(judgeFewer('fewer', seeds(1), seeds(1, 2).slice(1)).verdict).toBe('not run');
  });
});

const group = (...values: number[]) => ({ name: `of ${values[0]}`, values });

describe('alike', () => {
  it.each<[number[][], string]>([
    [
      [
        [100, 101, 102],
        [101, 102, 100],
        [102, 100, 103],
      ],
      'agrees',
    ],
    // Surely not the same, and surely within 15 % of the mean.
    [
      [
        [100, 101, 100],
        [104, 105, 104],
      ],
      'agrees',
    ],
    [
      [
        [100, 101, 102],
        [150, 151, 152],
      ],
      'differs',
    ],
    [
      [
        [80, 130, 100],
        [120, 90, 101],
      ],
      'cannot tell',
    ],
    [[[100], [100, 101]], 'cannot tell'],
    [[[100, 101], []], 'not run'],
    [[[100, 101]], 'not run'],
  ])('%j: %s', (groups, verdict) => {
    expect(
      judgeAlike(
        'alike',
        groups.map((values) => group(...values)),
      ).verdict,
    ).toBe(verdict);
  });

  it('has the p of the analysis of variance, and a margin that can be narrowed', () => {
    const groups = [
      [100, 101, 100],
      [104, 105, 104],
    ];
    const judged = judgeAlike(
      'alike',
      groups.map((values) => group(...values)),
      0.01,
    );
    expect(judged).toMatchObject({ verdict: 'differs', p: analysisOfVariance(groups).p });
    expect(judged.test).toContain('±1 %');
  });
});

describe('the best', () => {
  const best = group(100, 102, 101);

  it.each<[number[][], string]>([
    [
      [
        [130, 131, 133],
        [150, 152, 151],
      ],
      'agrees',
    ],
    [
      [
        [130, 131, 133],
        [90, 91, 92],
      ],
      'differs',
    ],
    [
      [
        [130, 131, 133],
        [100, 103, 102],
      ],
      'cannot tell',
    ],
    [[[130, 131, 133], [150]], 'cannot tell'],
    [[[130, 131, 133], []], 'not run'],
  ])('against %j: %s', (others, verdict) => {
    expect(
      judgeBest(
        'best',
        best,
        others.map((values) => group(...values)),
      ).verdict,
    ).toBe(verdict);
  });

  it('is corrected after Holm: the smallest p times the number of tests, the largest as it is', () => {
    const others = [
      [108, 109, 104],
      [130, 131, 133],
    ];
    const [near, far] = others.map((values) => welchT(best.values, values).p);
    expect(near).toBeGreaterThan(2 * far!);
    const judged = judgeBest(
      'best',
      best,
      others.map((values) => group(...values)),
    );
    expect(judged.p).toBeCloseTo(Math.max(2 * far!, near!), 12);
    // The same p twice is doubled once, and the larger decides.
    const twins = judgeBest('best', best, [group(...others[0]!), group(...others[0]!)]);
    expect(twins.p).toBeCloseTo(2 * near!, 12);
    expect(near).toBeLessThan(0.05);
    expect(2 * near!).toBeGreaterThan(0.05);
    expect(twins.verdict).toBe('cannot tell');
  });
});
