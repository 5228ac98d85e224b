/**
 * A run with its lineage in one file: a zip of the folders of the run and of its teachers, in their turn, with a manifest
 * of every file's size and sha256. What leaves one lab and goes on in another.
 */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ArchiveManifest } from '../contract/archive';
import { ARCHIVE_FORMAT, parseArchiveManifest } from '../contract/archive';
import { LabError, messageOf } from '../contract/errors';
import { parseRunNotes } from '../contract/notes';
import type { ImportedArchive } from '../contract/rpc';
import type { RunRecord } from '../contract/run';
import { parseRunRecord } from '../contract/run';
import { makeFolder, writeAtomically } from '../data/atomic-write';
import { parseNpy } from '../data/npy';
import { sha256Of, statOf } from '../data/read-file';
import { parseSafetensors } from '../data/safetensors';
import { decodeZip, encodeZip } from '../data/zip';
import type { Run, RunStore } from './run-store';

const MANIFEST = 'manifest.json';
/** Of an archive, and of all that it unpacks to: it is read in memory. */
const MOST_BYTES = 2 ** 31 - 1;
const MOST_MANIFEST_BYTES = 2 ** 23;

/** All that a run's folder holds of a run: nothing else is taken, whatever its path. */
const CONTENTS = /^(?:run\.json|metrics\.jsonl|notes\.json|checkpoints\/[\w-]+\.safetensors|logits\/[\w-]+\.npy)$/;

/** A run and whoever taught it, teachers first. */
function lineageOf(store: RunStore, run: Run, seen = new Map<string, Run>()): Map<string, Run> {
  for (const teacher of run.record.teachers) {
    if (!seen.has(teacher.run)) lineageOf(store, store.open(teacher.run), seen);
  }
  return seen.set(run.id, run);
}

async function filesOf(run: Run): Promise<Map<string, Uint8Array>> {
  if (run.locked) throw new LabError('locked', `Run ${run.id} is being trained.`, 'Stop it first.');
  const files = new Map<string, Uint8Array>();
  const add = async (path: string): Promise<void> => {
    const file = join(run.path, path);
    if (existsSync(file)) files.set(path, await readFile(file));
  };
  for (const path of ['run.json', 'metrics.jsonl', 'notes.json']) await add(path);
  for (const checkpoint of run.record.checkpoints) {
    // Whole, or it says which file is damaged.
    await run.readCheckpoint(checkpoint);
    await add(`checkpoints/${checkpoint.name}.safetensors`);
    for (const subset of ['test', 'validation']) await add(`logits/${checkpoint.name}-${subset}.npy`);
  }
  return files;
}

/** A record by itself: whom it learnt from is known where it comes back. */
function orphaned(bytes: Uint8Array): Uint8Array {
  const record = JSON.parse(new TextDecoder().decode(bytes)) as RunRecord;
  return new TextEncoder().encode(`${JSON.stringify({ ...record, teachers: [] }, null, 2)}\n`);
}

/**
 * Writes a run and its teachers into one file, whole or not at all.
 * @param alone without its teachers, for `takeResults`
 * @throws LabError `locked` when one is being trained, `not-found` or `damaged-file` when one cannot be read, `storage`
 */
export async function writeArchive(store: RunStore, run: Run, file: string, alone = false): Promise<void> {
  const contents = new Map<string, Uint8Array>();
  const runs = alone ? [run] : [...lineageOf(store, run).values()];
  for (const one of runs) {
    for (const [path, bytes] of await filesOf(one)) {
      contents.set(`runs/${one.id}/${path}`, alone && path === 'run.json' ? orphaned(bytes) : bytes);
    }
  }
  const total = [...contents.values()].reduce((sum, { length }) => sum + length, 0);
  if (total > MOST_BYTES) {
    throw new LabError(
      'bad-input',
      `${run.id} and its teachers hold ${Math.round(total / 1e6)} MB, and an archive at most ${Math.round(MOST_BYTES / 1e6)}.`,
      'Save its checkpoint instead.',
    );
  }
  const manifest: ArchiveManifest = {
    format: ARCHIVE_FORMAT,
    runs: runs.map(({ id }) => id),
    files: Object.fromEntries(
      Array.from(contents, ([path, bytes]) => [path, { bytes: bytes.length, sha256: sha256Of(bytes) }]),
    ),
  };
  const text = new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`);
  const zipped = encodeZip(new Map([[MANIFEST, text], ...contents]), (path) => !/\.(safetensors|npy)$/.test(path));
  await writeAtomically(file, zipped);
}

/** A run out of an archive, checked. */
interface Packed {
  readonly record: RunRecord;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Unpacks what the manifest names, and nothing that is larger than it says: a bomb is not lit. */
function unpack(bytes: Uint8Array): { manifest: ArchiveManifest; files: ReadonlyMap<string, Uint8Array> } {
  const text = decodeZip(bytes, (path, size) => path === MANIFEST && size <= MOST_MANIFEST_BYTES).get(MANIFEST);
  if (!text) throw new Error('it has no manifest');
  const manifest = parseArchiveManifest(JSON.parse(new TextDecoder().decode(text)));
  const named = new Map(Object.entries(manifest.files));
  const total = [...named.values()].reduce((sum, file) => sum + file.bytes, 0);
  if (total > MOST_BYTES) throw new Error(`it would unpack to ${Math.round(total / 1e6)} MB`);
  const files = decodeZip(bytes, (name, size) => {
    if (name === MANIFEST) return false;
    const [, run, path] = /^runs\/([^/]+)\/(.+)$/.exec(name) ?? [];
    if (run === undefined || !manifest.runs.includes(run) || !CONTENTS.test(path!)) {
      throw new Error(`it holds “${name.slice(0, 80)}”, which is no part of a run`);
    }
    if (named.get(name)?.bytes !== size) throw new Error(`“${name}” is not as long as its manifest says`);
    return true;
  });
  for (const [name, { sha256: wanted }] of named) {
    const contents = files.get(name);
    if (!contents) throw new Error(`“${name}” is missing from it`);
    if (sha256Of(contents) !== wanted) throw new Error(`“${name}” has changed since it was written`);
  }
  return { manifest, files };
}

/** Reads each file as the lab will, so that nothing that it could not read comes into it. */
function checkRun(id: string, files: ReadonlyMap<string, Uint8Array>): RunRecord {
  const text = (path: string): string => new TextDecoder().decode(files.get(path));
  if (!files.has('run.json')) throw new Error(`run ${id} has no run.json`);
  const record = parseRunRecord(JSON.parse(text('run.json')));
  if (files.has('notes.json'))
    parseRunNotes(JSON.parse(text('notes.json')), { title: '', tags: [], note: '', star: false });
  if (files.has('metrics.jsonl')) {
    for (const line of text('metrics.jsonl').split('\n')) if (line !== '') JSON.parse(line);
  }
  for (const { name, sha256: wanted } of record.checkpoints) {
    const bytes = files.get(`checkpoints/${name}.safetensors`);
    if (!bytes) throw new Error(`checkpoint ${name} of run ${id} is missing from it`);
    if (sha256Of(bytes) !== wanted) throw new Error(`checkpoint ${name} is not the one of run ${id}`);
    parseSafetensors(bytes, name);
  }
  for (const [path, bytes] of files) if (path.endsWith('.npy')) parseNpy(bytes, path);
  return record;
}

async function readArchive(file: string): Promise<Map<string, Packed>> {
  const size = await statOf(file);
  try {
    if (size.size > MOST_BYTES) throw new Error(`it holds ${Math.round(size.size / 1e6)} MB`);
    const { manifest, files } = unpack(await readFile(file));
    const runs = new Map<string, Packed>();
    for (const id of manifest.runs) {
      const prefix = `runs/${id}/`;
      const own = new Map(
        [...files]
          .filter(([path]) => path.startsWith(prefix))
          .map(([path, bytes]) => [path.slice(prefix.length), bytes]),
      );
      const record = checkRun(id, own);
      for (const teacher of record.teachers) {
        if (!runs.has(teacher.run)) throw new Error(`the teacher ${teacher.run} of run ${id} is missing from it`);
      }
      runs.set(id, { record, files: own });
    }
    return runs;
  } catch (error) {
    throw new LabError(
      'damaged-file',
      `${basename(file)} is not a run archive that can be opened: ${messageOf(error).replace(/\.$/, '')}.`,
      'Nothing was written. Export the run again where it was trained.',
      { cause: error },
    );
  }
}

/** A record whose teachers are called as they are in this lab. */
function renamed(record: RunRecord, names: ReadonlyMap<string, string>): RunRecord {
  const { spec } = record;
  const teachers = record.teachers.map((teacher) => ({ ...teacher, run: names.get(teacher.run)! }));
  if (spec.objective.kind === 'hard') return { ...record, teachers };
  const references = spec.objective.teachers.map((reference) => {
    const [run, ...rest] = reference.split('@');
    return [names.get(run!) ?? run!, ...rest].join('@');
  });
  return { ...record, teachers, spec: { ...spec, objective: { ...spec.objective, teachers: references } } };
}

/** Whether two records are of one training: nothing in them depends on what a lab calls its runs. */
function sameTraining(first: RunRecord, second: RunRecord): boolean {
  const key = ({ createdAt, checkpoints, spec }: RunRecord): string =>
    JSON.stringify([createdAt, spec.seed, spec.data, spec.model, checkpoints.map((checkpoint) => checkpoint.sha256)]);
  return key(first) === key(second);
}

/**
 * Takes an archive's runs into a lab under numbers of their own: nothing is overwritten, and what is here already is not
 * taken again.
 * @throws LabError `damaged-file` or `storage`; then the lab is as it was
 */
export async function importArchive(store: RunStore, file: string): Promise<ImportedArchive> {
  const packed = await readArchive(file);
  const here = store.list().filter((run): run is Run => 'record' in run);
  const names = new Map<string, string>();
  const added: string[] = [];
  try {
    for (const [id, { record, files }] of packed) {
      const known = here.find((run) => sameTraining(run.record, record));
      if (known) {
        names.set(id, known.id);
        continue;
      }
      const { id: _id, ...described } = renamed(record, names);
      // Whoever trained it has not come along.
      const status = described.status === 'running' ? 'stopped' : described.status;
      const run = await store.create(id.replace(/^\d+-/, ''), { ...described, status }, async (folder) => {
        for (const [path, bytes] of files) {
          if (path === 'run.json') continue;
          if (path.includes('/')) makeFolder(join(folder, path, '..'));
          await writeFile(join(folder, path), bytes);
        }
      });
      names.set(id, run.id);
      added.push(run.id);
    }
  } catch (error) {
    for (const id of added) await store.delete(id);
    throw error;
  }
  return { id: [...names.values()].at(-1)!, added };
}

/**
 * Takes into a run what another machine has trained of it: checkpoints, logits, curves; name, spec and teachers stay.
 * @param file an archive of the run alone, as `writeArchive` makes it
 * @throws LabError `damaged-file`, `incompatible` when it is of another run, `locked` or `storage`; then the run is as it was
 */
export async function takeResults(run: Run, file: string): Promise<void> {
  const { record, files } = [...(await readArchive(file)).values()].at(-1)!;
  const lock = run.lock();
  try {
    if (record.createdAt !== run.record.createdAt || record.spec.seed !== run.spec.seed) {
      throw new LabError('incompatible', `${basename(file)} is not of run ${run.id}.`);
    }
    for (const [path, bytes] of files) {
      if (path === 'run.json' || path === 'notes.json') continue;
      if (path.includes('/')) makeFolder(join(run.path, path, '..'));
      await writeAtomically(join(run.path, path), bytes);
    }
    const { status, failure, environment, checkpoints, best } = record;
    await run.save({
      status: status === 'running' ? 'stopped' : status,
      environment,
      checkpoints,
      ...(failure === undefined ? {} : { failure }),
      ...(best === undefined ? {} : { best }),
    });
  } finally {
    lock.release();
  }
}
