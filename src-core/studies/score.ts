/** Puts a scorecard together from the runs that a lab folder holds. */
import { isDeepStrictEqual } from 'node:util';
import type {
  ApartRun,
  ClaimCell,
  ClaimResult,
  FigureResult,
  Scale,
  Scorecard,
  SeedValue,
  StudyName,
} from '../contract/scorecard';
import type { RunRecord } from '../contract/run';
import { METHOD } from '../contract/run';
import type { StudyCell } from '../contract/study';
import { cellsOf, expandStudy } from '../contract/study';
import type { Dataset } from '../data/dataset';
import { selectTransferSet } from '../data/transfer-set';
import { applyBias } from '../evaluation/bias';
import type { CorrectedErrors } from '../evaluation/corrections';
import { correctBias } from '../evaluation/corrections';
import { countErrors, perClass } from '../evaluation/errors';
import type { Logits } from '../evaluation/logits';
import { predictions } from '../evaluation/logits';
import { judgeFigure } from '../evaluation/verdict';
import type { DamagedRun, Run, Subset } from '../experiments/run-store';
import type { CellStatus } from './study-cells';
import { findCells, goneTeachers, goneText, statusOf } from './study-cells';
import type { Claim, Corrected, Measured, Results } from './claim';
import { readLatencies } from './latency';
import { claimedStudy } from './claimed-studies';

/** Constants at which errors are counted for a curve over the bias. */
const CURVE = Array.from({ length: 81 }, (_, index) => (index - 40) / 4);

function correctionOf(corrections: readonly CorrectedErrors[], selectedOn: string): Corrected | undefined {
  const found = corrections.find((each) => each.selectedOn === selectedOn);
  return (
    found && {
      constant: found.bias.find((each) => each !== 0) ?? 0,
      errors: found.testErrors,
      errorsOnClasses: found.errorsOnClasses,
    }
  );
}

/** Share of one network's errors that another repeats with the same wrong class. */
function repeated(teacher: Uint8Array, student: Uint8Array, labels: Uint8Array): number | undefined {
  let [wrong, same] = [0, 0];
  for (let row = 0; row < labels.length; row++) {
    if (teacher[row] === labels[row]) continue;
    wrong += 1;
    if (student[row] === teacher[row]) same += 1;
  }
  return wrong === 0 ? undefined : same / wrong;
}

/** What a scorer reads of a lab: no TensorFlow where the logits of every run are kept. */
export interface ScoredLab {
  readonly folder: string;
  dataset(run: Run): Dataset;
  runs(): readonly (Run | DamagedRun)[];
  /** of the last checkpoint */
  logits(run: Run, checkpoint?: string, subset?: Subset): Promise<Logits | undefined>;
}

/** What finished runs are measured by is read once, however often a scorecard is put together. */
export class Scorer {
  private readonly measured = new Map<string, Measured>();

  constructor(private readonly lab: ScoredLab) {}

  /** Everything that is measured of a finished run. */
  private async measure(run: Run, seed: number, teacher: Run | undefined): Promise<Measured> {
    const key = `${run.id} ${run.checkpoint().sha256} ${teacher?.id}`;
    const latency = readLatencies(this.lab.folder)[run.id];
    const known = this.measured.get(key);
    if (known) return { ...known, seed, millisecondsAnImage: latency };
    // Many runs are measured one after the other: who asks something else meanwhile is answered in between.
    await new Promise((resolve) => setTimeout(resolve));
    const dataset = this.lab.dataset(run);
    const { train, test } = dataset;
    const { labels } = test;
    const logits = (await this.lab.logits(run))!;
    const predicted = predictions(logits);
    const byClass = perClass(predicted, labels, logits.classes);
    const partial = run.spec.data.classes.length < logits.classes;
    const validation = partial ? await this.lab.logits(run, 'last', 'validation') : undefined;
    const held = validation && selectTransferSet(dataset, run.spec.data).validation;
    const corrections = correctBias(
      run.spec.data.classes,
      train.labels,
      { logits, labels },
      validation && { logits: validation, labels: Uint8Array.from(held!, (at) => train.labels[at]!) },
    );
    const bias = corrections.at(-1)?.bias;
    const into = new Float32Array(logits.values.length);
    const measured: Measured = {
      run,
      seed,
      testErrors: countErrors(predicted, labels),
      errorsByClass: byClass.map(({ errors }) => errors),
      totalByClass: byClass.map(({ total }) => total),
      corrected: {
        prior: correctionOf(corrections, 'prior'),
        validation: correctionOf(corrections, 'validation'),
        test: correctionOf(corrections, 'test'),
      },
      metrics: run.metrics(),
      inheritedErrors: teacher && repeated(predictions((await this.lab.logits(teacher))!), predicted, labels),
      millisecondsAnImage: latency,
      biasCurve: bias
        ? CURVE.map((constant) => {
            const shifted = applyBias(
              logits,
              bias.map((each) => (each === 0 ? 0 : constant)),
              into,
            );
            return { constant, errors: countErrors(predictions(shifted), labels) };
          })
        : [],
    };
    this.measured.set(key, measured);
    return measured;
  }

  private async results(cells: readonly StudyCell[], runs: ReadonlyMap<string, Run>): Promise<Results> {
    const all: { readonly cell: StudyCell; readonly measured: Measured }[] = [];
    for (const cell of cells) {
      const run = runs.get(cell.key);
      if (run?.status !== 'finished') continue;
      // What a baseline repeats is compared with what a teacher of its seed gets wrong.
      const teacher = runs.get(cell.teachers[0] ?? `teacher seed=${cell.seed}`);
      const apart = teacher?.status === 'finished' && teacher.id !== run.id ? teacher : undefined;
      all.push({ cell, measured: await this.measure(run, cell.seed, apart) });
    }
    const chosen = (group: string, at: Readonly<Record<string, unknown>> = {}): Measured[] =>
      all
        .filter(({ cell }) => cell.group === group)
        .filter(({ cell }) => Object.entries(at).every(([path, value]) => isDeepStrictEqual(cell.values[path], value)))
        .map(({ measured }) => measured)
        .sort((first, second) => first.seed - second.seed);
    return {
      runs: chosen,
      seeds: (group, measure, at) =>
        chosen(group, at).flatMap((measured): SeedValue[] => {
          const value = measure(measured);
          return value === undefined ? [] : [{ seed: measured.seed, run: measured.run.id, value }];
        }),
    };
  }

  /**
   * The scorecard as the lab folder stands.
   * @param live where cells stand that are being trained, by key: newer than what is on disk
   * @throws LabError as `claimedStudy`
   */
  async score(name: StudyName, scale: Scale, live?: ReadonlyMap<string, CellStatus>): Promise<Scorecard> {
    const { study, claims } = claimedStudy(this.lab.folder, name, scale);
    const cells = expandStudy(study);
    const runs = this.lab.runs().filter((run): run is Run => 'spec' in run);
    const found = findCells(cells, runs, METHOD);
    const statuses = new Map([...statusOf(cells, runs, found, METHOD), ...(live ?? [])]);
    const gone = goneTeachers(cells, runs, found, METHOD);
    const methods = [...new Set(runs.map(({ record }) => record.environment.method))].filter((each) => each !== METHOD);
    const others = methods.map((method) => ({ method, runs: findCells(cells, runs, method) }));
    const results = await this.results(cells, found);
    // Groups of the same spec share their runs.
    const records = [...new Set(found.values())].map(({ record }) => record);
    return {
      study: name,
      scale,
      name: study.name,
      method: METHOD,
      createdAt: new Date().toISOString(),
      command: `npm run lab -- reproduce ${name} --scale ${scale}`,
      seeds: [...new Set(cells.map(({ seed }) => seed))].sort((first, second) => first - second),
      claims: claims.map((claim) => resultOf(claim, results, cells, statuses, others)),
      ...(gone.length === 0 ? {} : { gone: goneText(gone) }),
      trainingSeconds: records.reduce((sum, { checkpoints }) => sum + (checkpoints.at(-1)?.seconds ?? 0), 0),
      environments: [...new Set(records.map(inWords))],
    };
  }
}

function resultOf(
  claim: Claim,
  results: Results,
  cells: readonly StudyCell[],
  statuses: ReadonlyMap<string, CellStatus>,
  others: readonly { readonly method: number; readonly runs: ReadonlyMap<string, Run> }[],
): ClaimResult {
  const own = cellsOf(cells, claim.groups);
  const { id, section, title, statement, notes = [] } = claim;
  return {
    id,
    section,
    title,
    statement,
    notes,
    figures: claim.figures.map(({ group, at, measure, ...asked }): FigureResult =>
      judgeFigure(asked, results.seeds(group, measure, at)),
    ),
    relations: claim.relations?.(results) ?? [],
    pictures: claim.pictures?.(results) ?? [],
    cells: own.map((cell): ClaimCell => {
      const { state, run, failure, epoch } = statuses.get(cell.key)!;
      return {
        key: cell.key,
        group: cell.group,
        seed: cell.seed,
        state,
        ...(run === undefined ? {} : { run }),
        ...(failure === undefined ? {} : { failure }),
        epoch,
        epochs: cell.spec.training.epochs,
      };
    }),
    apart: others.flatMap(({ method, runs }) =>
      own.flatMap((cell): ApartRun[] => {
        const run = runs.get(cell.key);
        const testErrors = run?.status === 'finished' ? run.checkpoint().testErrors : undefined;
        return testErrors === undefined
          ? []
          : [{ run: run!.id, group: cell.group, seed: cell.seed, method, testErrors }];
      }),
    ),
  };
}

function inWords({ environment }: RunRecord): string {
  const { tensorflow, device, processor, threads, node, platform, lab, gitCommit } = environment;
  const commit = gitCommit ? `, commit ${gitCommit.slice(0, 12)}` : '';
  return `Distill Lab ${lab}${commit}; TensorFlow ${tensorflow} on ${device.toUpperCase()}, ${threads} ${
    threads === 1 ? 'thread' : 'threads'
  } of ${processor}; Node ${node}, ${platform}`;
}
