/** What a study of claims came to: the scorecard, as the window, the report and programs read it. */
import type { SelectedOn } from './run';

/** How a figure or a relation stands to what was published. */
export type Verdict = 'agrees' | 'differs' | 'cannot tell' | 'not run';

/** How much training a study spends: about ten minutes, four hours, twelve hours, the published epochs. */
export const SCALES = ['minutes', 'hours', 'night', 'full'] as const;
export type Scale = (typeof SCALES)[number];

/** Studies that the lab knows by name. */
export const STUDIES = ['paper-section-3', 'blog'] as const;
export type StudyName = (typeof STUDIES)[number];

/** What one seed gave. */
export interface SeedValue {
  readonly seed: number;
  /** the run behind it */
  readonly run: string;
  readonly value: number;
}

/** One measured quantity of a claim. */
export interface FigureResult {
  /** such as "errors on 3s, bias chosen on validation images" */
  readonly label: string;
  /** "errors" count wrong images of `total`; "%" are percentages; "" is a plain count; else a unit to show beside the number */
  readonly unit: string;
  /** images that the errors are of */
  readonly total?: number;
  readonly published: { readonly paper?: number; readonly blog?: number };
  /** on which images something in it was chosen; "test" wears a mark */
  readonly selectedOn?: SelectedOn | 'prior';
  /** one of many alike that a picture shows better: left out of summaries */
  readonly detail?: boolean;
  readonly seeds: readonly SeedValue[];
  readonly mean?: number;
  /** sample standard deviation over seeds, of two or more */
  readonly deviation?: number;
  /** 95 % interval of the mean over seeds (Student's t), of two or more */
  readonly meanInterval?: { readonly low: number; readonly high: number };
  /** exact 95 % binomial interval of the mean's errors: what another sample of as many test images would allow */
  readonly binomial?: { readonly low: number; readonly high: number };
  /** against the paper's number, or the blog's where the paper has none; absent where nothing was published */
  readonly verdict?: Verdict;
  /** in a sentence */
  readonly reason?: string;
}

/** A statement about several groups, such as "distilled makes fewer errors than the baseline". */
export interface RelationResult {
  readonly statement: string;
  readonly verdict: Verdict;
  /** the test by its name */
  readonly test: string;
  readonly p?: number;
  /** in a sentence, with the numbers */
  readonly reason: string;
}

/** A run that a claim rests on, or will. */
export interface ClaimCell {
  readonly key: string;
  readonly group: string;
  readonly seed: number;
  readonly state: 'waiting' | 'running' | 'finished' | 'failed';
  readonly run?: string;
  readonly failure?: string;
  /** whether another process trains it */
  readonly elsewhere?: boolean;
  /** done */
  readonly epoch: number;
  readonly epochs: number;
}

/** A teacher that was deleted or cannot be read, although runs that learnt from it are there. */
export interface GoneTeacher {
  readonly run: string;
  /** key of its cell */
  readonly cell: string;
  /** runs that learnt from it */
  readonly students: number;
}

/** Finished runs of a claim's specs that another version of the method trained: never in its figures. */
export interface ApartRun {
  readonly run: string;
  readonly group: string;
  readonly seed: number;
  /** of the code that trained it; 0 before it was recorded */
  readonly method: number;
  readonly testErrors: number;
}

export interface PicturePoint {
  readonly x: number;
  readonly y: number;
  /** standard deviation over seeds, of two or more */
  readonly deviation?: number;
}

/** What a person would rather look at. */
export type Picture =
  | {
      readonly kind: 'map';
      readonly title: string;
      readonly rows: { readonly label: string; readonly values: readonly number[] };
      readonly columns: { readonly label: string; readonly values: readonly number[] };
      readonly unit: string;
      /** where there is a run; by the values of its row and column */
      readonly cells: readonly {
        readonly row: number;
        readonly column: number;
        readonly mean: number;
        readonly deviation?: number;
        readonly runs: readonly string[];
      }[];
    }
  | {
      readonly kind: 'lines';
      readonly title: string;
      readonly x: string;
      readonly y: string;
      readonly logX?: boolean;
      readonly logY?: boolean;
      readonly series: readonly { readonly name: string; readonly points: readonly PicturePoint[] }[];
      /** places on the x axis, such as a chosen bias; a place chosen on test images says so in its label */
      readonly marks?: readonly { readonly x: number; readonly label: string; readonly selectedOn?: SelectedOn }[];
    }
  | {
      readonly kind: 'bars';
      readonly title: string;
      readonly y: string;
      readonly categories: readonly string[];
      readonly series: readonly {
        readonly name: string;
        /** one a category; undefined where nothing was run */
        readonly values: readonly (number | undefined)[];
      }[];
    }
  | {
      /** confusion matrices over epochs: scrubbed in the window, animated in the report */
      readonly kind: 'matrices';
      readonly title: string;
      readonly run: string;
      readonly classes: number;
      readonly frames: readonly {
        readonly epoch: number;
        /** counts, true class by predicted class, row-major */
        readonly matrix: readonly number[];
      }[];
    };

/** One row of the scorecard. */
export interface ClaimResult {
  /** such as "student-unjittered": names it in commands */
  readonly id: string;
  /** heading it stands under */
  readonly section: string;
  readonly title: string;
  /** what was published, in a sentence */
  readonly statement: string;
  /** what ours does differently, and other things to know */
  readonly notes: readonly string[];
  readonly figures: readonly FigureResult[];
  readonly relations: readonly RelationResult[];
  readonly pictures: readonly Picture[];
  readonly cells: readonly ClaimCell[];
  readonly apart: readonly ApartRun[];
}

export interface Scorecard {
  readonly study: StudyName;
  readonly scale: Scale;
  /** such as "paper-section-3-hours": names its files */
  readonly name: string;
  /** version of the method that every figure here was trained with */
  readonly method: number;
  /** when it was put together, ISO 8601 */
  readonly createdAt: string;
  /** gives the same study again, and goes on with it */
  readonly command: string;
  readonly seeds: readonly number[];
  readonly claims: readonly ClaimResult[];
  /** what is wrong with teachers that are gone, in a sentence: the study is not trained unless it is asked to train them anew */
  readonly gone?: string;
  /** time in training steps of all its runs */
  readonly trainingSeconds: number;
  /** each environment that trained a run of it, in words */
  readonly environments: readonly string[];
}
