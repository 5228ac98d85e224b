import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LabError } from '../../../src-core/contract/errors';
import { makeFolder, storageError, writeAtomically } from '../../../src-core/data/atomic-write';
import { expectLabError, rejectionOf, thrownBy } from '../lab-error';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'atomic-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('writeAtomically', () => {
  it('writes texts and bytes, over what was there, and leaves nothing else', async () => {
    const file = join(folder, 'a');
    await writeAtomically(file, 'first, and longer than the second');
    await writeAtomically(file, 'second ±');
    expect(readFileSync(file, 'utf8')).toBe('second ±');
    await writeAtomically(file, Uint8Array.of(0, 255, 3).subarray(1));
    expect([...readFileSync(file)]).toEqual([255, 3]);
    expect(readdirSync(folder)).toEqual(['a']);
  });

  it('lets the last of several writers at once win, whole', async () => {
    const file = join(folder, 'a');
    const contents = Array.from({ length: 8 }, (_, index) => String(index).repeat(20_000));
    await Promise.all(contents.map((content) => writeAtomically(file, content)));
    expect(contents).toContain(readFileSync(file, 'utf8'));
    expect(readdirSync(folder)).toEqual(['a']);
  });

  it('says that the folder is not there', async () => {
    const file = join(folder, 'gone', 'a');
    expectLabError(await rejectionOf(writeAtomically(file, 'x')), 'storage', file, 'not there', 'ENOENT', '--lab DIR');
  });

  it('says that a file stands where a folder should', async () => {
    writeFileSync(join(folder, 'file'), '');
    const file = join(folder, 'file', 'a');
    expectLabError(
      await rejectionOf(writeAtomically(file, 'x')),
      'storage',
      file,
      'a file stands where a folder should',
    );
  });

  it('says that a folder stands where the file should, and leaves nothing beside it', async () => {
    const file = join(folder, 'a');
    mkdirSync(file);
    expectLabError(
      await rejectionOf(writeAtomically(file, 'x')),
      'storage',
      file,
      'a folder stands where a file should',
    );
    expect(readdirSync(folder)).toEqual(['a']);
  });
});

describe('storageError', () => {
  it.skipIf(!existsSync('/dev/full'))('says that the disk is full', () => {
    const error = storageError(
      thrownBy(() => writeFileSync('/dev/full', 'x')),
      '/lab/runs/run.json',
    );
    expectLabError(error, 'storage', '/lab/runs/run.json: the disk is full (ENOSPC).', 'Free some space');
  });

  it.each([
    ['EACCES', 'may not be written'],
    ['EROFS', 'read-only'],
    ['EDQUOT', 'quota'],
    ['EIO', 'the disk reports an error'],
  ])('puts %s into words and offers a way out', (code, words) => {
    const error = storageError(Object.assign(new Error('no'), { code }), '/lab');
    expectLabError(error, 'storage', `/lab: `, words, code);
    expect(error.remedy).not.toBe('');
  });

  it('keeps the words of an error that it does not know, and every LabError', () => {
    expectLabError(
      storageError(Object.assign(new Error('odd'), { code: 'EODD' }), '/lab'),
      'storage',
      '/lab: odd (EODD).',
    );
    const own = new LabError('locked', 'Taken.');
    expect(storageError(own, '/lab')).toBe(own);
  });
});

describe('makeFolder', () => {
  it('makes what is missing above, and is content with what is there', () => {
    const deep = join(folder, 'a', 'b', 'c');
    makeFolder(deep);
    makeFolder(deep);
    expect(statSync(deep).isDirectory()).toBe(true);
  });

  it('gives up at a link that leads nowhere', () => {
    symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'));
    expect(() => makeFolder(join(folder, 'dangling', 'runs'))).toThrow(LabError);
  });

  it.runIf(existsSync('/proc/self'))('gives up where nobody can make a folder', () => {
    expect(() => makeFolder('/proc/distill-lab/runs')).toThrow('/proc/distill-lab');
  });
});
