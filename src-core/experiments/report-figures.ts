/** Every number of a report, computed once from the test logits. */
import { expectedCalibrationError } from '../evaluation/calibration';
import { discordant, mcnemarExact, pairedBootstrap } from '../evaluation/comparison';
import type { BootstrapInterval, Discordance } from '../evaluation/comparison';
import { clopperPearson, countErrors, errorFlags } from '../evaluation/errors';
import type { Interval } from '../evaluation/errors';
import { agreement, meanKl } from '../evaluation/fidelity';
import { confidence, predictions } from '../evaluation/logits';
import { teachersOf } from '../contract/spec';
import type { ReportInput, ReportRun } from './report';

/** A run and what follows from its logits. */
export interface MeasuredRun {
  readonly run: ReportRun;
  /** position in the report, to name what belongs to it */
  readonly index: number;
  readonly predicted: Uint8Array;
  readonly confidence: Float32Array;
  readonly flags: Uint8Array;
  readonly errors: number;
  readonly total: number;
  /** of the error rate */
  readonly interval: Interval;
  readonly calibrationError: number;
  /** against its teacher; absent when the report holds no teacher for it */
  readonly fidelity?: { readonly teacher: ReportRun; readonly agreement: number; readonly kl: number };
}

export interface Comparison {
  readonly first: MeasuredRun;
  readonly second: MeasuredRun;
  readonly discordance: Discordance;
  readonly p: number;
  readonly bootstrap: BootstrapInterval;
}

const BOOTSTRAP_SEED = 1;

/**
 * The run that a run is measured against: of those its spec names the first in the report, else the first teacher.
 * A teacher learns from nobody and has none.
 */
function teacherFor(run: ReportRun, runs: readonly ReportRun[]): ReportRun | undefined {
  const named = teachersOf(run.spec);
  const own = runs.find((candidate) => candidate !== run && named.includes(candidate.id));
  if (own || run.role === 'teacher') return own;
  return runs.find((candidate) => candidate.role === 'teacher');
}

/** @throws RangeError, LabError when logits and labels do not belong together */
export function measure({ runs, testLabels }: ReportInput): MeasuredRun[] {
  return runs.map((run, index) => {
    const logits = run.testLogits;
    const predicted = predictions(logits);
    const errors = countErrors(predicted, testLabels);
    const teacher = teacherFor(run, runs);
    return {
      run,
      index,
      predicted,
      confidence: confidence(logits),
      flags: errorFlags(predicted, testLabels),
      errors,
      total: logits.count,
      interval: clopperPearson(errors, logits.count),
      calibrationError: expectedCalibrationError(logits, testLabels),
      ...(teacher && {
        fidelity: {
          teacher,
          agreement: agreement(teacher.testLogits, logits),
          kl: meanKl(teacher.testLogits, logits),
        },
      }),
    };
  });
}

function compare(first: MeasuredRun, second: MeasuredRun): Comparison {
  const discordance = discordant(first.flags, second.flags);
  return {
    first,
    second,
    discordance,
    p: mcnemarExact(discordance.onlyFirstWrong, discordance.onlySecondWrong),
    bootstrap: pairedBootstrap(first.flags, second.flags, { seed: BOOTSTRAP_SEED }),
  };
}

/** Each student against the first baseline, then against its own teacher. */
export function comparisons(measured: readonly MeasuredRun[]): Comparison[] {
  const baseline = measured.find(({ run }) => run.role === 'baseline');
  return measured
    .filter(({ run }) => run.role === 'student')
    .flatMap((student) => {
      const teacher = measured.find(({ run }) => run === student.fidelity?.teacher);
      return [baseline, teacher].filter((other) => other !== undefined).map((other) => compare(student, other));
    });
}

/** Misclassified images, the most confident first. */
export function mistakes({ flags, confidence: confidences }: MeasuredRun): number[] {
  const rows: number[] = [];
  flags.forEach((wrong, row) => wrong && rows.push(row));
  return rows.sort((first, second) => confidences[second]! - confidences[first]! || first - second);
}
