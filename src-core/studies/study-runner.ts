/** Runs a study: what is done is found, what is ready goes to worker processes, what fails stops nothing else. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { messageOf } from '../contract/errors';
import type { StudyRunOptions } from '../contract/rpc';
import type { RunEvent } from '../contract/run';
import type { Study, StudyCell } from '../contract/study';
import { cellsOf, expandStudy } from '../contract/study';
import { METHOD } from '../contract/run';
import type { Run } from '../experiments/run-store';
import type { Lab } from '../lab';
import type { CellStatus } from './study-cells';
import {
  beginning,
  ELSEWHERE_MILLISECONDS,
  isTrained,
  nextReady,
  outcome,
  refuseGoneTeachers,
  taughtSpec,
} from './study-cells';
import type { WorkerNews, WorkerOrder } from './study-worker';
import type { Trainer } from './trainer';

export interface StudyOptions extends StudyRunOptions {
  /** these groups alone, and whoever teaches them; all when left out */
  readonly groups?: readonly string[];
  /** processes that train at once; by default one for each core, which share the cores evenly */
  readonly workers?: number;
  /** makes what trains the runs; by default processes of this machine */
  readonly trainer?: () => Trainer;
  /** called when a cell or its epoch is another */
  readonly changed?: (status: CellStatus) => void;
}

/** The compiled worker beside a bundle, or the source beside this file. */
const WORKER = fileURLToPath(
  new URL(`study-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.mjs'}`, import.meta.url),
);

/** What Node needs to run the source. */
function loader(): string[] {
  return WORKER.endsWith('.ts') ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href] : [];
}

/** One process of this machine that trains. */
class Worker implements Trainer {
  private readonly child: ChildProcess;
  private settle: { done(): void; failed(error: Error): void } | undefined;
  private listener: ((event: RunEvent) => void) | undefined;

  constructor(folder: string, threads: number) {
    const env = { ...process.env, TF_NUM_INTRAOP_THREADS: String(threads), TF_NUM_INTEROP_THREADS: '1' };
    this.child = fork(WORKER, [folder], {
      env,
      execArgv: loader(),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.child.on('message', (news: WorkerNews) => {
      if ('event' in news) this.listener?.(news.event);
      else if (news.failure === undefined) this.settle?.done();
      else this.settle?.failed(new Error(news.failure));
    });
    this.child.on('exit', (code, signal) => {
      this.settle?.failed(new Error(`The process that trained it ended (${signal ?? `exit code ${code}`}).`));
    });
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  private order(order: WorkerOrder): void {
    if (this.child.connected) this.child.send(order);
  }

  async train(run: string, listener: (event: RunEvent) => void): Promise<void> {
    this.listener = listener;
    try {
      await new Promise<void>((done, failed) => {
        this.settle = { done, failed };
        this.order({ train: run });
      });
    } finally {
      this.settle = undefined;
    }
  }

  stop(): void {
    this.order({ stop: true });
  }

  end(): void {
    if (this.child.connected) this.child.disconnect();
  }
}

export class StudyRunner {
  /** in the order in which they are trained */
  readonly cells: readonly StudyCell[];
  private readonly statuses: Map<string, CellStatus>;
  private readonly workers = new Set<Trainer>();
  private readonly known: Map<string, Run>;
  /** keys of cells that another process trains */
  private readonly elsewhere = new Set<string>();
  private stopped = false;

  /** @throws LabError as `expandStudy`, and `not-found` for a teacher that is gone */
  constructor(
    private readonly lab: Lab,
    study: Study,
    private readonly options: StudyOptions = {},
  ) {
    const all = expandStudy(study);
    this.cells = options.groups ? cellsOf(all, options.groups) : all;
    const runs = lab.runs().filter((run): run is Run => 'spec' in run);
    if (!options.retrain) refuseGoneTeachers(this.cells, runs, METHOD);
    this.known = new Map(runs.map((run) => [run.id, run]));
    this.statuses = beginning(this.cells, runs, METHOD, options.retry ?? false);
  }

  status(): readonly CellStatus[] {
    return this.cells.map(({ key }) => this.statuses.get(key)!);
  }

  private set(cell: StudyCell, change: Partial<CellStatus>): void {
    const status = { ...this.statuses.get(cell.key)!, ...change };
    this.statuses.set(cell.key, status);
    this.options.changed?.(status);
  }

  /**
   * Trains what is not trained yet. A failure stands in its cell, and in the cells that would learn from it.
   * @returns false when `stop` ended it before everything was tried
   */
  async run(): Promise<boolean> {
    const cores = availableParallelism();
    const count = Math.max(1, Math.min(this.options.workers ?? cores, this.cells.length));
    const threads = Math.max(1, Math.floor(cores / count));
    await Promise.all(Array.from({ length: count }, () => this.work(threads)));
    for (const worker of this.workers) worker.end();
    clearTimeout(this.lookAgain);
    return !this.stopped;
  }

  /** Every run under way writes a checkpoint and ends; nothing new begins. */
  stop(): void {
    this.stopped = true;
    for (const worker of this.workers) worker.stop();
    this.wakeUp();
  }

  private lookAgain: ReturnType<typeof setTimeout> | undefined;

  /** Whether another process, or another worker, has the cell's run; looks again later, as long as it has. */
  private isElsewhere(cell: StudyCell): boolean {
    const { run } = this.statuses.get(cell.key)!;
    if (run === undefined || !isTrained(this.lab, run)) return false;
    this.elsewhere.add(cell.key);
    this.lookAgain ??= setTimeout(() => this.lookElsewhere(), ELSEWHERE_MILLISECONDS);
    return true;
  }

  /** What another process has let go of is done, has failed, or has its turn again. */
  private lookElsewhere(): void {
    this.lookAgain = undefined;
    for (const key of [...this.elsewhere]) {
      const { cell, run } = this.statuses.get(key)!;
      if (this.isElsewhere(cell)) continue;
      this.elsewhere.delete(key);
      this.set(cell, outcome(this.lab, run!));
    }
    this.wakeUp();
  }

  /** What waits for a teacher that is being trained. */
  private sleepers: (() => void)[] = [];

  private wakeUp(): void {
    for (const wake of this.sleepers.splice(0)) wake();
  }

  private async work(threads: number): Promise<void> {
    let worker: Trainer | undefined;
    while (!this.stopped) {
      const cell = this.nextReady();
      if (!cell) {
        const states = this.status().map(({ state }) => state);
        if (this.elsewhere.size === 0 && !(states.includes('running') && states.includes('waiting'))) break;
        await new Promise<void>((resolve) => this.sleepers.push(resolve));
        continue;
      }
      this.set(cell, { state: 'running' });
      try {
        const run = await this.find(cell);
        this.set(cell, { run: run.id, epoch: run.record.checkpoints.at(-1)?.epoch ?? 0 });
        if (run.status !== 'finished') {
          if (this.isElsewhere(cell)) continue;
          if (!worker?.alive) {
            worker = this.options.trainer?.() ?? new Worker(this.lab.folder, threads);
            this.workers.add(worker);
          }
          await worker.train(run.id, (event) => {
            if (event.type === 'epoch') this.set(cell, { epoch: event.record.epoch });
          });
        }
        const status = this.lab.open(run.id).status;
        this.set(cell, { state: status === 'finished' ? 'finished' : 'waiting' });
      } catch (error) {
        // Another process may have been quicker.
        if (this.isElsewhere(cell)) continue;
        this.set(cell, { state: 'failed', failure: messageOf(error) });
      }
      this.wakeUp();
    }
    this.wakeUp();
  }

  private nextReady(): StudyCell | undefined {
    const { next, lost } = nextReady(this.status());
    for (const { cell, failure } of lost) this.set(cell, { state: 'failed', failure });
    return next;
  }

  /** The cell's run: the one that is there, or a new one. */
  private async find(cell: StudyCell): Promise<Run> {
    return this.lab.findOrCreate(taughtSpec(cell, this.statuses), this.known);
  }
}
