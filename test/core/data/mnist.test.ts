import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadMnist, mnistFolder } from '../../../src-core/data/mnist';
import { expectLabError, thrownBy } from '../lab-error';

const FILES = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
];

function countsOf(labels: Uint8Array): number[] {
  const counts = new Array<number>(10).fill(0);
  for (const label of labels) counts[label]! += 1;
  return counts;
}

describe('loadMnist', () => {
  it('gives the 70,000 digits of the original files', () => {
    const { side, classes, train, test } = loadMnist(mnistFolder());
    expect([side, classes]).toEqual([28, 10]);
    expect([train.images.length, test.images.length]).toEqual([60_000 * 784, 10_000 * 784]);
    expect(countsOf(train.labels)).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    expect(countsOf(test.labels)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    // The first training label is 5, the first test label 7, as everyone's first plot shows.
    expect([train.labels[0], test.labels[0]]).toEqual([5, 7]);
  });

  it('reads the files that torchvision and TensorFlow pin', () => {
    const md5 = (name: string): string =>
      createHash('md5')
        .update(readFileSync(join(mnistFolder(), name)))
        .digest('hex');
    expect(FILES.map(md5)).toEqual([
      '6bbc9ace898e44ae57da46a324031adb',
      'a25bea736e30d166cdddb491f175f624',
      '2646ac647ad5339dbf082846283269ea',
      '27ae3e4e09519cfbb04c329615203637',
    ]);
  });

  describe('in a folder where something is amiss', () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'mnist-'));
      for (const name of FILES) symlinkSync(join(mnistFolder(), name), join(folder, name));
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    it('names a file that is missing', () => {
      rmSync(join(folder, 't10k-labels-idx1-ubyte'));
      const words = [join(folder, 't10k-labels-idx1-ubyte'), 'npm ci'];
      expectLabError(
        thrownBy(() => loadMnist(folder)),
        'not-found',
        ...words,
      );
    });

    it('refuses a file of which one bit was altered', () => {
      const file = join(folder, 'train-labels-idx1-ubyte');
      rmSync(file);
      cpSync(join(mnistFolder(), 'train-labels-idx1-ubyte'), file);
      const bytes = readFileSync(file);
      bytes[30_000]! ^= 1;
      writeFileSync(file, bytes);
      expectLabError(
        thrownBy(() => loadMnist(folder)),
        'damaged-file',
        file,
        'sha256',
      );
    });
  });
});
