import { checkLabels, checkLogits, checkTemperature, logSumExp } from './logits';
import type { Logits } from './logits';

/** How much of a student's gradient comes from its soft targets: 0 to 1, with the factor T² on them and without. */
export interface GradientShare {
  readonly withFactor: number;
  readonly withoutFactor: number;
}

/**
 * The share of the soft part in the sum of both parts' mean gradient norms with respect to the logits: soft gradients
 * shrink as 1/T², which the factor T² makes good (Hinton et al. 2015, section 2).
 * @param student logits z, [count, classes]
 * @param teacher logits v, likewise; of an ensemble the logarithm of the mean distribution
 * @param weights of the two parts in the objective, 0 or more
 * @throws RangeError, LabError when a shape does not fit or a number is out of range
 */
export function gradientShare(
  student: Logits,
  teacher: Logits,
  labels: Uint8Array,
  temperature: number,
  weights: { readonly soft: number; readonly hard: number },
): GradientShare {
  checkLogits(student);
  checkLogits(teacher);
  checkLabels(student, labels);
  checkTemperature(temperature);
  const { count, classes, values: z } = student;
  const v = teacher.values;
  if (v.length !== z.length) throw new RangeError(`the teacher has ${v.length} logits, the student ${z.length}`);
  let [soft, hard] = [0, 0];
  for (let row = 0, start = 0; row < count; row++, start += classes) {
    const logQ = logSumExp(z, start, classes, temperature);
    const logP = logSumExp(v, start, classes, temperature);
    const logOne = logSumExp(z, start, classes, 1);
    let [squaredSoft, squaredHard] = [0, 0];
    for (let column = 0; column < classes; column++) {
      const q = Math.exp(z[start + column]! / temperature - logQ);
      const p = Math.exp(v[start + column]! / temperature - logP);
      squaredSoft += ((q - p) / temperature) ** 2;
      squaredHard += (Math.exp(z[start + column]! - logOne) - (labels[row] === column ? 1 : 0)) ** 2;
    }
    soft += Math.sqrt(squaredSoft);
    hard += Math.sqrt(squaredHard);
  }
  const share = (part: number): number => {
    const whole = weights.soft * part + weights.hard * hard;
    return whole === 0 ? 0 : (weights.soft * part) / whole;
  };
  return { withFactor: share(soft * temperature ** 2), withoutFactor: share(soft) };
}
