// A lock between processes: a file made with O_EXCL that names its owner. The owner touches it every few
// seconds, so a lock left behind by a killed process, even on another machine with the same home, is seen.
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, utimesSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const beat = 5_000;
const silence = 60_000;

/** @param {string} path */
function create(path) {
  try {
    const file = openSync(path, 'wx');
    writeSync(file, JSON.stringify({ pid: process.pid, host: hostname() }));
    closeSync(file);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/** @param {number} pid */
function lives(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/**
 * @param {string} path
 * @returns {{ dead: boolean, name: string } | undefined} undefined when nobody holds it any more
 */
function owner(path) {
  try {
    const age = Date.now() - statSync(path).mtimeMs;
    let held = { pid: 0, host: '' };
    try {
      held = JSON.parse(readFileSync(path, 'utf8'));
    } catch {
      return { dead: age > 2 * beat, name: 'another set-up' }; // made, but not yet written
    }
    const here = held.host === hostname();
    return {
      dead: age > silence || (here && !lives(held.pid)),
      name: `process ${held.pid}${here ? '' : ` on ${held.host}`}`,
    };
  } catch {
    return undefined;
  }
}

/**
 * Removes a dead owner's lock. Between seeing it dead and removing it, another process may have taken it
 * over already, so this is itself done by one process at a time, which looks again.
 * @param {string} path
 */
function takeOver(path) {
  const guard = `${path}.takeover`;
  if (!create(guard)) {
    if (owner(guard)?.dead) rmSync(guard, { force: true });
    return;
  }
  try {
    if (owner(path)?.dead) rmSync(path, { force: true });
  } finally {
    rmSync(guard, { force: true });
  }
}

/**
 * Holds the lock while `work` runs.
 * @template Result
 * @param {string} path
 * @param {(owner: string) => void} onWait called once, if another process holds it
 * @param {() => Promise<Result>} work
 * @returns {Promise<Result>}
 */
export async function withLock(path, onWait, work) {
  mkdirSync(dirname(path), { recursive: true });
  let told = false;
  while (!create(path)) {
    const held = owner(path);
    if (held?.dead) takeOver(path);
    else if (held && !told) {
      told = true;
      onWait(held.name);
    }
    await wait(held?.dead ? 10 : 200);
  }
  const release = () => rmSync(path, { force: true });
  process.once('exit', release);
  const timer = setInterval(() => {
    try {
      utimesSync(path, new Date(), new Date());
    } catch {
      // Taken away by hand: nothing to keep alive.
    }
  }, beat);
  timer.unref();
  try {
    return await work();
  } finally {
    clearInterval(timer);
    process.off('exit', release);
    release();
  }
}
