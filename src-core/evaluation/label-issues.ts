/**
 * Labels that a network's answers speak against: confident learning (Northcutt, Jiang and Chuang 2021, section 3), on
 * answers to images that the network did not learn from.
 */
import { checkLabels, probabilities } from './logits';
import type { Logits } from './logits';

export interface Suspect {
  /** of the logits */
  readonly row: number;
  readonly label: number;
  /** the class that is confidently given instead */
  readonly suggested: number;
  /** p(label) − p(suggested), −1 to 1: the lower, the more suspicious (their "normalized margin") */
  readonly margin: number;
}

/**
 * An image is suspect when a class other than its label reaches the confidence that images of that class have on
 * average, and is the likeliest of those that do.
 * @param logits out of sample, at T = 1
 * @returns the most suspicious first; of equals the first image
 * @throws RangeError, LabError on logits or labels of another shape
 */
export function suspectLabels(logits: Logits, labels: Uint8Array): Suspect[] {
  checkLabels(logits, labels);
  const { count, classes } = logits;
  const shares = probabilities(logits, 1);
  const sums = new Float64Array(classes);
  const members = new Float64Array(classes);
  for (let row = 0; row < count; row++) {
    const label = labels[row]!;
    sums[label]! += shares[row * classes + label]!;
    members[label]! += 1;
  }
  /** mean self-confidence of each class, their t_j; beyond reach for a class without images */
  const thresholds = sums.map((sum, label) => (members[label] === 0 ? Infinity : sum / members[label]!));
  const suspects: Suspect[] = [];
  for (let row = 0; row < count; row++) {
    const start = row * classes;
    let suggested = -1;
    for (let other = 0; other < classes; other++) {
      const share = shares[start + other]!;
      if (share < thresholds[other]!) continue;
      if (suggested < 0 || share > shares[start + suggested]!) suggested = other;
    }
    const label = labels[row]!;
    if (suggested < 0 || suggested === label) continue;
    suspects.push({ row, label, suggested, margin: shares[start + label]! - shares[start + suggested]! });
  }
  return suspects.sort((a, b) => a.margin - b.margin || a.row - b.row);
}
