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
  readonly train: Examples;
  readonly test: Examples;
}
