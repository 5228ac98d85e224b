import { unzipSync } from 'fflate';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NpyArray } from '../../../src-core/data/npy';
import { encodeNpy, parseNpy } from '../../../src-core/data/npy';
import { encodeNpz } from '../../../src-core/data/npz';
import { expectLabError, expectReadOrRefused, thrownBy } from '../lab-error';
import { damaged, misaligned } from './damage';

const arrays: fc.Arbitrary<NpyArray> = fc
  .tuple(fc.array(fc.nat(5), { maxLength: 4 }), fc.boolean())
  .chain(([shape, bytes]) => {
    const length = shape.reduce((product, side) => product * side, 1);
    const exactly = { minLength: length, maxLength: length };
    return fc.record({ shape: fc.constant(shape), values: bytes ? fc.uint8Array(exactly) : fc.float32Array(exactly) });
  });

/** A file with another header than ours. */
function withHeader(text: string, data = new Uint8Array(), version = 1): Uint8Array {
  const words = new TextEncoder().encode(text);
  const length =
    version === 1 ? [words.length & 255, words.length >> 8] : [words.length & 255, words.length >> 8, 0, 0];
  return Uint8Array.of(0x93, ...new TextEncoder().encode('NUMPY'), version, 0, ...length, ...words, ...data);
}

describe('encodeNpy and parseNpy', () => {
  it('give back what was written, wherever the file stands in memory', () => {
    fc.assert(
      fc.property(arrays, (array) => {
        const file = encodeNpy(array);
        for (const bytes of [file, Buffer.from(file), misaligned(file)])
          expect(parseNpy(bytes, 'a.npy')).toEqual(array);
      }),
    );
  });

  it('gives a copy: the file may change afterwards', () => {
    const file = Buffer.from(encodeNpy({ shape: [2], values: Float32Array.of(1, 2) }));
    const { values } = parseNpy(file, 'a.npy');
    file.fill(0);
    expect([...values]).toEqual([1, 2]);
  });

  it('writes the header of NEP 1: a Python literal, padded so that the data begin at a multiple of 64', () => {
    const headerOf = (array: NpyArray): string => new TextDecoder('latin1').decode(encodeNpy(array).subarray(6, 128));
    expect(headerOf({ shape: [2, 3], values: new Float32Array(6) })).toBe(
      `\x01\0v\0${"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }".padEnd(117)}\n`,
    );
    expect(headerOf({ shape: [3], values: new Uint8Array(3) })).toContain(
      "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }",
    );
  });

  it('reads a version 2 header and one of odd length', () => {
    const header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }\n";
    expect(parseNpy(withHeader(header, Uint8Array.of(7, 9), 2), 'a.npy').values).toEqual(Uint8Array.of(7, 9));
    const floats = new Uint8Array(Float32Array.of(1.5, -2).buffer);
    for (const text of [header, ` ${header}`]) {
      const file = withHeader(text.replace('|u1', '<f4'), floats);
      expect(parseNpy(Buffer.from(file), 'a.npy').values).toEqual(Float32Array.of(1.5, -2));
    }
  });

  const good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n";
  const eight = new Uint8Array(8);
  it.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(), 'does not begin as an NPY file does'],
    ['another beginning', encodeNpy({ shape: [3], values: new Uint8Array(3) }).fill(0x50, 0, 1), 'does not begin'],
    ['a header cut short', withHeader(good).subarray(0, 30), 'ends within its header'],
    ['a header that claims more than the file', withHeader(good).fill(255, 8, 10), 'ends within its header'],
    ['values cut short', withHeader(good, eight.subarray(1)), '7 bytes of data where (2) asks for 8'],
    ['a byte too many', withHeader(good, new Uint8Array(9)), '9 bytes of data'],
    ['values of another type', withHeader(good.replace('<f4', '<f8'), eight), 'type <f8'],
    ['big-endian values', withHeader(good.replace('<f4', '>f4'), eight), 'type >f4'],
    ['Fortran order', withHeader(good.replace('False', 'True'), eight), 'not in C order'],
    ['no shape', withHeader(good.replace('(2,)', 'None'), eight), 'no shape'],
    ['a shape beyond counting', withHeader(good.replace('2', '9'.repeat(30)), eight), 'its shape is'],
    [
      'lengths whose product overflows',
      withHeader(good.replace('2', `${'9'.repeat(15)}, 0, ${'9'.repeat(15)}`), eight),
      'asks for 0',
    ],
    [
      'lengths that claim more than memory holds',
      withHeader(good.replace('2', '4294967295, 4294967295'), eight),
      'asks for',
    ],
  ])('refuses %s', (_, bytes, why) => {
    expectLabError(
      thrownBy(() => parseNpy(bytes, 'logits.npy')),
      'damaged-file',
      'logits.npy',
      why,
    );
  });

  it('reads or refuses any bytes by name', () => {
    fc.assert(
      fc.property(fc.oneof(damaged(arrays.map(encodeNpy)), fc.uint8Array({ maxLength: 64 })), (bytes) => {
        expectReadOrRefused(() => parseNpy(bytes, 'a.npy'));
      }),
      { numRuns: 500 },
    );
  });
});

describe('encodeNpz', () => {
  it('is a zip of NPY files under the names of the arrays', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]\w{0,8}(\/[a-z]+)?$/), arrays, { maxKeys: 4 }), (wanted) => {
        const files = Object.entries(unzipSync(encodeNpz(wanted)));
        const found = files.map(([file, bytes]) => [file.replace(/\.npy$/, ''), parseNpy(bytes, file)] as const);
        expect(Object.fromEntries(found)).toEqual({ ...wanted });
      }),
      { numRuns: 50 },
    );
  });

  it('gives the same bytes for the same arrays', () => {
    const array = { shape: [2], values: Float32Array.of(1, 2) };
    expect(encodeNpz({ a: array })).toEqual(encodeNpz({ a: array }));
  });
});
