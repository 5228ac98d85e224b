/** Zip files in memory: the same contents give the same bytes, and nothing is unpacked that was not asked for. */
import type { Zippable } from 'fflate';
import { unzipSync, zipSync } from 'fflate';

/** Zip's earliest date stands for all dates. */
const NO_DATE = new Date(1980, 0, 1, 12);
const MOST_FILES = 20_000;

/** @param packed whether a file is compressed, by its path: weights do not shrink */
export function encodeZip(files: ReadonlyMap<string, Uint8Array>, packed: (path: string) => boolean): Uint8Array {
  const entries: Zippable = {};
  for (const [path, bytes] of files) entries[path] = [bytes, { level: packed(path) ? 6 : 0 }];
  return zipSync(entries, { mtime: NO_DATE });
}

/**
 * The files that are wanted.
 * @param wanted called with each file's path and the bytes that it says it unpacks to; never more are unpacked
 * @throws Error when it is no zip, holds a path twice, or too many
 */
export function decodeZip(bytes: Uint8Array, wanted: (path: string, size: number) => boolean): Map<string, Uint8Array> {
  const seen = new Set<string>();
  const files = unzipSync(bytes, {
    filter: ({ name, originalSize }) => {
      if (seen.has(name)) throw new Error(`it holds “${name.slice(0, 80)}” twice`);
      if (seen.add(name).size > MOST_FILES) throw new Error(`it holds more than ${MOST_FILES} files`);
      return wanted(name, originalSize);
    },
  });
  return new Map(Object.entries(files));
}
