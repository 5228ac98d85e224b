/** Labelled images as they are found in other programs' files, and the data set that is made of them. */
import type { ImportChoices, ImportPreview, ImportProgress, SourceClass } from '../contract/dataset';
import { LARGEST_SIDE } from '../contract/dataset';
import { LabError } from '../contract/errors';
import { Random } from '../random';
import type { Dataset, Examples } from './dataset';

/** A part of a source: training images or test images. */
export interface FoundImages {
  /** pixels along one edge */
  readonly side: number;
  /** grey values, [count, side × side] */
  readonly images: Uint8Array;
  /** [count], each an index into `names` */
  readonly labels: Uint16Array;
  /** the labels as they are written in the source, each once */
  readonly names: readonly string[];
}

/** A whole source: what was found, in words too. */
export interface FoundSource {
  readonly train: FoundImages;
  readonly test?: FoundImages;
  /** a sentence or a part of one each */
  readonly found: readonly string[];
}

/** Reading that takes a while: it tells how far it is, and ends where it is cancelled. */
export interface Reading {
  readonly progress?: (progress: ImportProgress) => void;
  readonly signal?: AbortSignal;
}

/** @throws LabError `cancelled` */
export function throwIfCancelled({ signal }: Reading): void {
  if (signal?.aborted) throw new LabError('cancelled', 'Reading was cancelled; nothing was written.');
}

/** More than any data set that the lab can hold in memory, in pixels. */
export const MOST_PIXELS = 2 ** 30;

/** More different labels than anybody's classes: something else was taken for labels. */
const MOST_LABELS = 1000;

const SAMPLES_EACH = 8;

/** @throws Error without the file's name unless images are square and not too large */
export function checkSide(width: number, height: number): number {
  if (width !== height) throw new Error(`its images are ${width}×${height}, and only square ones can be used`);
  if (width > LARGEST_SIDE || width < 1) {
    throw new Error(
      `its images are ${width}×${height}, and the largest that can be used are ${LARGEST_SIDE}×${LARGEST_SIDE}`,
    );
  }
  return width;
}

/** Labels of any kind as indices into their names, which are sorted: by number where all are numbers, else as people sort. */
export class LabelCollector {
  private readonly known = new Map<string, number>();
  private values = new Uint16Array(1024);
  private count = 0;

  /** @throws Error without the file's name for more different labels than there can be */
  add(name: string): void {
    let index = this.known.get(name);
    if (index === undefined) {
      index = this.known.size;
      if (index >= MOST_LABELS) throw new Error(`it has more than ${MOST_LABELS} different labels`);
      this.known.set(name, index);
    }
    if (this.count === this.values.length) {
      const larger = new Uint16Array(2 * this.count);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.count++] = index;
  }

  get length(): number {
    return this.count;
  }

  end(): { readonly labels: Uint16Array; readonly names: string[] } {
    const names = sortedNames([...this.known.keys()]);
    const place = new Map(names.map((name, index) => [name, index]));
    const target = [...this.known.keys()].map((name) => place.get(name)!);
    return { labels: this.values.subarray(0, this.count).map((index) => target[index]!), names };
  }
}

function sortedNames(names: readonly string[]): string[] {
  const numeric = names.every((name) => name.trim() !== '' && Number.isFinite(Number(name)));
  return [...names].sort((a, b) => (numeric ? Number(a) - Number(b) : a < b ? -1 : 1));
}

/** The names of both parts together, and each part's labels as indices into them. */
function joined({ train, test }: FoundSource): { names: string[]; train: Uint16Array; test: Uint16Array | undefined } {
  const names = sortedNames([...new Set([...train.names, ...(test?.names ?? [])])]);
  const relabelled = (part: FoundImages): Uint16Array => {
    const target = part.names.map((name) => names.indexOf(name));
    return part.labels.map((label) => target[label]!);
  };
  return { names, train: relabelled(train), test: test && relabelled(test) };
}

/** @throws LabError `bad-input` for parts that do not go together, or without images */
export function checkSource(source: FoundSource, path: string): FoundSource {
  const { train, test } = source;
  if (train.labels.length === 0) throw new LabError('bad-input', `${path} holds no images.`);
  if (test && test.labels.length === 0) throw new LabError('bad-input', `${path}: its test part holds no images.`);
  if (test && test.side !== train.side) {
    throw new LabError(
      'bad-input',
      `${path}: the training images are ${train.side}×${train.side}, the test images ${test.side}×${test.side}.`,
    );
  }
  if (joined(source).names.length < 2) {
    throw new LabError('bad-input', `${path}: all images have the same label, “${train.names[0]}”.`);
  }
  return source;
}

function counts(labels: Uint16Array | undefined, names: readonly string[]): number[] {
  const found = names.map(() => 0);
  for (const label of labels ?? []) found[label]! += 1;
  return found;
}

/** Most pixels are light: ink on paper, where the lab's images are light on black. */
function looksInverted({ images }: FoundImages): boolean {
  let sum = 0;
  const sample = images.subarray(0, 2 ** 20);
  for (const grey of sample) sum += grey;
  return sum / sample.length > 127;
}

/** What a person sees of a source before anything is written. */
export function previewOf(source: FoundSource, suggestedName: string): ImportPreview {
  const { train, test, found } = source;
  const all = joined(source);
  const inTrain = counts(all.train, all.names);
  const inTest = counts(all.test, all.names);
  const pixels = train.side ** 2;
  const samples = all.names.map(() => [] as number[]);
  for (let at = 0; at < all.train.length; at++) {
    const of = samples[all.train[at]!]!;
    if (of.length < SAMPLES_EACH) of.push(at);
  }
  const classes: SourceClass[] = all.names.map((name, index) => ({
    source: name,
    train: inTrain[index]!,
    test: inTest[index]!,
  }));
  return {
    suggestedName,
    found,
    side: train.side,
    classes,
    hasTest: test !== undefined,
    samples: samples.map((positions) => {
      const bytes = new Uint8Array(positions.length * pixels);
      positions.forEach((at, index) =>
        bytes.set(train.images.subarray(at * pixels, (at + 1) * pixels), index * pixels),
      );
      return bytes;
    }),
    looksInverted: looksInverted(train),
  };
}

/** One image from `from` into `into`, as the choices want it. */
function copyImage(
  from: Uint8Array,
  into: Uint8Array,
  side: number,
  at: number,
  target: number,
  { inverted, transposed }: ImportChoices,
): void {
  const pixels = side * side;
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const place = transposed ? column * side + row : row * side + column;
      const grey = from[at * pixels + place]!;
      into[target * pixels + row * side + column] = inverted ? 255 - grey : grey;
    }
  }
}

/**
 * The data set that a person's choices make of a source.
 * @throws LabError `bad-input` when a class is left without training or without test images
 */
export function datasetOf(source: FoundSource, name: string, choices: ImportChoices): Omit<Dataset, 'sha256'> {
  const all = joined(source);
  const classNames = [...new Set(choices.classNames.filter((className) => className !== ''))];
  /** of each of the source's labels; −1 for one that is left out */
  const classOf = choices.classNames.map((className) => classNames.indexOf(className));
  const { side } = source.train;

  const examples = (part: FoundImages, labels: Uint16Array, positions: readonly number[]): Examples => {
    const images = new Uint8Array(positions.length * side * side);
    positions.forEach((at, index) => copyImage(part.images, images, side, at, index, choices));
    return { images, labels: Uint8Array.from(positions, (at) => classOf[labels[at]!]!) };
  };
  const used = (labels: Uint16Array): number[] => [...labels.keys()].filter((at) => classOf[labels[at]!]! >= 0);

  let train = used(all.train);
  let test: readonly number[];
  if (source.test) {
    test = used(all.test!);
  } else {
    // The same share of each class, drawn by the seed; both parts in the source's order.
    const heldOut = new Set<number>();
    classNames.forEach((_, label) => {
      const members = train.filter((at) => classOf[all.train[at]!] === label);
      const shuffled = new Random(choices.seed, 'test split', label).shuffle(Int32Array.from(members));
      const share = Math.min(members.length - 1, Math.max(1, Math.round(choices.testShare * members.length)));
      for (const at of shuffled.subarray(0, share)) heldOut.add(at);
    });
    test = train.filter((at) => heldOut.has(at));
    train = train.filter((at) => !heldOut.has(at));
  }
  const dataset = {
    name,
    side,
    classes: classNames.length,
    classNames,
    train: examples(source.train, all.train, train),
    test: examples(source.test ?? source.train, source.test ? all.test! : all.train, test),
  };
  for (const part of ['train', 'test'] as const) {
    const present = new Set(dataset[part].labels);
    const missing = classNames.filter((_, label) => !present.has(label));
    if (missing.length === 0) continue;
    throw new LabError(
      'bad-input',
      `There are no ${part === 'train' ? 'training' : 'test'} images of ${missing.slice(0, 5).join(', ')}.`,
      'Leave that class out, or choose another test share.',
    );
  }
  return dataset;
}
