import type * as FileSystem from 'node:fs';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LabFolder } from '../../../src-core/experiments/lab-folder';
import { expectLabError, thrownBy } from '../lab-error';

/** megabytes that the disk says are free; undefined for what it has */
let free: number | undefined;
vi.mock('node:fs', async (original) => {
  const real = await original<typeof FileSystem>();
  const statfsSync = (path: string) =>
    free === undefined ? real.statfsSync(path) : { bavail: free * 256, bsize: 4096 };
  return { ...real, statfsSync };
});

let parent: string;
let path: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'lab-folder-'));
  path = join(parent, 'deep', 'lab');
  free = 1000;
});
afterEach(() => rmSync(parent, { recursive: true }));

describe('the lab folder', () => {
  it('is made when it is first asked for, and not made anew once it is gone', () => {
    const folder = new LabFolder(path);
    expect(folder.trouble()).toBeUndefined();
    expect(existsSync(path)).toBe(true);
    rmSync(path, { recursive: true });
    expect(folder.trouble()).toMatchObject({ gone: true });
    expect(folder.trouble()!.message).toContain(`${path}: it is not there (any more)`);
    expectLabError(
      thrownBy(() => folder.assertThere()),
      'storage',
      path,
    );
    expect(existsSync(path)).toBe(false);
    mkdirSync(path);
    expect(folder.trouble()).toBeUndefined();
    folder.assertThere();
  });

  it('says that a file stands in its place, until it can be made', () => {
    writeFileSync(join(parent, 'deep'), 'a file');
    const folder = new LabFolder(path);
    expect(folder.trouble()).toMatchObject({ gone: true });
    expect(folder.trouble()!.message).toContain('a file stands where a folder should');
    rmSync(join(parent, 'deep'));
    expect(folder.trouble()).toBeUndefined();
  });

  it('says that the disk is nearly full; what is there can be read', () => {
    const folder = new LabFolder(path);
    free = 47;
    expect(folder.trouble()).toMatchObject({ gone: false });
    expect(folder.trouble()!.message).toMatch(/the disk is full, or nearly so.*Free some space/);
    folder.assertThere();
    free = 48;
    expect(folder.trouble()).toBeUndefined();
  });
});
