/** Runs as folders on disk, readable without the lab: run.json, metrics.jsonl, checkpoints, logits. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError, messageOf } from '../contract/errors';
import type { CheckpointRecord, EpochRecord, RunRecord, SelectedOn, TeacherRecord } from '../contract/run';
import { parseRunRecord } from '../contract/run';
import type { RunSpec } from '../contract/spec';
import { nearest } from '../contract/suggest';
import { makeFolder, storageError, writeAtomically } from '../data/atomic-write';
import { encodeNpy, parseNpy } from '../data/npy';
import { sha256Of } from '../data/read-file';
import { encodeSafetensors, parseSafetensors } from '../data/safetensors';
import type { Logits } from '../evaluation/logits';
import type { TrainingState } from '../training/train';
import type { RunLock } from './run-lock';
import { isLocked, takeLock } from './run-lock';

/** The newest checkpoints that are always kept: two, so that a damaged one has a predecessor. */
const NEWEST_KEPT = 2;

/** How long another process may be at what only one may do. */
const EXCLUSIVE_MILLISECONDS = 60_000;

export type Subset = 'test' | 'validation';

/** A run that could not be read: listed with the reason, beside the others. */
export interface DamagedRun {
  readonly id: string;
  readonly damage: string;
}

/** Lower-case letters, digits and hyphens, for folder names on any file system. */
export function slug(text: string): string {
  const words = text.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return (
    words
      .replace(/^-+|-+$/g, '')
      .slice(0, 60)
      .replace(/-+$/, '') || 'run'
  );
}

function numberOf(id: string): number {
  return Number.parseInt(id, 10);
}

/** Why something failed, for the middle of a sentence: without the full stop and the way out. */
function reasonOf(error: unknown): string {
  return (error instanceof LabError ? error.what : messageOf(error)).replace(/\.$/, '');
}

export class RunStore {
  private readonly folder: string;

  /** @param lab the lab folder; created when something is first written */
  constructor(readonly lab: string) {
    this.folder = join(lab, 'runs');
  }

  /** The folder in which each run is a folder. */
  get runsFolder(): string {
    return this.folder;
  }

  /** Ids of all runs, oldest first. */
  ids(): string[] {
    let names: string[];
    try {
      names = readdirSync(this.folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw storageError(error, this.folder);
    }
    return names.filter((name) => /^\d{4,}-/.test(name)).sort((a, b) => numberOf(a) - numberOf(b));
  }

  /**
   * Does something that only one process at a time may do in this folder, after whoever is at it.
   * @throws LabError `locked` when another is at it for a minute
   */
  async exclusively<Result>(action: () => Promise<Result>): Promise<Result> {
    makeFolder(this.folder);
    const file = join(this.folder, '.creating.lock');
    const until = Date.now() + EXCLUSIVE_MILLISECONDS;
    let lock: RunLock | undefined;
    while (!lock) {
      try {
        lock = takeLock(file, this.folder);
      } catch (error) {
        if (!(error instanceof LabError && error.code === 'locked') || Date.now() > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    try {
      return await action();
    } finally {
      lock.release();
    }
  }

  private binned(): string[] {
    const bin = join(this.folder, '.bin');
    return existsSync(bin) ? readdirSync(bin).filter((name) => /^\d{4,}-/.test(name)) : [];
  }

  /** Every run, oldest first, the damaged ones with what is wrong. */
  list(): (Run | DamagedRun)[] {
    return this.ids().map((id) => {
      try {
        return this.open(id);
      } catch (error) {
        return { id, damage: messageOf(error) };
      }
    });
  }

  /**
   * The id that a person means: a number, a folder's name or its unique beginning, a unique name, or "last".
   * @throws LabError `not-found`
   */
  resolve(reference: string): string {
    const ids = this.ids();
    const remedy = 'See `npm run lab -- runs`.';
    if (ids.length === 0) throw new LabError('not-found', `There are no runs in ${this.lab}.`, 'Train one first.');
    if (reference === 'last') return ids.at(-1)!;
    const exact = ids.find((id) => id === reference);
    if (exact) return exact;
    if (/^\d+$/.test(reference)) {
      const numbered = ids.find((id) => numberOf(id) === Number(reference));
      if (numbered) return numbered;
    }
    const names = ids.map((id) => id.replace(/^\d+-/, ''));
    const matches = ids.filter((id, index) => id.startsWith(reference) || names[index] === reference);
    if (matches.length === 1) return matches[0]!;
    if (matches.length > 1) {
      throw new LabError('not-found', `"${reference}" could be ${matches.join(' or ')}.`, 'Give its number.');
    }
    const near = nearest(reference, [...ids, ...names]);
    throw new LabError('not-found', `There is no run "${reference}".`, near ? `Did you mean "${near}"?` : remedy);
  }

  /** @throws LabError `not-found` or `damaged-file` */
  open(reference: string): Run {
    // An id in full is a folder's name: a thousand runs are listed without reading the folder a thousand times.
    const whole = /^\d{4,}-[\w-]+$/.test(reference) && existsSync(join(this.folder, reference));
    return Run.read(this.folder, whole ? reference : this.resolve(reference));
  }

  /**
   * A new run's folder, numbered after the highest there is. It appears whole or not at all.
   * @param describe everything but the id, which the folder's name gives
   * @param fill puts into the folder what the run brings along
   */
  async create(
    name: string,
    describe: Omit<RunRecord, 'id'>,
    fill: (folder: string) => Promise<void> = async () => {},
  ): Promise<Run> {
    makeFolder(this.folder);
    // A deleted run may come back from the bin: its number is not given again meanwhile.
    const highest = [...this.ids(), ...this.binned()].reduce((most, id) => Math.max(most, numberOf(id)), 0);
    for (let number = highest + 1; ; number++) {
      const digits = String(number).padStart(4, '0');
      const id = `${digits}-${slug(name)}`;
      const path = join(this.folder, id);
      // Only one process can make a folder: two that count at once get different numbers, whatever their names.
      const draft = join(this.folder, `.new-${digits}`);
      try {
        mkdirSync(draft);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
        throw storageError(error, this.folder);
      }
      try {
        if (this.ids().some((other) => numberOf(other) === number)) continue;
        await fill(draft);
        await new Run(draft, { ...describe, id }).save();
        renameSync(draft, path);
        return new Run(path, { ...describe, id });
      } catch (error) {
        throw storageError(error, this.folder);
      } finally {
        rmSync(draft, { recursive: true, force: true });
      }
    }
  }

  /** Deletes a run: renamed first, so that an interruption leaves no half of a run in the list. */
  async delete(reference: string): Promise<void> {
    const id = this.resolve(reference);
    const path = join(this.folder, id);
    if (isLocked(join(path, 'run.lock'))) {
      throw new LabError('locked', `Run ${id} is being trained.`, 'Stop it first.');
    }
    const doomed = join(this.folder, `.deleted-${id}-${process.pid}`);
    try {
      renameSync(path, doomed);
      await rm(doomed, { recursive: true });
    } catch (error) {
      throw storageError(error, path);
    }
  }
}

export class Run {
  constructor(
    readonly path: string,
    public record: RunRecord,
  ) {}

  static read(folder: string, id: string): Run {
    const file = join(folder, id, 'run.json');
    try {
      const record = parseRunRecord(JSON.parse(readFileSync(file, 'utf8')));
      return new Run(join(folder, id), { ...record, id });
    } catch (error) {
      throw new LabError(
        'damaged-file',
        `Run ${id} cannot be read: ${file}: ${reasonOf(error)}.`,
        `Restore the file, or delete the run with \`npm run lab -- runs delete ${id}\`.`,
        { cause: error },
      );
    }
  }

  get id(): string {
    return this.record.id;
  }

  get spec(): RunSpec {
    return this.record.spec;
  }

  /** What its folder says, and "stopped" where it says "running" and no living process trains it. */
  get status(): RunRecord['status'] {
    const { status } = this.record;
    return status === 'running' && !this.locked ? 'stopped' : status;
  }

  /** Whether a living process trains it, or is about to. */
  get locked(): boolean {
    return isLocked(this.lockFile);
  }

  private get lockFile(): string {
    return join(this.path, 'run.lock');
  }

  /** @throws LabError `locked` */
  lock(): RunLock {
    return takeLock(this.lockFile, this.id);
  }

  async save(changes: Partial<RunRecord> = {}): Promise<void> {
    this.record = { ...this.record, ...changes };
    await writeAtomically(join(this.path, 'run.json'), `${JSON.stringify(this.record, null, 2)}\n`);
  }

  private get metricsFile(): string {
    return join(this.path, 'metrics.jsonl');
  }

  /** Every epoch recorded so far. A line cut off by a crash is not read. */
  metrics(): EpochRecord[] {
    if (!existsSync(this.metricsFile)) return [];
    const records: EpochRecord[] = [];
    for (const line of readFileSync(this.metricsFile, 'utf8').split('\n')) {
      if (line === '') continue;
      try {
        records.push(JSON.parse(line) as EpochRecord);
      } catch {
        break;
      }
    }
    return records;
  }

  /** Forgets what was recorded after a step, and what a crash left: a resumed training records it again. */
  async rewind(step: number): Promise<void> {
    const checkpoints = this.record.checkpoints.filter((checkpoint) => checkpoint.step <= step);
    if (checkpoints.length < this.record.checkpoints.length) await this.nameCheckpoints(checkpoints);
    this.removeUnnamed();
    const kept = this.metrics().filter((record) => record.step <= step);
    await writeAtomically(this.metricsFile, kept.map((record) => `${JSON.stringify(record)}\n`).join(''));
  }

  /** @throws LabError `storage`; then the file ends as it did before */
  appendMetrics(record: EpochRecord): void {
    let size = 0;
    try {
      size = statSync(this.metricsFile, { throwIfNoEntry: false })?.size ?? 0;
      appendFileSync(this.metricsFile, `${JSON.stringify(record)}\n`);
    } catch (error) {
      try {
        truncateSync(this.metricsFile, size);
      } catch {
        // Gone or read-only: then nothing was added either.
      }
      throw storageError(error, this.metricsFile);
    }
  }

  checkpointFile(name: string): string {
    return join(this.path, 'checkpoints', `${name}.safetensors`);
  }

  private logitsFile(name: string, subset: Subset): string {
    return join(this.path, 'logits', `${name}-${subset}.npy`);
  }

  /**
   * The checkpoint that a person means: "last", "best" or an epoch's number.
   * @throws LabError `not-found`
   */
  checkpoint(reference = 'last'): CheckpointRecord {
    const { checkpoints, best } = this.record;
    const newest = checkpoints.at(-1);
    if (!newest) throw new LabError('not-found', `Run ${this.id} has no checkpoint yet.`);
    if (reference === 'last') return newest;
    const found =
      reference === 'best'
        ? checkpoints.find(({ name }) => name === best?.checkpoint)
        : // The first of an epoch's: one that a stop left within the next epoch has the same number of whole epochs.
          checkpoints.find(({ name, epoch }) => name === reference || String(epoch) === reference);
    if (found) return found;
    const kept = [...new Set(checkpoints.map(({ epoch }) => epoch))].join(', ');
    throw new LabError('not-found', `Run ${this.id} has no checkpoint "${reference}".`, `Kept epochs: ${kept}.`);
  }

  /**
   * Reads a checkpoint whole and checks it.
   * @throws LabError `damaged-file` that names the file and the previous good one
   */
  async readCheckpoint(checkpoint: CheckpointRecord): Promise<TrainingState> {
    const file = this.checkpointFile(checkpoint.name);
    try {
      const bytes = await readFile(file);
      const { tensors, metadata } = parseSafetensors(bytes, 'it');
      if (sha256Of(bytes) !== checkpoint.sha256) throw new Error('its contents have changed since it was written');
      const numbers = (key: string): number => {
        const value = Number(metadata[key]);
        if (metadata[key] === undefined || !Number.isFinite(value)) throw new Error(`its metadata has no "${key}"`);
        return value;
      };
      return {
        step: numbers('step'),
        sums: {
          total: numbers('sumTotal'),
          soft: numbers('sumSoft'),
          hard: numbers('sumHard'),
          images: numbers('sumImages'),
        },
        tensors,
      };
    } catch (error) {
      const whole = await this.nearestWhole(checkpoint);
      throw new LabError(
        'damaged-file',
        `Checkpoint ${file} cannot be used: ${reasonOf(error)}.`,
        whole
          ? `${whole.name} is whole: add \`--checkpoint ${whole.name}\`.`
          : 'No other is whole; train the run again.',
        { cause: error },
      );
    }
  }

  /** The checkpoint to use in place of a damaged one: the newest before it whose file is as it was written, else after it. */
  private async nearestWhole(damaged: CheckpointRecord): Promise<CheckpointRecord | undefined> {
    const { checkpoints } = this.record;
    const before = checkpoints.filter(({ step }) => step < damaged.step).reverse();
    const after = checkpoints.filter(({ step }) => step > damaged.step);
    for (const checkpoint of [...before, ...after]) {
      const bytes = await readFile(this.checkpointFile(checkpoint.name)).catch(() => undefined);
      if (bytes && sha256Of(bytes) === checkpoint.sha256) return checkpoint;
    }
    return undefined;
  }

  /**
   * A run's checkpoint as the teacher of another.
   * @throws LabError `damaged-file` when it cannot teach
   */
  async asTeacher(reference = 'last'): Promise<TeacherRecord> {
    const checkpoint = this.checkpoint(reference);
    await this.readCheckpoint(checkpoint);
    return { run: this.id, checkpoint: checkpoint.name, sha256: checkpoint.sha256 };
  }

  /**
   * Writes a checkpoint with its logits, then names it in run.json, then removes those no longer kept: a crash
   * at any moment leaves a run.json whose checkpoints exist.
   */
  async writeCheckpoint(
    checkpoint: Omit<CheckpointRecord, 'sha256'>,
    state: TrainingState,
    logits: Partial<Record<Subset, Logits>>,
    changes: Partial<RunRecord> = {},
  ): Promise<void> {
    for (const folder of ['checkpoints', 'logits']) makeFolder(join(this.path, folder));
    for (const [subset, { values, count, classes }] of Object.entries(logits)) {
      await writeAtomically(
        this.logitsFile(checkpoint.name, subset as Subset),
        encodeNpy({ shape: [count, classes], values }),
      );
    }
    const { step, sums, tensors } = state;
    const metadata = {
      run: this.id,
      epoch: String(checkpoint.epoch),
      step: String(step),
      sumTotal: String(sums.total),
      sumSoft: String(sums.soft),
      sumHard: String(sums.hard),
      sumImages: String(sums.images),
    };
    const bytes = encodeSafetensors(tensors, metadata);
    await writeAtomically(this.checkpointFile(checkpoint.name), bytes);
    const written = { ...checkpoint, sha256: sha256Of(bytes) };
    const all = [...this.record.checkpoints.filter(({ name }) => name !== checkpoint.name), written];
    all.sort((a, b) => a.step - b.step);
    const best = bestOf(all);
    const every = this.spec.training.checkpointEvery;
    const stepsPerEpoch = Math.ceil(this.record.images.training / this.spec.training.batchSize);
    const kept = all.filter(
      ({ name, epoch, step: at }, index) =>
        index >= all.length - NEWEST_KEPT ||
        name === best?.checkpoint ||
        (every > 0 && epoch % every === 0 && at === epoch * stepsPerEpoch),
    );
    await this.nameCheckpoints(kept, changes);
    this.removeUnnamed();
  }

  /** Says in run.json which checkpoints there are, and which of them is the best. */
  private async nameCheckpoints(
    checkpoints: readonly CheckpointRecord[],
    changes: Partial<RunRecord> = {},
  ): Promise<void> {
    const { best: _former, ...record } = this.record;
    const best = bestOf(checkpoints);
    this.record = record;
    await this.save({ ...changes, checkpoints, ...(best ? { best } : {}) });
  }

  /** Removes checkpoints and logits that run.json does not name: superseded, or left by a crash. */
  private removeUnnamed(): void {
    const names = new Set(this.record.checkpoints.map(({ name }) => name));
    const stem = (file: string): string => file.replace(/(-test|-validation)?\.(npy|safetensors)$/, '');
    for (const folder of ['checkpoints', 'logits']) {
      const path = join(this.path, folder);
      if (!existsSync(path)) continue;
      for (const file of readdirSync(path)) if (!names.has(stem(file))) rmSync(join(path, file), { force: true });
    }
  }

  /** Kept logits of a checkpoint; undefined where it was not evaluated. */
  async logits(checkpoint: CheckpointRecord, subset: Subset): Promise<Logits | undefined> {
    const file = this.logitsFile(checkpoint.name, subset);
    if (!existsSync(file)) return undefined;
    const { shape, values } = parseNpy(await readFile(file), file);
    const [count, classes] = shape;
    if (shape.length !== 2 || !(values instanceof Float32Array) || !count || !classes) {
      throw new LabError(
        'damaged-file',
        `${file} does not hold logits.`,
        `Run \`npm run lab -- evaluate ${this.id}\`.`,
      );
    }
    return { values, count, classes };
  }
}

/**
 * The checkpoint with the fewest errors, the earliest of equals: by validation where there is a split, else by test,
 * and marked so.
 */
function bestOf(checkpoints: readonly CheckpointRecord[]): { checkpoint: string; selectedOn: SelectedOn } | undefined {
  const selectedOn: SelectedOn = checkpoints.some(({ validationErrors }) => validationErrors !== undefined)
    ? 'validation'
    : 'test';
  const errorsOf = (checkpoint: CheckpointRecord): number | undefined =>
    selectedOn === 'validation' ? checkpoint.validationErrors : checkpoint.testErrors;
  let best: CheckpointRecord | undefined;
  for (const checkpoint of checkpoints) {
    const errors = errorsOf(checkpoint);
    if (errors !== undefined && (best === undefined || errors < errorsOf(best)!)) best = checkpoint;
  }
  return best && { checkpoint: best.name, selectedOn };
}
