/** What a training does to its images: random shifts and noise; and images drawn, normalised. */
import type { DataSpec, JitterSpec, Normalisation } from '../contract/spec';
import type { Random } from '../random';

/** The part of a data spec that says how a training image differs from the stored one. */
export type Disturbance = Pick<DataSpec, 'jitter' | 'noise'>;

/** The network's input for each of the 256 grey values. */
export function normalisationTable(normalisation: Normalisation): Float32Array {
  return Float32Array.from({ length: 256 }, (_, grey) =>
    normalisation === 'symmetric' ? (2 * grey) / 255 - 1 : grey / 255,
  );
}

/**
 * One axis of a shift, in pixels. "rounded" is round(uniform(−n, n)), as torchvision's RandomAffine draws it: ±n is
 * half as likely as every other shift. "uniform" draws all 2n+1 shifts alike.
 */
export function drawShift(jitter: JitterSpec, random: Random): number {
  const { pixels } = jitter;
  if (pixels === 0) return 0;
  if (jitter.distribution === 'uniform') return random.below(2 * pixels + 1) - pixels;
  // 4n cells of half a pixel: the outermost belong to ±n, every other pair to one shift.
  return Math.floor((random.below(4 * pixels) + 1) / 2) - pixels;
}

/**
 * Draws one image, shifted, normalised and with a black border.
 * @param images [count, side × side] grey values
 * @param position which image
 * @param shiftX pixels to the right, −side to side
 * @param shiftY pixels down, −side to side
 * @param table normalised value of each grey value
 * @param target filled from `offset` on, side × side values
 */
export function drawImage(
  images: Uint8Array,
  side: number,
  position: number,
  shiftX: number,
  shiftY: number,
  table: Float32Array,
  target: Float32Array,
  offset: number,
): void {
  const pixels = side * side;
  const source = position * pixels;
  if (shiftX === 0 && shiftY === 0) {
    for (let pixel = 0; pixel < pixels; pixel++) target[offset + pixel] = table[images[source + pixel]!]!;
    return;
  }
  target.fill(table[0]!, offset, offset + pixels);
  const firstRow = Math.max(0, shiftY);
  const lastRow = Math.min(side, side + shiftY);
  const firstColumn = Math.max(0, shiftX);
  const lastColumn = Math.min(side, side + shiftX);
  for (let row = firstRow; row < lastRow; row++) {
    const from = source + (row - shiftY) * side - shiftX;
    const to = offset + row * side;
    for (let column = firstColumn; column < lastColumn; column++) {
      target[to + column] = table[images[from + column]!]!;
    }
  }
}

/**
 * Copies one image, shifted, with a black border, in its grey values.
 * @param images [count, side × side] grey values
 * @param position which image
 * @param shiftX pixels to the right, less than a side either way
 * @param shiftY pixels down, likewise
 * @param target filled from `offset` on, side × side values
 */
export function copyShifted(
  images: Uint8Array,
  side: number,
  position: number,
  shiftX: number,
  shiftY: number,
  target: Uint8Array,
  offset: number,
): void {
  const pixels = side * side;
  const source = position * pixels;
  // One copy moves the whole image; what it leaves or wraps at the edges is border.
  const moved = shiftY * side + shiftX;
  const [skipped, lead] = [Math.max(0, -moved), Math.max(0, moved)];
  target.set(images.subarray(source + skipped, source + pixels - lead), offset + lead);
  const firstRow = Math.max(0, shiftY);
  const endRow = side + Math.min(0, shiftY);
  target.fill(0, offset, offset + firstRow * side);
  target.fill(0, offset + endRow * side, offset + pixels);
  const firstBlank = shiftX > 0 ? 0 : side + shiftX;
  const blanks = Math.abs(shiftX);
  for (let row = firstRow; row < endRow; row++) {
    const from = offset + row * side + firstBlank;
    for (let column = from; column < from + blanks; column++) target[column] = 0;
  }
}

/**
 * Adds noise to normalised pixels, which stay between black and white.
 * @param values changed from `offset` on, as many as there is noise
 * @param noise in shares of the range from black to white
 * @param table normalised value of each grey value
 */
export function addNoise(values: Float32Array, offset: number, noise: Float32Array, table: Float32Array): void {
  const [black, white] = [table[0]!, table[255]!];
  const range = white - black;
  for (let index = 0; index < noise.length; index++) {
    const value = values[offset + index]! + range * noise[index]!;
    values[offset + index] = value < black ? black : value > white ? white : value;
  }
}

/** Stored images as the network sees them, without jitter and noise: [positions, side × side]. */
export function drawUnshifted(
  images: Uint8Array,
  side: number,
  positions: ArrayLike<number>,
  normalisation: Normalisation,
): Float32Array {
  const table = normalisationTable(normalisation);
  const target = new Float32Array(positions.length * side * side);
  for (let index = 0; index < positions.length; index++) {
    drawImage(images, side, positions[index]!, 0, 0, table, target, index * side * side);
  }
  return target;
}
