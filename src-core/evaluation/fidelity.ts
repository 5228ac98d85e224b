import { checkLogits, checkTemperature, logSumExp, predictions } from './logits';
import type { Logits } from './logits';

function checkPair(teacher: Logits, student: Logits): void {
  if (teacher.count !== student.count || teacher.classes !== student.classes) {
    throw new RangeError(
      `the teacher's logits are [${teacher.count}, ${teacher.classes}], the student's [${student.count}, ${student.classes}]`,
    );
  }
  if (teacher.count === 0) throw new RangeError('the fidelity on no images is not defined');
}

/**
 * The share of images on which student and teacher predict the same class, right or wrong (Stanton et al. 2021).
 * @returns 0 to 1
 * @throws RangeError, LabError when the shapes differ, there is no image or a logit is not finite
 */
export function agreement(teacher: Logits, student: Logits): number {
  checkPair(teacher, student);
  const first = predictions(teacher);
  const second = predictions(student);
  let same = 0;
  for (let row = 0; row < first.length; row++) if (first[row] === second[row]) same++;
  return same / first.length;
}

/**
 * KL(p‖q) of the row that begins at `start`, p the teacher's and q the student's softmax at T, in nats.
 * @param v the teacher's logits
 * @param z the student's
 * @returns 0 or more
 */
export function divergenceOfRow(
  v: Float32Array,
  z: Float32Array,
  start: number,
  classes: number,
  temperature: number,
): number {
  const logTeacher = logSumExp(v, start, classes, temperature);
  const logStudent = logSumExp(z, start, classes, temperature);
  let sum = 0;
  for (let index = start; index < start + classes; index++) {
    const logP = v[index]! / temperature - logTeacher;
    const logQ = z[index]! / temperature - logStudent;
    sum += Math.exp(logP) * (logP - logQ);
  }
  // Rounding may leave equal distributions a hair below 0.
  return Math.max(0, sum);
}

/**
 * KL(p‖q) of each image, p the teacher's and q the student's softmax at T, in nats. Not multiplied by T².
 * @returns [count], 0 or more
 * @throws RangeError, LabError as `agreement`, and RangeError on a temperature that is not above 0
 */
export function divergences(teacher: Logits, student: Logits, temperature = 1): Float64Array {
  checkPair(teacher, student);
  checkLogits(teacher);
  checkLogits(student);
  checkTemperature(temperature);
  const { count, classes } = teacher;
  const result = new Float64Array(count);
  for (let row = 0; row < count; row++) {
    result[row] = divergenceOfRow(teacher.values, student.values, row * classes, classes, temperature);
  }
  return result;
}

/**
 * Mean KL(teacher‖student) over the images, in nats (Stanton et al. 2021 take T = 1).
 * @throws RangeError, LabError as `divergences`
 */
export function meanKl(teacher: Logits, student: Logits, temperature = 1): number {
  let sum = 0;
  for (const divergence of divergences(teacher, student, temperature)) sum += divergence;
  return sum / teacher.count;
}
