/** The one API that every front end calls: the terminal, the window, a study. */
import { isDeepStrictEqual } from 'node:util';
import { MNIST } from './contract/dataset';
import type { RunRecord } from './contract/run';
import { METHOD } from './contract/run';
import type { RunSpec } from './contract/spec';
import { parseRunSpec } from './contract/spec';
import type { Dataset } from './data/dataset';
import { drawUnshifted } from './data/jitter';
import { selectTransferSet } from './data/transfer-set';
import type { BootstrapInterval, Discordance } from './evaluation/comparison';
import { discordant, mcnemarExact, pairedBootstrap } from './evaluation/comparison';
import type { CorrectedErrors } from './evaluation/corrections';
import { correctBias } from './evaluation/corrections';
import { countErrors, errorFlags } from './evaluation/errors';
import type { Figures } from './evaluation/figures';
import { figuresOf } from './evaluation/figures';
import type { Logits } from './evaluation/logits';
import { predictions } from './evaluation/logits';
import { readCheckpointFile } from './experiments/checkpoint-file';
import { describeEnvironment } from './experiments/environment';
import { Datasets } from './experiments/datasets';
import { ModelImport } from './experiments/import-model';
import type { DamagedRun, Run, Subset } from './experiments/run-store';
import { RunStore } from './experiments/run-store';
import type { ActiveRun } from './experiments/training-run';
import { activateRun, createRun, loadModel, resolveTeachers } from './experiments/training-run';
import { Model } from './models/model';

export interface RunEvaluation {
  readonly run: string;
  readonly checkpoint: string;
  readonly epoch: number;
  readonly test: Figures;
  readonly validation?: Figures;
  /**
   * for runs whose transfer set omits classes: by prior matching (on the validation images if there are any, else on the
   * test images, whose labels it does not see), on validation, on test
   */
  readonly corrections: readonly CorrectedErrors[];
}

export interface Comparison {
  readonly first: string;
  readonly second: string;
  readonly discordance: Discordance;
  /** exact McNemar, two-sided */
  readonly p: number;
  /** difference in test errors, first minus second */
  readonly difference: BootstrapInterval;
}

export class Lab {
  readonly store: RunStore;

  /** @param folder the lab folder; runs stand in it as folders of their own */
  constructor(
    readonly folder: string,
    readonly datasets = new Datasets(folder),
  ) {
    this.store = new RunStore(folder);
  }

  /** A data set by its name, or that of a run; read and checked once. */
  dataset(of: string | Run = MNIST): Dataset {
    return typeof of === 'string' ? this.datasets.open(of) : this.datasets.of(of.record);
  }

  private parse(input: unknown): RunSpec {
    return parseRunSpec(input, this.datasets.classesOf);
  }

  runs(): (Run | DamagedRun)[] {
    return this.store.list();
  }

  open(reference: string): Run {
    return this.store.open(reference);
  }

  /**
   * A new run for a spec, not yet trained.
   * @param input a spec as written; checked here
   * @throws LabError
   */
  async create(input: unknown): Promise<Run> {
    const spec = this.parse(input);
    return createRun(this.store, spec, this.dataset(spec.data.dataset), await describeEnvironment());
  }

  /**
   * A run with exactly this spec, its name aside, by this version of the method: the newest there is that can be used or
   * gone on with, else a new one.
   * Several processes that want the same at once get the same run.
   * @param known runs that were read before, by id, which takes those that are read now: who asks for many reads each once
   */
  async findOrCreate(input: unknown, known = new Map<string, Run>()): Promise<Run> {
    const asked = this.parse(input);
    const dataset = this.dataset(asked.data.dataset);
    const { spec } = await resolveTeachers(this.store, asked, dataset);
    const wanted = { ...spec, name: '' };
    const find = (): Run | undefined => {
      for (const id of this.store.ids().reverse()) {
        const read = (): Run | undefined => {
          try {
            return this.open(id);
          } catch {
            // A damaged run is nobody's result.
            return undefined;
          }
        };
        let run = known.get(id) ?? read();
        if (!run) continue;
        known.set(id, run);
        if (run.record.environment.method !== METHOD || !isDeepStrictEqual({ ...run.spec, name: '' }, wanted)) continue;
        if (run.record.imported || run.record.dataset?.sha256 !== dataset.sha256) continue;
        // How it stands may have changed since it was read.
        run = read();
        if (run && run.status !== 'failed') return run;
      }
      return undefined;
    };
    const there = find();
    if (there) return there;
    return this.store.exclusively(async () => {
      const run = find() ?? (await this.create(spec));
      known.set(run.id, run);
      return run;
    });
  }

  /**
   * Locks a run and makes it ready to train, or to go on.
   * @param from the checkpoint to go on from; the last when left out
   */
  activate(run: Run, from?: string): Promise<ActiveRun> {
    return activateRun(this.store, run, this.dataset(run), from);
  }

  delete(reference: string): Promise<void> {
    return this.store.delete(reference);
  }

  /**
   * A finished run made of a file that `writeCheckpointFile` wrote, evaluated on the test images.
   * @throws LabError when the file is damaged or fits no model; then there is no new run
   */
  async loadCheckpoint(file: string): Promise<Run> {
    const { record, epoch, state } = await readCheckpointFile(file);
    const { side, classes } = record.model;
    const { test } = this.datasets.of({ ...record, id: file });
    const model = Model.restore(record.spec.model, { side, classes }, state.tensors, file);
    const positions = Int32Array.from(test.labels.keys());
    let values: Float32Array;
    try {
      values = model.logits(drawUnshifted(test.images, side, positions, record.spec.data.normalisation));
    } finally {
      model.dispose();
    }
    const logits = { values, count: positions.length, classes };
    const { id: _id, ...described } = record;
    // Its teachers stayed behind: what they taught is in the weights.
    const run = await this.store.create(record.spec.name || record.model.summary, {
      ...described,
      teachers: [],
      status: 'created',
    });
    try {
      const name = `epoch-${String(epoch).padStart(4, '0')}`;
      const testErrors = countErrors(predictions(logits), test.labels);
      await run.writeCheckpoint(
        { name, epoch, step: state.step, seconds: 0, testErrors },
        state,
        { test: logits },
        { status: 'finished' },
      );
      return run;
    } catch (error) {
      await this.delete(run.id);
      throw error;
    }
  }

  /**
   * A network of another program's, for a data set of the lab; nothing is written.
   * @param file .safetensors, or the model.json of a TensorFlow.js layers model
   * @throws LabError that names the file and what is wrong with it
   */
  readModel(file: string, dataset = MNIST): Promise<ModelImport> {
    return ModelImport.read(file, this.dataset(dataset));
  }

  /**
   * The network of a checkpoint, for single images.
   * @returns disposable
   */
  async model(run: Run, checkpoint: string): Promise<Model> {
    return loadModel(run, run.checkpoint(checkpoint));
  }

  /** Runs that were distilled from this one. */
  studentsOf(id: string): string[] {
    return this.runs().flatMap((run) =>
      'record' in run && run.record.teachers.some((teacher) => teacher.run === id) ? [run.id] : [],
    );
  }

  /** Logits of a checkpoint on the test images, or on its run's validation images if it has any; kept ones are read. */
  async logits(run: Run, checkpoint = 'last', subset: Subset = 'test'): Promise<Logits | undefined> {
    const record = run.checkpoint(checkpoint);
    if (subset === 'validation' && run.record.images.validation === 0) return undefined;
    const kept = await run.logits(record, subset);
    if (kept) return kept;
    const dataset = this.dataset(run);
    const { test, train, side, classes } = dataset;
    const positions =
      subset === 'test' ? Int32Array.from(test.labels.keys()) : selectTransferSet(dataset, run.spec.data).validation;
    const images = subset === 'test' ? test.images : train.images;
    const model = await loadModel(run, record);
    try {
      const values = model.logits(drawUnshifted(images, side, positions, run.spec.data.normalisation));
      return { values, count: positions.length, classes };
    } finally {
      model.dispose();
    }
  }

  /** Test logits of a run's (first) teacher, from the checkpoint that taught; undefined without one or when it is gone. */
  async teacherLogits(run: Run): Promise<Logits | undefined> {
    const [teacher] = run.record.teachers;
    if (!teacher || !this.store.ids().includes(teacher.run)) return undefined;
    return this.logits(this.open(teacher.run), teacher.checkpoint);
  }

  /** Figures of a run's last checkpoint on the test images, beside those of a teacher if one is given. */
  async figures(run: Run, teacher?: Logits): Promise<Figures> {
    return figuresOf((await this.logits(run))!, this.dataset(run).test.labels, teacher);
  }

  /** Every figure of a checkpoint. */
  async evaluate(run: Run, checkpoint = 'last'): Promise<RunEvaluation> {
    const record = run.checkpoint(checkpoint);
    const test = (await this.logits(run, record.name))!;
    const validation = await this.logits(run, record.name, 'validation');
    const { test: examples, train } = this.dataset(run);
    return {
      run: run.id,
      checkpoint: record.name,
      epoch: record.epoch,
      test: figuresOf(test, examples.labels, await this.teacherLogits(run)),
      ...(validation ? { validation: figuresOf(validation, this.validationLabels(run)) } : {}),
      corrections: correctBias(
        run.spec.data.classes,
        train.labels,
        { logits: test, labels: examples.labels },
        validation && { logits: validation, labels: this.validationLabels(run) },
      ),
    };
  }

  private validationLabels(run: Run): Uint8Array {
    const dataset = this.dataset(run);
    const { labels } = dataset.train;
    return Uint8Array.from(selectTransferSet(dataset, run.spec.data).validation, (at) => labels[at]!);
  }

  /** Two runs on the same test images. */
  async compare(first: Run, second: Run): Promise<Comparison> {
    const { labels } = this.datasets.ofAll([first.record, second.record]).test;
    const flagsOf = async (run: Run): Promise<Uint8Array> => errorFlags(predictions((await this.logits(run))!), labels);
    const [flagsA, flagsB] = [await flagsOf(first), await flagsOf(second)];
    const discordance = discordant(flagsA, flagsB);
    return {
      first: first.id,
      second: second.id,
      discordance,
      p: mcnemarExact(discordance.onlyFirstWrong, discordance.onlySecondWrong),
      difference: pairedBootstrap(flagsA, flagsB, { seed: 1 }),
    };
  }
}

export type { RunRecord, RunSpec };
