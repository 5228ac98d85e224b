/**
 * Answers to the images of a transfer set by networks that did not learn from them: the run's spec trained on all folds but
 * one, for each fold in turn. Folds that are done stay in the lab folder: what was cancelled goes on.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../contract/errors';
import type { RunSpec } from '../contract/spec';
import { makeFolder, writeAtomically } from '../data/atomic-write';
import type { Dataset } from '../data/dataset';
import { encodeNpy, parseNpy } from '../data/npy';
import { sha256Of } from '../data/read-file';
import { selectTransferSet } from '../data/transfer-set';
import type { Logits } from '../evaluation/logits';
import { Random } from '../random';
import { Training } from '../training/train';
import type { Run } from './run-store';

const FEWEST_FOLDS = 2;
const MOST_FOLDS = 20;
export const USUAL_FOLDS = 5;

/** The training loop gives the process its turn as often. */
const TURN_MILLISECONDS = 30;

export interface CrossValidationProgress {
  /** folds that are done */
  readonly fold: number;
  readonly folds: number;
  /** of all the training, 0 to 1 */
  readonly share: number;
}

export interface OutOfSample {
  readonly logits: Logits;
  /** of the images in the training set, ascending */
  readonly positions: Int32Array;
}

/** Images of each fold, the same share of each class in each. */
export function foldsOf(dataset: Dataset, positions: Int32Array, folds: number, seed: number): Int32Array[] {
  const parts = Array.from({ length: folds }, (): number[] => []);
  for (let label = 0; label < dataset.classes; label++) {
    const members = positions.filter((at) => dataset.train.labels[at] === label);
    // Each class begins where the one before ended: the folds are of one size.
    const begin = parts.reduce((sum, part) => sum + part.length, 0);
    new Random(seed, 'folds', label).shuffle(members).forEach((at, index) => parts[(begin + index) % folds]!.push(at));
  }
  return parts.map((part) => Int32Array.from(part).sort());
}

/** @throws LabError `bad-input` for a run that cannot be cross-validated */
function checkCrossValidation(run: Run, folds: number): void {
  if (!Number.isInteger(folds) || folds < FEWEST_FOLDS || folds > MOST_FOLDS) {
    throw new LabError('bad-input', `Folds must be a whole number, ${FEWEST_FOLDS} to ${MOST_FOLDS}.`);
  }
  if (run.record.imported) {
    throw new LabError('bad-input', `How ${run.id} was trained is not known.`, 'Choose a run that was trained here.');
  }
  if (run.spec.objective.kind !== 'hard') {
    throw new LabError(
      'bad-input',
      `${run.id} learnt from a teacher, which has seen the labels that are in question.`,
      'Choose the teacher, or another run on hard labels.',
    );
  }
}

function keyOf({ name: _name, ...spec }: RunSpec, dataset: Dataset, folds: number): string {
  const text = JSON.stringify([spec, dataset.sha256 ?? null, folds]);
  return sha256Of(text).slice(0, 16);
}

export class CrossValidation {
  private readonly folder: string;
  private readonly parts: readonly Int32Array[];
  private readonly positions: Int32Array;

  /**
   * @param lab the lab folder
   * @throws LabError `bad-input` for a run that cannot be cross-validated
   */
  constructor(
    lab: string,
    private readonly run: Run,
    private readonly dataset: Dataset,
    private readonly folds = USUAL_FOLDS,
  ) {
    checkCrossValidation(run, folds);
    this.folder = join(lab, 'cross-validation', keyOf(run.spec, dataset, folds));
    this.positions = selectTransferSet(dataset, run.spec.data).training;
    this.parts = foldsOf(dataset, this.positions, folds, run.spec.seed);
  }

  private fileOf(fold: number): string {
    return join(this.folder, `fold-${fold + 1}.npy`);
  }

  private isDone(fold: number): boolean {
    return existsSync(this.fileOf(fold));
  }

  /** folds that are done */
  get done(): number {
    return this.parts.filter((_, fold) => this.isDone(fold)).length;
  }

  /**
   * Trains what is missing.
   * @param signal ends it; folds that are done are kept
   * @throws LabError `cancelled`, and what a training throws
   */
  async train(progress: (now: CrossValidationProgress) => void, signal?: AbortSignal): Promise<void> {
    makeFolder(this.folder);
    for (const [fold, heldOut] of this.parts.entries()) {
      if (this.isDone(fold)) continue;
      const out = new Set(heldOut);
      const training = this.positions.filter((at) => !out.has(at));
      const network = new Training(this.run.spec, this.dataset, { training, validation: heldOut }, []);
      try {
        let turn = performance.now();
        for await (const { step } of network.train()) {
          if (performance.now() - turn < TURN_MILLISECONDS) continue;
          const share = (this.done + step / network.totalSteps) / this.folds;
          progress({ fold: this.done, folds: this.folds, share });
          await new Promise((resolve) => setTimeout(resolve));
          turn = performance.now();
          if (signal?.aborted) {
            throw new LabError(
              'cancelled',
              `Cancelled after ${this.done} of ${this.folds} folds.`,
              'Start it again to go on.',
            );
          }
        }
        const values = network.evaluate(this.dataset.train.images, heldOut);
        await writeAtomically(this.fileOf(fold), encodeNpy({ shape: [heldOut.length, this.dataset.classes], values }));
      } finally {
        network.dispose();
      }
      progress({ fold: this.done, folds: this.folds, share: this.done / this.folds });
    }
  }

  /** @returns undefined while a fold is missing */
  result(): OutOfSample | undefined {
    if (this.done < this.folds) return undefined;
    const { classes } = this.dataset;
    const values = new Float32Array(this.positions.length * classes);
    const rowOf = new Map(Array.from(this.positions, (at, row) => [at, row]));
    this.parts.forEach((part, fold) => {
      const found = parseNpy(readFileSync(this.fileOf(fold)), this.fileOf(fold));
      if (found.shape.join() !== `${part.length},${classes}` || !(found.values instanceof Float32Array)) {
        throw new LabError('damaged-file', `${this.fileOf(fold)} does not hold the answers of its fold.`, 'Delete it.');
      }
      for (const [index, at] of part.entries()) {
        values.set(found.values.subarray(index * classes, (index + 1) * classes), rowOf.get(at)! * classes);
      }
    });
    return { logits: { values, count: this.positions.length, classes }, positions: this.positions };
  }
}
