/** Notes beside run.json, and the bin: what the window adds to a lab's folder. */
import { readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../contract/errors';
import { parseRunNotes, plainText } from '../contract/notes';
import type { RunNotes } from '../contract/rpc';
import { makeFolder, storageError, writeAtomically } from '../data/atomic-write';
import { isLocked } from './run-lock';
import type { Run, RunStore } from './run-store';

const EMPTY: RunNotes = { title: '', tags: [], note: '', star: false };

function notesFile(folder: string): string {
  return join(folder, 'notes.json');
}

function notesIn(folder: string): RunNotes {
  try {
    return parseRunNotes(JSON.parse(readFileSync(notesFile(folder), 'utf8')), EMPTY);
  } catch {
    return EMPTY;
  }
}

/** A run's notes; empty where there are none or they cannot be read: they change no result. */
export function readNotes(store: RunStore, id: string): RunNotes {
  return notesIn(join(store.runsFolder, id));
}

/** What a run is called: by the person who renamed it, else by its spec, else after its network. */
export function titleOf(run: Run): string {
  return notesIn(run.path).title || plainText(run.spec.name) || run.record.model.summary;
}

/** @throws LabError `bad-input` or `storage` */
export async function writeNotes(store: RunStore, id: string, changes: unknown): Promise<void> {
  const notes = parseRunNotes(changes, readNotes(store, id));
  await writeAtomically(notesFile(join(store.runsFolder, id)), `${JSON.stringify(notes, null, 2)}\n`);
}

function binFolder(store: RunStore): string {
  return join(store.runsFolder, '.bin');
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    throw storageError(error, from);
  }
}

/** Moves runs to the bin: all of them, or none when one is being trained. */
export function moveToBin(store: RunStore, ids: readonly string[]): void {
  const known = store.ids();
  for (const id of ids) {
    if (!known.includes(id)) throw new LabError('not-found', `There is no run "${id}".`);
    if (isLocked(join(store.runsFolder, id, 'run.lock'))) {
      throw new LabError('locked', `Run ${id} is being trained.`, 'Stop it first.');
    }
  }
  makeFolder(binFolder(store));
  for (const id of ids) move(join(store.runsFolder, id), join(binFolder(store), id));
}

/** Brings runs back from the bin: all of them, or none when one is not there. */
export function takeFromBin(store: RunStore, ids: readonly string[]): void {
  let binned: string[] = [];
  try {
    binned = readdirSync(binFolder(store));
  } catch {
    // No bin: nothing is in it.
  }
  for (const id of ids) {
    if (!binned.includes(id)) throw new LabError('not-found', `Run "${id}" is not in the bin (any more).`);
  }
  for (const id of ids) move(join(binFolder(store), id), join(store.runsFolder, id));
}

/** Deletes for good what is in the bin. */
export function emptyBin(store: RunStore): void {
  try {
    rmSync(binFolder(store), { recursive: true, force: true });
  } catch (error) {
    throw storageError(error, binFolder(store));
  }
}
