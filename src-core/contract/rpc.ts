/**
 * What a window may ask of the core, and what the core tells it: the one contract between `renderer/lab.ts` and
 * `src-core/host.ts`. Everything is a structured clone: plain objects and typed arrays.
 */
import type { RecipeList } from './data-recipe';
import type { ImportChoices, ImportPreview, ImportProgress } from './dataset';
import type { LabelMarks } from './label-marks';
import type { LabErrorCode } from './errors';
import type { EpochRecord, RunEvent, RunRecord, RunStatus } from './run';
import type { ClaimCell, Scale, Scorecard, StudyName } from './scorecard';
import type { DataSpec, RunSpec, RunSpecInput } from './spec';

export type Subset = 'test' | 'validation';

/** Whether this core can train, and where it keeps things. */
export interface CoreStatus {
  readonly lab: string;
  readonly labVersion: string;
  /** absent where TensorFlow could not be loaded: everything that needs no training still works */
  readonly engine?: {
    readonly tensorflow: string;
    readonly device: 'cpu' | 'gpu';
    readonly processor: string;
    readonly threads: number;
  };
  /** without an engine: what `doctor` finds missing, with the command that mends it */
  readonly problems: readonly { readonly what: string; readonly remedy: string }[];
}

/** Why runs cannot be kept in the lab folder, or not even be read from it. */
export interface FolderTrouble {
  readonly message: string;
  /** nothing can be read: what is known of the runs is all there is */
  readonly gone: boolean;
}

/** A data set in the list; of a damaged one what is wrong with it. */
export type DatasetEntry =
  | {
      readonly name: string;
      readonly side: number;
      readonly classNames: readonly string[];
      /** images of each class; absent for MNIST, whose labels have to be counted */
      readonly counts?: { readonly train: readonly number[]; readonly test: readonly number[] };
      readonly importedAt?: string;
      /** what it was made of, a sentence each */
      readonly history: readonly string[];
    }
  | { readonly name: string; readonly damage: string };

export interface DatasetSummary {
  readonly name: string;
  /** pixels along one edge */
  readonly side: number;
  readonly classes: number;
  /** by class */
  readonly classNames: readonly string[];
  /** images of each class */
  readonly train: readonly number[];
  readonly test: readonly number[];
}

export interface PresetSummary {
  readonly name: string;
  readonly title: string;
  readonly note: string;
  readonly needsTeacher: boolean;
  readonly spec: RunSpecInput;
}

/** A spec as it would be run, or the reason why it would not. */
export type SpecCheck =
  | {
      readonly spec: RunSpec;
      /** such as "784-800-800-10" */
      readonly summary: string;
      readonly parameterCount: number;
      readonly multiplyAdds: number;
      readonly training: number;
      readonly validation: number;
      readonly stepsPerEpoch: number;
      /** the learning rate over the run: steps from 0, rising, such that straight lines between them tell the truth */
      readonly learningRates: { readonly steps: Float64Array; readonly rates: Float64Array };
    }
  | { readonly error: { readonly code: LabErrorCode; readonly message: string; readonly field?: string } };

/** What a person adds to a run; it changes no result. */
export interface RunNotes {
  readonly title: string;
  readonly tags: readonly string[];
  readonly note: string;
  readonly star: boolean;
}

/** A run in the list: read without opening its metrics. */
export interface RunSummary {
  readonly id: string;
  /** what is wrong with its folder; the other fields are then empty */
  readonly damage?: string;
  /** it was not trained here but read from this file */
  readonly imported?: string;
  readonly notes: RunNotes;
  readonly status: RunStatus | 'queued' | 'paused';
  /** another process trains it */
  readonly elsewhere?: boolean;
  /** of a queued run, from 0 for the next one */
  readonly place?: number;
  readonly failure?: string;
  readonly createdAt: string;
  readonly model: string;
  readonly objective: RunSpec['objective']['kind'];
  /** of the soft targets, where there is one */
  readonly temperature?: number;
  /** its data set, where that is not MNIST */
  readonly dataset?: string;
  /** classes kept in the transfer set, where any is omitted */
  readonly classes?: readonly number[];
  /** of its data set, where there are not ten */
  readonly classCount?: number;
  /** share of each kept class, where it is not all */
  readonly share?: number;
  readonly seed: number;
  readonly epoch: number;
  readonly epochs: number;
  readonly testErrors?: number;
  readonly teachers: readonly string[];
  /** the first study that it is a run of, such as "paper-section-3-hours" */
  readonly study?: string;
}

/** A Ray cluster, and how its nodes come by a run. */
export interface ClusterChoice {
  /** of its dashboard, such as "http://head:8265" */
  readonly address: string;
  /** where the dashboard asks for one; the environment's RAY_AUTH_TOKEN if not given */
  readonly token?: string;
  /** nodes share no folder: runs are sent to them, and their results fetched */
  readonly fetch?: boolean;
  /** where nodes see the lab folder, if not where it is here */
  readonly nodeLab?: string;
  /** folder of the lab's checkout on the nodes, if not where it is here */
  readonly nodeProgram?: string;
  /** for each run; 1 */
  readonly cpus?: number;
  /** for each run; 0 */
  readonly gpus?: number;
  /** runs at once, 1 to 1,024; as many as there are CPUs for */
  readonly workers?: number;
}

/** What a study is allowed to do beyond training what is missing. */
export interface StudyRunOptions {
  /** whether what failed is tried again */
  readonly retry?: boolean;
  /** whether teachers that were deleted are trained anew, with everything that learns from them */
  readonly retrain?: boolean;
  /** trained by this cluster; on this machine if left out */
  readonly cluster?: ClusterChoice;
}

/** A study that this core trains, or has trained since it started. */
export interface StudyState {
  readonly study: StudyName;
  readonly scale: Scale;
  /** "pausing" until the run under way is at a checkpoint; "ended" when everything was tried */
  readonly state: 'running' | 'pausing' | 'paused' | 'ended';
  /** claims that it was asked for; all when absent */
  readonly claims?: readonly string[];
  readonly cells: readonly ClaimCell[];
  /** of the arithmetic, 0 to 1 */
  readonly share: number;
  /** infinite before anything was done */
  readonly secondsLeft: number;
  /** address of the cluster that trains it; absent for this machine */
  readonly cluster?: string;
}

export interface RunDetail {
  readonly record: RunRecord;
  readonly notes: RunNotes;
  readonly status: RunSummary['status'];
  readonly metrics: readonly EpochRecord[];
  readonly students: readonly string[];
}

/** Activations of a network's last hidden layer by their principal components. */
export interface Embedding {
  /** [count, components], the largest component first */
  readonly values: Float32Array;
  readonly count: number;
  readonly components: number;
  /** units of the layer */
  readonly units: number;
  /** of each component, of the variance of all units, 0 to 1 */
  readonly shares: Float64Array;
}

/** [count, classes] and the labels of the same images. */
export interface LabelledLogits {
  readonly values: Float32Array;
  readonly count: number;
  readonly classes: number;
  readonly labels: Uint8Array;
  /** positions of the images in the test (or training) set */
  readonly positions: Int32Array;
}

export interface CheckpointReference {
  readonly run: string;
  /** "last", "best", a name or an epoch */
  readonly checkpoint: string;
}

/** The core's functions; each rejects with an error that has a LabError's `code` and `message`. */
/** How a network may have been given its pixels: (grey / 255 − mean) / deviation. */
export interface ModelNormalisation {
  readonly mean: number;
  readonly deviation: number;
  /** of the training images on which it was tried, those read wrong */
  readonly errors: number;
  /** mean cross-entropy on them */
  readonly loss: number;
}

/** Another program's network before it becomes a run. */
export interface ModelPreview {
  readonly format: 'safetensors' | 'tfjs';
  /** such as "784-800-800-10" */
  readonly summary: string;
  readonly parameterCount: number;
  readonly dataset: string;
  /** whether the file itself says how it reads pixels; then there is one normalisation */
  readonly stated: boolean;
  /** training images on which normalisations were tried */
  readonly tried: number;
  /** by loss, the least first */
  readonly normalisations: readonly ModelNormalisation[];
}

export interface ImportedArchive {
  /** the archive's run in this lab */
  readonly id: string;
  /** runs that came with it, teachers first, itself among them; empty when all were here already */
  readonly added: readonly string[];
}

export interface CoreFunctions {
  /** answers at once: a port over which it does is a port that works */
  hello(): void;
  status(): CoreStatus;
  /** MNIST first, then what was added, by name */
  datasets(): readonly DatasetEntry[];
  /**
   * Reads images from a folder or file; nothing is written. What was read is kept until `addDataset` or
   * `cancelImport`, or until another is previewed.
   */
  previewDataset(path: string, testPath?: string): ImportPreview;
  /** how far `previewDataset` is; undefined while nothing is read */
  importProgress(): ImportProgress | undefined;
  /** Ends the reading, and forgets what was read. */
  cancelImport(): void;
  /** Makes a data set of what was previewed; its name. */
  addDataset(name: string, choices: ImportChoices): string;
  /** Moves a data set to the bin; `undeleteDataset` brings it back until the lab is closed. */
  deleteDataset(name: string): void;
  undeleteDataset(name: string): void;
  /** a data set by its name; read when it is first asked for */
  dataset(name: string): DatasetSummary;
  /** labels of all images of a part of the data set */
  labels(dataset: string, part: 'train' | 'test'): Uint8Array;
  /** grey values [positions, side × side]; at most 2,000 at a time */
  images(dataset: string, part: 'train' | 'test', positions: Int32Array): Uint8Array;
  /** the same images as a training would see them: shifted and noisy, at most 2,000 at a time; `roll` rolls the dice again */
  disturbed(dataset: string, positions: Int32Array, data: Pick<DataSpec, 'jitter' | 'noise'>, roll: number): Uint8Array;
  /** images of each class that a data spec keeps for training and for validation */
  transferSet(data: unknown): { readonly training: readonly number[]; readonly validation: readonly number[] };
  recipes(): RecipeList;
  /** Keeps a data recipe, in the place of the one of that name. */
  saveRecipe(name: string, data: unknown): void;
  deleteRecipe(name: string): void;
  presets(): readonly PresetSummary[];
  checkSpec(spec: unknown): SpecCheck;

  /** what is wrong with the lab folder right now; `runsChanged` tells when this is another */
  folderTrouble(): FolderTrouble | undefined;
  /** none while the lab folder is gone */
  runs(): readonly RunSummary[];
  run(id: string): RunDetail;
  /** Creates a run and puts it at the end of the queue. */
  startRun(spec: unknown): string;
  /** Puts a stopped, failed or created run (back) into the queue. */
  resumeRun(id: string, checkpoint?: string): void;
  pause(id: string): void;
  /** Goes on after a pause. */
  proceed(id: string): void;
  singleStep(id: string): void;
  /** Ends with a checkpoint to resume from, or takes a waiting run out of the queue. */
  stop(id: string): void;
  /** Puts a waiting run elsewhere in the queue; 0 is next. */
  moveInQueue(id: string, place: number): void;
  /** Stops what runs at its epoch's end and empties the queue; resolves when all checkpoints are written. */
  finishEpochAndStop(): void;
  annotate(id: string, notes: Partial<RunNotes>): void;
  /** Moves runs to the bin; `undelete` brings them back until the lab is closed. */
  deleteRuns(ids: readonly string[]): void;
  undelete(ids: readonly string[]): void;

  /** images whose labels somebody marked as wrong */
  labelMarks(dataset: string): LabelMarks;
  /** Marks one, or takes its mark away; all marks. */
  markLabel(dataset: string, part: 'train' | 'test', position: number, marked: boolean): LabelMarks;
  /**
   * Out-of-sample answers to a run's training images, once `crossValidate` is done.
   * @returns undefined before
   */
  outOfSample(run: string): LabelledLogits | undefined;
  /** Trains the run's spec on all folds but one, for each of five; resolves when it is done. */
  crossValidate(run: string): void;
  /** how far that is, 0 to 1; undefined while nothing is cross-validated */
  crossValidation(): { readonly run: string; readonly share: number } | undefined;
  /** Ends it; folds that are done are kept. */
  cancelCrossValidation(): void;
  /** coordinates of the test images by the network's last hidden layer */
  embedding(checkpoint: CheckpointReference): Embedding | undefined;

  logits(checkpoint: CheckpointReference, subset: Subset): LabelledLogits | undefined;
  /** logits of a drawn digit, pixels [side × side] as grey values */
  classify(checkpoint: CheckpointReference, pixels: Uint8Array): Float32Array;
  /** first-layer weights [units, side × side]; undefined for networks that have none of that shape */
  firstLayer(checkpoint: CheckpointReference): { readonly values: Float32Array; readonly units: number } | undefined;
  /** Copies a checkpoint to a file elsewhere. */
  saveCheckpoint(checkpoint: CheckpointReference, file: string): void;
  /** A file that `saveCheckpoint` wrote becomes a run again; its id. */
  loadCheckpoint(file: string): string;
  /** Whether a file is a checkpoint that `saveCheckpoint` wrote. */
  isCheckpoint(file: string): boolean;
  /** A network of another program's, safetensors or a TensorFlow.js layers model, for the data set; nothing is written. */
  previewModel(file: string, dataset: string): ModelPreview;
  /** Makes a finished run of it; its id. */
  importModel(
    file: string,
    dataset: string,
    normalisation: { readonly mean: number; readonly deviation: number },
    name: string,
  ): string;
  /** Writes a run and those that it learnt from into one file. */
  saveArchive(run: string, file: string): void;
  /** Takes the runs of such a file into the lab; what is here already is not taken again. */
  importArchive(file: string): ImportedArchive;
  /** The network, its weights, or curves and predictions; the files written. */
  exportRun(
    checkpoint: CheckpointReference,
    format: 'onnx' | 'tfjs' | 'safetensors' | 'npz' | 'csv',
    folder: string,
  ): readonly string[];
  /**
   * The scorecard as the lab folder stands, without the frames of its matrices: the metrics of their run have them. Runs
   * whose logits are kept need no TensorFlow.
   */
  scorecard(study: StudyName, scale: Scale): Scorecard;
  /** The study that this core trains, or trained last. */
  study(): StudyState | undefined;
  /**
   * Trains what is missing of a claim, or of all: a run at a time, none while others wait in the queue. More of the same
   * study is added to what was asked for before; nothing is trained twice.
   */
  runStudy(study: StudyName, scale: Scale, claim?: string, options?: StudyRunOptions): void;
  /** Adds the next seed to all that a claim rests on, for good; the seed. */
  addSeed(study: StudyName, scale: Scale, claim: string): number;
  /** Stops the study's run at a checkpoint; `runStudy` goes on. */
  pauseStudy(): void;
  /** The whole scorecard into a file that ends in .html or .json. */
  exportScorecard(study: StudyName, scale: Scale, file: string): void;
  /** One self-contained HTML file; its path. */
  report(ids: readonly string[]): string;
}

/** What the core tells a window, at most 20 times a second. */
export interface WindowFunctions {
  news(news: News): void;
}

/** All that has happened since the last message. */
export interface News {
  /** oldest first; of a run's progress the newest alone */
  readonly events: readonly RunEvent[];
  /** runs whose test images were evaluated, each with its last such epoch */
  readonly evaluated: readonly { readonly run: string; readonly epoch: number }[];
  /** whether a run was added, deleted, renamed, queued or changed its status, here or by another process, or a study did */
  readonly runsChanged: boolean;
}

/** The door's other side: every function asynchronous. */
export type Remote<Functions> = {
  [Name in keyof Functions]: Functions[Name] extends (...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : never;
};
