/** NPZ: a zip of NPY files, as `numpy.load` reads it. */
import type { NpyArray } from './npy';
import { encodeNpy } from './npy';
import { encodeZip } from './zip';

/** @param arrays by the name under which `numpy.load` gives them */
export function encodeNpz(arrays: Readonly<Record<string, NpyArray>>): Uint8Array {
  const files = Object.entries(arrays).map(([name, array]) => [`${name}.npy`, encodeNpy(array)] as const);
  // Weights do not shrink: storing them is quicker, and numpy can map them.
  return encodeZip(new Map(files), () => false);
}
