/** The lab folder's health: whether runs can be read from it and kept in it right now. */
import { accessSync, constants, readdirSync, statfsSync } from 'node:fs';
import { LabError } from '../contract/errors';
import type { FolderTrouble } from '../contract/rpc';
import { makeFolder, storageError } from '../data/atomic-write';

/** A paper-sized network's checkpoint with its optimiser's state, written before a former one goes, takes about so much. */
const LEAST_FREE_MEGABYTES = 48;

export class LabFolder {
  private made = false;

  constructor(private readonly path: string) {}

  private check(action: () => void): LabError | undefined {
    try {
      action();
      return undefined;
    } catch (error) {
      return storageError(error, this.path);
    }
  }

  /**
   * Why nothing can be read from the folder. It is made when it is first asked for: one that is missing later on was
   * moved or deleted, or its disk is gone, and must not be made anew in its place.
   */
  private gone(): LabError | undefined {
    return this.check(() => {
      if (!this.made) makeFolder(this.path);
      readdirSync(this.path);
      this.made = true;
    });
  }

  private unwritable(): LabError | undefined {
    return this.check(() => {
      accessSync(this.path, constants.W_OK);
      const { bavail, bsize } = statfsSync(this.path);
      if (bavail * bsize >= LEAST_FREE_MEGABYTES * 2 ** 20) return;
      throw new LabError(
        'storage',
        `${this.path}: the disk is full, or nearly so: less than ${LEAST_FREE_MEGABYTES} MB are free.`,
        'Free some space, or use another folder with --lab DIR.',
      );
    });
  }

  /** What is wrong with it; undefined when nothing is. */
  trouble(): FolderTrouble | undefined {
    const gone = this.gone();
    const error = gone ?? this.unwritable();
    return error && { message: error.message, gone: gone !== undefined };
  }

  /** @throws LabError `storage` when runs can not be read from it */
  assertThere(): void {
    const gone = this.gone();
    if (gone) throw gone;
  }
}
