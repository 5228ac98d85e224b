/** Seeded batches: which images a step sees, in which order, shifted how and with which noise. */
import { Random } from '../random';
import type { Examples } from './dataset';
import type { Disturbance } from './jitter';
import { addNoise, drawImage, drawShift } from './jitter';

/** One step's images by name: enough to draw them, at any normalisation. */
export interface Batch {
  /** positions in the training set, [size] */
  readonly positions: Int32Array;
  /** pixels to the right and down, [size] each */
  readonly shiftX: Int8Array;
  readonly shiftY: Int8Array;
  /** added to the pixels in shares of the range from black to white, [size, side × side]; absent where there is none */
  readonly noise?: Float32Array;
  readonly size: number;
}

export class Batches {
  private order: Int32Array;
  private orderedEpoch = -1;

  /**
   * @param members positions in the training set that an epoch passes over
   * @param batchSize images a step; the last step of an epoch has what remains
   * @param pixels of an image
   */
  constructor(
    private readonly members: Int32Array,
    private readonly batchSize: number,
    private readonly disturbance: Disturbance,
    private readonly seed: number,
    private readonly pixels: number,
  ) {
    this.order = members;
  }

  get stepsPerEpoch(): number {
    return Math.ceil(this.members.length / this.batchSize);
  }

  /** The batch of a step, counted from 0 over the whole run: a pure function of seed and step. */
  at(step: number): Batch {
    const epoch = Math.floor(step / this.stepsPerEpoch);
    if (epoch !== this.orderedEpoch) {
      this.order = new Random(this.seed, 'shuffle', epoch).shuffle(Int32Array.from(this.members));
      this.orderedEpoch = epoch;
    }
    const start = (step % this.stepsPerEpoch) * this.batchSize;
    const positions = this.order.subarray(start, start + this.batchSize);
    const size = positions.length;
    const shiftX = new Int8Array(size);
    const shiftY = new Int8Array(size);
    const { jitter, noise } = this.disturbance;
    if (jitter.pixels > 0) {
      const random = new Random(this.seed, 'jitter', step);
      for (let row = 0; row < size; row++) {
        shiftX[row] = drawShift(jitter, random);
        shiftY[row] = drawShift(jitter, random);
      }
    }
    if (noise === 0) return { positions, shiftX, shiftY, size };
    const values = new Float32Array(size * this.pixels);
    return {
      positions,
      shiftX,
      shiftY,
      size,
      noise: new Random(this.seed, 'noise', step).fillNormal(values, noise),
    };
  }
}

/**
 * Draws a batch's images, or some of them.
 * @param table normalised value of each grey value
 * @param target [rows, side × side], filled from its beginning
 * @param rows which rows of the batch; all when left out
 */
export function drawBatch(
  examples: Examples,
  side: number,
  batch: Batch,
  table: Float32Array,
  target: Float32Array,
  rows?: readonly number[],
): void {
  const count = rows?.length ?? batch.size;
  const pixels = side * side;
  for (let index = 0; index < count; index++) {
    const row = rows ? rows[index]! : index;
    drawImage(
      examples.images,
      side,
      batch.positions[row]!,
      batch.shiftX[row]!,
      batch.shiftY[row]!,
      table,
      target,
      index * pixels,
    );
    const noise = batch.noise?.subarray(row * pixels, (row + 1) * pixels);
    if (noise) addNoise(target, index * pixels, noise, table);
  }
}
