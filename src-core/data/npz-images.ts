/** Labelled images from NPZ files, as Keras has MNIST (x_train, y_train, x_test, y_test) and MedMNIST its sets. */
import { basename } from 'node:path';
import { LabError, messageOf } from '../contract/errors';
import type { FoundImages, FoundSource, Reading } from './image-source';
import { checkSide, LabelCollector, MOST_PIXELS, throwIfCancelled } from './image-source';
import type { NumericNpyArray } from './npy';
import { parseNumericNpy } from './npy';
import { readWhole, statOf } from './read-file';
import { decodeZip } from './zip';

type Part = 'train' | 'test' | 'other';

interface NamedArray extends NumericNpyArray {
  readonly name: string;
}

/** Which part an array belongs to, by its name; "other" where the name says neither, or validation. */
function partOf(name: string): Part {
  if (/train/i.test(name)) return 'train';
  return /test/i.test(name) ? 'test' : 'other';
}

/** [count, side, side], [count, side, side, 1], [count, 1, side, side] or [count, side²]. */
function sizeOf({ shape }: NumericNpyArray): readonly [count: number, width: number, height: number] | undefined {
  const [count, ...rest] = shape;
  const lengths = rest.length === 3 ? rest.filter((length, at) => !(length === 1 && at !== 1)) : rest;
  if (count === undefined) return undefined;
  if (lengths.length === 2) return [count, lengths[1]!, lengths[0]!];
  const side = Math.sqrt(lengths[0] ?? 0);
  return lengths.length === 1 && lengths[0]! > 1 && Number.isInteger(side) ? [count, side, side] : undefined;
}

function isLabels({ shape }: NumericNpyArray): boolean {
  return shape.length === 1 || (shape.length === 2 && shape[1] === 1);
}

/** Grey values as bytes: whole numbers to 255, or shares of white. */
function greyOf({ name, values, type }: NamedArray): Uint8Array {
  if (values instanceof Uint8Array && type !== '|b1') return values;
  let [least, most] = [Infinity, -Infinity];
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (!Number.isFinite(value)) throw new Error(`“${name}” holds a value that is no number`);
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (least < 0 || most > 255) {
    throw new Error(`“${name}” holds values from ${least} to ${most}: grey values are 0 to 255, or 0 to 1`);
  }
  const scale = most <= 1 && (type === '|b1' || type.startsWith('<f')) ? 255 : 1;
  return Uint8Array.from(values, (value) => Math.round(scale * value));
}

function examplesOf(images: NamedArray, labels: NamedArray): FoundImages {
  const [count, width, height] = sizeOf(images)!;
  const side = checkSide(width, height);
  if (count * side * side > MOST_PIXELS) throw new Error('it holds more images than fit into memory');
  if (labels.values.length !== count) {
    throw new Error(`“${images.name}” holds ${count} images, “${labels.name}” ${labels.values.length} labels`);
  }
  const collector = new LabelCollector();
  for (let at = 0; at < count; at++) {
    const label = labels.values[at]!;
    if (!Number.isInteger(label)) throw new Error(`“${labels.name}” holds ${label}, which is no class`);
    collector.add(String(label));
  }
  return { side, images: greyOf(images), ...collector.end() };
}

/** The one array of images and the one of labels of a part. */
function pairOf(arrays: readonly NamedArray[], part: string): FoundImages {
  const images = arrays.filter((array) => !isLabels(array) && sizeOf(array));
  const labels = arrays.filter(isLabels);
  const shapes = arrays.map(({ name, shape }) => `${name} (${shape.join(', ')})`).join(', ');
  if (images.length !== 1 || labels.length !== 1) {
    throw new Error(`it has no one array of ${part} images and one of labels: it holds ${shapes || 'no arrays'}`);
  }
  return examplesOf(images[0]!, labels[0]!);
}

async function arraysOf(file: string): Promise<NamedArray[]> {
  const { size } = await statOf(file);
  if (size > MOST_PIXELS) throw new Error('it is larger than what fits into memory');
  const bytes = await readWhole(file);
  let left = 2 * MOST_PIXELS;
  const files = decodeZip(bytes, (path, unpacked) => {
    if (!path.endsWith('.npy')) return false;
    left -= unpacked;
    if (left < 0) throw new Error('it unpacks to more than fits into memory');
    return true;
  });
  return [...files].map(([path, content]) => {
    const name = path.replace(/\.npy$/, '');
    try {
      return { name, ...parseNumericNpy(content) };
    } catch (error) {
      throw new Error(`“${name}”: ${messageOf(error)}`, { cause: error });
    }
  });
}

async function readOne(file: string, wanted: (arrays: readonly NamedArray[]) => FoundSource): Promise<FoundSource> {
  try {
    return wanted(await arraysOf(file));
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError('bad-input', `${file} cannot be used: ${messageOf(error)}.`, '', { cause: error });
  }
}

/** @param testPath another file, where the first has no test images */
export async function readNpzImages(
  path: string,
  testPath: string | undefined,
  reading: Reading,
): Promise<FoundSource> {
  const total = testPath === undefined ? 1 : 2;
  reading.progress?.({ done: 0, total, unit: 'files' });
  const first = await readOne(path, (arrays) => {
    const named = { train: arrays.filter(({ name }) => partOf(name) === 'train') };
    const test = arrays.filter(({ name }) => partOf(name) === 'test');
    const others = arrays.filter(({ name }) => partOf(name) === 'other');
    const train = named.train.length > 0 ? named.train : others;
    const left = named.train.length > 0 ? others.map(({ name }) => name) : [];
    return {
      train: pairOf(train, 'training'),
      ...(test.length > 0 && testPath === undefined ? { test: pairOf(test, 'test') } : {}),
      found: ['NPZ', ...(left.length > 0 ? [`left out: ${left.join(', ')}`] : [])],
    };
  });
  if (testPath === undefined) return first;
  throwIfCancelled(reading);
  reading.progress?.({ done: 1, total, unit: 'files' });
  const second = await readOne(testPath, (arrays) => {
    const named = arrays.filter(({ name }) => partOf(name) === 'test');
    return { train: pairOf(named.length > 0 ? named : arrays, 'test'), found: [] };
  });
  return { train: first.train, test: second.train, found: [...first.found, basename(testPath)] };
}
