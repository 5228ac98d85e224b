/** The teachers' logits for a batch, computed at every step or once for each image and shift. */
import type { Normalisation } from '../contract/spec';
import type { Batch } from '../data/batches';
import { drawBatch } from '../data/batches';
import type { Dataset } from '../data/dataset';
import type { Disturbance } from '../data/jitter';
import { normalisationTable } from '../data/jitter';
import type { Model } from '../models/model';

/** A trained network that soft targets come from. It is never changed. */
export interface Teacher {
  readonly model: Model;
  /** how its inputs are normalised: not necessarily as the student's */
  readonly normalisation: Normalisation;
}

/** "auto" keeps a table up to this size. */
const LARGEST_TABLE_BYTES = 2 ** 30;

/**
 * The teacher runs on so many rows at a time, padded if need be. TensorFlow's matrix product gives a row the same
 * bits wherever it stands in a batch, but not in a batch of another size: with one size, a table filled in any
 * order, by any run before or after a resume, holds what a live teacher computes.
 */
const ROWS = 128;

export class TeacherLogits {
  private readonly pixels: number;
  private readonly classes: number;
  private readonly shifts: number;
  /** [teachers] of [training images × shifts, classes]; absent when the teachers run live */
  private readonly table: Float32Array[] | undefined;
  private readonly known: Uint8Array;
  private readonly images: Float32Array;

  /**
   * @param disturbance of the images: noise never comes twice, so that with it teachers run live
   * @param mode "auto" caches when the table fits in 1 GiB; the logits are the same either way
   */
  constructor(
    private readonly teachers: readonly Teacher[],
    private readonly dataset: Dataset,
    private readonly disturbance: Disturbance,
    mode: 'auto' | 'cached' | 'live',
  ) {
    const { side, classes, train } = dataset;
    this.pixels = side * side;
    this.classes = classes;
    this.shifts = (2 * disturbance.jitter.pixels + 1) ** 2;
    this.images = new Float32Array(ROWS * this.pixels);
    const rows = train.labels.length * this.shifts;
    const fits = rows * classes * 4 * teachers.length <= LARGEST_TABLE_BYTES;
    const cached = disturbance.noise === 0 && (mode === 'cached' || (mode === 'auto' && fits));
    // Pages of the table that no step asks for are never touched, and so cost nothing.
    this.table = cached ? teachers.map(() => new Float32Array(rows * classes)) : undefined;
    this.known = new Uint8Array(cached ? rows : 0);
  }

  /** [teachers, batch, classes], row-major. */
  forBatch(batch: Batch): Float32Array {
    const { table, classes } = this;
    const logits = new Float32Array(this.teachers.length * batch.size * classes);
    if (!table) {
      const all = Array.from({ length: batch.size }, (_, row) => row);
      this.compute(batch, all, (teacher, row, values) => logits.set(values, (teacher * batch.size + row) * classes));
      return logits;
    }
    const places = new Int32Array(batch.size);
    const missing: number[] = [];
    for (let row = 0; row < batch.size; row++) {
      places[row] = this.placeOf(batch, row);
      if (!this.known[places[row]!]) missing.push(row);
    }
    this.compute(batch, missing, (teacher, row, values) => table[teacher]!.set(values, places[row]! * classes));
    for (const row of missing) this.known[places[row]!] = 1;
    for (let teacher = 0, to = 0; teacher < table.length; teacher++) {
      const values = table[teacher]!;
      for (let row = 0; row < batch.size; row++) {
        const from = places[row]! * classes;
        for (let label = 0; label < classes; label++) logits[to++] = values[from + label]!;
      }
    }
    return logits;
  }

  /** Where the table keeps one image at one shift. */
  private placeOf(batch: Batch, row: number): number {
    const { pixels } = this.disturbance.jitter;
    const shift = (batch.shiftY[row]! + pixels) * (2 * pixels + 1) + batch.shiftX[row]! + pixels;
    return batch.positions[row]! * this.shifts + shift;
  }

  private compute(
    batch: Batch,
    rows: readonly number[],
    receive: (teacher: number, row: number, logits: Float32Array) => void,
  ): void {
    const { side, train } = this.dataset;
    for (let start = 0; start < rows.length; start += ROWS) {
      const part = rows.slice(start, start + ROWS);
      this.teachers.forEach(({ model, normalisation }, teacher) => {
        drawBatch(train, side, batch, normalisationTable(normalisation), this.images, part);
        const logits = model.logits(this.images);
        part.forEach((row, index) => {
          receive(teacher, row, logits.subarray(index * this.classes, (index + 1) * this.classes));
        });
      });
    }
  }
}
