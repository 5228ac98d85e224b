/** A drawing becomes an image as MNIST's were made (LeCun et al. 1998): its box shrunk, its mass in the middle. */

/** Of MNIST's images. */
export const SIDE = 28;
/** The digit's larger side fits into so much of an image's: 20 of 28 pixels. */
const BOX = 20 / 28;

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function boundingBox(ink: ArrayLike<number>, width: number, height: number): Box | undefined {
  let left = width;
  let top = height;
  let right = -1;
  let bottom = -1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!ink[y * width + x]) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  return right < 0 ? undefined : { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** The mean of an area of the drawing whose edges need not fall on pixels. */
function areaMean(ink: ArrayLike<number>, width: number, x0: number, y0: number, x1: number, y1: number): number {
  let sum = 0;
  for (let y = Math.floor(y0); y < y1; y++) {
    const tall = Math.min(y + 1, y1) - Math.max(y, y0);
    for (let x = Math.floor(x0); x < x1; x++) {
      sum += tall * (Math.min(x + 1, x1) - Math.max(x, x0)) * (ink[y * width + x] ?? 0);
    }
  }
  return sum / ((x1 - x0) * (y1 - y0));
}

/**
 * Where a small image of this length begins, so that its mass is in the middle and nothing is cut off. The middle is the
 * pixel on which MNIST's images have their mass: on each axis that of all 10,000 test digits is in 13.5 to 14.5.
 */
function placeOf(mass: number, length: number, side: number): number {
  return Math.min(side - length, Math.max(0, Math.ceil(side / 2 - mass - 0.5)));
}

/**
 * Shrinks the inked box to 20 of 28 pixels on its longer side and puts its centre of mass into the middle, to the
 * nearest pixel, without cutting anything off.
 * @param ink [height × width], 0 for none to 255
 * @param side of the image, pixels
 * @returns [side × side]; all 0 for an empty drawing
 */
export function centreByMass(ink: ArrayLike<number>, width: number, height: number, side = SIDE): Uint8Array {
  const image = new Uint8Array(side * side);
  const box = boundingBox(ink, width, height);
  if (!box) return image;
  const scale = Math.max(1, Math.round(BOX * side)) / Math.max(box.width, box.height);
  const columns = Math.max(1, Math.round(box.width * scale));
  const rows = Math.max(1, Math.round(box.height * scale));
  const stepX = box.width / columns;
  const stepY = box.height / rows;
  const small = new Float64Array(rows * columns);
  let mass = 0;
  let momentX = 0;
  let momentY = 0;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const fromX = box.left + x * stepX;
      const fromY = box.top + y * stepY;
      const value = areaMean(ink, width, fromX, fromY, fromX + stepX, fromY + stepY);
      small[y * columns + x] = value;
      mass += value;
      momentX += value * x;
      momentY += value * y;
    }
  }
  const left = placeOf(momentX / mass, columns, side);
  const top = placeOf(momentY / mass, rows, side);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) image[(top + y) * side + left + x] = Math.round(small[y * columns + x]!);
  }
  return image;
}
