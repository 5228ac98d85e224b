import { describe, expect, it } from 'vitest';
import type { DataSpec } from '../../../src-core/contract/spec';
import { parseRunSpec } from '../../../src-core/contract/spec';
import type { Dataset } from '../../../src-core/data/dataset';
import type { TransferSet } from '../../../src-core/data/transfer-set';
import { selectTransferSet } from '../../../src-core/data/transfer-set';
import { expectLabError, thrownBy } from '../lab-error';

/** 30 images of class 0, 60 of class 1, 90 of class 2 and 120 of class 3, in turns. */
const COUNTS = [30, 60, 90, 120];
const labels = Uint8Array.from(
  COUNTS.flatMap((count, label) => Array.from({ length: count }, (_, index) => ({ label, at: index / count })))
    .sort((a, b) => a.at - b.at)
    .map(({ label }) => label),
);
const examples = { images: new Uint8Array(labels.length), labels };
const dataset: Dataset = {
  name: 'four',
  side: 1,
  classes: 4,
  classNames: ['0', '1', '2', '3'],
  sha256: undefined,
  train: examples,
  test: examples,
};

function select(data: Partial<DataSpec> = {}): TransferSet {
  const spec = parseRunSpec({
    data: { classes: [0, 1, 2, 3], ...data },
    model: { kind: 'mlp', hidden: [] },
    optimiser: { kind: 'momentum', learningRate: 1 },
    training: { epochs: 1 },
  });
  return selectTransferSet(dataset, spec.data);
}

function countsOf(positions: Int32Array): number[] {
  const counts = [0, 0, 0, 0];
  for (const position of positions) counts[labels[position]!]! += 1;
  return counts;
}

describe('selectTransferSet', () => {
  it('is the whole training set, in its order, unless told otherwise', () => {
    const { training, validation } = select();
    expect([...training]).toEqual([...labels.keys()]);
    expect(validation).toHaveLength(0);
  });

  it('omits the classes that are not kept', () => {
    expect(countsOf(select({ classes: [0, 2] }).training)).toEqual([30, 0, 90, 0]);
  });

  it('thins every class to a share, and single classes to theirs', () => {
    expect(countsOf(select({ share: 0.5 }).training)).toEqual([15, 30, 45, 60]);
    expect(countsOf(select({ share: 0.5, classShares: { '3': 0.1, '0': 1, '1': 0 } }).training)).toEqual([
      30, 0, 45, 12,
    ]);
  });

  it('holds out the same share of every class, and gives no image to both parts', () => {
    const { training, validation } = select({ validation: 0.1 });
    expect(countsOf(validation)).toEqual([3, 6, 9, 12]);
    expect(countsOf(training)).toEqual([27, 54, 81, 108]);
    expect([...training, ...validation].sort((a, b) => a - b)).toEqual([...labels.keys()]);
    for (const part of [training, validation]) expect([...part]).toEqual([...part].sort((a, b) => a - b));
  });

  it('takes shares of what validation leaves', () => {
    expect(countsOf(select({ validation: 0.5, share: 0.2 }).training)).toEqual([3, 6, 9, 12]);
  });

  it('validates runs with other classes and shares on the same images, omitted classes too', () => {
    const { validation } = select({ validation: 0.2 });
    expect(select({ validation: 0.2, classes: [1] }).validation).toEqual(validation);
    expect(select({ validation: 0.2, share: 0.3, classShares: { '2': 0 } }).validation).toEqual(validation);
  });

  it('grows by adding images: a larger share holds the smaller one', () => {
    const larger = new Set(select({ share: 0.6 }).training);
    expect(select({ share: 0.3 }).training.every((position) => larger.has(position))).toBe(true);
  });

  it('is a function of the selection seed', () => {
    const chosen = (selectionSeed: number): TransferSet => select({ share: 0.5, validation: 0.2, selectionSeed });
    expect(chosen(7)).toEqual(chosen(7));
    expect(chosen(7).training).not.toEqual(chosen(8).training);
    expect(chosen(7).validation).not.toEqual(chosen(8).validation);
  });

  it.each<[string, Partial<DataSpec>]>([
    ['keeping', { classes: [0, 4] }],
    ['thinning', { classShares: { '4': 0.5 } }],
  ])('refuses %s a class that the data set does not have', (_, data) => {
    expectLabError(
      thrownBy(() => select(data)),
      'bad-input',
      'Class 4 is not in four.',
      'Its classes are 0 to 3.',
    );
  });

  it('refuses to leave nothing to learn from', () => {
    const nothing = thrownBy(() => select({ classes: [0], classShares: { '0': 0 } }));
    expectLabError(nothing, 'bad-input', 'No image is left', 'data.share');
  });
});
