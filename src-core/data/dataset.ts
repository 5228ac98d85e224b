/** A data set in memory: bytes and labels, as they are in the files. */
export interface Examples {
  /** grey values 0 (black) to 255, [count, side × side] */
  readonly images: Uint8Array;
  /** [count] */
  readonly labels: Uint8Array;
}

export interface Dataset {
  readonly name: string;
  /** pixels along one edge */
  readonly side: number;
  readonly classes: number;
  /** by class */
  readonly classNames: readonly string[];
  /** of its images and labels, hexadecimal; undefined for MNIST, which is the same everywhere */
  readonly sha256: string | undefined;
  readonly train: Examples;
  readonly test: Examples;
}

/** Images that tell how much ink a data set has. */
const SAMPLE = 1000;

/** The share of pixels that are not black, 0 to 1, in the first images. */
export function inkShare({ images }: Examples, side: number): number {
  const sample = images.subarray(0, SAMPLE * side ** 2);
  let inked = 0;
  for (const grey of sample) inked += +(grey > 0);
  return sample.length === 0 ? 0 : inked / sample.length;
}

/** Images of each class. */
export function countsOf({ labels }: Examples, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label]! += 1;
  return counts;
}
