/** What a constant bias, chosen in three ways, makes of the errors of a student that did not see every class. */
import type { BiasCorrection } from './bias';
import { applyBias, matchPrior, optimalBias } from './bias';
import { countErrors, errorFlags } from './errors';
import type { Logits } from './logits';
import { predictions } from './logits';

/** A bias correction and what it gives on the test images. */
export interface CorrectedErrors extends BiasCorrection {
  readonly testErrors: number;
  /** test errors on images of the corrected classes */
  readonly errorsOnClasses: number;
}

export interface LabelledSet {
  readonly logits: Logits;
  readonly labels: Uint8Array;
}

/**
 * Hinton et al. 2015, section 3: the omitted classes are corrected, or the kept ones where those are fewer, as the paper
 * does for 7s and 8s.
 * @param kept classes of the transfer set
 * @param trainLabels of the whole training set: their frequencies are the prior
 * @returns by prior matching, on validation images if there are any, on test images; none when every class was kept
 */
export function correctBias(
  kept: readonly number[],
  trainLabels: Uint8Array,
  test: LabelledSet,
  validation: LabelledSet | undefined,
): CorrectedErrors[] {
  const { classes } = test.logits;
  if (kept.length === classes) return [];
  const omitted = Array.from({ length: classes }, (_, label) => label).filter((label) => !kept.includes(label));
  const corrected = omitted.length <= kept.length ? omitted : kept;
  const counts = new Array<number>(classes).fill(0);
  for (const label of trainLabels) counts[label]! += 1;
  const prior = counts.map((count) => count / trainLabels.length);
  const biases: BiasCorrection[] = [
    matchPrior((validation ?? test).logits, prior, corrected),
    ...(validation ? [optimalBias(validation.logits, validation.labels, corrected, 'validation')] : []),
    optimalBias(test.logits, test.labels, corrected, 'test'),
  ];
  return biases.map(({ bias, selectedOn }) => {
    const predicted = predictions(applyBias(test.logits, bias));
    const flags = errorFlags(predicted, test.labels);
    return {
      bias,
      selectedOn,
      testErrors: countErrors(predicted, test.labels),
      errorsOnClasses: flags.reduce((sum, wrong, at) => sum + (corrected.includes(test.labels[at]!) ? wrong : 0), 0),
    };
  });
}
