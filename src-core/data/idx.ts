/** IDX, the format of MNIST's files (LeCun, Cortes and Burges 1998): plain or gzipped. */
import { constants, gunzipSync } from 'node:zlib';
import { LabError, messageOf } from '../contract/errors';

export interface IdxArray {
  /** row-major lengths, 1 to 4 of them */
  readonly shape: readonly number[];
  readonly values: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;
const MOST_DIMENSIONS = 4;

/** More than any data set that the lab can hold in memory. */
const MOST_VALUES = 2 ** 30;

const LONGEST_HEADER = 4 + 4 * MOST_DIMENSIONS;

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

interface Header {
  readonly shape: readonly number[];
  readonly headerBytes: number;
  readonly totalBytes: number;
}

/** @throws Error that says what is wrong, without the file's name */
function parseHeader(bytes: Uint8Array): Header {
  if (bytes.length < 8) throw new Error(`it has ${bytes.length} bytes, too few for a header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(0) !== 0) throw new Error('it does not begin as an IDX file does, with two zero bytes');
  const type = view.getUint8(2);
  if (type !== UNSIGNED_BYTE) throw new Error(`its values have type 0x${type.toString(16)}, not unsigned bytes (0x8)`);
  const dimensions = view.getUint8(3);
  if (dimensions < 1 || dimensions > MOST_DIMENSIONS) {
    throw new Error(`it has ${dimensions} dimensions, not 1 to ${MOST_DIMENSIONS}`);
  }
  const headerBytes = 4 + 4 * dimensions;
  if (bytes.length < headerBytes) throw new Error('it ends within its header');
  const shape = Array.from({ length: dimensions }, (_, index) => view.getUint32(4 + 4 * index));
  const count = shape.reduce((product, length) => product * length, 1);
  if (count > MOST_VALUES) throw new Error(`it claims ${shape.join('×')} values, more than ${MOST_VALUES}`);
  return { shape, headerBytes, totalBytes: headerBytes + count };
}

/** Unpacks no more than the file's own header claims: a bomb is refused before it bursts. */
function gunzip(bytes: Uint8Array): Uint8Array {
  // The first kilobyte of any gzip stream holds the header's 20 bytes; what follows is not looked at here.
  const start = gunzipSync(bytes.subarray(0, 1024), { finishFlush: constants.Z_SYNC_FLUSH });
  const { totalBytes } = parseHeader(start.subarray(0, LONGEST_HEADER));
  try {
    return gunzipSync(bytes, { maxOutputLength: totalBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw error;
    throw new Error(`it unpacks to more than the ${totalBytes} bytes that its header claims`, { cause: error });
  }
}

/**
 * Reads an IDX array of bytes.
 * @param source the file's name, for the error
 * @throws LabError `damaged-file` on anything but one whole array
 */
export function parseIdx(bytes: Uint8Array, source: string): IdxArray {
  try {
    const plain = isGzip(bytes) ? gunzip(bytes) : bytes;
    const { shape, headerBytes, totalBytes } = parseHeader(plain);
    if (plain.length !== totalBytes) {
      throw new Error(`it has ${plain.length} bytes where its header (${shape.join('×')}) asks for ${totalBytes}`);
    }
    return { shape, values: plain.subarray(headerBytes) };
  } catch (error) {
    throw new LabError('damaged-file', `${source} is not an IDX file that can be read: ${messageOf(error)}.`, '', {
      cause: error,
    });
  }
}

/** An array of bytes as a file, plain. */
export function encodeIdx({ shape, values }: IdxArray): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + values.length);
  bytes.set([0, 0, UNSIGNED_BYTE, shape.length]);
  const view = new DataView(bytes.buffer);
  shape.forEach((length, index) => view.setUint32(4 + 4 * index, length));
  bytes.set(values, 4 + 4 * shape.length);
  return bytes;
}
