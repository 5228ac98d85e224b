/** How each scale trains: recipes tuned on validation images (docs/LOG.md), epochs by how long a person has. */
import type { Scale } from '../contract/scorecard';
import type { RunSpecInput } from '../contract/spec';

/** Passes over the transfer set at a scale. */
export interface Epochs {
  readonly teacher: number;
  /** the teacher's net without dropout, max-norm and jitter */
  readonly plainTeacher: number;
  readonly baseline: number;
  readonly student: number;
  readonly jitteredStudent: number;
  /** of every net of the temperature × width map */
  readonly map: number;
  readonly omitted: number;
  readonly hardOmitted: number;
  /** two classes are a fifth of the images */
  readonly twoClasses: number;
  readonly cnn: number;
  readonly atlas: number;
  /** on the whole training set; smaller shares pass more often */
  readonly economy: number;
}

export const EPOCHS: Readonly<Record<Scale, Epochs>> = {
  minutes: {
    teacher: 20,
    plainTeacher: 4,
    baseline: 6,
    student: 8,
    jitteredStudent: 8,
    map: 2,
    omitted: 6,
    hardOmitted: 3,
    twoClasses: 15,
    cnn: 1,
    atlas: 2,
    economy: 2,
  },
  hours: {
    teacher: 120,
    plainTeacher: 20,
    baseline: 20,
    student: 50,
    jitteredStudent: 80,
    map: 15,
    omitted: 40,
    hardOmitted: 15,
    twoClasses: 60,
    cnn: 10,
    atlas: 20,
    economy: 20,
  },
  night: {
    teacher: 500,
    plainTeacher: 40,
    baseline: 40,
    student: 150,
    jitteredStudent: 250,
    map: 40,
    omitted: 100,
    hardOmitted: 30,
    twoClasses: 150,
    cnn: 30,
    atlas: 40,
    economy: 40,
  },
  full: {
    teacher: 3000,
    plainTeacher: 100,
    baseline: 100,
    student: 500,
    jitteredStudent: 1000,
    map: 100,
    omitted: 500,
    hardOmitted: 100,
    twoClasses: 500,
    cnn: 100,
    atlas: 100,
    economy: 100,
  },
};

/** Seeds of the first two rows, and of all others. */
export const SEEDS: Readonly<Record<Scale, { readonly first: readonly number[]; readonly others: readonly number[] }>> =
  {
    minutes: { first: [1], others: [1] },
    hours: { first: [1, 2, 3, 4, 5], others: [1, 2, 3] },
    night: { first: [1, 2, 3, 4, 5], others: [1, 2, 3, 4, 5] },
    full: { first: [1, 2, 3, 4, 5], others: [1, 2, 3, 4, 5] },
  };

/** What a group's spec says beside its data, model and objective. */
export type Recipe = Pick<RunSpecInput, 'optimiser' | 'schedule' | 'training'>;

/** Nesterov momentum under one cosine: most of the published epochs' result in a part of their time. */
export function quickRecipe(epochs: number, learningRate: number, maxSquaredNorm: number | null = null): Recipe {
  return {
    optimiser: { kind: 'momentum', momentum: 0.9, nesterov: true, learningRate, maxSquaredNorm },
    schedule: { kind: 'cosine', warmUp: 0.15 },
    training: { epochs },
  };
}

/** arXiv 1207.0580, appendix A, which section 3 refers to for its teacher; batches of 100. */
export function dropoutPaperRecipe(epochs: number): Recipe {
  return {
    optimiser: { kind: 'momentum', learningRate: 10, rateInVelocity: true, maxSquaredNorm: 15 },
    schedule: { kind: 'exponential', decay: 0.998, momentumStart: 0.5, momentumEnd: 0.99, momentumEpochs: 500 },
    training: { epochs, batchSize: 100, checkpointEvery: 100 },
  };
}

/** Adam for the blog's CNN. */
export function cnnRecipe(epochs: number, scale: Scale): Recipe {
  return scale === 'full'
    ? {
        optimiser: { kind: 'adam', learningRate: 0.0001, weightDecay: 0.00001 },
        training: { epochs, batchSize: 32 },
      }
    : {
        optimiser: { kind: 'adam', learningRate: 0.001, weightDecay: 0.00001 },
        schedule: { kind: 'cosine', warmUp: 0.05 },
        training: { epochs, batchSize: 64 },
      };
}
