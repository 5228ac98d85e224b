/** Which images of the training set a run learns from, and which are held out for validation. */
import { LabError } from '../contract/errors';
import type { DataSpec } from '../contract/spec';
import { Random } from '../random';
import type { Dataset } from './dataset';

export interface TransferSet {
  /** images learnt from, ascending positions in the training set */
  readonly training: Int32Array;
  /** images held out, ascending positions in the training set; every class is in it, omitted ones too */
  readonly validation: Int32Array;
}

/**
 * Splits and thins the training set. The validation split is drawn first and from every class, so that runs with
 * different kept classes or shares are validated on the same images.
 * @throws LabError `bad-input` when a class does not exist or nothing is left to learn from
 */
export function selectTransferSet(dataset: Dataset, spec: DataSpec): TransferSet {
  const highest = dataset.classes - 1;
  for (const named of [...spec.classes, ...Object.keys(spec.classShares).map(Number)]) {
    if (named > highest) {
      throw new LabError('bad-input', `Class ${named} is not in ${dataset.name}.`, `Its classes are 0 to ${highest}.`);
    }
  }
  const byClass = Array.from({ length: dataset.classes }, (): number[] => []);
  dataset.train.labels.forEach((label, index) => byClass[label]!.push(index));

  const training: number[] = [];
  const validation: number[] = [];
  byClass.forEach((members, label) => {
    const shuffled = new Random(spec.selectionSeed, 'selection', label).shuffle(Int32Array.from(members));
    const heldOut = Math.round(spec.validation * shuffled.length);
    validation.push(...shuffled.subarray(0, heldOut));
    if (!spec.classes.includes(label)) return;
    const rest = shuffled.subarray(heldOut);
    const share = spec.classShares[String(label)] ?? spec.share;
    training.push(...rest.subarray(0, Math.round(share * rest.length)));
  });
  if (training.length === 0) {
    throw new LabError('bad-input', 'No image is left to learn from.', 'Keep more classes or raise data.share.');
  }
  return { training: Int32Array.from(training).sort(), validation: Int32Array.from(validation).sort() };
}
