import { checkLabels, checkLogits, checkTemperature, logSumExp } from './logits';
import type { Logits } from './logits';

/** One bar of a reliability diagram: the images whose confidence c lies in low < c ≤ high. */
export interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** mean confidence of the bin's images; 0 for an empty bin */
  readonly confidence: number;
  /** share of the bin's images that are right; 0 for an empty bin */
  readonly accuracy: number;
}

/** −log q(label) of the row that begins at `start`, at T = 1, in nats: 0 or more. */
export function crossEntropyOfRow(values: Float32Array, start: number, classes: number, label: number): number {
  return Math.max(0, logSumExp(values, start, classes, 1) - values[start + label]!);
}

/**
 * −log q(label) of each image at T = 1, in nats.
 * @returns [count], 0 or more
 * @throws RangeError, LabError on logits or labels of another shape
 */
export function crossEntropies(logits: Logits, labels: Uint8Array): Float64Array {
  checkLogits(logits);
  checkLabels(logits, labels);
  const { values, count, classes } = logits;
  const losses = new Float64Array(count);
  for (let row = 0, start = 0; row < count; row++, start += classes) {
    losses[row] = crossEntropyOfRow(values, start, classes, labels[row]!);
  }
  return losses;
}

/**
 * The hard loss: mean cross-entropy with the labels at T = 1, in nats.
 * @throws RangeError, LabError as `crossEntropies`, and RangeError when there is no image
 */
export function meanCrossEntropy(logits: Logits, labels: Uint8Array): number {
  if (logits.count === 0) throw new RangeError('the mean over no images is not defined');
  let sum = 0;
  for (const loss of crossEntropies(logits, labels)) sum += loss;
  return sum / logits.count;
}

/**
 * A reliability diagram: accuracy against confidence in bins of equal width (Guo et al. 2017).
 * @param bins 1 or more
 * @param temperature T at which the confidence is taken; another than 1 shows temperature scaling
 * @throws RangeError, LabError on logits or labels of another shape
 */
export function reliability(logits: Logits, labels: Uint8Array, bins = 15, temperature = 1): ReliabilityBin[] {
  checkLogits(logits);
  checkLabels(logits, labels);
  checkTemperature(temperature);
  if (!Number.isInteger(bins) || bins < 1) throw new RangeError(`bins must be a whole number above 0, not ${bins}`);
  const { values, count, classes } = logits;
  const counts = new Uint32Array(bins);
  const right = new Uint32Array(bins);
  const sums = new Float64Array(bins);
  for (let row = 0, start = 0; row < count; row++, start += classes) {
    let best = 0;
    for (let column = 1; column < classes; column++) if (values[start + column]! > values[start + best]!) best = column;
    // In double precision: in float32 a confidence near 1 would round, and the figure with it.
    const confidence = Math.exp(values[start + best]! / temperature - logSumExp(values, start, classes, temperature));
    const bin = Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1));
    counts[bin]!++;
    sums[bin]! += confidence;
    if (best === labels[row]) right[bin]!++;
  }
  return Array.from(counts, (size, bin) => ({
    low: bin / bins,
    high: (bin + 1) / bins,
    count: size,
    confidence: size === 0 ? 0 : sums[bin]! / size,
    accuracy: size === 0 ? 0 : right[bin]! / size,
  }));
}

/**
 * Expected calibration error Σ |B|/n · |accuracy(B) − confidence(B)| (Naeini et al. 2015; Guo et al. 2017, eq. 3).
 * @returns 0 (calibrated) to 1
 * @throws RangeError, LabError as `reliability`, and RangeError when there is no image
 */
export function expectedCalibrationError(logits: Logits, labels: Uint8Array, bins = 15, temperature = 1): number {
  if (logits.count === 0) throw new RangeError('the calibration of no images is not defined');
  let sum = 0;
  for (const bin of reliability(logits, labels, bins, temperature)) {
    sum += bin.count * Math.abs(bin.accuracy - bin.confidence);
  }
  return sum / logits.count;
}
