import { checkLabels, probabilities } from './logits';
import type { Logits } from './logits';

/** A cell off the diagonal of a confusion matrix. */
export interface Confusion {
  readonly label: number;
  readonly predicted: number;
  readonly count: number;
}

/** Errors summed along the sides of a confusion matrix, the diagonal left out. */
export interface ErrorSums {
  /** [classes]: images of the class read as another */
  readonly byLabel: Uint32Array;
  /** [classes]: images of other classes read as this one */
  readonly byPrediction: Uint32Array;
  readonly total: number;
}

/**
 * How often each class was read as each.
 * @returns [classes × classes], true class by predicted class, row-major; sums to the number of images
 * @throws RangeError when the lengths differ or an entry is not below `classes`
 */
export function confusionMatrix(predicted: Uint8Array, labels: Uint8Array, classes: number): Uint32Array {
  if (predicted.length !== labels.length) {
    throw new RangeError(`${predicted.length} predictions for ${labels.length} labels`);
  }
  const matrix = new Uint32Array(classes * classes);
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    const prediction = predicted[row]!;
    if (label >= classes || prediction >= classes) {
      throw new RangeError(`image ${row}: class ${Math.max(label, prediction)} is not below ${classes}`);
    }
    matrix[label * classes + prediction]!++;
  }
  return matrix;
}

/**
 * The soft confusion matrix: the probability given to each class, summed over the images of each true class.
 * @param temperature T, above 0
 * @returns [classes × classes], true class by class, row-major; row c sums to the number of images of class c
 * @throws RangeError, LabError as `probabilities`
 */
export function probabilitySums(logits: Logits, labels: Uint8Array, temperature = 1): Float64Array {
  checkLabels(logits, labels);
  const { count, classes } = logits;
  const shares = probabilities(logits, temperature);
  const sums = new Float64Array(classes * classes);
  for (let row = 0; row < count; row++) {
    const into = labels[row]! * classes;
    const from = row * classes;
    for (let column = 0; column < classes; column++) sums[into + column]! += shares[from + column]!;
  }
  return sums;
}

/** The errors along the sides of a confusion matrix [classes × classes]. */
export function errorSums(matrix: Uint32Array, classes: number): ErrorSums {
  const byLabel = new Uint32Array(classes);
  const byPrediction = new Uint32Array(classes);
  let total = 0;
  for (let label = 0; label < classes; label++) {
    for (let predicted = 0; predicted < classes; predicted++) {
      if (label === predicted) continue;
      const count = matrix[label * classes + predicted]!;
      byLabel[label]! += count;
      byPrediction[predicted]! += count;
      total += count;
    }
  }
  return { byLabel, byPrediction, total };
}

/**
 * The most frequent confusions, most frequent first; of equals the lower classes first.
 * @param matrix [classes × classes]
 * @param limit how many at most
 */
export function mostConfused(matrix: Uint32Array, classes: number, limit = 1): Confusion[] {
  const cells: Confusion[] = [];
  for (let label = 0; label < classes; label++) {
    for (let predicted = 0; predicted < classes; predicted++) {
      const count = matrix[label * classes + predicted]!;
      if (label !== predicted && count > 0) cells.push({ label, predicted, count });
    }
  }
  return cells.sort((first, second) => second.count - first.count).slice(0, limit);
}
