/** Labelled images from CSV, as Kaggle has MNIST, Fashion-MNIST and EMNIST: a label and side² grey values a line. */
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { LabError, messageOf } from '../contract/errors';
import { storageError } from './atomic-write';
import type { FoundImages, FoundSource, Reading } from './image-source';
import { checkSide, LabelCollector, MOST_PIXELS, throwIfCancelled } from './image-source';
import { statOf } from './read-file';

const CHUNK = 2 ** 22;
/** in characters: 4,097 columns with names */
const LONGEST_LINE = 200_000;
const LABEL_COLUMN = /^(label|labels|class|target|y)$/i;

const [NEWLINE, RETURN, COMMA, ZERO, NINE] = [10, 13, 44, 48, 57];

function unquoted(field: string): string {
  return field.trim().replace(/^"(.*)"$/, '$1');
}

/** Where the label stands, and how many pixels follow. */
class Columns {
  readonly side: number;

  private constructor(
    readonly count: number,
    readonly label: number,
    readonly header: boolean,
  ) {
    const side = Math.sqrt(count - 1);
    if (!Number.isInteger(side)) {
      const unlabelled = !header && Number.isInteger(Math.sqrt(count));
      throw new Error(
        unlabelled
          ? `it has ${count} columns, all of them grey values: it has no labels`
          : `${count - 1} grey values a line are no square image`,
      );
    }
    this.side = checkSide(side, side);
  }

  /** @throws Error without the file's name */
  static of(firstLine: string): Columns {
    const fields = firstLine.split(',').map(unquoted);
    const numeric = fields.every((field) => field !== '' && Number.isFinite(Number(field)));
    const labels = [...fields.keys()].filter((at) => LABEL_COLUMN.test(fields[at]!));
    // A label may be a word: then numbers follow it, and a header's numbers follow the word "label".
    const wordFirst = labels.length === 0 && fields.slice(1).every((field) => /^\d+$/.test(field));
    if (numeric || wordFirst) return new Columns(fields.length, 0, false);
    if (labels.length !== 1) {
      throw new Error(
        labels.length === 0
          ? 'its first line names no column “label”: its images have no labels'
          : `its first line names ${labels.length} columns of labels`,
      );
    }
    return new Columns(fields.length, labels[0]!, true);
  }
}

/** Takes a file's bytes as they come, line by line. */
class CsvReader {
  private columns: Columns | undefined;
  private images = new Uint8Array(0);
  private readonly labels = new LabelCollector();
  private line = 0;

  /** @throws Error without the file's name, but with the line's number */
  take(bytes: Uint8Array, from: number, to: number): void {
    this.line += 1;
    let end = to;
    if (end > from && bytes[end - 1] === RETURN) end -= 1;
    if (end === from) return;
    if (!this.columns) {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, end - from).toString('utf8');
      this.columns = Columns.of(text.replace(/^\uFEFF/, ''));
      if (this.columns.header) return;
    }
    const { count, label, side } = this.columns;
    const pixels = side * side;
    const start = this.labels.length * pixels;
    if (start + pixels > this.images.length) {
      if (start + pixels > MOST_PIXELS) throw new Error('it holds more images than fit into memory');
      const larger = new Uint8Array(Math.max(1024 * pixels, 2 * this.images.length));
      larger.set(this.images);
      this.images = larger;
    }
    let at = from;
    let pixel = start;
    let column = 0;
    for (; column < count && at <= end; column++) {
      const begin = at;
      if (column === label) {
        while (at < end && bytes[at] !== COMMA) at += 1;
        const text = unquoted(Buffer.from(bytes.buffer, bytes.byteOffset + begin, at - begin).toString('utf8'));
        if (text === '') throw new Error(`line ${this.line} has no label`);
        this.labels.add(text.slice(0, 100));
      } else {
        let value = 0;
        while (at < end && bytes[at]! >= ZERO && bytes[at]! <= NINE && value < 256)
          value = 10 * value + bytes[at++]! - ZERO;
        if (at === begin || value > 255 || (at < end && bytes[at] !== COMMA)) {
          let stop = begin;
          while (stop < end && bytes[stop] !== COMMA) stop += 1;
          const text = Buffer.from(bytes.buffer, bytes.byteOffset + begin, Math.min(stop - begin, 20)).toString('utf8');
          throw new Error(
            `line ${this.line}, column ${column + 1}: “${text}” is not a grey value, a whole number from 0 to 255`,
          );
        }
        this.images[pixel++] = value;
      }
      at += 1;
    }
    if (column < count || at <= end) {
      const had = Buffer.from(bytes.buffer, bytes.byteOffset + from, end - from)
        .toString('latin1')
        .split(',').length;
      throw new Error(`line ${this.line} has ${had} columns, not ${count}`);
    }
  }

  end(): FoundImages & { readonly columns: number } {
    if (!this.columns) throw new Error('it is empty');
    const { side, count } = this.columns;
    return {
      side,
      images: this.images.subarray(0, this.labels.length * side * side),
      ...this.labels.end(),
      columns: count,
    };
  }
}

async function readFileLines(file: string, reader: CsvReader, onBytes: (bytes: number) => void): Promise<void> {
  const handle = await open(file).catch((error: unknown) => {
    throw storageError(error, file);
  });
  try {
    // What a chunk leaves of a line is put before the next.
    const buffer = Buffer.alloc(CHUNK + LONGEST_LINE);
    let kept = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, kept, CHUNK);
      const end = kept + bytesRead;
      let from = 0;
      for (let at = buffer.indexOf(NEWLINE); at >= 0 && at < end; at = buffer.indexOf(NEWLINE, from)) {
        reader.take(buffer, from, at);
        from = at + 1;
      }
      if (bytesRead === 0) {
        if (from < end) reader.take(buffer, from, end);
        return;
      }
      if (end - from > LONGEST_LINE) throw new Error(`it has a line of more than ${LONGEST_LINE} characters`);
      buffer.copyWithin(0, from, end);
      kept = end - from;
      onBytes(bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** @throws LabError `bad-input` that names the file, the line and the column */
async function readOne(file: string, onBytes: (bytes: number) => void) {
  try {
    const reader = new CsvReader();
    await readFileLines(file, reader, onBytes);
    return reader.end();
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError('bad-input', `${file} cannot be used: ${messageOf(error)}.`, '', { cause: error });
  }
}

export async function readCsvImages(
  path: string,
  testPath: string | undefined,
  reading: Reading,
): Promise<FoundSource> {
  const files = [path, ...(testPath === undefined ? [] : [testPath])];
  let total = 0;
  for (const file of files) {
    total += (await statOf(file)).size;
  }
  let done = 0;
  const onBytes = (bytes: number): void => {
    throwIfCancelled(reading);
    done += bytes;
    reading.progress?.({ done, total, unit: 'bytes' });
  };
  const train = await readOne(path, onBytes);
  const test = testPath === undefined ? undefined : await readOne(testPath, onBytes);
  const about = (part: { labels: Uint16Array; columns: number }, file: string): string =>
    `${basename(file)}: ${part.labels.length} lines of ${part.columns} columns`;
  return {
    train,
    ...(test ? { test } : {}),
    found: ['CSV', about(train, path), ...(test ? [about(test, testPath!)] : [])],
  };
}
