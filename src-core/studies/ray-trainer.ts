/**
 * Trains the runs of a study as jobs of a Ray cluster: a job is the lab's own command on a node. The lab folder is shared
 * with the nodes, or each run is sent there and its results are fetched.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { LabError, messageOf } from '../contract/errors';
import { MNIST } from '../contract/dataset';
import type { EpochRecord, RunEvent } from '../contract/run';
import { encodeZip } from '../data/zip';
import { sha256Of } from '../data/read-file';
import { takeResults, writeArchive } from '../experiments/archive';
import type { Run } from '../experiments/run-store';
import type { Lab } from '../lab';
import type { Job, RayCluster } from './ray-cluster';
import { isLive } from './ray-cluster';
import type { Trainer } from './trainer';

export interface RayOptions {
  readonly cluster: RayCluster;
  /** folder of the lab's checkout on the nodes */
  readonly program: string;
  /** where nodes see the lab folder; undefined where they do not, and results are fetched */
  readonly sharedFolder: string | undefined;
  /** that each run is given */
  readonly cpus: number;
  readonly gpus: number;
  /** milliseconds between two looks at a job; 1,000 if not given */
  readonly every?: number;
}

/** Jobs that a run is given before it counts as failed: nodes are lost, and a run is not. */
const ATTEMPTS = 4;
const EVERY_MILLISECONDS = 1_000;
/** How long a cluster may be out of reach, a node's lock outlive it, and a shared folder lag behind. */
const PATIENCE_MILLISECONDS = 180_000;
const STOP_SECONDS = 60;

/** Name of the archive in a job's working folder. */
const SENT = 'run.distill';

/** Exit codes by which the lab's command says that trying again is of no use: all but a locked run, and signals. */
function isFinal(exitCode: number | null): boolean {
  return exitCode !== null && exitCode > 0 && exitCode < 10 && exitCode !== 6;
}

/** JSON values among a job's lines; what else it said is passed over. */
function valuesIn(logs: string): Record<string, unknown>[] {
  return logs.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    try {
      return [JSON.parse(line) as Record<string, unknown>];
    } catch {
      return [];
    }
  });
}

/** What a job said last, for whoever reads why it failed. */
function lastWords(logs: string): string {
  const failure = valuesIn(logs).findLast((value) => typeof value['error'] === 'object')?.['error'];
  const said = (failure as { message?: string } | undefined)?.message;
  return said ?? logs.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
}

/** The archive that a node printed in pieces; undefined where it did not come to that. */
function archiveIn(logs: string): Uint8Array | undefined {
  const pieces = valuesIn(logs).filter(({ type }) => type === 'archive') as unknown as {
    piece: number;
    of: number;
    data: string;
  }[];
  const [first] = pieces;
  if (!first || pieces.length !== first.of) return undefined;
  pieces.sort((a, b) => a.piece - b.piece);
  return Buffer.from(pieces.map(({ data }) => data).join(''), 'base64');
}

export class RayTrainer implements Trainer {
  readonly alive = true;
  private stopping = false;
  private job: string | undefined;

  constructor(
    private readonly lab: Lab,
    private readonly options: RayOptions,
  ) {}

  private wait(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.options.every ?? EVERY_MILLISECONDS));
  }

  /** The same for the same run of the same lab, whoever asks: Ray takes no two jobs of one name. */
  private jobName(run: Run, attempt: number): string {
    const key = `${hostname()} ${this.lab.folder} ${run.record.createdAt}`;
    return `distill-lab-${sha256Of(key).slice(0, 12)}-${run.id}-${attempt}`;
  }

  async train(id: string, listener: (event: RunEvent) => void): Promise<void> {
    this.stopping = false;
    let attempt = 0;
    for (let tries = 0; tries < ATTEMPTS && !this.stopping; tries++) {
      const run = this.lab.open(id);
      // Jobs of earlier sittings keep their names; one that still runs is watched to its end.
      let before: Job | undefined;
      do before = await this.patiently(() => this.options.cluster.job(this.jobName(run, ++attempt)));
      while (before && !isLive(before));
      this.job = this.jobName(run, attempt);
      if (!before) await this.submit(run, this.job);
      const ended = await this.watch(run, this.job, listener);
      if (await this.isDone(id, ended)) return;
    }
    if (this.stopping) return;
    throw new Error(`It was lost with its node ${ATTEMPTS} times; its last checkpoint is kept.`);
  }

  private async submit(run: Run, name: string): Promise<void> {
    const { cluster, program, sharedFolder, cpus, gpus } = this.options;
    if (sharedFolder === undefined && run.spec.data.dataset !== MNIST) {
      throw new LabError(
        'incompatible',
        `Run ${run.id} is of the data set ${run.spec.data.dataset}, which is not sent to nodes.`,
        'Share the lab folder with the nodes.',
      );
    }
    const command = [process.platform === 'win32' ? 'node.exe' : 'node', join(program, 'scripts', 'lab.mjs')];
    const words =
      sharedFolder === undefined
        ? [...command, 'train-archive', SENT, '--json']
        : [...command, 'resume', run.id, '--lab', sharedFolder, '--json'];
    const workingFolder = sharedFolder === undefined ? await this.send(run) : undefined;
    const request = {
      id: name,
      words,
      cpus,
      gpus,
      environment: {
        RAY_JOB_STOP_WAIT_TIME_S: String(STOP_SECONDS),
        TF_NUM_INTRAOP_THREADS: String(Math.max(1, Math.floor(cpus))),
        TF_NUM_INTEROP_THREADS: '1',
      },
      metadata: { run: run.id, study: 'distill-lab' },
      ...(workingFolder === undefined ? {} : { workingFolder }),
    };
    await this.patiently(() => cluster.submit(request));
  }

  /** The run with its teachers as a package of the cluster. */
  private async send(run: Run): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), 'distill-lab-send-'));
    try {
      const file = join(folder, SENT);
      await writeArchive(this.lab.store, run, file);
      const zip = encodeZip(new Map([[SENT, new Uint8Array(readFileSync(file))]]), () => false);
      const name = `distill_lab_${sha256Of(zip).slice(0, 32)}`;
      return await this.patiently(() => this.options.cluster.upload(name, zip));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** A cluster may be out of reach for a while: what runs there goes on. A plain refusal is one. */
  private async patiently<Result>(ask: () => Promise<Result>): Promise<Result> {
    const until = Date.now() + PATIENCE_MILLISECONDS;
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        const unreachable = error instanceof LabError && error.message.includes('cannot be reached');
        if (!unreachable || this.stopping || Date.now() > until) throw error;
        await this.wait();
      }
    }
  }

  /** Follows a job to its end, and passes on the epochs that it has done. */
  private async watch(run: Run, name: string, listener: (event: RunEvent) => void): Promise<Job> {
    const { cluster, sharedFolder } = this.options;
    let told = run.metrics().length;
    for (;;) {
      const job = await this.patiently(() => cluster.job(name));
      if (!job) throw new Error(`Ray at ${cluster.address} has forgotten the job ${name}.`);
      const epochs =
        sharedFolder !== undefined
          ? run.metrics().slice(told)
          : valuesIn(isLive(job) ? await cluster.logs(name).catch(() => '') : '')
              .filter(({ type }) => type === 'epoch')
              .map((value) => value['record'] as EpochRecord)
              .filter(({ epoch }) => epoch > told);
      for (const record of epochs) listener({ type: 'epoch', run: run.id, record });
      told += epochs.length;
      // In a shared folder the run says so before Ray does: the next is handed in while this one's process ends.
      const finished = sharedFolder !== undefined && this.lab.open(run.id).status === 'finished';
      if (!isLive(job) || finished) return job;
      await this.wait();
    }
  }

  /**
   * Whether nothing is left to try.
   * @throws LabError or Error with the reason where the training itself failed
   */
  private async isDone(id: string, job: Job): Promise<boolean> {
    const { cluster, sharedFolder } = this.options;
    if (sharedFolder === undefined) await this.fetch(id, job);
    const until = Date.now() + PATIENCE_MILLISECONDS;
    for (;;) {
      const run = this.lab.open(id);
      if (run.status === 'finished') return true;
      if (run.status === 'failed') throw new Error(run.record.failure ?? 'It failed.');
      // A lost node's lock goes stale, and what a node has written reaches this machine, in their own time.
      const lags = run.locked || (job.status === 'SUCCEEDED' && sharedFolder !== undefined);
      if (!lags || Date.now() > until) break;
      await this.wait();
    }
    if (this.stopping) return true;
    if (job.status === 'STOPPED') throw new Error('Its job was stopped in the cluster; its last checkpoint is kept.');
    if (job.status === 'FAILED' && isFinal(job.exitCode)) {
      throw new Error(lastWords(await cluster.logs(this.job!).catch(() => job.message)) || job.message);
    }
    return false;
  }

  /** Takes what a node has printed of its run into the lab. */
  private async fetch(id: string, job: Job): Promise<void> {
    if (job.status === 'PENDING' || job.status === 'RUNNING') return;
    const archive = archiveIn(await this.patiently(() => this.options.cluster.logs(this.job!)));
    if (!archive) return;
    const folder = mkdtempSync(join(tmpdir(), 'distill-lab-fetch-'));
    try {
      const file = join(folder, SENT);
      writeFileSync(file, archive);
      await takeResults(this.lab.open(id), file);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  stop(): void {
    this.stopping = true;
    if (this.job === undefined) return;
    this.options.cluster.stop(this.job).catch((error: unknown) => console.error(messageOf(error)));
  }

  end(): void {
    // A job outlives whoever watches it.
  }
}
