/** Runs a study from a file: one line of progress, a table of what came out. */
import { bold, dim } from 'ansis';
import cliProgress from 'cli-progress';
import { readFileSync } from 'node:fs';
import { LabError, messageOf } from '../contract/errors';
import type { StudyCell } from '../contract/study';
import { parseStudy } from '../contract/study';
import { mean, sampleDeviation } from '../evaluation/spread';
import type { Lab } from '../lab';
import type { CellStatus } from '../study-runner';
import { StudyRunner, workOf } from '../study-runner';
import { duration } from './format';
import { onInterrupt } from './interrupt';
import type { Output } from './output';
import { renderTable } from './table';

/** @throws LabError when the file cannot be read or is no JSON */
function readStudyFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch (error) {
    throw new LabError('bad-input', `${file} cannot be read as a study: ${messageOf(error)}.`);
  }
}

/** A live line on a screen; a line a cell in a pipe. */
class StudyProgress {
  private readonly bar = process.stderr.isTTY
    ? new cliProgress.SingleBar({
        format: `${bold('study')} {bar} {text}`,
        barCompleteChar: '━',
        barIncompleteChar: ' ',
        barsize: 20,
        hideCursor: true,
        linewrap: false,
        stream: process.stderr,
      })
    : undefined;
  private readonly start = performance.now();
  /** multiply-adds of an epoch of each cell */
  private readonly work: ReadonlyMap<StudyCell, number>;
  private readonly before: number;
  private said = new Set<string>();

  constructor(private readonly statuses: () => readonly CellStatus[]) {
    this.work = new Map(statuses().map(({ cell }) => [cell, workOf(cell.spec)]));
    this.before = this.workDone(statuses()).done;
    this.bar?.start(1, 0, { text: '' });
  }

  /** Arithmetic done so far and in all. */
  private workDone(statuses: readonly CellStatus[]): { done: number; all: number } {
    let [done, all] = [0, 0];
    for (const { cell, state, epoch } of statuses) {
      // What failed will not be done.
      if (state === 'failed') continue;
      const work = this.work.get(cell)!;
      const { epochs } = cell.spec.training;
      all += work * epochs;
      done += work * (state === 'finished' ? epochs : epoch);
    }
    return { done, all };
  }

  show(status: CellStatus): void {
    if (this.bar) this.draw();
    else this.tell(status);
  }

  private draw(): void {
    const statuses = this.statuses();
    const { done, all } = this.workDone(statuses);
    const count = (state: string): number => statuses.filter((each) => each.state === state).length;
    const seconds = (performance.now() - this.start) / 1000;
    const rate = (done - this.before) / seconds;
    const failed = count('failed');
    const text = [
      `${count('finished')} of ${statuses.length} runs`,
      `${count('running')} running`,
      ...(failed > 0 ? [`${failed} failed`] : []),
      `${duration(rate > 0 ? (all - done) / rate : Infinity)} left`,
    ].join(dim(' · '));
    this.bar?.update(all > 0 ? done / all : 1, { text });
  }

  private tell(status: CellStatus): void {
    const line = `${status.cell.key}: ${status.state}${status.failure ? ` (${status.failure})` : ''}`;
    if (status.state === 'waiting' || this.said.has(line)) return;
    this.said.add(line);
    process.stderr.write(`${line}\n`);
  }

  end(): void {
    this.bar?.stop();
  }
}

/** Cells that differ in nothing but their seed. */
function rowsOf(statuses: readonly CellStatus[]): Map<string, CellStatus[]> {
  const rows = new Map<string, CellStatus[]>();
  for (const status of statuses) {
    const { group, values } = status.cell;
    const name = [
      group,
      ...Object.entries(values).map(([path, value]) => `${path.split('.').at(-1)} ${JSON.stringify(value)}`),
    ];
    const key = name.join(' · ');
    rows.set(key, [...(rows.get(key) ?? []), status]);
  }
  return rows;
}

export async function studyCommand(
  lab: Lab,
  output: Output,
  options: { readonly workers?: string },
  file: string,
): Promise<void> {
  const workers = options.workers === undefined ? undefined : Number(options.workers);
  if (workers !== undefined && !(Number.isInteger(workers) && workers >= 1 && workers <= 64)) {
    throw new LabError('bad-input', `--workers = ${options.workers} must be a whole number, 1 to 64.`);
  }
  const study = parseStudy(readStudyFile(file));
  const runner = new StudyRunner(lab, study, {
    ...(workers === undefined ? {} : { workers }),
    changed: (status) => {
      progress?.show(status);
      if (status.state !== 'running') output.value({ type: 'cell', ...plain(status) });
    },
  });
  const progress = output.json ? undefined : new StudyProgress(() => runner.status());
  const ignoreInterrupts = onInterrupt(() => runner.stop());
  let ended: boolean;
  try {
    ended = await runner.run();
  } finally {
    ignoreInterrupts();
    progress?.end();
  }
  const errorsOf = ({ run }: CellStatus): number | undefined =>
    run === undefined ? undefined : lab.open(run).record.checkpoints.at(-1)?.testErrors;
  const rows = [...rowsOf(runner.status())].map(([name, statuses]) => {
    const finished = statuses.filter(({ state }) => state === 'finished');
    const errors = finished.map(errorsOf).filter((each) => each !== undefined);
    const spread = sampleDeviation(errors);
    return { name, errors, failed: statuses.filter(({ state }) => state === 'failed').length, spread };
  });
  output.text(
    ...renderTable(
      [
        { title: 'runs' },
        { title: 'seeds', align: 'right' },
        { title: 'test errors', align: 'right' },
        { title: 's.d.', align: 'right' },
        { title: '' },
      ],
      rows.map(({ name, errors, failed, spread }) => [
        name,
        String(errors.length),
        errors.length === 0 ? '–' : mean(errors).toFixed(1),
        spread === undefined ? '–' : spread.toFixed(1),
        failed > 0 ? `${failed} failed` : '',
      ]),
    ),
  );
  output.value({ type: 'result', study: study.name, cells: runner.status().map(plain) });
  if (!ended) {
    throw new LabError(
      'cancelled',
      `Study ${study.name} was stopped; its runs are at their checkpoints.`,
      'Give the same command again to go on.',
    );
  }
}

/** What a program needs of a cell. */
function plain({ cell, state, run, failure, epoch }: CellStatus): object {
  const { key, group, values, seed }: StudyCell = cell;
  return { key, group, values, seed, state, run, failure, epoch };
}
