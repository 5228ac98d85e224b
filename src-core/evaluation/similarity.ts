/** Which classes a network finds alike: what its soft targets give to the others (Hinton et al. 2015, section 2). */
import { probabilitySums } from './confusion';
import { checkTemperature, logSumExp } from './logits';
import type { Logits } from './logits';

/**
 * Mean of softmax(z / T) over the images of each true class.
 * @param temperature T, above 0
 * @returns [classes × classes], true class by class that is given the share: rows sum to 1, those of absent classes to 0
 * @throws RangeError, LabError on logits or labels of another shape
 */
export function classSimilarity(logits: Logits, labels: Uint8Array, temperature: number): Float64Array {
  checkTemperature(temperature);
  const { classes } = logits;
  const means = probabilitySums(logits, labels, temperature);
  const counts = new Float64Array(classes);
  for (const label of labels) counts[label]! += 1;
  return means.map((sum, at) => (sum === 0 ? 0 : sum / counts[Math.floor(at / classes)]!));
}

/** What one image gives to a class, at T: the row that begins at `start`. */
export function shareOfRow(
  values: Float32Array,
  start: number,
  classes: number,
  label: number,
  temperature: number,
): number {
  return Math.exp(values[start + label]! / temperature - logSumExp(values, start, classes, temperature));
}
