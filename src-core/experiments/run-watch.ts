/** Notices what other processes do in the runs folder: a terminal's runs appear and move in the window. */
import type { FSWatcher } from 'node:fs';
import { statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { isLocked } from './run-lock';
import type { RunStore } from './run-store';

/** Some file systems tell nothing, and none tells of files within the runs' folders: so often it is looked at. */
const POLL_MILLISECONDS = 2000;
/** Many files change at once: one look serves them all. */
const SETTLE_MILLISECONDS = 100;

/** Changes when a run's folder says something else. */
export function signatureOf(store: RunStore, id: string): string {
  const folder = join(store.runsFolder, id);
  const parts = ['run.json', 'metrics.jsonl', 'notes.json'].map((name) => {
    const found = statSync(join(folder, name), { throwIfNoEntry: false });
    return found ? `${found.mtimeMs}:${found.size}` : '';
  });
  return [...parts, isLocked(join(folder, 'run.lock'))].join();
}

/**
 * Watches until the returned function is called.
 * @param changed called with the ids of new, changed and vanished runs
 */
export function watchRuns(store: RunStore, changed: (ids: readonly string[]) => void): () => void {
  let known = snapshot(store);
  let watcher: FSWatcher | undefined;
  let settling: NodeJS.Timeout | undefined;
  const look = (): void => {
    settling = undefined;
    watcher ??= open();
    const now = snapshot(store);
    const ids = new Set([...known.keys(), ...now.keys()]);
    const different = [...ids].filter((id) => known.get(id) !== now.get(id));
    known = now;
    if (different.length > 0) changed(different);
  };
  const open = (): FSWatcher | undefined => {
    try {
      const opened = watch(store.runsFolder, () => (settling ??= setTimeout(look, SETTLE_MILLISECONDS)));
      opened.on('error', () => {
        opened.close();
        watcher = undefined;
      });
      return opened;
    } catch {
      // Not there yet: the next poll tries again.
      return undefined;
    }
  };
  watcher = open();
  const timer = setInterval(look, POLL_MILLISECONDS);
  return () => {
    clearInterval(timer);
    clearTimeout(settling);
    watcher?.close();
  };
}

function snapshot(store: RunStore): Map<string, string> {
  try {
    return new Map(store.ids().map((id) => [id, signatureOf(store, id)]));
  } catch {
    // A folder that cannot be read holds nothing to see; reading the runs says why.
    return new Map();
  }
}
