import { spawnSync } from 'node:child_process';
import type * as FileSystem from 'node:fs';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isLocked, takeLock } from '../../../src-core/experiments/run-lock';
import { expectLabError, thrownBy } from '../lab-error';

/** what a file system without hard links answers to one */
let refusal: string | undefined;
vi.mock('node:fs', async (original) => {
  const real = await original<typeof FileSystem>();
  const linkSync: typeof real.linkSync = (from, to) => {
    if (refusal) throw Object.assign(new Error('no links here'), { code: refusal });
    real.linkSync(from, to);
  };
  return { ...real, linkSync };
});

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-lock-'));
  file = join(folder, 'run.lock');
  refusal = undefined;
});
afterEach(() => rmSync(folder, { recursive: true }));

function ownedBy(owner: { pid?: number; host?: string; started?: string | null }): void {
  writeFileSync(file, JSON.stringify({ pid: process.ppid, host: hostname(), started: null, ...owner }));
}

function age(path: string, seconds: number): void {
  const then = new Date(Date.now() - 1000 * seconds);
  utimesSync(path, then, then);
}

function expectTaken(): void {
  const lock = takeLock(file, '0001-a');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ pid: process.pid, host: hostname() });
  lock.release();
  expect(readdirSync(folder)).toEqual([]);
}

function expectRefused(...words: string[]): void {
  const before = readFileSync(file, 'utf8');
  expect(isLocked(file)).toBe(true);
  expectLabError(
    thrownBy(() => takeLock(file, '0001-a')),
    'locked',
    '0001-a',
    ...words,
  );
  expect(readFileSync(file, 'utf8')).toBe(before);
  expect(readdirSync(folder)).toEqual(['run.lock']);
}

describe('takeLock', () => {
  it('takes a lock that nobody holds, once, and gives it back', () => {
    expect(isLocked(file)).toBe(false);
    const lock = takeLock(file, '0001-a');
    expectRefused(`process ${process.pid} on ${hostname()}`);
    lock.release();
    expect(isLocked(file)).toBe(false);
    expectTaken();
  });

  it('refuses while another living process holds it', () => {
    ownedBy({ pid: process.ppid });
    expectRefused(`process ${process.ppid} on`);
  });

  it('refuses while a process that may not be signalled holds it', () => {
    // Process 1 lives as long as the machine; only the superuser may signal it.
    ownedBy({ pid: 1 });
    expectRefused('process 1 on');
  });

  it('takes over from a process that is gone', () => {
    ownedBy({ pid: spawnSync(process.execPath, ['--version']).pid });
    expect(isLocked(file)).toBe(false);
    expectTaken();
  });

  it.runIf(process.platform === 'linux')('takes over from a process whose number came round again', () => {
    ownedBy({ pid: process.ppid, started: '1' });
    expect(isLocked(file)).toBe(false);
    expectTaken();
  });

  it('believes a process on another machine for a minute after its last sign of life', () => {
    ownedBy({ host: 'elsewhere', pid: 1 });
    expectRefused('on elsewhere');
    age(file, 120);
    expect(isLocked(file)).toBe(false);
    expectTaken();
  });

  it.each(['', '{"pid":', 'null', '5', '[]'])('takes over a lock that says nothing: %j', (text) => {
    writeFileSync(file, text);
    age(file, 120);
    expectTaken();
  });

  it('leaves it to another process that is clearing a stale lock, unless that was interrupted', () => {
    ownedBy({ pid: spawnSync(process.execPath, ['--version']).pid });
    mkdirSync(`${file}.clearing`);
    expectLabError(
      thrownBy(() => takeLock(file, '0001-a')),
      'locked',
      'being taken over by another process',
    );
    age(`${file}.clearing`, 120);
    expectTaken();
  });

  it.each(['EPERM', 'ENOTSUP'])('keeps its promise where there are no hard links: %s', (code) => {
    refusal = code;
    const lock = takeLock(file, '0001-a');
    expectRefused(`process ${process.pid} on`);
    lock.release();
    ownedBy({ pid: spawnSync(process.execPath, ['--version']).pid });
    expectTaken();
  });

  it('says that the folder is gone', () => {
    expectLabError(
      thrownBy(() => takeLock(join(folder, 'gone', 'run.lock'), '0001-a')),
      'storage',
      'gone',
    );
  });
});
