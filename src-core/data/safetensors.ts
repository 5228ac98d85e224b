/** safetensors (huggingface/safetensors, format 0.4): named arrays, float32 as the lab writes them, and a map of words. */
import * as v from 'valibot';
import { LabError, messageOf } from '../contract/errors';

export interface TensorArray {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export interface SafetensorsFile {
  readonly tensors: Readonly<Record<string, TensorArray>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** As in the reference implementation. */
const LONGEST_HEADER = 100_000_000;
const METADATA = '__metadata__';

/**
 * Arrays as a file. Data stand in the order given, aligned to 8 bytes.
 * @param tensors by name
 * @param metadata words about them
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, TensorArray>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  let end = 0;
  const entries = Object.entries(tensors).map(([name, { shape, values }]) => {
    return [name, { dtype: 'F32', shape, data_offsets: [end, (end += values.byteLength)] }] as const;
  });
  // Not by assignment, which would lose a tensor named "__proto__".
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries([[METADATA, metadata], ...entries])));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerBytes + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.fill(0x20, 8, 8 + headerBytes);
  bytes.set(json, 8);
  let at = 8 + headerBytes;
  for (const { values } of Object.values(tensors)) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return bytes;
}

const size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Entry = v.object({ dtype: v.string(), shape: v.array(size), data_offsets: v.tuple([size, size]) });
const Metadata = v.record(v.string(), v.string());

/** @throws Error that says what is wrong, without the file's name */
function parseHeader(bytes: Uint8Array): { entries: [string, unknown][]; dataStart: number } {
  if (bytes.length < 8) throw new Error(`it has ${bytes.length} bytes, too few for a header`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true));
  if (length > LONGEST_HEADER) throw new Error(`its header claims ${length} bytes`);
  if (8 + length > bytes.length) throw new Error('it ends within its header');
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length)));
  } catch {
    throw new Error('its header is not JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw new Error('its header is not a JSON object');
  }
  return { entries: Object.entries(header), dataStart: 8 + length };
}

/** Half precision, IEEE 754 binary16. */
function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Types of numbers that become float32: what the lab writes, and what others keep networks in. */
const TYPES: Readonly<Record<string, { readonly bytes: number; read(data: ArrayBuffer): Float32Array }>> = {
  F32: { bytes: 4, read: (data) => new Float32Array(data) },
  F64: { bytes: 8, read: (data) => Float32Array.from(new Float64Array(data)) },
  F16: { bytes: 2, read: (data) => Float32Array.from(new Uint16Array(data), halfValue) },
  BF16: {
    bytes: 2,
    read: (data) => new Float32Array(Uint32Array.from(new Uint16Array(data), (bits) => bits << 16).buffer),
  },
};

/**
 * Reads a file of arrays as float32; the values are copies.
 * @param source the file's name, for the error
 * @throws LabError `damaged-file` unless every byte of the data belongs to exactly one array of the right length
 */
export function parseSafetensors(bytes: Uint8Array, source: string): SafetensorsFile {
  try {
    const { entries, dataStart } = parseHeader(bytes);
    const tensors: [string, TensorArray][] = [];
    let metadata: Record<string, string> = {};
    let covered = 0;
    const parsed = entries
      .filter(([name, entry]) => {
        if (name !== METADATA) return true;
        if (!v.is(Metadata, entry)) throw new Error('its metadata are not a map of texts');
        metadata = entry;
        return false;
      })
      .map(([name, entry]) => {
        if (!v.is(Entry, entry)) throw new Error(`its entry "${name}" is not a tensor's`);
        return { name, entry, start: entry.data_offsets[0], end: entry.data_offsets[1] };
      })
      .sort((a, b) => a.start - b.start || a.end - b.end);
    for (const { name, entry, start, end } of parsed) {
      const type = Object.hasOwn(TYPES, entry.dtype) ? TYPES[entry.dtype] : undefined;
      if (!type) throw new Error(`"${name}" has type ${entry.dtype}, not ${Object.keys(TYPES).join(', ')}`);
      const count = entry.shape.reduce((product, length) => product * length, 1);
      if (start !== covered || end - start !== count * type.bytes) {
        throw new Error(`"${name}" of shape [${entry.shape.join(', ')}] claims the bytes ${start} to ${end}`);
      }
      if (dataStart + end > bytes.length) throw new Error(`it ends within "${name}"`);
      covered = end;
      // Not `slice`: a Buffer's gives a view, which float32 values may not be able to begin at.
      const data = new Uint8Array(bytes.subarray(dataStart + start, dataStart + end));
      tensors.push([name, { shape: entry.shape, values: type.read(data.buffer) }]);
    }
    if (dataStart + covered !== bytes.length) {
      throw new Error(`${bytes.length - dataStart - covered} bytes after its last tensor belong to none`);
    }
    return { tensors: Object.fromEntries(tensors), metadata };
  } catch (error) {
    throw new LabError(
      'damaged-file',
      `${source} is not a safetensors file that can be read: ${messageOf(error)}.`,
      '',
      {
        cause: error,
      },
    );
  }
}
