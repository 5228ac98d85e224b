/**
 * The contract's functions for a window, on a lab's folder. TensorFlow is loaded when something first needs it: where
 * it cannot be, everything else still works.
 */
import { homedir } from 'node:os';
import { basename, dirname, extname, join, sep } from 'node:path';
import packageJson from '../package.json';
import type { ImportPreview, ImportProgress } from './contract/dataset';
import { MNIST } from './contract/dataset';
import { LabError, messageOf } from './contract/errors';
import type { RunEvent } from './contract/run';
import { METHOD } from './contract/run';
import type {
  CoreFunctions,
  CoreStatus,
  DatasetSummary,
  Embedding,
  RunSummary,
  SpecCheck,
  StudyRunOptions,
  StudyState,
} from './contract/rpc';
import type { Scale, Scorecard, StudyName } from './contract/scorecard';
import { parseDataSpec, parseRunSpec } from './contract/spec';
import { cellsOf, expandStudy } from './contract/study';
import { makeFolder, writeAtomically } from './data/atomic-write';
import { deleteRecipe, listRecipes, saveRecipe } from './experiments/data-recipes';
import type { DatasetImport } from './experiments/dataset-import';
import { Datasets } from './experiments/datasets';
import type { Dataset } from './data/dataset';
import { countsOf } from './data/dataset';
import type { Disturbance } from './data/jitter';
import { throwIfCancelled } from './data/image-source';
import { copyShifted, drawShift, drawUnshifted } from './data/jitter';
import { selectTransferSet } from './data/transfer-set';
import { examine } from './doctor';
import { PRESETS } from './experiments/presets';
import { emptyBin, moveToBin, readNotes, takeFromBin, titleOf, writeNotes } from './experiments/run-notes';
import { RunQueue } from './experiments/run-queue';
import { markLabel, readLabelMarks } from './experiments/label-marks';
import { LabFolder } from './experiments/lab-folder';
import type { ExportFormat } from './experiments/export';
import type { Run } from './experiments/run-store';
import { RunStore } from './experiments/run-store';
import { signatureOf, watchRuns } from './experiments/run-watch';
import type { Lab } from './lab';
import { layoutOf } from './models/layout';
import type { Model } from './models/model';
import { Random } from './random';
import { addSeed, claimedStudy, findClaim, findScale, findStudy } from './studies/claimed-studies';
import { measureLatencies } from './studies/latency';
import { renderScorecard } from './studies/report';
import { Scorer } from './studies/score';
import { refuseGoneTeachers } from './studies/study-cells';
import { StudyMembers } from './studies/study-members';
import { connectRay } from './studies/ray-connection';
import { RaySitting } from './studies/ray-sitting';
import type { Sitting } from './studies/study-sitting';
import { plainStatus, StudySitting } from './studies/study-sitting';
import { scheduleCurve } from './training/schedule';

/** What may be computed here or there: a function that answers at once or later. */
type Answering<Functions> = {
  [Name in keyof Functions]: Functions[Name] extends (...args: infer Args) => infer Result
    ? (...args: Args) => Result | Promise<Result>
    : never;
};

export interface CoreListener {
  event(event: RunEvent): void;
  runsChanged(): void;
  evaluated(run: string, epoch: number): void;
  /** whether anything is trained or waits, each time this changes */
  busy(busy: boolean): void;
  /** TensorFlow was loaded, or was refused: in either case this process lives on */
  tensorflowTried(): void;
}

export interface CoreOptions {
  /** never loads TensorFlow: it ended the core that tried last */
  readonly withoutTensorFlow?: boolean;
}

const LOAD_AFTER_MILLISECONDS = 150;
/** So often the lab folder is looked after. */
const FOLDER_MILLISECONDS = 1000;
const MOST_IMAGES = 2000;
/** As many as a map of neighbours needs. */
const EMBEDDING_COMPONENTS = 50;
/** Networks kept for the drawing pad. */
const MOST_MODELS = 12;

/** A folder as a person writes it: "~" for their own. */
function shortened(folder: string): string {
  const home = homedir();
  return folder === home || folder.startsWith(home + sep) ? `~${folder.slice(home.length)}` : folder;
}

/** A scorecard for a table: what is scrubbed is read when it is looked at. */
function withoutFrames(scorecard: Scorecard): Scorecard {
  const claims = scorecard.claims.map((claim) => ({
    ...claim,
    pictures: claim.pictures.map((picture) => (picture.kind === 'matrices' ? { ...picture, frames: [] } : picture)),
  }));
  return { ...scorecard, claims };
}

export class Core {
  private readonly store: RunStore;
  private readonly queue: RunQueue;
  private readonly datasets: Datasets;
  private loadedLab: Promise<Lab> | undefined;
  private readonly summaries = new Map<string, { signature: string; summary: RunSummary }>();
  /** epochs of other processes' runs that the window has been told */
  private readonly told = new Map<string, number>();
  private readonly models = new Map<string, Promise<Model>>();
  private wasBusy = false;
  private readonly labFolder: LabFolder;
  private readonly scorer: Scorer;
  private readonly members: StudyMembers;
  /** the study that is trained here, or was last */
  private sitting:
    | {
        readonly study: StudyName;
        readonly scale: Scale;
        /** claims that were asked for; all when undefined */
        claims: readonly string[] | undefined;
        readonly cells: Sitting;
      }
    | undefined;

  constructor(
    private readonly folder: string,
    private readonly listener: CoreListener,
    private readonly options: CoreOptions = {},
  ) {
    this.labFolder = new LabFolder(folder);
    let trouble = this.labFolder.trouble()?.message;
    setInterval(() => {
      const now = this.labFolder.trouble()?.message;
      if (now === trouble) return;
      trouble = now;
      listener.runsChanged();
    }, FOLDER_MILLISECONDS).unref();
    this.store = new RunStore(folder);
    this.datasets = new Datasets(folder);
    this.queue = new RunQueue(
      async (id, checkpoint) => {
        const lab = await this.lab();
        return lab.activate(lab.open(id), checkpoint);
      },
      {
        event: (event) => this.pass(event),
        changed: () => {
          this.sitting?.cells.queueChanged();
          if (this.queue.busy !== this.wasBusy) listener.busy((this.wasBusy = this.queue.busy));
          listener.runsChanged();
        },
      },
    );
    this.scorer = new Scorer({
      folder,
      dataset: (run) => this.dataOf(run),
      runs: () => this.store.list(),
      logits: (run, checkpoint = 'last', subset = 'test') => this.bareLogits(run, checkpoint, subset),
    });
    this.members = new StudyMembers(folder, (id) => {
      try {
        return this.store.open(id);
      } catch {
        return undefined;
      }
    });
    watchRuns(this.store, (ids) => this.changedOutside(ids));
  }

  private pass(event: RunEvent): void {
    this.sitting?.cells.event(event);
    this.listener.event(event);
    if (event.type === 'epoch' && event.record.testErrors !== undefined) {
      this.listener.evaluated(event.run, event.record.epoch);
    }
  }

  /** Tells of the epochs that another process has recorded. */
  private changedOutside(ids: readonly string[]): void {
    let known: string[];
    try {
      known = this.store.ids();
    } catch {
      // A folder that cannot be read is told as such.
      return;
    }
    for (const id of ids) {
      if (!known.includes(id)) {
        this.told.delete(id);
        continue;
      }
      if (this.queue.stateOf(id) !== undefined) continue;
      try {
        const run = this.store.open(id);
        if (run.status !== 'running' && !this.told.has(id)) continue;
        const metrics = run.metrics();
        const before = this.told.get(id) ?? metrics.length - 1;
        for (const record of metrics.slice(Math.max(0, before))) this.pass({ type: 'epoch', run: id, record });
        this.told.set(id, metrics.length);
      } catch {
        // A damaged run is listed as such.
      }
    }
    this.listener.runsChanged();
  }

  private async loadLab(): Promise<Lab> {
    if (this.options.withoutTensorFlow) {
      throw new LabError('engine', 'TensorFlow ended the core that loaded it.', 'Set it up anew, in Train.');
    }
    // What is asked meanwhile and needs no TensorFlow is answered first: loading it blocks this process.
    // (Electron 25 breaks node:timers/promises.)
    await new Promise((resolve) => setTimeout(resolve, LOAD_AFTER_MILLISECONDS));
    const begin = performance.now();
    // In the log a load that never ended shows as a begin without an end.
    console.log('Loading TensorFlow');
    try {
      const { Lab } = await import('./lab');
      console.log(`TensorFlow is loaded, after ${((performance.now() - begin) / 1000).toFixed(1)} s`);
      return new Lab(this.folder, this.datasets);
    } finally {
      this.listener.tensorflowTried();
    }
  }

  private lab(): Promise<Lab> {
    this.loadedLab ??= this.loadLab();
    // A failure is not kept: set-up may have mended it meanwhile.
    this.loadedLab.catch(() => (this.loadedLab = undefined));
    return this.loadedLab;
  }

  private dataOf(run: Run): Dataset {
    return this.datasets.of(run.record);
  }

  private async status(): Promise<CoreStatus> {
    const common = { lab: shortened(this.folder), labVersion: packageJson.version };
    try {
      await this.lab();
      const { describeDevice } = await import('./tensorflow/engine');
      return { ...common, engine: describeDevice(), problems: [] };
    } catch {
      const { findings } = await examine(this.folder, async () => (await this.lab()).folder);
      const problems = findings.flatMap(({ found: what, remedy }) => (remedy === undefined ? [] : [{ what, remedy }]));
      return { ...common, problems };
    }
  }

  private reading: { readonly cancelled: AbortController; progress: ImportProgress | undefined } | undefined;
  /** a source that was read, until its data set is made */
  private source: DatasetImport | undefined;

  private async previewDataset(path: string, testPath: string | undefined): Promise<ImportPreview> {
    this.cancelImport();
    const reading = { cancelled: new AbortController(), progress: undefined as ImportProgress | undefined };
    this.reading = reading;
    try {
      const { DatasetImport } = await import('./experiments/dataset-import');
      const source = await DatasetImport.read(
        { path, ...(testPath === undefined ? {} : { testPath }) },
        { signal: reading.cancelled.signal, progress: (progress) => (reading.progress = progress) },
      );
      throwIfCancelled({ signal: reading.cancelled.signal });
      this.source = source;
      return source.preview;
    } finally {
      if (this.reading === reading) this.reading = undefined;
    }
  }

  private cancelImport(): void {
    this.reading?.cancelled.abort();
    this.reading = undefined;
    this.source = undefined;
  }

  private async addDataset(name: string, choices: unknown): Promise<string> {
    this.labFolder.assertThere();
    if (!this.source) throw new LabError('not-found', 'No images were read.', 'Choose their folder or file first.');
    const record = await this.source.add(this.datasets, name, choices);
    this.source = undefined;
    return record.name;
  }

  private crossValidating: { readonly run: string; share: number; readonly cancelled: AbortController } | undefined;

  /** @throws LabError `locked` while something is trained, and as `CrossValidation` */
  private async crossValidate(run: Run): Promise<void> {
    const lab = await this.lab();
    const { CrossValidation } = await import('./experiments/cross-validation');
    const validation = new CrossValidation(this.folder, run, lab.dataset(run));
    if (this.crossValidating) throw new LabError('locked', `Run ${this.crossValidating.run} is being cross-validated.`);
    if (this.queue.busy) {
      throw new LabError('locked', 'A run is being trained.', 'Cross-validate when it is done, or pause it first.');
    }
    const now = { run: run.id, share: validation.done / 5, cancelled: new AbortController() };
    this.crossValidating = now;
    try {
      await validation.train(({ share }) => (now.share = share), now.cancelled.signal);
    } finally {
      this.crossValidating = undefined;
    }
  }

  private async outOfSample(run: Run) {
    if (run.spec.objective.kind !== 'hard' || run.record.imported) return undefined;
    const { CrossValidation } = await import('./experiments/cross-validation');
    const dataset = this.dataOf(run);
    const found = new CrossValidation(this.folder, run, dataset).result();
    if (!found) return undefined;
    const { logits, positions } = found;
    return { ...logits, positions, labels: Uint8Array.from(positions, (at) => dataset.train.labels[at]!) };
  }

  private async embedding(run: Run, checkpoint: string): Promise<Embedding | undefined> {
    const { side, test } = this.dataOf(run);
    const model = await this.model(run, checkpoint);
    const units = model.hiddenUnits;
    if (units === 0) return undefined;
    const positions = Int32Array.from(test.labels.keys());
    const { principalComponents } = await import('./tensorflow/principal-components');
    const hidden = model.hidden(drawUnshifted(test.images, side, positions, run.spec.data.normalisation));
    const { values, shares } = principalComponents(hidden, positions.length, units, EMBEDDING_COMPONENTS);
    return { values, shares, count: positions.length, components: shares.length, units };
  }

  private datasetSummary(dataset: string): DatasetSummary {
    const { name, side, classes, classNames, train, test } = this.datasets.open(dataset);
    const counts = { train: countsOf(train, classes), test: countsOf(test, classes) };
    return { name, side, classes, classNames, ...counts };
  }

  private positions(dataset: Dataset, part: 'train' | 'test', asked: Int32Array): Int32Array {
    const { length } = dataset[part].labels;
    if (asked.length > MOST_IMAGES) throw new LabError('bad-input', `At most ${MOST_IMAGES} images at a time.`);
    for (const at of asked) {
      if (!(at >= 0 && at < length)) throw new LabError('not-found', `There is no image ${at} in the ${part} set.`);
    }
    return asked;
  }

  private images(name: string, part: 'train' | 'test', asked: Int32Array): Uint8Array {
    const dataset = this.datasets.open(name);
    const { side } = dataset;
    const { images } = dataset[part];
    const pixels = side * side;
    const result = new Uint8Array(asked.length * pixels);
    this.positions(dataset, part, asked).forEach((at, index) => {
      result.set(images.subarray(at * pixels, (at + 1) * pixels), index * pixels);
    });
    return result;
  }

  private disturbed(name: string, asked: Int32Array, disturbance: Disturbance, roll: number): Uint8Array {
    const { jitter, noise } = parseDataSpec(disturbance);
    const dataset = this.datasets.open(name);
    const { side, train } = dataset;
    const random = new Random(roll >>> 0, 'preview');
    const target = new Uint8Array(asked.length * side * side);
    this.positions(dataset, 'train', asked).forEach((at, index) => {
      const x = drawShift(jitter, random);
      const y = drawShift(jitter, random);
      copyShifted(train.images, side, at, x, y, target, index * side * side);
    });
    if (noise > 0) {
      const values = new Float32Array(target.length);
      new Random(roll >>> 0, 'preview noise').fillNormal(values, 255 * noise);
      // What is written into it is rounded and clipped.
      const grey = new Uint8ClampedArray(target.buffer);
      values.forEach((value, index) => (grey[index] = target[index]! + value));
    }
    return target;
  }

  /** The data part of a spec, checked by the spec's own schema. */
  private transferSet(data: unknown): { training: number[]; validation: number[] } {
    const spec = parseDataSpec(data, this.datasets.classesOf);
    const dataset = this.datasets.open(spec.dataset);
    const { training, validation } = selectTransferSet(dataset, spec);
    const counts = (positions: Int32Array): number[] => {
      const labels = Uint8Array.from(positions, (at) => dataset.train.labels[at]!);
      return countsOf({ images: dataset.train.images, labels }, dataset.classes);
    };
    return { training: counts(training), validation: counts(validation) };
  }

  private checkSpec(input: unknown): SpecCheck {
    try {
      const spec = parseRunSpec(input, this.datasets.classesOf);
      const dataset = this.datasets.open(spec.data.dataset);
      const { training, validation } = selectTransferSet(dataset, spec.data);
      const { summary, parameterCount, multiplyAdds } = layoutOf(spec.model, dataset);
      const stepsPerEpoch = Math.ceil(training.length / spec.training.batchSize);
      const learningRates = scheduleCurve(spec, stepsPerEpoch);
      const images = { training: training.length, validation: validation.length };
      return { spec, summary, parameterCount, multiplyAdds, ...images, stepsPerEpoch, learningRates };
    } catch (error) {
      const code = error instanceof LabError ? error.code : 'bad-input';
      const message = messageOf(error);
      // Of a list its field is named, not the entry.
      const field = /^(?:Unknown field "|Field ")?([\w.]+?)(?:\.\d+)?(?:"| =)/.exec(message)?.[1];
      return { error: { code, message, ...(field === undefined ? {} : { field }) } };
    }
  }

  private summaryOf(id: string): RunSummary {
    const signature = signatureOf(this.store, id);
    let kept = this.summaries.get(id);
    if (kept?.signature !== signature) {
      kept = { signature, summary: this.readSummary(id) };
      this.summaries.set(id, kept);
    }
    const state = this.queue.stateOf(id);
    if (state === undefined) {
      const failure = this.queue.failureOf(id);
      const unsaid = failure !== undefined && (kept.summary.status === 'stopped' || kept.summary.status === 'created');
      return unsaid ? { ...kept.summary, status: 'failed', failure } : kept.summary;
    }
    const place = this.queue.placeOf(id);
    const held = this.queue.heldOf(id);
    const { elsewhere: _, ...summary } = kept.summary;
    return {
      ...summary,
      status: state,
      ...(place === undefined ? {} : { place }),
      ...(held === undefined ? {} : { failure: held }),
    };
  }

  private readSummary(id: string): RunSummary {
    const notes = readNotes(this.store, id);
    try {
      const run = this.store.open(id);
      const { record, status } = run;
      const { spec, failure, createdAt, model, checkpoints, teachers } = record;
      const testErrors = checkpoints.findLast((checkpoint) => checkpoint.testErrors !== undefined)?.testErrors;
      const study = this.members.studyOf(run);
      return {
        id,
        notes: { ...notes, title: titleOf(run) },
        status,
        // What this core trains has a state of its own: see summaryOf.
        ...(status === 'running' ? { elsewhere: true } : {}),
        ...(failure === undefined ? {} : { failure }),
        ...(record.imported ? { imported: record.imported.file } : {}),
        createdAt,
        model: model.summary,
        objective: spec.objective.kind,
        ...(spec.objective.kind === 'soft' ? { temperature: spec.objective.temperature } : {}),
        ...(spec.data.dataset === MNIST ? {} : { dataset: spec.data.dataset }),
        ...(model.classes === 10 ? {} : { classCount: model.classes }),
        ...(spec.data.classes.length < model.classes ? { classes: spec.data.classes } : {}),
        ...(spec.data.share < 1 ? { share: spec.data.share } : {}),
        seed: spec.seed,
        epoch: checkpoints.at(-1)?.epoch ?? 0,
        epochs: spec.training.epochs,
        ...(testErrors === undefined ? {} : { testErrors }),
        teachers: teachers.map(({ run }) => run),
        ...(study === undefined ? {} : { study }),
      };
    } catch (error) {
      return {
        id,
        damage: messageOf(error),
        notes: { ...notes, title: notes.title || id },
        status: 'failed',
        createdAt: '',
        model: '',
        objective: 'hard',
        seed: 0,
        epoch: 0,
        epochs: 0,
        teachers: [],
      };
    }
  }

  private runs(): RunSummary[] {
    return this.store.ids().map((id) => this.summaryOf(id));
  }

  private async startRun(spec: unknown): Promise<string> {
    this.labFolder.assertThere();
    const lab = await this.lab();
    const run = await lab.create(spec);
    this.queue.add(run.id);
    return run.id;
  }

  private async resumeRun(id: string, checkpoint?: string): Promise<void> {
    // Without TensorFlow it is refused here and now, not in the queue.
    await this.lab();
    const run = this.store.open(id);
    if (run.status === 'running') throw new LabError('locked', `Run ${run.id} is being trained already.`);
    if (run.status === 'finished' && checkpoint === undefined) {
      throw new LabError('bad-input', `Run ${run.id} is finished.`, 'Clone it to train it again.');
    }
    this.queue.add(run.id, checkpoint);
  }

  /** Logits are read out of the folder where they are kept: this needs no TensorFlow. */
  private async bareLogits(run: Run, checkpoint: string, subset: 'test' | 'validation') {
    const record = run.checkpoint(checkpoint);
    if (subset === 'validation' && run.record.images.validation === 0) return undefined;
    return (await run.logits(record, subset)) ?? (await this.lab()).logits(run, checkpoint, subset);
  }

  private async logits(run: Run, checkpoint: string, subset: 'test' | 'validation') {
    const logits = await this.bareLogits(run, checkpoint, subset);
    if (!logits) return undefined;
    const dataset = this.dataOf(run);
    const { test, train } = dataset;
    const positions =
      subset === 'test' ? Int32Array.from(test.labels.keys()) : selectTransferSet(dataset, run.spec.data).validation;
    const from = subset === 'test' ? test.labels : train.labels;
    return { ...logits, positions, labels: Uint8Array.from(positions, (at) => from[at]!) };
  }

  private async model(run: Run, checkpoint: string): Promise<Model> {
    const { sha256 } = run.checkpoint(checkpoint);
    const kept = this.models.get(sha256) ?? this.lab().then((lab) => lab.model(run, checkpoint));
    this.models.delete(sha256);
    this.models.set(sha256, kept);
    kept.catch(() => this.models.delete(sha256));
    const [oldest] = this.models.keys();
    if (oldest !== undefined && this.models.size > MOST_MODELS) {
      void this.models.get(oldest)?.then((model) => model.dispose());
      this.models.delete(oldest);
    }
    return kept;
  }

  private async classify(run: Run, checkpoint: string, pixels: Uint8Array): Promise<Float32Array> {
    const { side } = run.record.model;
    if (pixels.length !== side * side) throw new LabError('bad-input', `A digit has ${side}×${side} pixels.`);
    const model = await this.model(run, checkpoint);
    return model.logits(drawUnshifted(pixels, side, [0], run.spec.data.normalisation));
  }

  private async firstLayer(run: Run, checkpoint: string) {
    if (run.spec.model.kind !== 'mlp') return undefined;
    const { tensors } = await run.readCheckpoint(run.checkpoint(checkpoint));
    const weights = tensors['hidden1/weight'] ?? tensors['output/weight'];
    const [inputs, units] = weights?.shape ?? [];
    if (!weights || !inputs || !units) return undefined;
    const values = new Float32Array(weights.values.length);
    for (let input = 0; input < inputs; input++) {
      for (let unit = 0; unit < units; unit++) values[unit * inputs + input] = weights.values[input * units + unit]!;
    }
    return { values, units };
  }

  private async exportRun(run: Run, checkpoint: string, format: ExportFormat, folder: string) {
    const { exportRun } = await import('./experiments/export');
    const logits = (await this.logits(run, checkpoint, 'test'))!;
    const files = await exportRun(run, checkpoint, format, logits, this.dataOf(run).test.labels);
    const paths: string[] = [];
    for (const { name, bytes } of files) {
      await writeAtomically(join(folder, name), bytes);
      paths.push(join(folder, name));
    }
    return paths;
  }

  private async report(ids: readonly string[]): Promise<string> {
    const { renderReport } = await import('./experiments/report');
    const { reportInput } = await import('./experiments/report-input');
    const runs = [];
    for (const run of ids.map((id) => this.store.open(id))) {
      runs.push({ run, testLogits: (await this.logits(run, 'last', 'test'))! });
    }
    const numbers = runs.map(({ run }) => Number.parseInt(run.id, 10)).join('-');
    const file = join(this.folder, 'reports', `runs-${numbers}.html`);
    makeFolder(dirname(file));
    const commands = [`npm run lab -- report ${ids.join(' ')}`];
    const dataset = this.datasets.ofAll(runs.map(({ run }) => run.record));
    await writeAtomically(file, renderReport(reportInput('Report', runs, dataset, commands)));
    return file;
  }

  /** The sitting's cells where it is of this study: newer than what is on disk. */
  private async scorecard(study: string, scale: string): Promise<Scorecard> {
    this.labFolder.assertThere();
    const [name, size] = [findStudy(study), findScale(scale)];
    const own = this.sitting?.study === name && this.sitting.scale === size ? this.sitting.cells : undefined;
    return this.scorer.score(name, size, own?.live());
  }

  private studyState(): StudyState | undefined {
    if (!this.sitting) return undefined;
    const { study, scale, claims, cells } = this.sitting;
    return {
      study,
      scale,
      state: cells.state,
      ...(claims === undefined ? {} : { claims }),
      cells: cells.status().map(plainStatus),
      ...cells.progress(),
      ...(cells instanceof RaySitting ? { cluster: cells.connection.address } : {}),
    };
  }

  private async runStudy(
    studyName: string,
    scaleName: string,
    claim: string | undefined,
    options: StudyRunOptions | undefined,
  ): Promise<void> {
    this.labFolder.assertThere();
    const [study, scale] = [findStudy(studyName), findScale(scaleName)];
    const asked = claim === undefined ? undefined : findClaim(claimedStudy(this.folder, study, scale), claim).id;
    const lab = await this.lab();
    const connection = options?.cluster && (await connectRay(lab, options.cluster));
    const before = this.sitting;
    const same = before?.study === study && before.scale === scale;
    const going = before && (before.cells.state === 'running' || before.cells.state === 'pausing');
    if (going && !same) {
      throw new LabError('locked', `${before.study}, scale ${before.scale}, is being trained.`, 'Pause it first.');
    }
    if (going && (connection || before.cells instanceof RaySitting)) {
      throw new LabError('locked', `${study} is being trained already.`, 'Pause it before it is trained elsewhere.');
    }
    // Read only now: seeds may have been added meanwhile.
    const claimed = claimedStudy(this.folder, study, scale);
    const sitting =
      same && going
        ? before
        : {
            study,
            scale,
            claims: asked === undefined ? undefined : ([] as readonly string[]),
            cells: connection
              ? new RaySitting(lab, connection, () => this.studyChanged(lab, study, scale))
              : new StudySitting(lab, this.queue, () => this.studyChanged(lab, study, scale)),
          };
    const claims = asked === undefined || !sitting.claims ? undefined : [...new Set([...sitting.claims, asked])];
    const groups = claims?.flatMap((id) => findClaim(claimed, id).groups);
    this.sitting = sitting;
    try {
      sitting.cells.begin(claimed, groups, options);
    } catch (error) {
      this.sitting = before;
      throw error;
    }
    sitting.claims = claims;
    this.listener.runsChanged();
  }

  private studyChanged(lab: Lab, study: StudyName, scale: Scale): void {
    this.listener.runsChanged();
    // What claims on speed need is measured once nothing else runs.
    if (this.sitting?.cells.state !== 'ended' || this.queue.busy) return;
    const measured = async (): Promise<void> => {
      await measureLatencies(lab, claimedStudy(this.folder, study, scale));
      this.listener.runsChanged();
    };
    measured().catch((error: unknown) => console.error(error));
  }

  private async addSeed(study: string, scale: string, claim: string): Promise<number> {
    this.labFolder.assertThere();
    const [name, size] = [findStudy(study), findScale(scale)];
    const claimed = claimedStudy(this.folder, name, size);
    const found = findClaim(claimed, claim);
    const runs = this.store.list().filter((run): run is Run => 'spec' in run);
    refuseGoneTeachers(cellsOf(expandStudy(claimed.study), found.groups), runs, METHOD);
    const seed = await addSeed(this.folder, name, size, found);
    this.members.forget();
    this.listener.runsChanged();
    return seed;
  }

  private async exportScorecard(study: string, scale: string, file: string): Promise<void> {
    const type = extname(file);
    if (type !== '.html' && type !== '.json') {
      throw new LabError('bad-input', `${file}: a scorecard is written as .html or .json.`);
    }
    const scorecard = await this.scorecard(study, scale);
    const text = type === '.json' ? `${JSON.stringify(scorecard, undefined, 2)}\n` : renderScorecard(scorecard);
    await writeAtomically(file, text);
  }

  /** Stops what is trained at its epoch's end; resolves when its checkpoint is written. */
  finishEpochAndStop(): Promise<void> {
    this.sitting?.cells.finish();
    return this.queue.finishEpochAndStop();
  }

  /** Before the core ends: what was deleted cannot come back any more. */
  close(): void {
    emptyBin(this.store);
    this.datasets.emptyBin();
  }

  /** The contract's functions. */
  functions(): Answering<CoreFunctions> {
    const open = (id: string): Run => {
      this.labFolder.assertThere();
      return this.store.open(id);
    };
    const changed = (): void => this.listener.runsChanged();
    return {
      hello: () => undefined,
      status: () => this.status(),
      datasets: () => this.datasets.list(),
      previewDataset: (path, testPath) => this.previewDataset(path, testPath),
      importProgress: () => this.reading?.progress,
      cancelImport: () => this.cancelImport(),
      addDataset: (name, choices) => this.addDataset(name, choices),
      deleteDataset: (name) => this.datasets.delete(name),
      undeleteDataset: (name) => this.datasets.undelete(name),
      dataset: (name) => this.datasetSummary(name),
      labels: (name, part) => this.datasets.open(name)[part].labels,
      images: (name, part, positions) => this.images(name, part, positions),
      disturbed: (name, positions, data, roll) => this.disturbed(name, positions, data, roll),
      transferSet: (data) => this.transferSet(data),
      recipes: () => (this.labFolder.trouble()?.gone ? { recipes: [], damaged: [] } : listRecipes(this.folder)),
      saveRecipe: (name, data) => {
        this.labFolder.assertThere();
        return saveRecipe(this.folder, name, data);
      },
      deleteRecipe: (name) => deleteRecipe(this.folder, name),
      presets: () => PRESETS,
      checkSpec: (spec) => this.checkSpec(spec),
      folderTrouble: () => this.labFolder.trouble(),
      runs: () => (this.labFolder.trouble()?.gone ? [] : this.runs()),
      run: (id) => {
        const run = open(id);
        const { notes, status } = this.summaryOf(run.id);
        const students = this.runs().filter(({ teachers }) => teachers.includes(run.id));
        return { record: run.record, notes, status, metrics: run.metrics(), students: students.map((s) => s.id) };
      },
      startRun: (spec) => this.startRun(spec),
      resumeRun: (id, checkpoint) => this.resumeRun(id, checkpoint),
      pause: (id) => this.queue.pause(id),
      proceed: (id) => this.queue.proceed(id),
      singleStep: (id) => this.queue.singleStep(id),
      stop: (id) => this.queue.stop(id),
      moveInQueue: (id, place) => this.queue.move(id, place),
      finishEpochAndStop: () => this.finishEpochAndStop(),
      annotate: async (id, notes) => {
        await writeNotes(this.store, this.store.resolve(id), notes);
        changed();
      },
      deleteRuns: (ids) => {
        for (const id of ids) {
          if (this.queue.stateOf(id) !== undefined) {
            throw new LabError('locked', `Run ${id} is being trained or waits for it.`, 'Stop it first.');
          }
        }
        moveToBin(this.store, ids);
        changed();
      },
      undelete: (ids) => {
        takeFromBin(this.store, ids);
        changed();
      },
      labelMarks: (name) => readLabelMarks(this.folder, this.datasets.open(name)),
      markLabel: (name, part, position, marked) => {
        this.labFolder.assertThere();
        return markLabel(this.folder, this.datasets.open(name), part, position, marked);
      },
      outOfSample: (id) => this.outOfSample(open(id)),
      crossValidate: (id) => this.crossValidate(open(id)),
      crossValidation: () => {
        const { crossValidating: now } = this;
        return now && { run: now.run, share: now.share };
      },
      cancelCrossValidation: () => this.crossValidating?.cancelled.abort(),
      embedding: ({ run, checkpoint }) => this.embedding(open(run), checkpoint),
      logits: ({ run, checkpoint }, subset) => this.logits(open(run), checkpoint, subset),
      classify: ({ run, checkpoint }, pixels) => this.classify(open(run), checkpoint, pixels),
      firstLayer: ({ run, checkpoint }) => this.firstLayer(open(run), checkpoint),
      saveCheckpoint: async ({ run, checkpoint }, file) => {
        const { writeCheckpointFile } = await import('./experiments/checkpoint-file');
        await writeCheckpointFile(open(run), checkpoint, file);
      },
      loadCheckpoint: async (file) => {
        const run = await (await this.lab()).loadCheckpoint(file);
        // It has the name of the run it came from: this tells them apart.
        await writeNotes(this.store, run.id, { tags: ['loaded'], note: `Loaded from ${basename(file)}` });
        changed();
        return run.id;
      },
      isCheckpoint: async (file) => {
        const { isCheckpointFile } = await import('./experiments/checkpoint-file');
        return isCheckpointFile(file);
      },
      previewModel: async (file, dataset) => (await (await this.lab()).readModel(file, dataset)).preview(),
      importModel: async (file, dataset, normalisation, name) => {
        this.labFolder.assertThere();
        const lab = await this.lab();
        const run = await (await lab.readModel(file, dataset)).add(this.store, normalisation, name);
        changed();
        return run.id;
      },
      saveArchive: async (id, file) => {
        const { writeArchive } = await import('./experiments/archive');
        await writeArchive(this.store, open(id), file);
      },
      importArchive: async (file) => {
        this.labFolder.assertThere();
        const { importArchive } = await import('./experiments/archive');
        const imported = await importArchive(this.store, file);
        changed();
        return imported;
      },
      exportRun: ({ run, checkpoint }, format, folder) => this.exportRun(open(run), checkpoint, format, folder),
      scorecard: async (study, scale) => withoutFrames(await this.scorecard(study, scale)),
      study: () => this.studyState(),
      runStudy: (study, scale, claim, options) => this.runStudy(study, scale, claim, options),
      addSeed: (study, scale, claim) => this.addSeed(study, scale, claim),
      pauseStudy: () => this.sitting?.cells.pause(),
      exportScorecard: (study, scale, file) => this.exportScorecard(study, scale, file),
      report: (ids) => this.report(ids),
    };
  }
}
