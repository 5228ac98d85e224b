/**
 * A run is one plain JSON spec: data, model, objective, optimiser, schedule, training and seed are all in it,
 * and the same spec gives the same run. Every field says its unit, range and default here and nowhere else:
 * the terminal's help, the window's forms and the error messages read this schema.
 */
import * as v from 'valibot';
import { DATASET_NAME, MNIST, MOST_CLASSES } from './dataset';
import { LabError } from './errors';
import { valueAt, withValue } from './paths';
import type { Tree } from './paths';
import { suggestion } from './suggest';

/** What a front end may show beside a field. */
export interface FieldNotes {
  readonly unit?: string;
  readonly range?: string;
}

function number(description: string, min: number, max: number, unit = '') {
  const range = `${min} to ${max}`;
  return v.pipe(
    v.number(`must be a number, ${range}`),
    v.minValue(min, `must be in ${range}`),
    v.maxValue(max, `must be in ${range}`),
    v.description(description),
    v.metadata({ unit, range } satisfies FieldNotes),
  );
}

function integer(description: string, min: number, max: number, unit = '') {
  const range = `${min} to ${max}`;
  return v.pipe(
    v.number(`must be a whole number, ${range}`),
    v.integer(`must be a whole number, ${range}`),
    v.minValue(min, `must be in ${range}`),
    v.maxValue(max, `must be in ${range}`),
    v.description(description),
    v.metadata({ unit, range } satisfies FieldNotes),
  );
}

function choice<const Options extends readonly [string, ...string[]]>(description: string, options: Options) {
  return v.pipe(
    v.picklist(options, `must be one of ${options.join(', ')}`),
    v.description(description),
    v.metadata({ range: options.join(' | ') } satisfies FieldNotes),
  );
}

function flag(description: string) {
  return v.pipe(
    v.boolean('must be true or false'),
    v.description(description),
    v.metadata({ range: 'true | false' } satisfies FieldNotes),
  );
}

function list<Item extends v.GenericSchema>(description: string, item: Item, min: number, max: number) {
  const range = `${min} to ${max} entries`;
  const each = (v.getMetadata(item) as FieldNotes).range;
  return v.pipe(
    v.array(item, `must be a list, ${range}`),
    v.minLength(min, `must have ${range}`),
    v.maxLength(max, `must have ${range}`),
    v.description(description),
    v.metadata({ range: each === undefined ? range : `${range}, each ${each}` } satisfies FieldNotes),
  );
}

/** The same schema, to which a list is no object. */
function noList<Schema extends v.GenericSchema>(schema: Schema): Schema {
  const run = schema['~run'].bind(schema);
  const strict: typeof run = (dataset, config) =>
    run(Array.isArray(dataset.value) ? { typed: false, value: undefined, issues: undefined } : dataset, config);
  return Object.assign(schema, { '~run': strict });
}

function object<const Entries extends v.ObjectEntries>(entries: Entries) {
  return noList(v.strictObject(entries, 'must be an object'));
}

function kinds(issue: v.VariantIssue, ...names: string[]): string {
  return issue.expected === 'Object'
    ? `must be an object whose kind is one of ${names.join(', ')}`
    : `must be one of ${names.join(', ')}`;
}

const SEED_MAX = 2 ** 32 - 1;

const JitterSpec = object({
  pixels: v.optional(integer('largest random shift on each axis; 0 for none', 0, 4, 'pixels'), 0),
  distribution: v.optional(
    choice(
      'how a shift is drawn: "rounded" rounds a uniform number, as torchvision RandomAffine does (the extreme shifts are half as likely); "uniform" draws every shift alike',
      ['rounded', 'uniform'],
    ),
    'rounded',
  ),
});

const DataSpec = object({
  dataset: v.optional(
    v.pipe(
      v.string('must be a data set, as text'),
      v.regex(DATASET_NAME, 'must be the name of a data set'),
      v.description('data set: "mnist", or one that was added to the lab'),
      v.metadata({ range: 'mnist, or the name of another' } satisfies FieldNotes),
    ),
    MNIST,
  ),
  classes: v.optional(
    list(
      'classes kept in the transfer set; the others are omitted from training, never from the test set; of another data set than MNIST all, if not given',
      integer('class', 0, MOST_CLASSES - 1),
      1,
      MOST_CLASSES,
    ),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  ),
  share: v.optional(number('share of each kept class that is used', 0.0001, 1, 'share'), 1),
  classShares: v.optional(
    v.pipe(
      noList(
        v.record(
          v.pipe(v.string(), v.regex(/^(0|[1-9]\d?)$/, 'must be a class, such as "3"')),
          number('share of this class that is used', 0, 1, 'share'),
          'must be an object of shares',
        ),
      ),
      v.description('share for single classes, over `share`: {"3": 0.1}'),
      v.metadata({ range: 'each 0 to 1' } satisfies FieldNotes),
    ),
    {},
  ),
  validation: v.optional(
    number('share of the training set held out for validation, the same share of each class', 0, 0.5, 'share'),
    0,
  ),
  selectionSeed: v.optional(integer('seed of the validation split and of the shares', 0, SEED_MAX), 0),
  normalisation: v.optional(
    choice('bytes x/255 become 2x−1 ("symmetric", the blog) or stay x ("unit", the paper)', ['symmetric', 'unit']),
    'unit',
  ),
  jitter: v.optional(JitterSpec, {}),
  noise: v.optional(
    number(
      'standard deviation of the Gaussian noise on each pixel of a training image, as a share of the range from black to white, to which the pixel is clipped; 0 for none; a step with noise takes longer',
      0,
      1,
      'share',
    ),
    0,
  ),
});

const initialiser = v.optional(
  choice(
    'initial weights: "uniform-fan-in" is U(±1/√fan_in) for weights and biases, as PyTorch Linear; "normal" is N(0, 0.01) with zero biases; "glorot" is the Glorot normal with zero biases',
    ['uniform-fan-in', 'normal', 'glorot'],
  ),
  'uniform-fan-in',
);

const MlpSpec = v.pipe(
  object({
    kind: v.literal('mlp'),
    hidden: list('units of each hidden layer', integer('units', 1, 8192, 'units'), 0, 8),
    dropout: v.optional(
      list(
        'dropout probability of the input and then of each hidden layer; empty for none',
        number('dropout probability', 0, 0.95),
        0,
        9,
      ),
      [],
    ),
    initialiser,
  }),
  v.forward(
    v.check(
      (model) => model.dropout.length === 0 || model.dropout.length === model.hidden.length + 1,
      'must be empty or have one entry for the input and one for each hidden layer',
    ),
    ['dropout'],
  ),
);

const CnnSpec = object({
  kind: v.literal('cnn'),
  hidden: v.optional(
    integer('units of the last hidden layer; the one before has twice as many', 1, 4096, 'units'),
    128,
  ),
  dropout: v.optional(
    list(
      'dropout probability of the flattened feature maps and of the first dense layer',
      number('dropout probability', 0, 0.95),
      2,
      2,
    ),
    [0.25, 0.5],
  ),
  initialiser,
});

const teachers = list(
  'runs whose logits are the soft targets; of several, the mean of their distributions',
  v.pipe(
    v.string('must be a run, as text'),
    v.minLength(1, 'must be a run'),
    v.maxLength(200, 'must have at most 200 characters'),
    v.description('run'),
  ),
  1,
  16,
);

const teacherLogits = v.optional(
  choice(
    'teacher logits: "cached" computes each (image, shift) once and keeps it, "live" runs the teacher at every step, "auto" caches when the table fits in 1 GiB and there is no noise; the same result',
    ['auto', 'cached', 'live'],
  ),
  'auto',
);

const HardObjective = object({
  kind: v.literal('hard'),
  labelSmoothing: v.optional(
    number('ε in (1−ε)·label + ε/classes: what the labels give to all classes alike; 0 for none', 0, 0.99),
    0,
  ),
});

const SoftObjective = object({
  kind: v.literal('soft'),
  teachers,
  temperature: v.optional(number('temperature T of the soft targets', 0.1, 1000), 20),
  softWeight: v.optional(number('w in w·soft + (1−w)·hard', 0, 1), 0.9),
  reduction: v.optional(
    choice(
      '"batchmean" is T²·KL averaged over the batch; "blog" also divides by the number of classes, as the blog\'s code does',
      ['batchmean', 'blog'],
    ),
    'batchmean',
  ),
  standardise: v.optional(
    flag('shift and scale the logits of both nets to mean 0 and deviation 1 before the soft part'),
    false,
  ),
  teacherLogits,
});

const DecoupledObjective = object({
  kind: v.literal('decoupled'),
  teachers,
  temperature: v.optional(number('temperature T of the soft targets', 0.1, 1000), 4),
  alpha: v.optional(number('weight of "the true class or another"', 0, 100), 1),
  beta: v.optional(number('weight of the distribution over the other classes', 0, 100), 8),
  softWeight: v.optional(number('w in w·soft + (1−w)·hard', 0, 1), 0.5),
  teacherLogits,
});

const LogitsObjective = object({
  kind: v.literal('mse-logits'),
  teachers,
  softWeight: v.optional(number('w in w·½·mean (z−v)² + (1−w)·hard', 0, 1), 1),
  teacherLogits,
});

const learningRate = number('learning rate at the start (cosine: at its peak)', 0, 100);
const weightDecay = v.optional(number('L2 penalty added to the gradient of every weight and bias', 0, 1), 0);
const maxSquaredNorm = v.optional(
  v.nullable(
    number(
      'largest squared norm of the weights into one hidden unit, enforced after every step; null for none',
      1e-6,
      1e6,
    ),
  ),
  null,
);

const MomentumSpec = object({
  kind: v.literal('momentum'),
  learningRate,
  momentum: v.optional(number('momentum', 0, 0.9999), 0.9),
  nesterov: v.optional(flag('Nesterov momentum'), false),
  rateInVelocity: v.optional(
    flag(
      'keep the learning rate inside the velocity, as the dropout paper does: it matters when rate or momentum change',
    ),
    false,
  ),
  weightDecay,
  maxSquaredNorm,
});

const AdamSpec = object({
  kind: v.literal('adam'),
  learningRate,
  beta1: v.optional(number('decay of the first moment', 0, 0.9999), 0.9),
  beta2: v.optional(number('decay of the second moment', 0, 0.99999), 0.999),
  epsilon: v.optional(number('added to the root of the second moment', 1e-12, 1), 1e-8),
  weightDecay,
  maxSquaredNorm,
});

const ConstantSchedule = object({ kind: v.literal('constant') });

const HalveSchedule = object({
  kind: v.literal('halve'),
  everyEpochs: v.optional(integer('the learning rate is halved after so many epochs', 1, 100000, 'epochs'), 100),
  rebuildOptimiser: v.optional(
    flag('begin with an empty velocity after each halving, as the blog does by building its optimiser anew'),
    false,
  ),
});

const ExponentialSchedule = object({
  kind: v.literal('exponential'),
  decay: v.optional(number('factor on the learning rate after each epoch', 0.1, 1), 0.998),
  momentumStart: v.optional(number('momentum p in the first epoch', 0, 0.9999), 0.5),
  momentumEnd: v.optional(number('momentum p at the end of the ramp', 0, 0.9999), 0.99),
  momentumEpochs: v.optional(integer('length of the linear ramp of p', 1, 100000, 'epochs'), 500),
});

const CosineSchedule = object({
  kind: v.literal('cosine'),
  warmUp: v.optional(number('share of all steps in which the rate rises linearly from nothing', 0, 0.9, 'share'), 0.15),
  finalShare: v.optional(number('learning rate at the end, as a share of its peak', 0, 1, 'share'), 0),
});

const TrainingSpec = object({
  epochs: integer('passes over the transfer set', 1, 100000, 'epochs'),
  batchSize: v.optional(integer('images a step', 1, 8192, 'images'), 128),
  evaluateEvery: v.optional(
    integer('epochs between evaluations on the test (and validation) images', 1, 100000, 'epochs'),
    1,
  ),
  checkpointEvery: v.optional(
    integer(
      'epochs between checkpoints that are kept; the last and the best are always kept; 0 for no others',
      0,
      100000,
      'epochs',
    ),
    0,
  ),
});

export const RunSpecSchema = object({
  name: v.optional(
    v.pipe(
      v.string('must be text'),
      v.maxLength(120, 'must have at most 120 characters'),
      v.description('name shown in lists'),
      v.metadata({ range: 'at most 120 characters' } satisfies FieldNotes),
    ),
    '',
  ),
  seed: v.optional(integer('seed of everything random in the run', 0, SEED_MAX), 1),
  data: v.optional(DataSpec, {}),
  model: v.variant('kind', [MlpSpec, CnnSpec], (issue) => kinds(issue, 'mlp', 'cnn')),
  objective: v.optional(
    v.variant('kind', [HardObjective, SoftObjective, DecoupledObjective, LogitsObjective], (issue) =>
      kinds(issue, 'hard', 'soft', 'decoupled', 'mse-logits'),
    ),
    { kind: 'hard' },
  ),
  optimiser: v.variant('kind', [MomentumSpec, AdamSpec], (issue) => kinds(issue, 'momentum', 'adam')),
  schedule: v.optional(
    v.variant('kind', [ConstantSchedule, HalveSchedule, ExponentialSchedule, CosineSchedule], (issue) =>
      kinds(issue, 'constant', 'halve', 'exponential', 'cosine'),
    ),
    { kind: 'constant' },
  ),
  training: TrainingSpec,
});

/** A complete spec: every default filled in. */
export type RunSpec = v.InferOutput<typeof RunSpecSchema>;
/** A spec as written by hand: what has a default may be left out. */
export type RunSpecInput = v.InferInput<typeof RunSpecSchema>;
export type DataSpec = RunSpec['data'];
export type JitterSpec = DataSpec['jitter'];
export type Normalisation = DataSpec['normalisation'];
export type ModelSpec = RunSpec['model'];
export type Initialiser = ModelSpec['initialiser'];
export type ObjectiveSpec = RunSpec['objective'];
export type OptimiserSpec = RunSpec['optimiser'];

/** The runs a spec learns from; none for hard labels. */
export function teachersOf(spec: RunSpec): readonly string[] {
  return spec.objective.kind === 'hard' ? [] : spec.objective.teachers;
}

/** Object schemas that stand at or below a schema, seen through pipes, options and the chosen variant. */
function keysAt(schema: v.GenericSchema, input: unknown, path: readonly string[]): string[] {
  const entry = schema as unknown as {
    type: string;
    wrapped?: v.GenericSchema;
    entries?: Record<string, v.GenericSchema>;
    options?: v.GenericSchema[];
  };
  if (entry.wrapped) return keysAt(entry.wrapped, input, path);
  if (entry.type === 'variant' && entry.options) {
    const kind = (input as { kind?: unknown } | undefined)?.kind;
    const option = entry.options.find((candidate) => {
      const literal = (candidate as unknown as { entries: { kind: { literal: string } } }).entries.kind.literal;
      return literal === kind;
    });
    return option ? keysAt(option, input, path) : ['kind'];
  }
  if (!entry.entries) return [];
  const [head, ...rest] = path;
  if (head === undefined) return Object.keys(entry.entries);
  const next = entry.entries[head];
  return next ? keysAt(next, (input as Record<string, unknown> | undefined)?.[head], rest) : [];
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** All classes of the data set that a spec names, where it names none: the schema's default is MNIST's. */
function withAllClasses(input: unknown, classesOf: (dataset: string) => number): unknown {
  const dataset = valueAt(input, 'data.dataset');
  const named = typeof dataset === 'string' && dataset !== MNIST && DATASET_NAME.test(dataset);
  if (!named || valueAt(input, 'data.classes') !== undefined) return input;
  return withValue(
    input as Tree,
    'data.classes',
    Array.from({ length: classesOf(dataset) }, (_, label) => label),
  );
}

/**
 * Checks a spec at the door and fills in its defaults.
 * @param classesOf how many classes a data set of the lab has: without it MNIST's are what a spec keeps that names none
 * @throws LabError `bad-input` that names the field, its value and the allowed range, or the nearest right field; and
 * what `classesOf` throws
 */
export function parseRunSpec(input: unknown, classesOf?: (dataset: string) => number): RunSpec {
  const given = classesOf ? withAllClasses(input, classesOf) : input;
  const result = v.safeParse(RunSpecSchema, given, { abortPipeEarly: true });
  if (result.success) {
    const { data, objective } = result.output;
    if (new Set(data.classes).size !== data.classes.length) {
      throw new LabError('bad-input', `data.classes = ${shown(data.classes)} names a class twice.`);
    }
    if (data.noise > 0 && objective.kind !== 'hard' && objective.teacherLogits === 'cached') {
      throw new LabError(
        'bad-input',
        'objective.teacherLogits = "cached" does not go with data.noise: no noisy image comes twice.',
        'Use "auto" or "live".',
      );
    }
    return result.output;
  }
  const [first] = result.issues;
  // A misspelt field is unknown and the right one missing: the first says more.
  const unknown = result.issues.find(({ type, expected }) => type === 'strict_object' && expected === 'never');
  const issue = (first.path?.at(-1)?.value === undefined ? unknown : undefined) ?? first;
  const path = issue.path?.map((item) => String(item.key)) ?? [];
  const where = path.join('.') || 'spec';
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    const known = keysAt(RunSpecSchema, given, path.slice(0, -1));
    throw new LabError('bad-input', `Unknown field "${where}".`, suggestion(path.at(-1) ?? '', known));
  }
  const value = issue.path?.at(-1)?.value;
  if (value === undefined && path.length > 0) {
    throw new LabError('bad-input', `Field "${where}" is missing.`, 'It has no default: give it a value.');
  }
  throw new LabError('bad-input', `${where} = ${shown(path.length > 0 ? value : given)} ${issue.message}.`);
}

/** As little as a spec can have beside its data. */
const LEAST = {
  model: { kind: 'mlp', hidden: [] },
  optimiser: { kind: 'momentum', learningRate: 0 },
  training: { epochs: 1 },
} as const;

/**
 * Checks the data part of a spec by itself and fills in its defaults.
 * @throws LabError as `parseRunSpec`
 */
export function parseDataSpec(input: unknown, classesOf?: (dataset: string) => number): DataSpec {
  return parseRunSpec({ ...LEAST, data: input }, classesOf).data;
}
