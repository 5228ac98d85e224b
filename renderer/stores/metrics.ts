/** Curves of one run as growing typed buffers, appended to by events and read by charts. */
import type { EpochRecord, RunEvent } from '../../src-core/contract/run';

export type Progress = Extract<RunEvent, { type: 'progress' }>;

/** A growing list of numbers. */
export class Column {
  #values = new Float64Array(64);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Read only, and only until the next push. */
  get values(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const longer = new Float64Array(this.#length * 2);
      longer.set(this.#values);
      this.#values = longer;
    }
    this.#values[this.#length++] = value;
  }

  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  at(index: number): number | undefined {
    const position = index < 0 ? this.#length + index : index;
    return position >= 0 && position < this.#length ? this.#values[position] : undefined;
  }
}

const EPOCH_COLUMNS = [
  'loss',
  'softLoss',
  'hardLoss',
  'learningRate',
  'testErrors',
  'testLoss',
  'validationErrors',
  'validationLoss',
  'seconds',
  'stepMilliseconds',
] as const satisfies readonly (keyof EpochRecord)[];

export type EpochColumn = (typeof EPOCH_COLUMNS)[number];

export class Metrics {
  readonly epoch = new Column();
  /** the last epoch as it was recorded, with all that no chart draws */
  newest: EpochRecord | undefined;
  /** values of each epoch; NaN where an epoch has none */
  readonly columns = Object.fromEntries(EPOCH_COLUMNS.map((name) => [name, new Column()])) as Record<
    EpochColumn,
    Column
  >;
  /** loss between epochs, as the messages came: position in epochs, and the mean since the last message */
  readonly live = { position: new Column(), loss: new Column() };

  /** An epoch that is already there, or one before it, replaces what follows: the run was resumed from there. */
  append(record: EpochRecord): void {
    let keep = this.epoch.length;
    while (keep > 0 && this.epoch.at(keep - 1)! >= record.epoch) keep--;
    this.epoch.truncate(keep);
    this.epoch.push(record.epoch);
    this.newest = record;
    for (const name of EPOCH_COLUMNS) {
      this.columns[name].truncate(keep);
      this.columns[name].push(record[name] ?? NaN);
    }
  }

  appendProgress(progress: Progress): void {
    const { position, loss } = this.live;
    const at = (progress.step / Math.max(1, progress.totalSteps)) * progress.epochs;
    let keep = position.length;
    while (keep > 0 && position.at(keep - 1)! >= at) keep--;
    position.truncate(keep);
    loss.truncate(keep);
    position.push(at);
    loss.push(progress.loss);
  }

  /** Replaces the epochs by what the run's folder holds, and keeps newer ones that came meanwhile. */
  load(records: readonly EpochRecord[]): void {
    const last = records.at(-1)?.epoch ?? 0;
    const newer = this.#records().filter((record) => record.epoch > last);
    const newest = newer.length > 0 ? this.newest : records.at(-1);
    this.epoch.truncate(0);
    for (const name of EPOCH_COLUMNS) this.columns[name].truncate(0);
    for (const record of [...records, ...newer]) this.append(record);
    this.newest = newest;
  }

  #records(): EpochRecord[] {
    return Array.from(this.epoch.values, (epoch, row) => ({
      epoch,
      step: 0,
      ...(Object.fromEntries(EPOCH_COLUMNS.map((name) => [name, this.columns[name].at(row)])) as Record<
        EpochColumn,
        number
      >),
    }));
  }
}
