/** One process at a time trains a run: a file beside it says which. */
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { LabError } from '../contract/errors';
import { storageError } from '../data/atomic-write';

/** A lock held on another machine counts as stale when its owner has not touched it for so long. */
const STALE_MILLISECONDS = 60_000;
const HEARTBEAT_MILLISECONDS = 10_000;

/** Locks that this process has given up and could not remove, since their folder has become read-only or is gone. */
const givenUp = new Set<string>();

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** start time of the process in clock ticks since boot, where the system tells: process numbers come round again */
  readonly started: string | null;
}

/** When a process started, from /proc; null on systems without it or when the process is gone. */
function processStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, in brackets, may itself hold blanks and brackets.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function isAlive(owner: Owner, file: string): boolean {
  if (owner.host !== hostname()) return Date.now() - statSync(file).mtimeMs < STALE_MILLISECONDS;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to someone else.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return owner.started === null || owner.started === processStart(owner.pid);
}

function readOwner(file: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Owner;
  } catch {
    // Absent, or not a lock of ours: nobody's either way.
    return undefined;
  }
}

/** The live owner of a lock file; undefined when nobody holds it, or only a process that is gone. */
function liveOwner(file: string): Owner | undefined {
  const owner = readOwner(file);
  try {
    return owner && isAlive(owner, file) && !(owner.pid === process.pid && givenUp.has(file)) ? owner : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a living process holds the lock. */
export function isLocked(file: string): boolean {
  return liveOwner(file) !== undefined;
}

/**
 * Does something to a lock that only one process at a time may do.
 * @returns false when another process is at it
 */
function guarded(file: string, action: () => void): boolean {
  const guard = `${file}.clearing`;
  try {
    mkdirSync(guard);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (Date.now() - (statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? 0) > STALE_MILLISECONDS) rmdirSync(guard);
    return false;
  }
  try {
    action();
    return true;
  } finally {
    rmdirSync(guard);
  }
}

/** Removes a dead owner's lock: one at a time, or one process could remove another's fresh lock. */
function clearStale(file: string): void {
  guarded(file, () => {
    if (!liveOwner(file)) rmSync(file, { force: true });
  });
}

/** What file systems without hard links, such as FAT and some shares, answer to one. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/**
 * Gives a written lock its name, whole and only where the name is free.
 * @throws EEXIST where it is not
 */
function place(draft: string, file: string): void {
  try {
    linkSync(draft, file);
  } catch (error) {
    if (!NO_LINKS.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    const placed = guarded(file, () => {
      if (!existsSync(file)) renameSync(draft, file);
    });
    // A draft that is still there found the name taken.
    if (!placed || existsSync(draft)) throw Object.assign(new Error('the name is taken'), { code: 'EEXIST' });
  }
}

export interface RunLock {
  release(): void;
}

/**
 * Takes the lock, over a dead owner's if need be.
 * @param what the run, for the error
 * @throws LabError `locked` when a living process holds it
 */
export function takeLock(file: string, what: string): RunLock {
  const me: Owner = { pid: process.pid, host: hostname(), started: processStart(process.pid) };
  for (let attempt = 0; attempt < 3; attempt++) {
    const draft = `${file}.${process.pid}`;
    try {
      // Written whole under another name first, so that nobody reads half an owner.
      writeFileSync(draft, JSON.stringify(me));
      place(draft, file);
      return held(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw storageError(error, file);
    } finally {
      rmSync(draft, { force: true });
    }
    const owner = liveOwner(file);
    if (owner) {
      throw new LabError(
        'locked',
        `Run ${what} is being trained by process ${owner.pid} on ${owner.host}.`,
        'Wait for it, or stop it there first.',
      );
    }
    clearStale(file);
  }
  throw new LabError('locked', `Run ${what} is being taken over by another process.`, 'Try again in a minute.');
}

function held(file: string): RunLock {
  givenUp.delete(file);
  const heartbeat = setInterval(() => {
    try {
      utimesSync(file, new Date(), new Date());
    } catch {
      // The folder went away: the next checkpoint says so.
    }
  }, HEARTBEAT_MILLISECONDS);
  heartbeat.unref();
  return {
    release: () => {
      clearInterval(heartbeat);
      try {
        rmSync(file, { force: true });
      } catch {
        givenUp.add(file);
      }
    },
  };
}
