/** Images from other programs' files, and everything that can be wrong with those. */
import fc from 'fast-check';
import { encode } from 'fast-png';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { parseImportChoices } from '../../../src-core/contract/dataset';
import { encodeIdx } from '../../../src-core/data/idx';
import type { FoundSource } from '../../../src-core/data/image-source';
import { datasetOf, previewOf } from '../../../src-core/data/image-source';
import { encodeNpz } from '../../../src-core/data/npz';
import { decodePng } from '../../../src-core/data/png-images';
import { nameFor, readSource } from '../../../src-core/data/read-source';
import { encodeZip } from '../../../src-core/data/zip';
import { expectLabError, rejectionOf, thrownBy } from '../lab-error';
import { damaged } from './damage';

const folder = mkdtempSync(join(tmpdir(), 'distill-lab-sources-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
/** A file in a place of its own. */
function file(name: string, content: string | Uint8Array, place = join(folder, String(++count))): string {
  const path = join(place, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** A picture that is another for each number. */
function pixels(side: number, number: number): Uint8Array {
  return Uint8Array.from({ length: side * side }, (_, at) => (37 * number + 11 * at) % 256);
}

function png(side: number, grey: Uint8Array, height = side): Uint8Array {
  return encode({ width: side, height, data: grey, depth: 8, channels: 1 });
}

const refused = async (path: string, ...words: readonly string[]): Promise<void> => {
  const error = expectLabError(await rejectionOf(readSource(path)), 'bad-input', ...words);
  expect(error.message).not.toMatch(/undefined|NaN|\.\.$/);
};

/** label and picture of every image, in the source's order */
function imagesOf({ train }: FoundSource): [label: string, grey: number[]][] {
  const size = train.side ** 2;
  return Array.from(train.labels, (label, at) => [
    train.names[label]!,
    [...train.images.subarray(at * size, (at + 1) * size)],
  ]);
}

describe('a folder of PNG files', () => {
  function tree(files: Readonly<Record<string, Uint8Array | string>>): string {
    const root = join(folder, String(++count));
    for (const [name, content] of Object.entries(files)) file(name, content, root);
    return root;
  }

  it('is read by class, in training and test folders or without, other files left out', async () => {
    const flat = await readSource(
      tree({ 'b/1.png': png(4, pixels(4, 1)), 'a/2.PNG': png(4, pixels(4, 2)), 'a/notes.txt': 'x', 'top.txt': 'x' }),
    );
    expect(imagesOf(flat)).toEqual([
      ['a', [...pixels(4, 2)]],
      ['b', [...pixels(4, 1)]],
    ]);
    expect(flat.test).toBeUndefined();
    expect(flat.found.join()).toContain('2 other files left out');
    const split = await readSource(
      tree({
        'train/10/1.png': png(3, pixels(3, 1)),
        'train/9/1.png': png(3, pixels(3, 2)),
        'testing/9/1.png': png(3, pixels(3, 3)),
      }),
    );
    // By number, not by letter.
    expect(split.train.names).toEqual(['9', '10']);
    expect(split.test?.names).toEqual(['9']);
  });

  it('tells how far it is, and ends where it is cancelled', async () => {
    const files: Record<string, Uint8Array> = {};
    for (let at = 0; at < 70; at++) files[`${at % 2}/${at}.png`] = png(2, pixels(2, at));
    const root = tree(files);
    const seen: number[] = [];
    await readSource(root, undefined, { progress: ({ done, total }) => seen.push(done, total) });
    expect(seen.slice(0, 2)).toEqual([0, 70]);
    expect(seen.slice(-2)).toEqual([70, 70]);
    const cancelled = new AbortController();
    const reading = { signal: cancelled.signal, progress: () => cancelled.abort() };
    expectLabError(await rejectionOf(readSource(root, undefined, reading)), 'cancelled', 'nothing was written');
  });

  it('turns colours, few bits, sixteen bits and transparency into grey', () => {
    const one = (data: Uint8Array | Uint16Array, channels: 1 | 2 | 3 | 4, depth: 8 | 16 = 8): number[] => [
      ...decodePng(encode({ width: 1, height: 1, data, channels, depth })).grey,
    ];
    expect(one(Uint8Array.of(200), 1)).toEqual([200]);
    expect(one(Uint8Array.of(255, 0, 0), 3)).toEqual([76]);
    expect(one(Uint8Array.of(200, 51), 2)).toEqual([40]);
    expect(one(Uint8Array.of(255, 255, 255, 0), 4)).toEqual([0]);
    expect(one(Uint16Array.of(32_896), 1, 16)).toEqual([128]);
  });

  /** CRC-32 as PNG has it (ISO 3309). */
  function crc32(bytes: Uint8Array): number {
    let crc = 0xffffffff;
    for (const byte of bytes) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    }
    return ~crc >>> 0;
  }

  /** A PNG by hand: the header may claim what it likes. */
  function handmade(width: number, height: number, data: Uint8Array, depth = 8, colour = 0): Uint8Array {
    const chunk = (type: string, content: Uint8Array): Buffer => {
      const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
      const bytes = Buffer.alloc(body.length + 8);
      bytes.writeUInt32BE(content.length);
      body.copy(bytes, 4);
      bytes.writeUInt32BE(crc32(body), body.length + 4);
      return bytes;
    };
    const header = Buffer.alloc(13);
    header.writeUInt32BE(width);
    header.writeUInt32BE(height, 4);
    header.set([depth, colour, 0, 0, 0], 8);
    return Buffer.concat([
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
      chunk('IHDR', header),
      chunk('IDAT', deflateSync(data)),
      chunk('IEND', new Uint8Array()),
    ]);
  }

  it('reads one bit a pixel', () => {
    // Rows of 3 pixels in a byte each, behind the number of the row's filter.
    const { grey } = decodePng(handmade(3, 3, Uint8Array.of(0, 0b10100000, 0, 0b01000000, 0, 0b11100000), 1));
    expect([...grey]).toEqual([255, 0, 255, 0, 255, 0, 255, 255, 255]);
  });

  it('refuses what lies about its size, is damaged, not square, too large or unlike the others', async () => {
    const good = png(4, pixels(4, 1));
    const cut = handmade(4, 4, new Uint8Array(10));
    const cases: readonly [string, Uint8Array | string, ...string[]][] = [
      ['cut', cut, 'damaged'],
      ['huge', handmade(60_000, 60_000, new Uint8Array(10)), '60000×60000', '64×64'],
      ['wide', png(4, pixels(6, 1).subarray(0, 12), 3), '4×3', 'only square'],
      ['large', png(65, pixels(65, 1)), '65×65'],
      ['other', png(5, pixels(5, 1)), 'it is 5×5', '4×4'],
      ['text', 'this is no picture', 'no PNG'],
      ['half', good.subarray(0, good.length - 20), 'damaged'],
      ['bomb', handmade(4, 4, new Uint8Array(2 ** 28)), 'bytes, more than such an image takes'],
    ];
    for (const [name, content, ...words] of cases) {
      await refused(tree({ 'a/1.png': good, [`b/${name}.png`]: content }), `${name}.png`, ...words);
    }
    await refused(tree({ 'a/1.png': good }), 'same label');
    await refused(tree({ 'readme.txt': 'x' }), 'no folders with PNG files');
  });

  it('reads or refuses whatever a damaged file holds', () => {
    fc.assert(
      fc.property(damaged(fc.constant(png(4, pixels(4, 1)))), (bytes) => {
        try {
          expect(decodePng(bytes).grey).toHaveLength(16);
        } catch (error) {
          expect((error as Error).message).not.toBe('');
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('CSV', () => {
  const line = (label: string, number: number, side = 3): string => [label, ...pixels(side, number)].join(',');
  const header = `label,${Array.from({ length: 9 }, (_, at) => `pixel${at}`).join(',')}`;

  it('is read with a header and without, whatever ends its lines and wherever the label stands', async () => {
    const wanted = [
      ['7', [...pixels(3, 1)]],
      ['2', [...pixels(3, 2)]],
    ];
    const texts = [
      `${header}\n${line('7', 1)}\n${line('2', 2)}\n`,
      `${header}\r\n${line('7', 1)}\r\n${line('2', 2)}`,
      `\uFEFF${header}\n\n${line('7', 1)}\n${line('2', 2)}\n\n`,
      `${line('7', 1)}\n${line('2', 2)}\n`,
      `a,b,c,d,"label",e,f,g,h,i\n${[1, 2]
        .map((number) => {
          const grey = [...pixels(3, number)];
          return [...grey.slice(0, 4), number === 1 ? '7' : '2', ...grey.slice(4)].join(',');
        })
        .join('\n')}`,
    ];
    for (const text of texts) expect(imagesOf(await readSource(file('x.csv', text)))).toEqual(wanted);
  });

  it('may have words for labels, and a file of test images', async () => {
    const train = file('train.csv', `${line('cat', 1)}\n${line('dog', 2)}`);
    const test = file('test.csv', line('dog', 3));
    const source = await readSource(train, test);
    expect(source.train.names).toEqual(['cat', 'dog']);
    expect([...source.test!.images]).toEqual([...pixels(3, 3)]);
  });

  it('names line and column of what is wrong', async () => {
    const good = `${header}\n${line('7', 1)}\n`;
    const cases: readonly [text: string, ...words: string[]][] = [
      [`${good}${line('2', 2)},5\n`, 'line 3 has 11 columns, not 10'],
      [`${good}2,1,2\n`, 'line 3 has 3 columns, not 10'],
      [`${good}${line('2', 2).replace(/,\d+$/, ',256')}\n`, 'line 3, column 10', '“256”', '0 to 255'],
      [`${good}${line('2', 2).replace(/,\d+$/, ',0.5')}\n`, '“0.5”'],
      [`${good}${line('2', 2).replace(/,\d+$/, ',')}\n`, 'column 10: “”'],
      [`${good}${line('2', 2).replace(/,\d+$/, ',-1')}\n`, '“-1”'],
      [`${good}${line('', 2)}\n`, 'line 3 has no label'],
      [header.replace('label,', ''), 'no column “label”'],
      [`${header},label\n`, '2 columns of labels'],
      ['1,2,3,4\n', 'no labels'],
      ['label,1,2,3\n1,2,3,4', '3 grey values a line are no square image'],
      ['', 'it is empty'],
      [`label,${'x,'.repeat(4355)}x`, '66×66', '64×64'],
      [`label,${'x'.repeat(300_000)}`, 'a line of more than 200000 characters'],
    ];
    for (const [text, ...words] of cases) await refused(file('bad.csv', text), 'bad.csv', ...words);
  });

  it('is the same however its lines fall into the pieces in which it is read', async () => {
    const lines = Array.from({ length: 2200 }, (_, at) => line(String(at % 3), at, 32));
    const source = await readSource(file('long.csv', lines.join('\n')));
    expect(source.train.labels).toHaveLength(2200);
    expect([...source.train.images.subarray(2199 * 1024)]).toEqual([...pixels(32, 2199)]);
  });
});

describe('NPZ', () => {
  const images = (shape: readonly number[]): { shape: readonly number[]; values: Uint8Array } => ({
    shape,
    values: Uint8Array.from({ length: shape.reduce((product, length) => product * length, 1) }, (_, at) => at % 256),
  });
  const labels = (...values: number[]) => ({ shape: [values.length], values: Uint8Array.from(values) });

  it('is read with the names of Keras, of MedMNIST, and others', async () => {
    const keras = await readSource(
      file(
        'k.npz',
        encodeNpz({
          x_train: images([3, 2, 2]),
          y_train: labels(5, 6, 5),
          x_test: images([2, 2, 2, 1]),
          y_test: labels(5, 6),
        }),
      ),
    );
    expect(imagesOf(keras).map(([label]) => label)).toEqual(['5', '6', '5']);
    expect(keras.test?.labels).toHaveLength(2);
    const plain = await readSource(
      file('p.npz', encodeNpz({ pictures: images([2, 4]), target: { ...labels(0, 1), shape: [2, 1] } })),
    );
    expect(plain.train.side).toBe(2);
    const med = await readSource(
      file(
        'm.npz',
        encodeNpz({
          train_images: images([2, 1, 3, 3]),
          train_labels: labels(0, 1),
          val_images: images([1, 3, 3]),
          val_labels: labels(1),
        }),
      ),
    );
    expect(med.found.join()).toContain('left out: val_images, val_labels');
  });

  it('takes shares of white for grey values', async () => {
    const values = Float32Array.of(0, 0.5, 1, 0.25, 0, 0, 0, 0);
    const path = file('f.npz', encodeNpz({ x: { shape: [2, 2, 2], values }, y: labels(0, 1) }));
    expect([...(await readSource(path)).train.images.subarray(0, 4)]).toEqual([0, 128, 255, 64]);
  });

  it('refuses what does not fit', async () => {
    const npz = (arrays: Parameters<typeof encodeNpz>[0]): string => file('bad.npz', encodeNpz(arrays));
    const y = labels(0, 1);
    await refused(npz({ x: images([2, 2, 3]), y }), '3×2', 'only square');
    await refused(npz({ x: images([2, 70, 70]), y }), '70×70');
    await refused(npz({ x: images([3, 2, 2]), y }), '“x” holds 3 images, “y” 2 labels');
    await refused(
      npz({ x: images([2, 2, 2]), x2: images([2, 2, 2]), y }),
      'no one array of training images',
      'x2 (2, 2, 2)',
    );
    await refused(
      npz({ x: { shape: [2, 2, 2], values: Float32Array.of(-1, 0, 0, 0, 0, 0, 0, 0) }, y }),
      'from -1 to 0',
    );
    await refused(npz({ x: { shape: [2, 2, 2], values: new Float32Array(8).fill(NaN) }, y }), 'no number');
    await refused(npz({ x: images([2, 2, 2]), y: { shape: [2], values: Float32Array.of(0, 0.5) } }), 'no class');
    await refused(file('no.npz', 'plain text'), 'no.npz');
    const objects = Buffer.from(
      "\x93NUMPY\x01\x00\x46\x00{'descr': '|O', 'fortran_order': False, 'shape': (2,), }",
      'latin1',
    );
    const pickled = encodeZip(new Map([['y.npy', Buffer.concat([objects, Buffer.alloc(100)])]]), () => true);
    await refused(file('o.npz', pickled), '“y”', 'Python objects, which are never unpickled');
  });
});

describe('IDX', () => {
  const images = (count: number, side: number, height = side) =>
    encodeIdx({ shape: [count, height, side], values: new Uint8Array(count * side * height).fill(9) });
  const labels = (...values: number[]) => encodeIdx({ shape: [values.length], values: Uint8Array.from(values) });

  it('is read from a folder or one of its files, plain or gzipped, as Fashion-MNIST and EMNIST are called', async () => {
    const place = join(folder, String(++count));
    file('train-images-idx3-ubyte.gz', gzipSync(images(2, 4)), place);
    file('train-labels-idx1-ubyte.gz', gzipSync(labels(8, 9)), place);
    file('t10k-images-idx3-ubyte.gz', gzipSync(images(1, 4)), place);
    file('t10k-labels-idx1-ubyte.gz', gzipSync(labels(9)), place);
    for (const path of [place, join(place, 'train-images-idx3-ubyte.gz')]) {
      const { train, test } = await readSource(path);
      expect([train.names, train.side, test?.labels.length]).toEqual([['8', '9'], 4, 1]);
    }
    const letters = join(folder, String(++count));
    file('emnist-letters-train-images-idx3-ubyte', images(2, 4), letters);
    file('emnist-letters-train-labels-idx1-ubyte', labels(1, 2), letters);
    file('emnist-letters-test-images-idx3-ubyte', images(1, 4), letters);
    file('emnist-letters-test-labels-idx1-ubyte', labels(2), letters);
    expect((await readSource(letters)).test?.labels).toHaveLength(1);
    file('emnist-digits-train-images-idx3-ubyte', images(2, 4), letters);
    await refused(letters, 'several files of training images');
  });

  it('refuses pairs that do not fit', async () => {
    const place = join(folder, String(++count));
    const path = file('train-images.idx', images(2, 4), place);
    expectLabError(await rejectionOf(readSource(path)), 'storage', 'train-labels.idx');
    file('train-labels.idx', labels(1), place);
    await refused(path, '2 images', '1 labels');
    const wide = join(folder, String(++count));
    file('train-labels.idx', labels(1, 2), wide);
    await refused(file('train-images.idx', images(2, 4, 5), wide), '4×5', 'only square');
  });
});

it('says what can be read where nothing fits', async () => {
  await refused(file('digits.mat', 'x'), 'digits.mat', '.npz or .csv');
  expectLabError(await rejectionOf(readSource(join(folder, 'not there'))), 'storage', 'not there');
  const csv = file('a.csv', '1,2,3,4,5\n2,3,4,5,6');
  expectLabError(await rejectionOf(readSource(csv, file('b.npz', ''))), 'bad-input', 'not of the same kind');
});

it('names a data set after its source', () => {
  expect(nameFor('/data/Fashion MNIST.npz')).toBe('fashion-mnist');
  expect(nameFor('/data/emnist-letters-train-images-idx3-ubyte.gz')).toBe('emnist-letters');
  expect(nameFor('fashion-mnist_train.csv')).toBe('fashion-mnist');
  expect(nameFor('/data/mnist.npz')).toBe('my-images');
});

describe('choices', () => {
  const names = ['a', 'b', 'c'];
  const labels = Uint16Array.from({ length: 60 }, (_, at) => at % 3);
  const images = new Uint8Array(60 * 4).map((_, at) => at % 251);
  const source: FoundSource = { train: { side: 2, images, labels, names }, found: [] };
  const choices = (changes: object = {}) =>
    parseImportChoices(
      { classNames: names, testShare: 0.2, seed: 1, inverted: false, transposed: false, ...changes },
      names.length,
    );

  it('are looked at first, in samples of each label', () => {
    const preview = previewOf(source, 'x');
    expect(preview.classes).toEqual(names.map((name) => ({ source: name, train: 20, test: 0 })));
    expect(preview.samples.map(({ length }) => length)).toEqual([32, 32, 32]);
    expect([...preview.samples[1]!.subarray(0, 4)]).toEqual([4, 5, 6, 7]);
    expect(previewOf({ ...source, train: { ...source.train, images: images.map(() => 200) } }, 'x').looksInverted).toBe(
      true,
    );
  });

  it('split off the same share of each class, the same by the same seed', () => {
    const made = datasetOf(source, 'x', choices());
    expect([...made.test.labels].filter((label) => label === 2)).toHaveLength(4);
    expect(made.train.labels).toHaveLength(48);
    expect(datasetOf(source, 'x', choices())).toEqual(made);
    expect(datasetOf(source, 'x', choices({ seed: 2 })).test.images).not.toEqual(made.test.images);
    // Nothing is lost and nothing is in both.
    const key = (bytes: Uint8Array): string[] =>
      Array.from({ length: bytes.length / 4 }, (_, at) => bytes.subarray(at * 4, at * 4 + 4).join());
    expect([...key(made.train.images), ...key(made.test.images)].sort()).toEqual(key(images).sort());
  });

  it('merge, leave out and rename labels', () => {
    const made = datasetOf(source, 'x', choices({ classNames: ['vowel', '', 'consonant'] }));
    expect(made.classNames).toEqual(['vowel', 'consonant']);
    expect(made.train.labels.length + made.test.labels.length).toBe(40);
    const merged = datasetOf(source, 'x', choices({ classNames: ['odd', 'even', 'odd'] }));
    expect([...merged.train.labels].filter((label) => label === 0)).toHaveLength(32);
  });

  it('exchange black and white, rows and columns', () => {
    const [plain, turned] = [choices(), choices({ inverted: true, transposed: true })].map(
      (chosen) => datasetOf(source, 'x', chosen).train.images,
    );
    expect([...turned!.subarray(0, 4)]).toEqual([0, 2, 1, 3].map((at) => 255 - plain![at]!));
  });

  it('are refused where they make no data set', () => {
    expectLabError(
      thrownBy(() => choices({ classNames: ['a', 'b'] })),
      'bad-input',
      '3 labels, and 2 class names',
    );
    expectLabError(
      thrownBy(() => choices({ classNames: ['a', '', 'a'] })),
      'bad-input',
      'two classes',
    );
    expectLabError(
      thrownBy(() => choices({ testShare: 1 })),
      'bad-input',
      'testShare',
    );
    expectLabError(
      thrownBy(() => choices({ classNames: ['a', 'b', 'c'.repeat(41)] })),
      'bad-input',
      '40 characters',
    );
    const many = Array.from({ length: 63 }, (_, at) => String(at));
    expectLabError(
      thrownBy(() => parseImportChoices({ ...choices(), classNames: many }, 63)),
      'bad-input',
      '63 classes',
      '62 at most',
    );
    const one = {
      ...source,
      train: { ...source.train, labels: Uint16Array.of(0, 0, 1, 2, 2), images: new Uint8Array(20) },
    };
    expectLabError(
      thrownBy(() => datasetOf(one, 'x', choices())),
      'bad-input',
      'no test images of b',
    );
  });
});
