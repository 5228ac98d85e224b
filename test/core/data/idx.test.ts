import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseIdx } from '../../../src-core/data/idx';
import { expectLabError, expectReadOrRefused, thrownBy } from '../lab-error';
import { damaged, misaligned } from './damage';

function header(shape: readonly number[], type = 8): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length);
  bytes.set([0, 0, type, shape.length]);
  shape.forEach((length, index) => new DataView(bytes.buffer).setUint32(4 + 4 * index, length));
  return bytes;
}

function idx(shape: readonly number[], values: Uint8Array, type = 8): Uint8Array {
  return new Uint8Array([...header(shape, type), ...values]);
}

const arrays = fc
  .array(fc.nat(6), { minLength: 1, maxLength: 4 })
  .chain((shape) => {
    const length = shape.reduce((product, side) => product * side, 1);
    return fc.record({ shape: fc.constant(shape), values: fc.uint8Array({ minLength: length, maxLength: length }) });
  })
  .filter(({ shape, values }) => 4 + 4 * shape.length + values.length >= 8);

describe('parseIdx', () => {
  it('reads what was written, plain and gzipped', () => {
    fc.assert(
      fc.property(arrays, ({ shape, values }) => {
        const file = idx(shape, values);
        for (const bytes of [file, gzipSync(file), misaligned(file), misaligned(gzipSync(file))]) {
          const array = parseIdx(bytes, 'a.idx');
          expect(array.shape).toEqual(shape);
          expect(Buffer.from(array.values).equals(values)).toBe(true);
        }
      }),
    );
  });

  const values = Uint8Array.of(1, 2, 3, 4, 5, 6);
  it.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(), '0 bytes'],
    ['too few bytes for a header', header([6]).subarray(0, 7), '7 bytes'],
    ['a header cut short', header([2, 3]).subarray(0, 9), 'ends within its header'],
    ['values cut short', idx([2, 3], values.subarray(1)), '17 bytes where its header (2×3) asks for 18'],
    ['a byte too many', idx([2, 3], Uint8Array.of(...values, 7)), '19 bytes'],
    ['another beginning', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 0, 0, 0), 'two zero bytes'],
    ['values of another type', idx([6], values, 0x0d), 'type 0xd'],
    ['no dimensions', idx([], new Uint8Array(8)), '0 dimensions'],
    ['too many dimensions', idx([1, 1, 1, 1, 1], Uint8Array.of(1)), '5 dimensions'],
    ['a header that claims more than memory holds', header([2 ** 32 - 1, 2 ** 32 - 1]), 'more than'],
  ])('refuses %s, plain or gzipped', (_, bytes, why) => {
    for (const file of bytes.length === 0 ? [bytes] : [bytes, gzipSync(bytes)]) {
      const error = expectLabError(
        thrownBy(() => parseIdx(file, 'digits.idx')),
        'damaged-file',
        'digits.idx',
      );
      if (file === bytes) expect(error.message).toContain(why);
    }
  });

  it('refuses a gzip stream that is cut short or altered', () => {
    const packed = gzipSync(
      idx(
        [60, 60],
        new Uint8Array(3600).map((_, index) => (index * index) % 251),
      ),
    );
    const altered = Uint8Array.from(packed);
    altered[packed.length >> 1]! ^= 0xff;
    for (const file of [packed.subarray(0, 40), packed.subarray(0, -9), altered]) {
      expectLabError(
        thrownBy(() => parseIdx(file, 'digits.gz')),
        'damaged-file',
      );
    }
  });

  it('refuses a gzip bomb at the size that its header claims, not at the size that it unpacks to', () => {
    const claimed = 1000;
    // 64 MiB of zeros pack into 64 KiB.
    const bomb = gzipSync(Buffer.concat([header([claimed]), Buffer.alloc(2 ** 26)]));
    expect(bomb.length).toBeLessThan(2 ** 17);
    const before = process.memoryUsage().arrayBuffers;
    expectLabError(
      thrownBy(() => parseIdx(bomb, 'bomb.gz')),
      'damaged-file',
      `more than the ${claimed + 8} bytes that its header claims`,
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 23);
  });

  it('reads or refuses any bytes by name', () => {
    const files = fc.oneof(
      arrays.map(({ shape, values: all }) => idx(shape, all)),
      arrays.map(({ shape, values: all }) => Uint8Array.from(gzipSync(idx(shape, all)))),
    );
    fc.assert(
      fc.property(fc.oneof(damaged(files), fc.uint8Array({ maxLength: 64 })), (bytes) => {
        expectReadOrRefused(() => parseIdx(bytes, 'a.idx'));
      }),
      { numRuns: 500 },
    );
  });
});
