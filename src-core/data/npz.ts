/** NPZ: a zip of NPY files, as `numpy.load` reads it. */
import { zipSync } from 'fflate';
import type { NpyArray } from './npy';
import { encodeNpy } from './npy';

/** The same arrays give the same bytes: zip's earliest date stands for all dates. */
const NO_DATE = new Date(1980, 0, 1, 12);

/** @param arrays by the name under which `numpy.load` gives them */
export function encodeNpz(arrays: Readonly<Record<string, NpyArray>>): Uint8Array {
  const files = Object.entries(arrays).map(([name, array]) => [`${name}.npy`, encodeNpy(array)] as const);
  // Weights do not shrink: storing them is quicker, and numpy can map them.
  return zipSync(Object.fromEntries(files), { level: 0, mtime: NO_DATE });
}
