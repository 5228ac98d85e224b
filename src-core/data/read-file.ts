/** Files read whole, with storage trouble in plain words. */
import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { storageError } from './atomic-write';

/** @throws LabError `storage` that names the path and the way out */
export async function readWhole(path: string): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => {
    throw storageError(error, path);
  });
}

/**
 * What stands at a path, before it is read.
 * @throws LabError `storage` that names the path and the way out
 */
export async function statOf(path: string): Promise<Stats> {
  return stat(path).catch((error: unknown) => {
    throw storageError(error, path);
  });
}

/** Of bytes, or of a text as UTF-8: hexadecimal. */
export function sha256Of(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
