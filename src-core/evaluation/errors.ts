import { betaQuantile } from './special-functions';

/** Errors among the images of one class. */
export interface ClassErrors {
  readonly errors: number;
  readonly total: number;
}

/** An interval of proportions, 0 to 1, or of errors where it is said. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

function checkSameLength(predicted: Uint8Array, labels: Uint8Array): void {
  if (predicted.length !== labels.length) {
    throw new RangeError(`${predicted.length} predictions for ${labels.length} labels`);
  }
}

/**
 * Which images are misclassified.
 * @returns [count], 1 where the prediction is wrong and 0 where it is right
 * @throws RangeError when the lengths differ
 */
export function errorFlags(predicted: Uint8Array, labels: Uint8Array): Uint8Array {
  checkSameLength(predicted, labels);
  const flags = new Uint8Array(labels.length);
  for (let row = 0; row < labels.length; row++) flags[row] = predicted[row] === labels[row] ? 0 : 1;
  return flags;
}

/**
 * How many images are misclassified: "test errors", the paper's unit, when the images are the test set.
 * @throws RangeError when the lengths differ
 */
export function countErrors(predicted: Uint8Array, labels: Uint8Array): number {
  checkSameLength(predicted, labels);
  let errors = 0;
  for (let row = 0; row < labels.length; row++) if (predicted[row] !== labels[row]) errors++;
  return errors;
}

/**
 * Errors and images of each class.
 * @returns one entry a class, in order
 * @throws RangeError when the lengths differ or a label is not below `classes`
 */
export function perClass(predicted: Uint8Array, labels: Uint8Array, classes: number): ClassErrors[] {
  checkSameLength(predicted, labels);
  const result = Array.from({ length: classes }, () => ({ errors: 0, total: 0 }));
  for (let row = 0; row < labels.length; row++) {
    const entry = result[labels[row]!];
    if (!entry) throw new RangeError(`label ${labels[row]} of image ${row} is not below ${classes}`);
    entry.total++;
    if (predicted[row] !== labels[row]) entry.errors++;
  }
  return result;
}

/**
 * The exact confidence interval of an error rate (Clopper and Pearson 1934).
 * @param errors 0 to total
 * @param total images, at least 1
 * @param level confidence level, above 0 and below 1
 * @returns proportions; multiply by total to have errors
 * @throws RangeError outside these ranges
 */
export function clopperPearson(errors: number, total: number, level = 0.95): Interval {
  if (!Number.isInteger(total) || total < 1) throw new RangeError(`total must be a whole number above 0, not ${total}`);
  if (!Number.isInteger(errors) || errors < 0 || errors > total) {
    throw new RangeError(`errors must be a whole number, 0 to ${total}, not ${errors}`);
  }
  if (!(level > 0 && level < 1)) throw new RangeError(`level must be above 0 and below 1, not ${level}`);
  const tail = (1 - level) / 2;
  return {
    low: errors === 0 ? 0 : betaQuantile(tail, errors, total - errors + 1),
    high: errors === total ? 1 : betaQuantile(1 - tail, errors + 1, total - errors),
  };
}

/** The exact 95 % interval in errors, to whole ones. */
export function errorInterval(errors: number, total: number): Interval {
  const { low, high } = clopperPearson(errors, total);
  return { low: Math.round(low * total), high: Math.round(high * total) };
}

/** "(67 wrong out of 10000)", as the blog prints it. */
export function describeErrors(errors: number, total: number): string {
  return `(${errors} wrong out of ${total})`;
}
