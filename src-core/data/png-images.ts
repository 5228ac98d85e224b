/** Labelled images from folders of PNG files, a folder a class: ROOT/CLASS/*.png, or ROOT/train/CLASS/*.png beside test. */
import { decode } from 'fast-png';
import type { DecodedPng } from 'fast-png';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError, messageOf } from '../contract/errors';
import { storageError } from './atomic-write';
import type { FoundImages, FoundSource, Reading } from './image-source';
import { checkSide, LabelCollector, MOST_PIXELS, throwIfCancelled } from './image-source';
import { readWhole } from './read-file';

/** More than the largest image takes, with much about it; what unpacks to a hundred times more is refused unread. */
const LARGEST_FILE = 2 ** 17;
/** Files under way at once: the disk answers while others are decoded. */
const AT_ONCE = 32;

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const TRAIN = /^train(ing)?$/i;
const TEST = /^test(ing)?$/i;

/** The size that a file claims in its header, before anything of it is unpacked. */
function claimedSide(bytes: Uint8Array): number {
  if (bytes.length < 33 || SIGNATURE.some((byte, at) => bytes[at] !== byte)) throw new Error('it is no PNG file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return checkSide(view.getUint32(16), view.getUint32(20));
}

/** A row's values where several share a byte. */
function unpacked({ data, width, height, depth, channels }: DecodedPng): ArrayLike<number> {
  if (depth >= 8) return data;
  const rowBytes = Math.ceil((width * channels * depth) / 8);
  if (data.length !== rowBytes * height) return data;
  const perByte = 8 / depth;
  const values = new Uint8Array(width * height * channels);
  for (let at = 0; at < values.length; at++) {
    const row = Math.floor(at / width);
    const column = at % width;
    const byte = data[row * rowBytes + Math.floor(column / perByte)]!;
    values[at] = (byte >> (8 - depth * ((column % perByte) + 1))) & (2 ** depth - 1);
  }
  return values;
}

/** Luma of ITU-R BT.601, as Pillow's "L" has it. */
function luma(red: number, green: number, blue: number): number {
  return Math.round((299 * red + 587 * green + 114 * blue) / 1000);
}

/** An image as bytes from black to white; what is transparent is black, as the border that shifts leave. */
function greyOf(png: DecodedPng): Uint8Array {
  const { width, height, depth, channels, palette } = png;
  const values = unpacked(png);
  const count = width * height;
  if (values.length !== count * channels) {
    throw new Error(`it holds ${values.length} values where ${width}×${height} asks for ${count * channels}`);
  }
  const grey = new Uint8Array(count);
  const scale = 255 / (2 ** depth - 1);
  const hasAlpha = channels === 2 || channels === 4;
  for (let at = 0; at < count; at++) {
    if (palette) {
      const colour = palette[values[at]!];
      if (!colour) throw new Error('it uses a colour that its palette has not');
      const [red, green, blue, alpha = 255] = colour as unknown as [number, number, number, number?];
      grey[at] = Math.round((luma(red, green, blue) * alpha) / 255);
      continue;
    }
    const first = at * channels;
    const value = channels <= 2 ? values[first]! : luma(values[first]!, values[first + 1]!, values[first + 2]!);
    const alpha = hasAlpha ? (values[first + channels - 1]! * scale) / 255 : 1;
    grey[at] = Math.round(value * scale * alpha);
  }
  return grey;
}

/**
 * @returns grey values [side × side]
 * @throws Error that says what is wrong, without the file's name
 */
export function decodePng(bytes: Uint8Array): { readonly side: number; readonly grey: Uint8Array } {
  if (bytes.length > LARGEST_FILE) throw new Error(`it has ${bytes.length} bytes, more than such an image takes`);
  const side = claimedSide(bytes);
  let png: DecodedPng;
  try {
    png = decode(bytes, { checkCrc: true });
  } catch (error) {
    throw new Error('it is damaged, or no PNG file as it should be', { cause: error });
  }
  if (png.width !== side || png.height !== side) throw new Error('it has two sizes');
  return { side, grey: greyOf(png) };
}

interface ClassFile {
  readonly path: string;
  readonly label: string;
}

async function entriesOf(folder: string) {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw storageError(error, folder);
  });
  return entries.filter(({ name }) => !name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The PNG files of each class's folder, and how many other files there are. */
async function filesOf(folder: string): Promise<{ files: ClassFile[]; others: number }> {
  const files: ClassFile[] = [];
  let others = 0;
  for (const entry of await entriesOf(folder)) {
    if (!entry.isDirectory()) {
      others += 1;
      continue;
    }
    for (const file of await entriesOf(join(folder, entry.name))) {
      if (file.isFile() && /\.png$/i.test(file.name)) {
        files.push({ path: join(folder, entry.name, file.name), label: entry.name });
      } else others += 1;
    }
  }
  return { files, others };
}

class Progress {
  private done = 0;

  constructor(
    private readonly total: number,
    private readonly reading: Reading,
  ) {}

  add(count: number): void {
    throwIfCancelled(this.reading);
    this.done += count;
    this.reading.progress?.({ done: this.done, total: this.total, unit: 'images' });
  }
}

async function readAll(files: readonly ClassFile[], progress: Progress): Promise<FoundImages> {
  const collector = new LabelCollector();
  let side = 0;
  let images = new Uint8Array(0);
  for (let begin = 0; begin < files.length; begin += AT_ONCE) {
    const some = files.slice(begin, begin + AT_ONCE);
    const contents = await Promise.all(some.map(({ path }) => readWhole(path)));
    some.forEach(({ path, label }, at) => {
      try {
        const decoded = decodePng(contents[at]!);
        if (side === 0) {
          side = decoded.side;
          if (files.length * side * side > MOST_PIXELS) throw new Error('there are more images than fit into memory');
          images = new Uint8Array(files.length * side * side);
        }
        if (decoded.side !== side) {
          throw new Error(`it is ${decoded.side}×${decoded.side}, those before it are ${side}×${side}`);
        }
        images.set(decoded.grey, (begin + at) * side * side);
        collector.add(label);
      } catch (error) {
        throw new LabError('bad-input', `${path} cannot be used: ${messageOf(error)}.`, '', { cause: error });
      }
    });
    progress.add(some.length);
  }
  return { side, images, ...collector.end() };
}

/** @param testPath a folder of test images, where they do not lie in ROOT/test */
export async function readPngImages(
  path: string,
  testPath: string | undefined,
  reading: Reading,
): Promise<FoundSource> {
  const names = (await entriesOf(path)).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const train = names.find((name) => TRAIN.test(name));
  const test = names.find((name) => TEST.test(name));
  const trainFolder = train === undefined ? path : join(path, train);
  const testFolder = testPath ?? (train === undefined || test === undefined ? undefined : join(path, test));
  const trainFiles = await filesOf(trainFolder);
  const testFiles = testFolder === undefined ? undefined : await filesOf(testFolder);
  if (trainFiles.files.length === 0) {
    throw new LabError(
      'bad-input',
      `${trainFolder} holds no folders with PNG files.`,
      'The images of each class stand in a folder that has its name.',
    );
  }
  const progress = new Progress(trainFiles.files.length + (testFiles?.files.length ?? 0), reading);
  progress.add(0);
  const others = trainFiles.others + (testFiles?.others ?? 0);
  return {
    train: await readAll(trainFiles.files, progress),
    ...(testFiles ? { test: await readAll(testFiles.files, progress) } : {}),
    found: ['folders of PNG files', ...(others > 0 ? [`${others} other files left out`] : [])],
  };
}
