import fc from 'fast-check';

/** A good file, cut short, lengthened or with some bytes replaced. */
export function damaged(files: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const byte = fc.record({ at: fc.nat(), value: fc.nat(255) });
  return fc
    .record({
      file: files,
      cut: fc.option(fc.nat(), { freq: 2 }),
      tail: fc.uint8Array({ maxLength: 9 }),
      replaced: fc.array(byte, { maxLength: 4 }),
    })
    .map(({ file, cut, tail, replaced }) => {
      const kept = cut === null ? file : file.subarray(0, cut % (file.length + 1));
      const bytes = new Uint8Array([...kept, ...tail]);
      for (const { at, value } of replaced) if (bytes.length > 0) bytes[at % bytes.length] = value;
      return bytes;
    });
}

/** The bytes as part of a larger buffer, at an odd offset, as files read from disk may stand. */
export function misaligned(bytes: Uint8Array): Buffer {
  const buffer = Buffer.alloc(bytes.length + 7);
  buffer.set(bytes, 3);
  return buffer.subarray(3, 3 + bytes.length);
}
