/** Labels that were spoilt on purpose are found by networks that did not learn from them; folds are kept, marks too. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../../src-core/data/dataset';
import { selectTransferSet } from '../../../src-core/data/transfer-set';
import { suspectLabels } from '../../../src-core/evaluation/label-issues';
import { CrossValidation, foldsOf } from '../../../src-core/experiments/cross-validation';
import { markLabel, readLabelMarks } from '../../../src-core/experiments/label-marks';
import { expectLabError, rejectionOf, thrownBy } from '../lab-error';
import { SmallLab, digits, mnist, smallSpec } from '../small-lab';

const folder = mkdtempSync(join(tmpdir(), 'distill-lab-folds-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A tenth of the training labels moved on by one. */
function spoilt(): { dataset: Dataset; moved: Set<number> } {
  const labels = mnist().train.labels.slice();
  const moved = new Set<number>();
  for (let at = 0; at < labels.length; at += 10) {
    labels[at] = (labels[at]! + 1) % 10;
    moved.add(at);
  }
  return { dataset: { ...digits(), train: { ...mnist().train, labels } }, moved };
}

describe('folds', () => {
  it('hold every image once, and each class evenly', () => {
    const dataset = digits();
    const { training } = selectTransferSet(dataset, smallSpec({ data: { share: 0.05 } }).data);
    const folds = foldsOf(dataset, training, 5, 1);
    expect(Int32Array.from(folds.flatMap((fold) => [...fold])).sort()).toEqual(training);
    for (const fold of folds) {
      expect(Math.abs(fold.length - training.length / 5)).toBeLessThanOrEqual(1);
      const threes = fold.filter((at) => dataset.train.labels[at] === 3).length;
      const all = training.filter((at) => dataset.train.labels[at] === 3).length;
      expect(Math.abs(threes - all / 5)).toBeLessThanOrEqual(1);
    }
    expect(foldsOf(dataset, training, 5, 1)).toEqual(folds);
    expect(foldsOf(dataset, training, 5, 2)).not.toEqual(folds);
  });
});

describe('cross-validation', () => {
  it('finds spoilt labels, is cancelled and goes on, and is there again afterwards', async () => {
    const { dataset, moved } = spoilt();
    const lab = new SmallLab(dataset);
    const run = await lab.create(
      smallSpec({ data: { share: 0.1 }, model: { kind: 'mlp', hidden: [64] }, training: { epochs: 3, batchSize: 64 } }),
    );
    const begun = new CrossValidation(folder, run, dataset, 3);
    expect(begun.result()).toBeUndefined();
    const cancelled = new AbortController();
    const error = await rejectionOf(
      begun.train(({ fold, share }) => {
        expect(share).toBeGreaterThanOrEqual(fold / 3);
        if (fold === 1) cancelled.abort();
      }, cancelled.signal),
    );
    expectLabError(error, 'cancelled', '1 of 3 folds');
    expect(readdirSync(join(folder, 'cross-validation'))).toHaveLength(1);

    const again = new CrossValidation(folder, run, dataset, 3);
    expect(again.done).toBe(1);
    const shares: number[] = [];
    await again.train(({ share }) => shares.push(share));
    expect(shares[0]).toBeGreaterThan(1 / 3);
    expect(shares.at(-1)).toBe(1);

    const { logits, positions } = new CrossValidation(folder, run, dataset, 3).result()!;
    const labels = Uint8Array.from(positions, (at) => dataset.train.labels[at]!);
    const suspects = suspectLabels(logits, labels).map(({ row }) => positions[row]!);
    const wrong = positions.filter((at) => moved.has(at)).length;
    const found = suspects.filter((at) => moved.has(at)).length;
    // A small network after three epochs is not sure of the rest.
    expect(found / wrong).toBeGreaterThan(0.5);
    // Of the first hundred that it names most are spoilt, where ten would be by chance.
    expect(suspects.slice(0, 100).filter((at) => moved.has(at)).length).toBeGreaterThan(80);
  }, 60_000);

  it('is refused for students, imported networks and odd numbers of folds', async () => {
    const lab = new SmallLab();
    const teacher = await lab.train(smallSpec());
    const student = await lab.create(smallSpec({ objective: { kind: 'soft', teachers: [teacher.id] } }));
    const of = (run: typeof teacher, folds?: number) =>
      thrownBy(() => new CrossValidation(folder, run, digits(), folds));
    expectLabError(of(student), 'bad-input', 'learnt from a teacher');
    expectLabError(of(teacher, 1), 'bad-input', '2 to 20');
    expectLabError(of(teacher, 2.5), 'bad-input', '2 to 20');
  });
});

describe('marks', () => {
  it('are kept, taken away, and those of another data set are refused', async () => {
    const dataset = digits();
    expect(readLabelMarks(folder, dataset)).toEqual({ train: [], test: [] });
    await markLabel(folder, dataset, 'test', 7, true);
    await markLabel(folder, dataset, 'test', 3, true);
    await markLabel(folder, dataset, 'train', 59_999, true);
    await markLabel(folder, dataset, 'test', 7, true);
    expect(readLabelMarks(folder, dataset)).toEqual({ train: [59_999], test: [3, 7] });
    expect(await markLabel(folder, dataset, 'test', 3, false)).toEqual({ train: [59_999], test: [7] });
    expectLabError(await rejectionOf(markLabel(folder, dataset, 'test', 500, true)), 'not-found', '500');
    expectLabError(await rejectionOf(markLabel(folder, dataset, 'train', -1, true)), 'not-found');
    const other = { ...dataset, sha256: 'a'.repeat(64) };
    expectLabError(
      thrownBy(() => readLabelMarks(folder, other)),
      'damaged-file',
      'another data set',
    );
    writeFileSync(join(folder, 'labels', 'mnist.json'), '{');
    expectLabError(
      thrownBy(() => readLabelMarks(folder, dataset)),
      'damaged-file',
      'mnist.json',
    );
  });
});
