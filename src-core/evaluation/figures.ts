/** Every figure of one network on one set of images, from its logits. */
import { expectedCalibrationError, meanCrossEntropy } from './calibration';
import { confusionMatrix } from './confusion';
import type { ClassErrors, Interval } from './errors';
import { clopperPearson, countErrors, perClass } from './errors';
import { agreement, meanKl } from './fidelity';
import type { Logits } from './logits';
import { predictions } from './logits';

export interface Figures {
  readonly errors: number;
  readonly total: number;
  /** share of images classified rightly, 0 to 1 */
  readonly accuracy: number;
  /** 95 % Clopper-Pearson interval of the accuracy */
  readonly accuracyInterval: Interval;
  readonly perClass: readonly ClassErrors[];
  /** counts, true class by predicted class */
  readonly confusion: readonly (readonly number[])[];
  readonly crossEntropy: number;
  readonly calibrationError: number;
  /** share of images on which student and teacher predict the same, and mean KL(teacher‖student) at T = 1 */
  readonly teacher?: { readonly agreement: number; readonly kl: number };
}

/**
 * @param labels [count]
 * @param teacher the teacher's logits on the same images
 */
export function figuresOf(logits: Logits, labels: Uint8Array, teacher?: Logits): Figures {
  const predicted = predictions(logits);
  const errors = countErrors(predicted, labels);
  const { count, classes } = logits;
  const interval = clopperPearson(errors, count);
  const confusion = confusionMatrix(predicted, labels, classes);
  return {
    errors,
    total: count,
    accuracy: 1 - errors / count,
    accuracyInterval: { low: 1 - interval.high, high: 1 - interval.low },
    perClass: perClass(predicted, labels, classes),
    confusion: Array.from({ length: classes }, (_, row) => [...confusion.subarray(row * classes, (row + 1) * classes)]),
    crossEntropy: meanCrossEntropy(logits, labels),
    calibrationError: expectedCalibrationError(logits, labels),
    ...(teacher ? { teacher: { agreement: agreement(teacher, logits), kl: meanKl(teacher, logits) } } : {}),
  };
}
