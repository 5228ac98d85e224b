import { LabError } from '../contract/errors';

/** Network outputs before the softmax: [count, classes], row-major. */
export interface Logits {
  readonly values: Float32Array;
  /** images */
  readonly count: number;
  readonly classes: number;
}

/**
 * Refuses logits from which no honest figure can come.
 * @throws RangeError when the shape does not fit the values
 * @throws LabError `not-finite` when a value is NaN or infinite: argmax would quietly answer "class 0"
 */
export function checkLogits({ values, count, classes }: Logits): void {
  if (!Number.isInteger(count) || count < 0 || !Number.isInteger(classes) || classes < 1 || classes > 256) {
    throw new RangeError(`logits of shape [${count}, ${classes}]: at least 0 images and 1 to 256 classes are needed`);
  }
  if (values.length !== count * classes) {
    throw new RangeError(`logits of shape [${count}, ${classes}] need ${count * classes} values, not ${values.length}`);
  }
  let sum = 0;
  // A sum of finite float32 values cannot overflow a double, so one test at the end finds every stray value.
  for (let index = 0; index < values.length; index++) sum += values[index]!;
  if (!Number.isFinite(sum)) {
    throw new LabError('not-finite', 'The logits hold a value that is not a finite number.', 'Evaluate the run again.');
  }
}

/** @throws RangeError unless labels has one entry an image and each is a class of the logits */
export function checkLabels({ count, classes }: Logits, labels: Uint8Array): void {
  if (labels.length !== count)
    throw new RangeError(`${count} rows of logits need ${count} labels, not ${labels.length}`);
  for (let row = 0; row < count; row++) {
    if (labels[row]! >= classes) throw new RangeError(`label ${labels[row]} of image ${row} is not below ${classes}`);
  }
}

/** @throws RangeError unless the temperature is a finite number above 0 */
export function checkTemperature(temperature: number): void {
  if (!(temperature > 0 && temperature < Infinity)) {
    throw new RangeError(`temperature must be a finite number above 0, not ${temperature}`);
  }
}

/** log Σ exp(v/T) of the row that begins at `start`, stable for any finite logits. */
export function logSumExp(values: Float32Array, start: number, classes: number, temperature: number): number {
  let largest = values[start]!;
  for (let index = start + 1; index < start + classes; index++) {
    if (values[index]! > largest) largest = values[index]!;
  }
  let sum = 0;
  for (let index = start; index < start + classes; index++) sum += Math.exp((values[index]! - largest) / temperature);
  return largest / temperature + Math.log(sum);
}

/**
 * The predicted class of each image: the first of the largest logits.
 * @returns [count], 0 to classes−1
 * @throws RangeError, LabError as `checkLogits`
 */
export function predictions(logits: Logits): Uint8Array {
  checkLogits(logits);
  return uncheckedPredictions(logits);
}

/** `predictions` of logits that `checkLogits` has passed, for what recounts them at every frame. */
export function uncheckedPredictions({ values, count, classes }: Logits): Uint8Array {
  const predicted = new Uint8Array(count);
  for (let row = 0, start = 0; row < count; row++, start += classes) {
    let best = 0;
    let largest = values[start]!;
    for (let column = 1; column < classes; column++) {
      const value = values[start + column]!;
      if (value > largest) {
        largest = value;
        best = column;
      }
    }
    predicted[row] = best;
  }
  return predicted;
}

/**
 * softmax(v/T) of each row (Hinton et al. 2015, eq. 1).
 * @param temperature T, above 0; 1 for the ordinary softmax
 * @param into where to write, [count, classes]; give the last result back to draw at every frame without garbage
 * @returns [count, classes], each row sums to 1 within float32
 * @throws RangeError, LabError as `checkLogits`
 */
export function probabilities(
  logits: Logits,
  temperature: number,
  into: Float32Array = new Float32Array(logits.values.length),
): Float32Array {
  checkLogits(logits);
  checkTemperature(temperature);
  const { values, classes } = logits;
  if (into.length !== values.length) throw new RangeError(`into needs ${values.length} entries, not ${into.length}`);
  for (let start = 0; start < values.length; start += classes) {
    let largest = values[start]!;
    for (let index = start + 1; index < start + classes; index++) {
      if (values[index]! > largest) largest = values[index]!;
    }
    let sum = 0;
    for (let index = start; index < start + classes; index++) {
      const power = Math.exp((values[index]! - largest) / temperature);
      into[index] = power;
      sum += power;
    }
    for (let index = start; index < start + classes; index++) into[index]! /= sum;
  }
  return into;
}

/**
 * The probability of the predicted class in the row that begins at `start`, stable for any finite logits.
 * @param temperature T, above 0
 * @returns 1/classes to 1
 */
export function confidenceOfRow(values: Float32Array, start: number, classes: number, temperature: number): number {
  let largest = values[start]!;
  for (let index = start + 1; index < start + classes; index++) {
    if (values[index]! > largest) largest = values[index]!;
  }
  let sum = 0;
  for (let index = start; index < start + classes; index++) sum += Math.exp((values[index]! - largest) / temperature);
  return 1 / sum;
}

/**
 * The probability of the predicted class of each image.
 * @returns [count], 1/classes to 1
 * @throws RangeError, LabError as `checkLogits`
 */
export function confidence(logits: Logits, temperature = 1): Float32Array {
  checkLogits(logits);
  checkTemperature(temperature);
  const { values, count, classes } = logits;
  const confidences = new Float32Array(count);
  for (let row = 0; row < count; row++) {
    confidences[row] = confidenceOfRow(values, row * classes, classes, temperature);
  }
  return confidences;
}
