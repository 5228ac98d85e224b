import { checkLabels, checkLogits, predictions } from './logits';
import type { Logits } from './logits';

/** On what a bias was chosen. Only 'test' looks at test labels; a front end must mark what depends on it. */
export type BiasSelection = 'prior' | 'validation' | 'test';

/** A constant for each class, to be added to its logits (or, for good, to the output layer's biases). */
export interface BiasCorrection {
  /** [classes], 0 for the classes that were not chosen */
  readonly bias: Float32Array;
  readonly selectedOn: BiasSelection;
}

export interface OptimalBias extends BiasCorrection {
  /** the constant that the chosen classes share */
  readonly constant: number;
  /** errors on the given images with it */
  readonly errors: number;
  /** errors are the same for every constant between these two; infinite at an end */
  readonly low: number;
  readonly high: number;
}

export interface PriorMatch extends BiasCorrection {
  /** [classes]: how many of the given images are predicted as each class with the bias */
  readonly predicted: Uint32Array;
}

/** @returns [classes], 1 for a chosen class */
function chosenMask(classes: readonly number[], total: number): Uint8Array {
  if (classes.length === 0) throw new RangeError('no class was chosen for the bias');
  const mask = new Uint8Array(total);
  for (const chosen of classes) {
    if (!Number.isInteger(chosen) || chosen < 0 || chosen >= total) {
      throw new RangeError(`class ${chosen} is not one of 0 to ${total - 1}`);
    }
    mask[chosen] = 1;
  }
  return mask;
}

/**
 * Adds a constant to each class's logits.
 * @param bias [classes]
 * @param into where to write, [count, classes]; give the last result's values back to follow a slider without garbage
 * @returns new logits; the given ones are not touched unless they are `into`
 * @throws RangeError, LabError when a shape does not fit or a logit is not finite
 */
export function applyBias(
  logits: Logits,
  bias: Float32Array,
  into: Float32Array = new Float32Array(logits.values.length),
): Logits {
  checkLogits(logits);
  return uncheckedApplyBias(logits, bias, into);
}

/**
 * `applyBias` to logits that `checkLogits` has passed, for what follows a slider.
 * @throws RangeError when bias or into is of another length
 */
export function uncheckedApplyBias({ values, count, classes }: Logits, bias: Float32Array, into: Float32Array): Logits {
  if (bias.length !== classes) throw new RangeError(`${classes} classes need ${classes} biases, not ${bias.length}`);
  if (into.length !== values.length) throw new RangeError(`into needs ${values.length} entries, not ${into.length}`);
  for (let start = 0; start < values.length; start += classes) {
    for (let column = 0; column < classes; column++) into[start + column] = values[start + column]! + bias[column]!;
  }
  return { values: into, count, classes };
}

/** For each image: what it takes for the chosen classes to win, and what winning does to the errors. */
interface Margins {
  /** [count]: best logit of the other classes minus best of the chosen; the chosen win above it */
  readonly margin: Float64Array;
  /** [count]: 1 where the best of the other classes is wrong */
  readonly wrongBelow: Uint8Array;
  /** [count]: 1 where the best of the chosen classes is wrong */
  readonly wrongAbove: Uint8Array;
  /** [count]: what holds on the margin itself, where the lower class wins the tie */
  readonly wrongAt: Uint8Array;
}

function marginsOf(logits: Logits, labels: Uint8Array, classes: readonly number[]): Margins {
  checkLogits(logits);
  checkLabels(logits, labels);
  const mask = chosenMask(classes, logits.classes);
  const { values, count } = logits;
  const margin = new Float64Array(count);
  const wrongBelow = new Uint8Array(count);
  const wrongAbove = new Uint8Array(count);
  const wrongAt = new Uint8Array(count);
  for (let row = 0, start = 0; row < count; row++, start += logits.classes) {
    let chosen = -1;
    let other = -1;
    for (let column = 0; column < logits.classes; column++) {
      const value = values[start + column]!;
      if (mask[column]) {
        if (chosen < 0 || value > values[start + chosen]!) chosen = column;
      } else if (other < 0 || value > values[start + other]!) other = column;
    }
    // With every class chosen no other can win, at any bias.
    margin[row] = other < 0 ? -Infinity : values[start + other]! - values[start + chosen]!;
    wrongBelow[row] = other === labels[row] ? 0 : 1;
    wrongAbove[row] = chosen === labels[row] ? 0 : 1;
    wrongAt[row] = chosen < other ? wrongAbove[row]! : wrongBelow[row]!;
  }
  return { margin, wrongBelow, wrongAbove, wrongAt };
}

/**
 * Errors as a function of one constant added to the logits of the chosen classes: the curve under a bias slider.
 * @param classes the chosen classes, at least one
 * @param biases the constants to look at
 * @returns errors at each of them
 * @throws RangeError, LabError when a shape does not fit or a class does not exist
 */
export function errorsAgainstBias(
  logits: Logits,
  labels: Uint8Array,
  classes: readonly number[],
  biases: ArrayLike<number>,
): Uint32Array {
  const { margin, wrongBelow, wrongAbove, wrongAt } = marginsOf(logits, labels, classes);
  const errors = new Uint32Array(biases.length);
  for (let index = 0; index < biases.length; index++) {
    const bias = biases[index]!;
    let wrong = 0;
    for (let row = 0; row < margin.length; row++) {
      const edge = margin[row]!;
      wrong += bias > edge ? wrongAbove[row]! : bias < edge ? wrongBelow[row]! : wrongAt[row]!;
    }
    errors[index] = wrong;
  }
  return errors;
}

/**
 * A constant well inside an interval: its middle; in an unbounded one 0 when that is inside, else 1 beyond its end.
 */
function inside(low: number, high: number): number {
  if (low > -Infinity && high < Infinity) return (low + high) / 2;
  if (low < 0 && high > 0) return 0;
  return low > -Infinity ? low + 1 : high - 1;
}

/**
 * The one constant, added to the logits of all chosen classes, that makes the fewest errors: how the paper sets its
 * +3.5 on threes and −7.6 on sevens and eights (Hinton et al. 2015, section 3, "on the test set").
 *
 * Exact: errors change only where the constant passes an image's margin, so the open intervals between sorted margins
 * are all there is to look at. Of equally good intervals the one nearest to 0 is taken, and its middle. Intervals too
 * narrow for float32 to add the constant without crossing an end are passed over.
 * @param classes the chosen classes, at least one
 * @param selectedOn whose labels these are; 'test' unless said otherwise, since forgetting must not flatter a result
 * @throws RangeError, LabError when a shape does not fit or a class does not exist
 */
export function optimalBias(
  logits: Logits,
  labels: Uint8Array,
  classes: readonly number[],
  selectedOn: 'validation' | 'test' = 'test',
): OptimalBias {
  const { margin, wrongBelow, wrongAbove } = marginsOf(logits, labels, classes);
  // A margin at which a wrong answer gives way to another wrong one divides nothing.
  const order = Uint32Array.from(margin.keys())
    .filter((row) => wrongAbove[row] !== wrongBelow[row])
    .sort((first, second) => margin[first]! - margin[second]!);
  let largest = 0;
  for (const value of logits.values) largest = Math.max(largest, Math.abs(value));
  const narrowest = largest * 2 ** -20;

  let errors = 0;
  for (const wrong of wrongBelow) errors += wrong;
  let best = { errors: Infinity, low: 0, high: 0, distance: Infinity };
  let low = -Infinity;
  for (let position = 0; position <= order.length; position++) {
    const row = order[position];
    const high = row === undefined ? Infinity : margin[row]!;
    const distance = Math.max(0, low, -high);
    const better = errors < best.errors || (errors === best.errors && distance < best.distance);
    if (better && high - low > narrowest) best = { errors, low, high, distance };
    if (row === undefined) break;
    errors += wrongAbove[row]! - wrongBelow[row]!;
    low = high;
  }
  const constant = Math.fround(inside(best.low, best.high));
  const bias = new Float32Array(logits.classes);
  for (const chosen of classes) bias[chosen] = constant;
  return { constant, bias, errors: best.errors, low: best.low, high: best.high, selectedOn };
}

/** @returns [classes]: how many images are predicted as each class */
function predictedCounts(logits: Logits, bias: Float32Array): Uint32Array {
  const counts = new Uint32Array(logits.classes);
  for (const prediction of predictions(applyBias(logits, bias))) counts[prediction]!++;
  return counts;
}

/** @returns [count]: the constant above which the class wins, the other classes' biases as they are */
function marginsOfClass({ values, count, classes }: Logits, bias: Float32Array, chosen: number): Float64Array {
  const margin = new Float64Array(count);
  for (let row = 0, start = 0; row < count; row++, start += classes) {
    let rival = -Infinity;
    for (let column = 0; column < classes; column++) {
      if (column !== chosen) rival = Math.max(rival, values[start + column]! + bias[column]!);
    }
    margin[row] = rival - values[start + chosen]!;
  }
  return margin;
}

/**
 * A constant for each chosen class such that the share of images predicted as it equals its prior: a correction that
 * needs no labels of the images it is applied to, only the class's frequency in the full training set.
 *
 * Each constant is set in turn from the sorted margins of its class, until all shares hold at once; a share is met to
 * the nearest whole image unless tied margins forbid it.
 * @param logits of the images on which the shares shall hold
 * @param prior [classes], the share of each class in the full training set, 0 to 1
 * @param classes the chosen classes, at least one
 * @throws RangeError, LabError when a shape does not fit, a class does not exist or a prior is no share
 */
export function matchPrior(logits: Logits, prior: ArrayLike<number>, classes: readonly number[]): PriorMatch {
  checkLogits(logits);
  chosenMask(classes, logits.classes);
  const { count } = logits;
  if (prior.length !== logits.classes) {
    throw new RangeError(`${logits.classes} classes need ${logits.classes} priors, not ${prior.length}`);
  }
  let sum = 0;
  for (const chosen of new Set(classes)) {
    const share = prior[chosen]!;
    if (!(share >= 0 && share <= 1)) throw new RangeError(`the prior of class ${chosen} is ${share}, not 0 to 1`);
    sum += share;
  }
  if (sum > 1 + 1e-6) throw new RangeError(`the priors of the chosen classes sum to ${sum}, more than 1`);

  const wanted = Uint32Array.from(prior, (share) => Math.round(share * count));
  const bias = new Float32Array(logits.classes);
  let predicted = predictedCounts(logits, bias);
  // One class is done after one round; several push each other, by less at every round.
  for (let round = 0; round < 100; round++) {
    if (classes.every((chosen) => predicted[chosen] === wanted[chosen])) break;
    for (const chosen of classes) {
      const margin = marginsOfClass(logits, bias, chosen).sort();
      bias[chosen] = inside(margin[wanted[chosen]! - 1] ?? -Infinity, margin[wanted[chosen]!] ?? Infinity);
    }
    predicted = predictedCounts(logits, bias);
  }
  return { bias, predicted, selectedOn: 'prior' };
}
