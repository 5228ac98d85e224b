/** Runs a study and shows how far it is. */
import { bold, dim } from 'ansis';
import cliProgress from 'cli-progress';
import { LabError } from '../contract/errors';
import type { Study } from '../contract/study';
import type { Lab } from '../lab';
import type { CellStatus } from '../studies/study-cells';
import { StudyPace } from '../studies/study-cells';
import type { RayConnection } from '../studies/ray-connection';
import { connectRay, MOST_JOBS } from '../studies/ray-connection';
import { StudyRunner } from '../studies/study-runner';
import { duration } from './format';
import { onInterrupt } from './interrupt';
import type { Output } from './output';

const MOST_WORKERS = 64;

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
  private readonly pace: StudyPace;
  private said = new Set<string>();

  constructor(private readonly statuses: () => readonly CellStatus[]) {
    this.pace = new StudyPace(statuses());
    this.bar?.start(1, 0, { text: '' });
  }

  show(status: CellStatus): void {
    if (this.bar) this.draw();
    else this.tell(status);
  }

  private draw(): void {
    const statuses = this.statuses();
    const { share, secondsLeft } = this.pace.of(statuses);
    const count = (state: string): number => statuses.filter((each) => each.state === state).length;
    const failed = count('failed');
    const text = [
      `${count('finished')} of ${statuses.length} runs`,
      `${count('running')} running`,
      ...(failed > 0 ? [`${failed} failed`] : []),
      `${duration(secondsLeft)} left`,
    ].join(dim(' · '));
    this.bar?.update(share, { text });
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

/** What a program needs of a cell. */
export function plainCell({ cell, state, run, failure, epoch }: CellStatus): object {
  const { key, group, values, seed } = cell;
  return { key, group, values, seed, state, run, failure, epoch };
}

/** Where a study's runs are trained, as given on the command line. */
interface EngineOptions {
  readonly engine?: string;
  readonly address?: string;
  readonly nodeProgram?: string;
  readonly nodeLab?: string;
  readonly fetch?: boolean;
  readonly cpus?: string;
  readonly gpus?: string;
}

export interface StudyCommandOptions extends EngineOptions {
  /** as given on the command line */
  readonly workers?: string;
  readonly retryFailed?: boolean;
  readonly retrain?: boolean;
}

interface Chosen extends StudyCommandOptions {
  /** these groups alone, and their teachers */
  readonly groups?: readonly string[];
}

/** @throws LabError `bad-input` on a number of workers that is none */
export function workersOf({ workers: given, engine }: StudyCommandOptions): number | undefined {
  if (given === undefined) return undefined;
  const workers = Number(given);
  const most = engine === 'ray' ? MOST_JOBS : MOST_WORKERS;
  if (Number.isInteger(workers) && workers >= 1 && workers <= most) return workers;
  throw new LabError('bad-input', `--workers = ${given} must be a whole number, 1 to ${most}.`);
}

/** A number as it was given; what it may be is the cluster's connection to say. */
function amount(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new LabError('bad-input', `--${flag} = ${text} must be a number.`);
}

/**
 * The cluster that is asked for, once it has answered; undefined for this machine.
 * @throws LabError `bad-input`, or `engine` when it cannot be reached
 */
async function clusterOf(lab: Lab, output: Output, options: StudyCommandOptions): Promise<RayConnection | undefined> {
  const { engine = 'local', address, nodeProgram, nodeLab, fetch } = options;
  if (engine !== 'local' && engine !== 'ray') {
    throw new LabError('bad-input', `--engine = ${engine} must be local or ray.`);
  }
  if (engine === 'local') {
    const { cpus, gpus } = options;
    const given = Object.entries({ address, 'node-program': nodeProgram, 'node-lab': nodeLab, fetch, cpus, gpus });
    const [flag] = given.find(([, value]) => value !== undefined) ?? [];
    if (flag) throw new LabError('bad-input', `--${flag} is for a cluster.`, 'Add --engine ray, or leave it out.');
    return undefined;
  }
  if (address === undefined) {
    throw new LabError('bad-input', '--engine ray needs an address.', 'Add --address http://HEAD:8265.');
  }
  const [cpus, gpus, workers] = [amount(options.cpus, 'cpus'), amount(options.gpus, 'gpus'), workersOf(options)];
  const connection = await connectRay(lab, {
    address,
    ...(fetch ? { fetch } : {}),
    ...(nodeLab === undefined ? {} : { nodeLab }),
    ...(nodeProgram === undefined ? {} : { nodeProgram }),
    ...(cpus === undefined ? {} : { cpus }),
    ...(gpus === undefined ? {} : { gpus }),
    ...(workers === undefined ? {} : { workers }),
  });
  output.note(
    `Ray ${connection.version} at ${connection.address}: ${connection.cpus} CPUs, ${connection.workers} runs at once`,
  );
  return connection;
}

/**
 * Trains what is not trained yet, with progress; an interruption leaves every run at a checkpoint.
 * @returns where the cells stand, and whether everything was tried
 * @throws LabError as `workersOf` and `StudyRunner`
 */
export async function runStudy(
  lab: Lab,
  output: Output,
  study: Study,
  options: Chosen,
): Promise<{ readonly statuses: readonly CellStatus[]; readonly ended: boolean }> {
  const cluster = await clusterOf(lab, output, options);
  const workers = cluster?.workers ?? workersOf(options);
  const runner = new StudyRunner(lab, study, {
    ...(workers === undefined ? {} : { workers }),
    ...(cluster ? { trainer: cluster.trainer } : {}),
    ...(options.groups ? { groups: options.groups } : {}),
    retry: options.retryFailed ?? false,
    retrain: options.retrain ?? false,
    changed: (status) => {
      progress?.show(status);
      if (status.state !== 'running') output.value({ type: 'cell', ...plainCell(status) });
    },
  });
  const before = runner.status().filter(({ state }) => state === 'failed').length;
  const progress = output.json ? undefined : new StudyProgress(() => runner.status());
  const ignoreInterrupts = onInterrupt(() => runner.stop());
  try {
    const ended = await runner.run();
    if (before > 0 && runner.status().some(({ state }) => state === 'failed')) {
      output.note('What failed before was left alone; --retry-failed tries it again.');
    }
    return { statuses: runner.status(), ended };
  } finally {
    ignoreInterrupts();
    progress?.end();
  }
}

/** @throws LabError `cancelled` always: what was stopped says so, and how it goes on */
export function throwStopped(name: string): never {
  throw new LabError(
    'cancelled',
    `Study ${name} was stopped; its runs are at their checkpoints.`,
    'Give the same command again to go on.',
  );
}
