/** Files that are whole or not there, and storage trouble in plain words. */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { LabError, messageOf } from '../contract/errors';

const IN_WORDS: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  ENOSPC: ['the disk is full', 'Free some space, or use another folder with --lab DIR.'],
  EDQUOT: ['your disk quota is used up', 'Free some space, or use another folder with --lab DIR.'],
  EACCES: ['it may not be written', 'Change its permissions, or use another folder with --lab DIR.'],
  EPERM: ['it may not be written', 'Change its permissions, or use another folder with --lab DIR.'],
  EROFS: ['the file system is read-only', 'Use another folder with --lab DIR.'],
  ENOENT: ['it is not there (any more)', 'Put the folder back, or use another one with --lab DIR.'],
  ENOTDIR: ['a file stands where a folder should', 'Move that file away, or use another folder with --lab DIR.'],
  EEXIST: ['a file stands where a folder should', 'Move that file away, or use another folder with --lab DIR.'],
  EISDIR: ['a folder stands where a file should', 'Move that folder away, or give another path.'],
  EIO: ['the disk reports an error', 'Look after that disk; use another folder with --lab DIR meanwhile.'],
  EMFILE: ['too many files are open', 'Close other programs and try again.'],
};

/** A LabError `storage` that names the path and the way out; a LabError is handed back as it is. */
export function storageError(error: unknown, path: string): LabError {
  if (error instanceof LabError) return error;
  const { code } = error as NodeJS.ErrnoException;
  const [what, remedy] = (code && IN_WORDS[code]) || [messageOf(error), ''];
  return new LabError('storage', `${path}: ${what}${code ? ` (${code})` : ''}.`, remedy, { cause: error });
}

/**
 * Writes a file under a temporary name, flushes it and renames it: whoever reads finds the old file or the new one.
 * @throws LabError `storage`; then the old file stands
 */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  try {
    // The view's own bytes: the library would otherwise copy the array element by element.
    const bytes =
      typeof content === 'string' ? content : Buffer.from(content.buffer, content.byteOffset, content.byteLength);
    await writeFileAtomic(path, bytes);
  } catch (error) {
    throw storageError(error, path);
  }
}

/**
 * Makes a folder and those above it; one that is there is fine.
 * Node's own recursive mkdir never returns where a parent exists and still takes no folder, as /proc.
 * @throws LabError `storage`
 */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
    if (code !== 'ENOENT' || existsSync(dirname(path))) throw storageError(error, path);
    makeFolder(dirname(path));
    makeFolder(path);
  }
}
