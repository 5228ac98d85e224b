/** Reads labelled images from wherever they are: the one door for data sets of one's own. */
import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { LabError } from '../contract/errors';
import { storageError } from './atomic-write';
import { readCsvImages } from './csv-images';
import { isIdxImages, readIdxImages } from './idx-images';
import type { FoundSource, Reading } from './image-source';
import { checkSource } from './image-source';
import { readNpzImages } from './npz-images';
import { readPngImages } from './png-images';
import { statOf } from './read-file';

type Reader = (path: string, testPath: string | undefined, reading: Reading) => Promise<FoundSource>;

const KINDS = 'a folder of PNG files by class, an .npz or .csv file, or IDX files';

async function readerFor(path: string): Promise<Reader> {
  const found = await statOf(path);
  if (found.isDirectory()) {
    const names = await readdir(path).catch((error: unknown) => {
      throw storageError(error, path);
    });
    return names.some(isIdxImages) ? readIdxImages : readPngImages;
  }
  const name = basename(path).toLowerCase();
  if (name.endsWith('.npz')) return readNpzImages;
  if (name.endsWith('.csv')) return readCsvImages;
  if (isIdxImages(name)) return readIdxImages;
  throw new LabError(
    'bad-input',
    `${path} is none of the kinds of files that images can be read from.`,
    `Give ${KINDS}.`,
  );
}

/**
 * @param path a folder of PNG files by class, a folder of IDX files, an .npz, .csv or IDX file
 * @param testPath the same for test images, where they are kept apart
 * @throws LabError that names the file and what is wrong with it, and `cancelled`
 */
export async function readSource(path: string, testPath?: string, reading: Reading = {}): Promise<FoundSource> {
  const reader = await readerFor(path);
  if (testPath !== undefined && (await readerFor(testPath)) !== reader) {
    throw new LabError('bad-input', `${testPath} is not of the same kind as ${path}.`, 'Give both in one format.');
  }
  return checkSource(await reader(path, testPath, reading), path);
}

/** A name for the data set that a source becomes: its own, without endings. */
export function nameFor(path: string): string {
  const words = basename(path)
    .toLowerCase()
    .replace(/\.(npz|csv|gz|idx)$/g, '')
    .replace(/[-_.]?(train(ing)?)?[-_.]?(images)?[-_.]?idx3[-_.]?ubyte$/, '')
    .replace(/[-_.]train(ing)?$/, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  const name = words.slice(0, 60).replace(/-+$/, '');
  return name === '' || name === 'mnist' || name === 'train' ? 'my-images' : name;
}
