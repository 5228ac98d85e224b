/** What the lab keeps of a run, as it stands in its folder and as front ends see it. */
import * as v from 'valibot';
import type { RunSpec } from './spec';
import { parseRunSpec } from './spec';

/** See `RunEnvironment.method`: raise it with every change after which the same spec trains otherwise. */
export const METHOD = 1;

export type RunStatus = 'created' | 'running' | 'stopped' | 'finished' | 'failed';

/** Which images chose something: a number selected on test images wears a mark. */
export type SelectedOn = 'validation' | 'test';

/** Where a run was computed: versions, not paths, so that a folder reads the same on every machine. */
export interface RunEnvironment {
  readonly lab: string;
  readonly tensorflow: string;
  readonly device: 'cpu' | 'gpu';
  readonly processor: string;
  readonly threads: number;
  readonly node: string;
  readonly platform: string;
  /** commit of the lab's own source, where it runs from a checkout */
  readonly gitCommit: string | null;
  /**
   * version of the method: raised whenever the same spec no longer means the same training. Results of different
   * versions never stand in one row. 0 in runs from before it was recorded
   */
  readonly method: number;
}

/** One line of metrics.jsonl: what an epoch gave. Losses are means over the epoch's images. */
export interface EpochRecord {
  /** completed epochs, from 1 */
  readonly epoch: number;
  readonly step: number;
  readonly loss: number;
  /** unweighted; absent without a teacher */
  readonly softLoss?: number;
  readonly hardLoss: number;
  /** of the epoch's last step */
  readonly learningRate: number;
  readonly testErrors?: number;
  /** mean cross-entropy */
  readonly testLoss?: number;
  readonly validationErrors?: number;
  readonly validationLoss?: number;
  /** test images, true class by predicted class, row-major */
  readonly confusion?: readonly number[];
  /** with a teacher: share of test images on which both predict the same, and mean KL(teacher‖student) at T = 1 */
  readonly agreement?: number;
  readonly teacherKl?: number;
  /** of soft targets: their share in the gradient, with the factor T² and without; see evaluation/gradient-share.ts */
  readonly softGradientShare?: { readonly withFactor: number; readonly withoutFactor: number };
  /** time spent in training steps since the run began, evaluation not counted */
  readonly seconds: number;
  readonly stepMilliseconds: number;
}

export interface CheckpointRecord {
  /** file name in checkpoints/, without its ending, such as "epoch-0012" */
  readonly name: string;
  /** completed epochs */
  readonly epoch: number;
  readonly step: number;
  /** of its file, hexadecimal */
  readonly sha256: string;
  /** time spent in training steps up to here */
  readonly seconds: number;
  readonly testErrors?: number;
  readonly validationErrors?: number;
}

export interface TeacherRecord {
  readonly run: string;
  readonly checkpoint: string;
  /** of the checkpoint file, hexadecimal */
  readonly sha256: string;
}

/** Where a network came from that was not trained here. */
export interface ImportedFrom {
  /** its name, without the folder */
  readonly file: string;
  /** of the file, hexadecimal */
  readonly sha256: string;
  readonly format: 'safetensors' | 'tfjs';
  /** what it was trained to read: (grey / 255 − mean) / deviation */
  readonly mean: number;
  readonly deviation: number;
}

/** The contents of run.json. */
export interface RunRecord {
  readonly format: 1;
  /** folder name, such as "0012-student-800" */
  readonly id: string;
  readonly createdAt: string;
  readonly spec: RunSpec;
  readonly status: RunStatus;
  /** why it failed, in words */
  readonly failure?: string;
  readonly environment: RunEnvironment;
  readonly teachers: readonly TeacherRecord[];
  /** hash of its data set as it was then; absent for MNIST, which is the same everywhere */
  readonly dataset?: { readonly sha256: string };
  readonly model: {
    readonly summary: string;
    readonly parameterCount: number;
    readonly multiplyAdds: number;
    /** of the images it reads: pixels along one edge, and classes */
    readonly side: number;
    readonly classes: number;
  };
  readonly images: { readonly training: number; readonly validation: number };
  /** a network of another program's: what trained it is not known, and the spec's training says nothing */
  readonly imported?: ImportedFrom;
  /** kept checkpoints, oldest first */
  readonly checkpoints: readonly CheckpointRecord[];
  readonly best?: { readonly checkpoint: string; readonly selectedOn: SelectedOn };
}

const text = v.string('must be text');
const count = v.pipe(
  v.number('must be a whole number'),
  v.integer('must be a whole number'),
  v.minValue(0, 'must be 0 or more'),
);
const sha256 = v.pipe(v.string('must be a sha256'), v.regex(/^[0-9a-f]{64}$/, 'must be a sha256'));
/** A file's name without its ending: nothing that leads out of the run's folder. */
const fileName = v.pipe(v.string('must be a name'), v.regex(/^[\w-]+$/, 'must be a name'));

function object<const Entries extends v.ObjectEntries>(entries: Entries) {
  return v.object(entries, ({ expected }) => (expected === 'Object' ? 'must be an object' : 'is missing'));
}

const RunRecordSchema = object({
  format: v.literal(1, 'is not a format that this version of the lab reads'),
  id: text,
  createdAt: text,
  spec: v.unknown(),
  status: v.picklist(['created', 'running', 'stopped', 'finished', 'failed'], 'is not a status'),
  failure: v.exactOptional(text),
  environment: object({
    lab: text,
    tensorflow: text,
    device: v.picklist(['cpu', 'gpu'], 'must be cpu or gpu'),
    processor: text,
    threads: count,
    node: text,
    platform: text,
    gitCommit: v.nullable(text),
    method: v.optional(count, 0),
  }),
  teachers: v.array(object({ run: text, checkpoint: fileName, sha256 }), 'must be a list'),
  dataset: v.exactOptional(object({ sha256 })),
  model: object({ summary: text, parameterCount: count, multiplyAdds: count, side: count, classes: count }),
  images: object({ training: count, validation: count }),
  imported: v.exactOptional(
    object({
      file: text,
      sha256,
      format: v.picklist(['safetensors', 'tfjs'], 'must be safetensors or tfjs'),
      mean: v.number('must be a number'),
      deviation: v.number('must be a number'),
    }),
  ),
  checkpoints: v.array(
    object({
      name: fileName,
      epoch: count,
      step: count,
      sha256,
      seconds: v.pipe(v.number('must be a number of seconds'), v.minValue(0, 'must be a number of seconds')),
      testErrors: v.exactOptional(count),
      validationErrors: v.exactOptional(count),
    }),
    'must be a list',
  ),
  best: v.exactOptional(
    object({ checkpoint: fileName, selectedOn: v.picklist(['validation', 'test'], 'must be validation or test') }),
  ),
});

/**
 * Checks the contents of a run.json.
 * @throws Error that names the field and what is wrong with it, without the file's name
 */
export function parseRunRecord(input: unknown): RunRecord {
  const result = v.safeParse(RunRecordSchema, input, { abortEarly: true });
  if (result.success) return { ...result.output, spec: parseRunSpec(result.output.spec) };
  const [issue] = result.issues;
  throw new Error(`${v.getDotPath(issue) ?? 'all of it'} ${issue.message}`);
}

/** What a training tells those who watch it. */
export type RunEvent =
  | {
      readonly type: 'progress';
      readonly run: string;
      /** the epoch under way, from 1 */
      readonly epoch: number;
      readonly epochs: number;
      readonly step: number;
      readonly totalSteps: number;
      /** mean over the images since the last message */
      readonly loss: number;
      readonly learningRate: number;
      readonly stepMilliseconds: number;
      readonly imagesPerSecond: number;
      readonly secondsLeft: number;
    }
  | { readonly type: 'epoch'; readonly run: string; readonly record: EpochRecord }
  /** Nothing can be kept, for this reason: the training holds what it has in memory, and tries again once it goes on. */
  | { readonly type: 'held'; readonly run: string; readonly reason: string }
  | { readonly type: 'status'; readonly run: string; readonly status: RunStatus; readonly failure?: string };
