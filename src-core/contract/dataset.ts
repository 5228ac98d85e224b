/** Data sets of one's own: what they are called, what is kept beside their images, and how classes are made. */
import * as v from 'valibot';
import { LabError } from './errors';

/** The data set that is always there. */
export const MNIST = 'mnist';

export const LARGEST_SIDE = 64;
export const MOST_CLASSES = 62;
/** of a class's name, in characters */
export const LONGEST_CLASS_NAME = 40;

/** A folder's name on every system. */
export const DATASET_NAME = /^[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?$/;
const DATASET_NAME_RULE = 'at most 60 small letters, digits and hyphens, a letter or digit first and last';

/**
 * @returns the name as it is kept
 * @throws LabError `bad-input`
 */
export function checkDatasetName(name: string): string {
  const kept = name.trim().toLowerCase();
  if (kept === MNIST) throw new LabError('bad-input', 'MNIST is in every lab already.', 'Choose another name.');
  if (DATASET_NAME.test(kept)) return kept;
  throw new LabError(
    'bad-input',
    kept === '' ? 'A data set needs a name.' : `“${name.slice(0, 80)}” cannot be a data set’s name.`,
    `Use ${DATASET_NAME_RULE}.`,
  );
}

/** The parts of a data set, and the files in which they are kept. */
export const DATASET_FILES = ['train-images.idx', 'train-labels.idx', 'test-images.idx', 'test-labels.idx'] as const;
export type DatasetFile = (typeof DATASET_FILES)[number];

/** The contents of dataset.json. */
export interface DatasetRecord {
  readonly format: 1;
  readonly name: string;
  /** pixels along one edge */
  readonly side: number;
  /** by class */
  readonly classNames: readonly string[];
  /** images of each class */
  readonly train: readonly number[];
  readonly test: readonly number[];
  readonly importedAt: string;
  /** what it was made of and what was done to it, a sentence each */
  readonly history: readonly string[];
  /** sha256 of each file, hexadecimal */
  readonly files: Readonly<Record<DatasetFile, string>>;
}

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const className = v.pipe(v.string(), v.minLength(1), v.maxLength(LONGEST_CLASS_NAME));

const DatasetRecordSchema = v.pipe(
  v.object({
    format: v.literal(1),
    name: v.pipe(v.string(), v.regex(DATASET_NAME)),
    side: v.pipe(count, v.minValue(1), v.maxValue(LARGEST_SIDE)),
    classNames: v.pipe(v.array(className), v.minLength(2), v.maxLength(MOST_CLASSES)),
    train: v.array(count),
    test: v.array(count),
    importedAt: v.string(),
    history: v.array(v.string()),
    files: v.object({
      'train-images.idx': sha256,
      'train-labels.idx': sha256,
      'test-images.idx': sha256,
      'test-labels.idx': sha256,
    }),
  }),
  v.check(({ classNames, train, test }) => train.length === classNames.length && test.length === classNames.length),
);

/** @throws Error without the file's name */
export function parseDatasetRecord(input: unknown): DatasetRecord {
  const result = v.safeParse(DatasetRecordSchema, input, { abortEarly: true });
  if (result.success) return result.output;
  const path = v.getDotPath(result.issues[0]);
  throw new Error(path === null ? 'it describes no data set' : `its ${path} is not what it should be`);
}

/** One kind of label that was found in a source, and what becomes of it. */
export interface SourceClass {
  /** as it stands in the source: a folder's name, or a number */
  readonly source: string;
  /** images */
  readonly train: number;
  readonly test: number;
}

/** How a source becomes a data set. */
export interface ImportChoices {
  /**
   * name of the class that each of the source's labels becomes, in the source's order: equal names make one class, an
   * empty one leaves its images out. Classes are numbered in the order in which their names first stand here.
   */
  readonly classNames: readonly string[];
  /** share of each class that becomes test images, where the source has none of its own; 0.01 to 0.9 */
  readonly testShare: number;
  /** seed of that split */
  readonly seed: number;
  /** black becomes white: the lab's images are light on black */
  readonly inverted: boolean;
  /** rows become columns, as EMNIST's files need it */
  readonly transposed: boolean;
}

const ImportChoicesSchema = v.object({
  classNames: v.array(
    v.pipe(v.string(), v.trim(), v.maxLength(LONGEST_CLASS_NAME, `has more than ${LONGEST_CLASS_NAME} characters`)),
  ),
  testShare: v.pipe(
    v.number('must be a number, 0.01 to 0.9'),
    v.minValue(0.01, 'must be in 0.01 to 0.9'),
    v.maxValue(0.9, 'must be in 0.01 to 0.9'),
  ),
  seed: v.pipe(
    v.number('must be a whole number'),
    v.integer('must be a whole number'),
    v.minValue(0, 'must be 0 or more'),
    v.maxValue(2 ** 32 - 1, 'must be at most 4294967295'),
  ),
  inverted: v.boolean('must be true or false'),
  transposed: v.boolean('must be true or false'),
});

/** What is chosen when nothing is said. */
export const IMPORT_DEFAULTS = { testShare: 0.15, seed: 0, inverted: false, transposed: false } as const;

/**
 * @param classes how many labels the source has
 * @throws LabError `bad-input`
 */
export function parseImportChoices(input: unknown, classes: number): ImportChoices {
  const result = v.safeParse(ImportChoicesSchema, input, { abortEarly: true });
  if (!result.success) {
    const [issue] = result.issues;
    throw new LabError('bad-input', `${v.getDotPath(issue) ?? 'What was chosen'} ${issue.message}.`);
  }
  const { classNames } = result.output;
  if (classNames.length !== classes) {
    throw new LabError(
      'bad-input',
      `The source has ${classes} labels, and ${classNames.length} class names were given.`,
    );
  }
  const made = new Set(classNames.filter((name) => name !== '')).size;
  if (made < 2) throw new LabError('bad-input', 'A data set has two classes at least.', 'Name two of the labels.');
  if (made > MOST_CLASSES) {
    throw new LabError(
      'bad-input',
      `These are ${made} classes; a data set has ${MOST_CLASSES} at most.`,
      'Leave some out, or give several the same name.',
    );
  }
  return result.output;
}

/** Images of a source shown before anything is written. */
export interface ImportPreview {
  /** of the source's path, for a name */
  readonly suggestedName: string;
  /** such as "CSV, 60,000 rows of 785 columns" */
  readonly found: readonly string[];
  readonly side: number;
  readonly classes: readonly SourceClass[];
  /** whether the source says which images are for testing */
  readonly hasTest: boolean;
  /** of each class, in its order, up to `samplesEach` training images, grey values [side × side], one after the other */
  readonly samples: readonly Uint8Array[];
  /** the ink is dark on light: `inverted` is what one would choose */
  readonly looksInverted: boolean;
}

/** How far the reading of a source is. */
export interface ImportProgress {
  readonly done: number;
  readonly total: number;
  /** such as "images" */
  readonly unit: string;
}
