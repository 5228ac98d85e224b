/** Named specs: the paper's, the blog's, and the fast reproduction. */
import { LabError } from '../contract/errors';
import type { RunSpecInput } from '../contract/spec';
import { suggestion } from '../contract/suggest';

export interface Preset {
  readonly name: string;
  readonly title: string;
  /** what it reproduces, and how long it takes on two processor cores */
  readonly note: string;
  /** a student's preset needs teachers; they are filled in when it is used */
  readonly needsTeacher: boolean;
  readonly spec: RunSpecInput;
}

/** Stands for the teacher in a student's preset until one is named. */
export const NO_TEACHER = 'TEACHER';

const EVERY_CLASS_BUT_3 = [0, 1, 2, 4, 5, 6, 7, 8, 9];
const JITTER = { pixels: 2 };

/** The fast recipe, tuned on a validation split: see docs/LOG.md. */
const FAST_OPTIMISER = { kind: 'momentum', momentum: 0.9, nesterov: true } as const;
const FAST_SCHEDULE = { kind: 'cosine', warmUp: 0.15 } as const;

const FAST_TEACHER: RunSpecInput = {
  data: { jitter: JITTER },
  model: { kind: 'mlp', hidden: [1200, 1200], dropout: [0.2, 0.5, 0.5] },
  optimiser: { ...FAST_OPTIMISER, learningRate: 0.05, maxSquaredNorm: 15 },
  schedule: FAST_SCHEDULE,
  training: { epochs: 50 },
};

const FAST_BASELINE: RunSpecInput = {
  model: { kind: 'mlp', hidden: [800, 800] },
  optimiser: { ...FAST_OPTIMISER, learningRate: 0.05 },
  schedule: FAST_SCHEDULE,
  training: { epochs: 30 },
};

const FAST_STUDENT: RunSpecInput = {
  model: { kind: 'mlp', hidden: [800, 800] },
  objective: { kind: 'soft', teachers: [NO_TEACHER], temperature: 20, softWeight: 0.9 },
  optimiser: { ...FAST_OPTIMISER, learningRate: 0.04 },
  schedule: FAST_SCHEDULE,
  training: { epochs: 30 },
};

const BLOG_DATA = { normalisation: 'symmetric', jitter: JITTER } as const;

const BLOG_TEACHER: RunSpecInput = {
  data: BLOG_DATA,
  model: { kind: 'mlp', hidden: [1200, 1200], dropout: [0.2, 0.5, 0.5] },
  optimiser: { kind: 'momentum', learningRate: 0.01 },
  schedule: { kind: 'halve', everyEpochs: 100, rebuildOptimiser: true },
  training: { epochs: 1000, checkpointEvery: 100 },
};

const BLOG_STUDENT: RunSpecInput = {
  data: BLOG_DATA,
  model: { kind: 'mlp', hidden: [800, 800] },
  objective: { kind: 'soft', teachers: [NO_TEACHER], temperature: 20, softWeight: 0.7, reduction: 'blog' },
  optimiser: { kind: 'momentum', learningRate: 0.001 },
  training: { epochs: 1000, checkpointEvery: 100 },
};

/** arXiv 1207.0580, appendix A: N(0, 0.01), batches of 100, ε = 10 falling by 0.998 an epoch, p from 0.5 to 0.99. */
const PAPER_DROPOUT = {
  optimiser: { kind: 'momentum', learningRate: 10, rateInVelocity: true, maxSquaredNorm: 15 },
  schedule: { kind: 'exponential', decay: 0.998, momentumStart: 0.5, momentumEnd: 0.99, momentumEpochs: 500 },
  training: { epochs: 3000, batchSize: 100, checkpointEvery: 100 },
} as const;

const PAPER_TEACHER: RunSpecInput = {
  data: { jitter: JITTER },
  model: { kind: 'mlp', hidden: [1200, 1200], dropout: [0.2, 0.5, 0.5], initialiser: 'normal' },
  ...PAPER_DROPOUT,
};

/** The paper does not state how its students were optimised: this is plain momentum to convergence. */
const PAPER_STUDENT_TRAINING = {
  optimiser: { kind: 'momentum', learningRate: 0.02, nesterov: true },
  schedule: { kind: 'cosine', warmUp: 0.05 },
  training: { epochs: 500, batchSize: 100, checkpointEvery: 50 },
} as const;

const PAPER_BASELINE: RunSpecInput = {
  model: { kind: 'mlp', hidden: [800, 800] },
  ...PAPER_STUDENT_TRAINING,
  training: { ...PAPER_STUDENT_TRAINING.training, epochs: 100 },
};

const PAPER_STUDENT: RunSpecInput = {
  model: { kind: 'mlp', hidden: [800, 800] },
  objective: { kind: 'soft', teachers: [NO_TEACHER], temperature: 20, softWeight: 0.9 },
  ...PAPER_STUDENT_TRAINING,
};

/** A student on fewer classes, from soft targets alone or nearly so: hard labels would teach that the rest do not exist. */
function omitting(student: RunSpecInput, classes: number[], softWeight: number): RunSpecInput {
  const { objective } = student;
  return {
    ...student,
    data: { ...student.data, classes },
    objective: objective?.kind === 'soft' ? { ...objective, softWeight } : objective!,
  };
}

function preset(name: string, title: string, note: string, spec: RunSpecInput): Preset {
  const needsTeacher = spec.objective !== undefined && spec.objective.kind !== 'hard';
  return { name, title, note, needsTeacher, spec: { name: title, ...spec } };
}

const CNN: RunSpecInput = {
  data: BLOG_DATA,
  model: { kind: 'cnn' },
  optimiser: { kind: 'adam', learningRate: 0.0001, weightDecay: 0.00001 },
  training: { epochs: 100, batchSize: 32, checkpointEvery: 10 },
};

const FAST_CNN: RunSpecInput = {
  ...CNN,
  optimiser: { kind: 'adam', learningRate: 0.001, weightDecay: 0.00001 },
  schedule: { kind: 'cosine', warmUp: 0.05 },
  training: { epochs: 10, batchSize: 64 },
};

export const PRESETS: readonly Preset[] = [
  preset('fast-teacher', 'teacher 1200', 'the paper’s teacher in minutes', FAST_TEACHER),
  preset('fast-baseline', 'baseline 800', 'the student’s architecture on hard labels alone', FAST_BASELINE),
  preset('fast-student', 'student 800', 'distilled at temperature 20 on unshifted digits', FAST_STUDENT),
  preset(
    'fast-student-no-3',
    'student 800, no 3s',
    'distilled without ever seeing a 3',
    omitting(FAST_STUDENT, EVERY_CLASS_BUT_3, 0.99),
  ),
  preset(
    'fast-student-7-8',
    'student 800, only 7s and 8s',
    'distilled on 7s and 8s alone, from soft targets alone',
    omitting(FAST_STUDENT, [7, 8], 1),
  ),
  preset('fast-cnn', 'CNN', 'the blog’s CNN with a quicker schedule', FAST_CNN),
  preset('blog-teacher', 'blog teacher 1200', 'the blog’s teacher as its notebook ran it, 1000 epochs', BLOG_TEACHER),
  preset(
    'blog-baseline',
    'blog baseline 800',
    'the blog’s student architecture on hard labels alone (the blog did not run it)',
    { ...BLOG_STUDENT, objective: { kind: 'hard' } },
  ),
  preset('blog-student', 'blog student 800', 'the blog’s student with its loss as the code computes it', BLOG_STUDENT),
  preset('blog-student-no-3', 'blog student 800, no 3s', 'the same without 3s', {
    ...BLOG_STUDENT,
    data: { ...BLOG_DATA, classes: EVERY_CLASS_BUT_3 },
  }),
  preset('blog-student-7-8', 'blog student 800, only 7s and 8s', 'the blog’s student on 7s and 8s (not in the blog)', {
    ...BLOG_STUDENT,
    data: { ...BLOG_DATA, classes: [7, 8] },
  }),
  preset('blog-cnn', 'blog CNN', 'the blog’s CNN, 100 epochs of Adam', CNN),
  preset('paper-teacher', 'paper teacher 1200', 'the dropout paper’s recipe with jitter, 3000 epochs', PAPER_TEACHER),
  preset('paper-baseline', 'paper baseline 800', 'two layers of 800 without regularisation', PAPER_BASELINE),
  preset('paper-student', 'paper student 800', 'distilled at temperature 20 on the unshifted set', PAPER_STUDENT),
  preset(
    'paper-student-no-3',
    'paper student 800, no 3s',
    'distilled without ever seeing a 3',
    omitting(PAPER_STUDENT, EVERY_CLASS_BUT_3, 0.99),
  ),
  preset(
    'paper-student-7-8',
    'paper student 800, only 7s and 8s',
    'distilled on 7s and 8s alone',
    omitting(PAPER_STUDENT, [7, 8], 1),
  ),
  preset('paper-cnn', 'CNN to convergence', 'the blog’s CNN; the paper has none', CNN),
];

/** @throws LabError `bad-input` with the nearest preset's name */
export function findPreset(name: string): Preset {
  const found = PRESETS.find((candidate) => candidate.name === name);
  if (found) return found;
  throw new LabError(
    'bad-input',
    `There is no preset "${name}".`,
    suggestion(
      name,
      PRESETS.map((candidate) => candidate.name),
    ),
  );
}
