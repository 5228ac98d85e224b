/** NPY, numpy's array files (NEP 1): float32 and bytes, in C order. */
import { LabError, messageOf } from '../contract/errors';

export interface NpyArray {
  readonly shape: readonly number[];
  readonly values: Float32Array | Uint8Array;
}

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
function parseHeader(bytes: Uint8Array): { type: '<f4' | '|u1'; shape: number[]; dataStart: number } {
  if (bytes.length < 12 || MAGIC.some((byte, index) => bytes[index] !== byte)) {
    throw new Error('it does not begin as an NPY file does');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = bytes[6]! >= 2;
  const start = wide ? 12 : 10;
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  if (length > LONGEST_HEADER || start + length > bytes.length) throw new Error('it ends within its header');
  const text = new TextDecoder().decode(bytes.subarray(start, start + length));
  const type = /'descr': *'([^']*)'/.exec(text)?.[1];
  if (type !== '<f4' && type !== '|u1') throw new Error(`its values have type ${type ?? 'unknown'}, not <f4 or |u1`);
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

/**
 * Reads an array; the values are a copy.
 * @param source the file's name, for the error
 * @throws LabError `damaged-file` on anything but one whole array of float32 or bytes
 */
export function parseNpy(bytes: Uint8Array, source: string): NpyArray {
  try {
    const { type, shape, dataStart } = parseHeader(bytes);
    const count = shape.reduce((product, length) => product * length, 1);
    const wanted = count * (type === '<f4' ? 4 : 1);
    if (bytes.length - dataStart !== wanted) {
      throw new Error(
        `it holds ${bytes.length - dataStart} bytes of data where (${shape.join(', ')}) asks for ${wanted}`,
      );
    }
    // Not `slice`: a Buffer's gives a view, which float32 values may not be able to begin at.
    const data = new Uint8Array(bytes.subarray(dataStart));
    return { shape, values: type === '|u1' ? data : new Float32Array(data.buffer, data.byteOffset, count) };
  } catch (error) {
    throw new LabError('damaged-file', `${source} is not an NPY file that can be read: ${messageOf(error)}.`, '', {
      cause: error,
    });
  }
}
