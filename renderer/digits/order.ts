export type DigitOrder = 'confidence' | 'loss' | 'disagreement';

/**
 * Rows by a value, largest first; of equals the earlier image first.
 * @param values [count], one of each image of the set
 */
export function orderDigits(rows: ArrayLike<number>, values: ArrayLike<number>): Uint32Array {
  return Uint32Array.from(rows).sort((first, second) => values[second]! - values[first]! || first - second);
}
