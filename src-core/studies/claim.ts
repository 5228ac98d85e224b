/** A claim: what was published, the runs that try it, and how they are judged. Pure descriptions and arithmetic. */
import type { EpochRecord } from '../contract/run';
import type { Picture, RelationResult, SeedValue } from '../contract/scorecard';
import type { Study } from '../contract/study';
import type { FigureAsked } from '../evaluation/verdict';
import type { Run } from '../experiments/run-store';

/** Everything that the finished runs of a study tell, read once. */
export interface Results {
  /**
   * Values over the seeds of a group, or of those of its cells that have these values in their grid.
   * @param at values by path, as in the group's grid
   */
  seeds(group: string, measure: Measure, at?: Readonly<Record<string, unknown>>): SeedValue[];
  /** finished runs of a group, first seed first */
  runs(group: string, at?: Readonly<Record<string, unknown>>): Measured[];
}

/** A finished run with everything that is measured of it. */
export interface Measured {
  readonly run: Run;
  readonly seed: number;
  readonly testErrors: number;
  /** [classes] */
  readonly errorsByClass: readonly number[];
  readonly totalByClass: readonly number[];
  /** of runs that did not see every class: by how the bias was chosen */
  readonly corrected: Readonly<Record<'prior' | 'validation' | 'test', Corrected | undefined>>;
  readonly metrics: readonly EpochRecord[];
  /** share of the teacher's errors that it repeats with the same wrong class; undefined without a teacher */
  readonly inheritedErrors: number | undefined;
  /** one image at a time, median; undefined where it was not asked for */
  readonly millisecondsAnImage: number | undefined;
  /** test errors over a constant added to the classes that it did not see, or to the two that it saw */
  readonly biasCurve: readonly { readonly constant: number; readonly errors: number }[];
}

export interface Corrected {
  /** the constant of the first corrected class */
  readonly constant: number;
  readonly errors: number;
  /** on images of the corrected classes */
  readonly errorsOnClasses: number;
}

export type Measure = (measured: Measured) => number | undefined;

export interface ClaimFigure extends FigureAsked {
  readonly group: string;
  readonly at?: Readonly<Record<string, unknown>>;
  readonly measure: Measure;
}

export interface Claim {
  /** lower-case words and dashes: names it in commands */
  readonly id: string;
  readonly section: string;
  readonly title: string;
  readonly statement: string;
  readonly notes?: readonly string[];
  /** groups of the study that it needs; their teachers come by themselves */
  readonly groups: readonly string[];
  readonly figures: readonly ClaimFigure[];
  readonly relations?: (results: Results) => RelationResult[];
  readonly pictures?: (results: Results) => Picture[];
  /** whether the milliseconds an image are measured */
  readonly latency?: boolean;
}

/** A study with what is claimed of it. */
export interface ClaimedStudy {
  readonly study: Study;
  readonly claims: readonly Claim[];
}

export const testErrors: Measure = (measured) => measured.testErrors;

/** Errors on images of one class. */
export function errorsOn(label: number): Measure {
  return ({ errorsByClass }) => errorsByClass[label];
}

/** MNIST's test images, and how many of them are threes. */
export const TEST_IMAGES = 10_000;
export const TEST_THREES = 1010;

/** A figure of test errors. */
export function errorsFigure(
  label: string,
  group: string,
  published: FigureAsked['published'] = {},
  measure: Measure = testErrors,
  more: Partial<ClaimFigure> = {},
): ClaimFigure {
  return { label, unit: 'errors', total: TEST_IMAGES, published, group, measure, ...more };
}
