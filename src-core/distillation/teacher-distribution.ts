import type { TeacherBatch } from './objective';

/**
 * Adds the mean over the teachers of softmax(v/T) to an array.
 * @param p [batch, classes], in the precision that is wanted
 */
export function addDistributions(
  { teachers, values }: TeacherBatch,
  classes: number,
  temperature: number,
  p: Float32Array | Float64Array,
): void {
  const shares = new Float64Array(classes);
  for (let start = 0; start < values.length; start += classes) {
    let largest = -Infinity;
    for (let index = start; index < start + classes; index++) largest = Math.max(largest, values[index]!);
    let sum = 0;
    for (let label = 0; label < classes; label++) {
      shares[label] = Math.exp((values[start + label]! - largest) / temperature);
      sum += shares[label]!;
    }
    const row = start % p.length;
    for (let label = 0; label < classes; label++) p[row + label]! += shares[label]! / (sum * teachers);
  }
}
