import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TensorArray } from '../../../src-core/data/safetensors';
import { encodeSafetensors, parseSafetensors } from '../../../src-core/data/safetensors';
import { expectLabError, expectReadOrRefused, thrownBy } from '../lab-error';
import { damaged, misaligned } from './damage';

const tensor: fc.Arbitrary<TensorArray> = fc.array(fc.nat(4), { maxLength: 3 }).chain((shape) => {
  const length = shape.reduce((product, side) => product * side, 1);
  return fc.record({
    shape: fc.constant(shape),
    values: fc.float32Array({ minLength: length, maxLength: length, noNaN: true }),
  });
});
const name = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom('__proto__', 'constructor', 'hidden1/weight', '層'),
);
const contents = fc.record({
  tensors: fc
    .uniqueArray(
      fc.tuple(
        name.filter((word) => word !== '__metadata__'),
        tensor,
      ),
      { selector: ([word]) => word, maxLength: 5 },
    )
    .map((entries) => Object.fromEntries(entries)),
  metadata: fc
    .dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string(), { maxKeys: 3 })
    .map((words) => ({ ...words })),
});

/** A file with any header; the header's length may be a lie. */
function withHeader(header: unknown, data: number | Uint8Array = 0, claimed?: bigint): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const tail = typeof data === 'number' ? new Uint8Array(data) : data;
  const bytes = new Uint8Array(8 + json.length + tail.length);
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(tail, 8 + json.length);
  return bytes;
}

function entry(start: number, end: number, shape: unknown = [(end - start) / 4], dtype = 'F32'): object {
  return { dtype, shape, data_offsets: [start, end] };
}

describe('encodeSafetensors and parseSafetensors', () => {
  it('give back what was written, wherever the file stands in memory', () => {
    fc.assert(
      fc.property(contents, ({ tensors, metadata }) => {
        const file = encodeSafetensors(tensors, metadata);
        for (const bytes of [file, Buffer.from(file), misaligned(file)]) {
          const read = parseSafetensors(bytes, 'a.safetensors');
          expect(Object.keys(read.tensors).sort()).toEqual(Object.keys(tensors).sort());
          for (const [key, array] of Object.entries(tensors)) {
            expect(Object.entries(read.tensors).find(([other]) => other === key)![1]).toEqual(array);
          }
          expect(read.metadata).toEqual(metadata);
        }
      }),
    );
  });

  it('keeps a tensor named __proto__ as a tensor', () => {
    const array = { shape: [1], values: Float32Array.of(4) };
    const read = parseSafetensors(encodeSafetensors(Object.fromEntries([['__proto__', array]])), 'a.safetensors');
    expect(Object.entries(read.tensors)).toEqual([['__proto__', array]]);
    expect(Object.getPrototypeOf(read.tensors)).toBe(Object.prototype);
  });

  it('stands as the format asks: the header’s length, the header, the data in order', () => {
    const file = encodeSafetensors({
      b: { shape: [2], values: Float32Array.of(1, 2) },
      a: { shape: [], values: Float32Array.of(3) },
    });
    const length = Number(new DataView(file.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    expect(JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)))).toEqual({
      __metadata__: {},
      b: entry(0, 8),
      a: entry(8, 12, []),
    });
    expect([...new Float32Array(file.buffer.slice(8 + length))]).toEqual([1, 2, 3]);
  });

  it('reads a header of any length, as other programs write it', () => {
    const data = new Uint8Array(Float32Array.of(1.5, -2).buffer);
    for (let blanks = 0; blanks < 8; blanks++) {
      const file = withHeader(`{"a":${JSON.stringify(entry(0, 8))}${' '.repeat(blanks)}}`, data);
      expect(parseSafetensors(Buffer.from(file), 'a').tensors['a']!.values).toEqual(Float32Array.of(1.5, -2));
    }
  });

  it('gives copies: the file may change afterwards', () => {
    const file = Buffer.from(encodeSafetensors({ a: { shape: [2], values: Float32Array.of(1, 2) } }));
    const { values } = parseSafetensors(file, 'a').tensors['a']!;
    file.fill(0);
    expect([...values]).toEqual([1, 2]);
  });

  it.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(), '0 bytes'],
    ['a header that claims more than the file', withHeader({}, 0, 3n), 'ends within its header'],
    ['a header that claims more than memory holds', withHeader({}, 0, 2n ** 64n - 1n), 'header claims'],
    ['a header beyond the format’s limit', withHeader({}, 0, 100_000_001n), 'header claims 100000001 bytes'],
    ['a header that is not JSON', withHeader('{"a":'), 'not JSON'],
    ['a header that is not UTF-8', withHeader({}).fill(0xff, 8), 'not JSON'],
    ['a header that is a list', withHeader([]), 'not a JSON object'],
    ['a header nested without end', withHeader('['.repeat(100_000)), 'not JSON'],
    ['an entry that is not a tensor’s', withHeader({ a: 5 }), '"a" is not a tensor'],
    ['a fractional offset', withHeader({ a: entry(0, 0.5, [1]) }, 4), '"a" is not a tensor'],
    ['a negative offset', withHeader({ a: entry(-4, 0, [1]) }, 4), '"a" is not a tensor'],
    ['metadata that are not texts', withHeader({ __metadata__: { step: 5 } }), 'metadata'],
    ['values of another type', withHeader({ a: entry(0, 4, [4], 'I8') }, 4), 'type I8'],
    ['a length that does not fit the shape', withHeader({ a: entry(0, 8, [3]) }, 8), 'claims the bytes 0 to 8'],
    ['an end before its start', withHeader({ a: entry(0, 4), b: entry(4, 0, [1]) }, 4), 'claims the bytes'],
    ['a hole', withHeader({ a: entry(0, 4), b: entry(8, 12) }, 12), '"b" of shape [1] claims the bytes 8 to 12'],
    ['an overlap', withHeader({ a: entry(0, 8), b: entry(4, 12) }, 12), '"b" of shape [2] claims the bytes 4 to 12'],
    ['two tensors on the same bytes', withHeader({ a: entry(0, 4), b: entry(0, 4) }, 4), 'claims the bytes 0 to 4'],
    ['data before the first tensor', withHeader({ a: entry(4, 8) }, 8), 'claims the bytes 4 to 8'],
    ['data cut short', withHeader({ a: entry(0, 8) }, 7), 'ends within "a"'],
    ['data that belong to none', withHeader({ a: entry(0, 4) }, 5), '1 bytes after its last tensor'],
    ['a shape beyond counting', withHeader({ a: entry(0, 4, [2 ** 53 - 1, 2 ** 53 - 1, 0]) }, 4), 'claims the bytes'],
    ['a shape that claims more than memory holds', withHeader({ a: entry(0, 2 ** 50) }, 4), 'ends within "a"'],
  ])('refuses %s', (_, bytes, why) => {
    expectLabError(
      thrownBy(() => parseSafetensors(bytes, 'epoch-0001.safetensors')),
      'damaged-file',
      'epoch-0001.safetensors',
      why,
    );
  });

  it('reads or refuses any bytes by name', () => {
    const offset = fc.oneof(fc.nat(24), fc.integer(), fc.double());
    const lying = fc
      .record({
        header: fc.dictionary(
          fc.constantFrom('a', 'b', '__proto__', '__metadata__'),
          fc.oneof(
            fc.jsonValue(),
            fc.record({
              dtype: fc.constantFrom('F32', 'F64', 'F16', 'BF16', 'I8'),
              shape: fc.array(offset, { maxLength: 3 }),
              data_offsets: fc.tuple(offset, offset),
            }),
          ),
        ),
        data: fc.nat(24),
      })
      .map(({ header, data }) => withHeader(header, data));
    const files = contents.map(({ tensors, metadata }) => encodeSafetensors(tensors, metadata));
    fc.assert(
      fc.property(fc.oneof(damaged(files), lying, fc.uint8Array({ maxLength: 64 })), (bytes) => {
        expectReadOrRefused(() => parseSafetensors(bytes, 'a'));
      }),
      { numRuns: 1000 },
    );
  });
});
it('reads doubles, halves and bfloat16 as float32', () => {
  const bits = (dtype: string, width: number, values: ArrayBufferView): Float32Array => {
    const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const file = withHeader({ a: entry(0, data.length, [data.length / width], dtype) }, data.length);
    file.set(data, file.length - data.length);
    return parseSafetensors(file, 'a').tensors['a']!.values;
  };
  expect([...bits('F64', 8, Float64Array.of(0.1, -2))]).toEqual([Math.fround(0.1), -2]);
  // 1, −2, the largest, the smallest, −0, infinity (IEEE 754-2019, binary16).
  const halves = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x8000, 0x7c00);
  expect([...bits('F16', 2, halves)]).toEqual([1, -2, 65504, 2 ** -24, -0, Infinity]);
  expect([...bits('BF16', 2, Uint16Array.of(0x3f80, 0xc040))]).toEqual([1, -3]);
});
