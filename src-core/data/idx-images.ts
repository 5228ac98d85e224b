/** Labelled images from pairs of IDX files, named as MNIST's, Fashion-MNIST's and EMNIST's are; plain or gzipped. */
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { LabError } from '../contract/errors';
import { parseIdx } from './idx';
import type { FoundImages, FoundSource, Reading } from './image-source';
import { checkSide, LabelCollector, throwIfCancelled } from './image-source';
import { readWhole } from './read-file';

const IMAGES = /images([.-]idx3)?([.-]ubyte)?(\.idx)?(\.gz)?$/i;
const TEST = /(t10k|test)[-_]?images/i;

/** The name of the labels' file that belongs to an images' file. */
function labelsOf(images: string): string {
  return images.replace(/images(?=[^/\\]*$)/i, 'labels').replace(/idx3(?=[^/\\]*$)/i, 'idx1');
}

export function isIdxImages(name: string): boolean {
  return IMAGES.test(name);
}

async function read(file: string): Promise<ReturnType<typeof parseIdx>> {
  const bytes = await readWhole(file);
  return parseIdx(bytes, file);
}

/** @throws LabError that names the file */
async function pair(imagesFile: string): Promise<FoundImages> {
  const images = await read(imagesFile);
  const labelsFile = labelsOf(imagesFile);
  const labels = await read(labelsFile);
  try {
    const [count, height, width] = images.shape;
    if (images.shape.length !== 3) throw new Error(`it holds ${images.shape.join('×')} values, not images`);
    const side = checkSide(width!, height!);
    if (labels.shape.length !== 1 || labels.shape[0] !== count) {
      throw new Error(`it holds ${count} images, ${basename(labelsFile)} ${labels.shape.join('×')} labels`);
    }
    const collector = new LabelCollector();
    for (const label of labels.values) collector.add(String(label));
    return { side, images: images.values, ...collector.end() };
  } catch (error) {
    throw new LabError('bad-input', `${imagesFile} cannot be used: ${(error as Error).message}.`, '', { cause: error });
  }
}

/**
 * @param path a folder that holds the files, or one file of training images
 * @param testPath a file of test images, where it does not lie beside the others under its usual name
 */
export async function readIdxImages(
  path: string,
  testPath: string | undefined,
  reading: Reading,
): Promise<FoundSource> {
  const isFile = isIdxImages(basename(path));
  const folder = isFile ? dirname(path) : path;
  const names = (await readdir(folder)).filter(isIdxImages).sort();
  const training = isFile ? [basename(path)] : names.filter((name) => !TEST.test(name));
  if (training.length !== 1) {
    throw new LabError(
      'bad-input',
      `${folder} holds ${training.length === 0 ? 'no' : 'several'} files of training images (${training.join(', ')}).`,
      'Name one of them.',
    );
  }
  const twin = training[0]!.replace(/train(?=[-_]?images)/i, 't10k');
  const other = training[0]!.replace(/train(?=[-_]?images)/i, 'test');
  const beside = names.find((name) => TEST.test(name) && (name === twin || name === other));
  const testFile = testPath ?? (beside === undefined || beside === training[0] ? undefined : join(folder, beside));
  const total = testFile === undefined ? 1 : 2;
  reading.progress?.({ done: 0, total, unit: 'files' });
  const train = await pair(join(folder, training[0]!));
  throwIfCancelled(reading);
  reading.progress?.({ done: 1, total, unit: 'files' });
  const test = testFile === undefined ? undefined : await pair(testFile);
  return { train, ...(test ? { test } : {}), found: ['IDX files'] };
}
