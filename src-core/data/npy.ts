/** NPY, numpy's array files (NEP 1): float32 and bytes, in C order. */
import { LabError, messageOf } from '../contract/errors';

export interface NpyArray {
  readonly shape: readonly number[];
  readonly values: Float32Array | Uint8Array;
}

/** Of any of numpy's types of numbers. */
export interface NumericNpyArray {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
  /** as numpy writes it, such as "<i8" */
  readonly type: string;
}

/** numpy's types of numbers as they are read; what has 64 bits becomes float64, exact to 2⁵³. */
const READERS: Readonly<Record<string, { readonly bytes: number; read(data: ArrayBuffer): ArrayLike<number> }>> = {
  '|b1': { bytes: 1, read: (data) => new Uint8Array(data) },
  '|u1': { bytes: 1, read: (data) => new Uint8Array(data) },
  '|i1': { bytes: 1, read: (data) => new Int8Array(data) },
  '<u2': { bytes: 2, read: (data) => new Uint16Array(data) },
  '<i2': { bytes: 2, read: (data) => new Int16Array(data) },
  '<u4': { bytes: 4, read: (data) => new Uint32Array(data) },
  '<i4': { bytes: 4, read: (data) => new Int32Array(data) },
  '<u8': { bytes: 8, read: (data) => Float64Array.from(new BigUint64Array(data), Number) },
  '<i8': { bytes: 8, read: (data) => Float64Array.from(new BigInt64Array(data), Number) },
  '<f4': { bytes: 4, read: (data) => new Float32Array(data) },
  '<f8': { bytes: 8, read: (data) => new Float64Array(data) },
};

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const LONGEST_HEADER = 65_536;

/** An array as a file: version 1.0, little-endian, the data aligned to 64 bytes as numpy writes it. */
export function encodeNpy({ shape, values }: NpyArray): Uint8Array {
  const type = values instanceof Uint8Array ? '|u1' : '<f4';
  const lengths = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${lengths}), }`;
  const headerBytes = Math.ceil((10 + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(headerBytes + values.byteLength);
  bytes.set(MAGIC);
  bytes.set([1, 0], 6);
  new DataView(bytes.buffer).setUint16(8, headerBytes - 10, true);
  bytes.set(new TextEncoder().encode(`${text.padEnd(headerBytes - 11)}\n`), 10);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), headerBytes);
  return bytes;
}

/** @throws Error that says what is wrong, without the file's name */
function parseHeader(bytes: Uint8Array): { type: string; shape: number[]; dataStart: number } {
  if (bytes.length < 12 || MAGIC.some((byte, index) => bytes[index] !== byte)) {
    throw new Error('it does not begin as an NPY file does');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = bytes[6]! >= 2;
  const start = wide ? 12 : 10;
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  if (length > LONGEST_HEADER || start + length > bytes.length) throw new Error('it ends within its header');
  const text = new TextDecoder().decode(bytes.subarray(start, start + length));
  const type = /'descr': *'([^']*)'/.exec(text)?.[1] ?? 'unknown';
  if (type.includes('O')) throw new Error('it holds Python objects, which are never unpickled');
  if (!/'fortran_order': *False/.test(text)) throw new Error('it is not in C order');
  const lengths = /'shape': *\(([\d, ]*)\)/.exec(text)?.[1];
  if (lengths === undefined) throw new Error('it has no shape');
  const shape = lengths
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(Number);
  if (!shape.every(Number.isSafeInteger)) throw new Error(`its shape is (${lengths})`);
  return { type, shape, dataStart: start + length };
}

/** @throws Error that says what is wrong, without the file's name */
function readArray(bytes: Uint8Array, types: readonly string[]): NumericNpyArray {
  const { type, shape, dataStart } = parseHeader(bytes);
  const reader = types.includes(type) ? READERS[type] : undefined;
  if (!reader) throw new Error(`its values have type ${type}, not ${types.join(' or ')}`);
  const wanted = shape.reduce((product, length) => product * length, 1) * reader.bytes;
  if (bytes.length - dataStart !== wanted) {
    throw new Error(
      `it holds ${bytes.length - dataStart} bytes of data where (${shape.join(', ')}) asks for ${wanted}`,
    );
  }
  // A copy: a Buffer's `slice` gives a view, which wider values may not be able to begin at.
  const data = new Uint8Array(bytes.subarray(dataStart));
  return { shape, values: reader.read(data.buffer), type };
}

/**
 * Reads an array of any type of numbers; the values are a copy.
 * @throws Error that says what is wrong, without the file's name
 */
export function parseNumericNpy(bytes: Uint8Array): NumericNpyArray {
  return readArray(bytes, Object.keys(READERS));
}

/**
 * Reads an array; the values are a copy.
 * @param source the file's name, for the error
 * @throws LabError `damaged-file` on anything but one whole array of float32 or bytes
 */
export function parseNpy(bytes: Uint8Array, source: string): NpyArray {
  try {
    const { shape, values } = readArray(bytes, ['<f4', '|u1']);
    return { shape, values: values as Float32Array | Uint8Array };
  } catch (error) {
    throw new LabError('damaged-file', `${source} is not an NPY file that can be read: ${messageOf(error)}.`, '', {
      cause: error,
    });
  }
}
