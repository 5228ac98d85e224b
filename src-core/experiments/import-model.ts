/** A colleague's network becomes a finished run: evaluated, inspected, a teacher; how it was trained is not known. */
import { basename, extname } from 'node:path';
import type { ModelNormalisation, ModelPreview } from '../contract/rpc';
import { LabError } from '../contract/errors';
import type { Normalisation } from '../contract/spec';
import { parseRunSpec } from '../contract/spec';
import type { Dataset } from '../data/dataset';
import { drawUnshifted } from '../data/jitter';
import { readWhole, sha256Of } from '../data/read-file';
import { parseSafetensors } from '../data/safetensors';
import { readTfjsModel } from '../data/tfjs-model';
import { meanCrossEntropy } from '../evaluation/calibration';
import { countErrors } from '../evaluation/errors';
import { predictions } from '../evaluation/logits';
import { layoutOf } from '../models/layout';
import { Model } from '../models/model';
import type { Recognised } from '../models/recognise';
import { foldNormalisation, recognise } from '../models/recognise';
import { describeEnvironment } from './environment';
import type { PixelNormalisation } from './import-tfjs';
import { tfjsNormalisation } from './import-tfjs';
import type { Run, RunStore } from './run-store';

/** What is usual: pixels of 0 to 1, of −1 to 1, and standardised as PyTorch's examples do MNIST. */
const USUAL: readonly PixelNormalisation[] = [
  { mean: 0, deviation: 1 },
  { mean: 0.5, deviation: 0.5 },
  { mean: 0.1307, deviation: 0.3081 },
];

/** Training images on which normalisations are tried. */
const TRIED = 2000;
const SAME = 1e-6;

function alike(a: PixelNormalisation, b: PixelNormalisation): boolean {
  return Math.abs(a.mean - b.mean) < SAME && Math.abs(a.deviation - b.deviation) < SAME;
}

/** A network for the lab's own way of reading pixels. */
function ready(
  found: Recognised,
  normalisation: PixelNormalisation,
  file: string,
): Recognised & { readonly reads: Normalisation } {
  if (alike(normalisation, USUAL[0]!)) return { ...found, reads: 'unit' };
  if (alike(normalisation, USUAL[1]!)) return { ...found, reads: 'symmetric' };
  return { ...foldNormalisation(found, normalisation.mean, normalisation.deviation, file), reads: 'unit' };
}

function checkNormalisation({ mean, deviation }: PixelNormalisation): void {
  if (Number.isFinite(mean) && Math.abs(mean) <= 255 && deviation > 0 && deviation <= 255) return;
  throw new LabError('bad-input', 'Mean and deviation of pixels are numbers, the deviation more than 0.');
}

export class ModelImport {
  private constructor(
    private readonly file: string,
    private readonly sha256: string,
    private readonly format: 'safetensors' | 'tfjs',
    private readonly found: Recognised,
    /** as the file itself says it */
    private readonly stated: PixelNormalisation | undefined,
    private readonly dataset: Dataset,
  ) {}

  /**
   * Reads a network whole and checks it.
   * @param file .safetensors, or the model.json of a TensorFlow.js layers model
   * @throws LabError that names the file and what is wrong with it
   */
  static async read(file: string, dataset: Dataset): Promise<ModelImport> {
    const bytes = await readWhole(file);
    const hash = sha256Of(bytes);
    if (extname(file) === '.json') {
      const { layers, tensors } = await readTfjsModel(file);
      const stated = tfjsNormalisation(layers, file);
      return new ModelImport(file, hash, 'tfjs', recognise(tensors, dataset, file), stated, dataset);
    }
    const { tensors, metadata } = parseSafetensors(bytes, file);
    // The lab's own exports say it.
    const stated = { unit: USUAL[0], symmetric: USUAL[1] }[metadata['normalisation'] ?? ''];
    return new ModelImport(file, hash, 'safetensors', recognise(tensors, dataset, file), stated, dataset);
  }

  private modelFor(normalisation: PixelNormalisation): { model: Model; reads: Normalisation } {
    checkNormalisation(normalisation);
    const { model, parameters, reads } = ready(this.found, normalisation, this.file);
    return { model: Model.restore(model, this.dataset, parameters, this.file), reads };
  }

  /** On some training images. */
  private tryOut(positions: Int32Array, normalisation: PixelNormalisation): { errors: number; loss: number } {
    const { side, classes, train } = this.dataset;
    const { model, reads } = this.modelFor(normalisation);
    try {
      const values = model.logits(drawUnshifted(train.images, side, positions, reads));
      const logits = { values, count: positions.length, classes };
      const labels = Uint8Array.from(positions, (at) => train.labels[at]!);
      return { errors: countErrors(predictions(logits), labels), loss: meanCrossEntropy(logits, labels) };
    } finally {
      model.dispose();
    }
  }

  /** What it is, and how many of some training images it reads wrong by each usual normalisation. */
  preview(): ModelPreview {
    const { summary, parameterCount } = layoutOf(this.found.model, this.dataset);
    const count = Math.min(TRIED, this.dataset.train.labels.length);
    const positions = Int32Array.from({ length: count }, (_, at) => at);
    const folds = this.found.model.kind === 'mlp';
    const candidates = this.stated ? [this.stated] : folds ? USUAL : USUAL.slice(0, 2);
    const normalisations: ModelNormalisation[] = candidates.map((candidate) => ({
      ...candidate,
      ...this.tryOut(positions, candidate),
    }));
    return {
      format: this.format,
      summary,
      parameterCount,
      dataset: this.dataset.name,
      stated: this.stated !== undefined,
      tried: count,
      normalisations: normalisations.sort((a, b) => a.loss - b.loss),
    };
  }

  /**
   * Makes the run.
   * @param normalisation of pixels; by default what the file states, else the best of those tried on training images
   * @param name shown in lists; the file's by default
   * @throws LabError; then there is no new run
   */
  async add(store: RunStore, asked?: PixelNormalisation, name = ''): Promise<Run> {
    const normalisation: PixelNormalisation = asked ?? this.preview().normalisations[0]!;
    const { mean, deviation } = normalisation;
    const { model, reads } = this.modelFor(normalisation);
    try {
      const { side, classes, test } = this.dataset;
      const positions = Int32Array.from(test.labels.keys());
      const values = model.logits(drawUnshifted(test.images, side, positions, reads));
      if (!values.every(Number.isFinite)) {
        throw new LabError('not-finite', `${this.file} holds weights by which answers are no numbers.`);
      }
      const logits = { values, count: positions.length, classes };
      const { summary, parameterCount, multiplyAdds } = model.layout;
      const shown = name.trim() || basename(this.file).replace(/(-model)?\.(json|safetensors)$/i, '');
      const run = await store.create(shown, {
        format: 1,
        createdAt: new Date().toISOString(),
        // What trained it is not known: what a spec must say of it is said with nothing in it.
        spec: parseRunSpec({
          name: shown.slice(0, 120),
          data: {
            dataset: this.dataset.name,
            classes: Array.from({ length: classes }, (_, label) => label),
            normalisation: reads,
          },
          model: model.spec,
          optimiser: { kind: 'momentum', learningRate: 0 },
          training: { epochs: 1 },
        }),
        imported: { file: basename(this.file), sha256: this.sha256, format: this.format, mean, deviation },
        status: 'created',
        environment: await describeEnvironment(),
        teachers: [],
        ...(this.dataset.sha256 === undefined ? {} : { dataset: { sha256: this.dataset.sha256 } }),
        model: { summary, parameterCount, multiplyAdds, side, classes },
        images: { training: 0, validation: 0 },
        checkpoints: [],
      });
      try {
        const testErrors = countErrors(predictions(logits), test.labels);
        const tensors = Object.fromEntries(
          model.variables.map((variable) => [variable.name, { shape: variable.shape, values: variable.values() }]),
        );
        await run.writeCheckpoint(
          { name: 'imported', epoch: 0, step: 0, seconds: 0, testErrors },
          { step: 0, sums: { total: 0, soft: 0, hard: 0, images: 0 }, tensors },
          { test: logits },
          { status: 'finished' },
        );
        return run;
      } catch (error) {
        await store.delete(run.id);
        throw error;
      }
    } finally {
      model.dispose();
    }
  }
}
