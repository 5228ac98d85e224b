/** A study on a real Ray: on the loopback address, with two CPUs, a worker killed midway, and a study stopped. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PythonUnavailable } from '../../../scripts/python-environment.mjs';
import { rayPython, startRay } from '../../../scripts/real-ray.mjs';
import { parseStudy } from '../../../src-core/contract/study';
import { Lab } from '../../../src-core/lab';
import { RayCluster } from '../../../src-core/studies/ray-cluster';
import { RayTrainer } from '../../../src-core/studies/ray-trainer';
import { StudyRunner } from '../../../src-core/studies/study-runner';
import { differing, tensorsOf } from '../small-lab';

const root = fileURLToPath(new URL('../../..', import.meta.url));
// Ray's sockets stand below it, and their paths must be short.
const folder = mkdtempSync(join(tmpdir(), 'dl-ray-'));

let python = '';
let unavailable = process.platform === 'linux' ? '' : 'This test starts Ray on Linux alone.';
try {
  if (unavailable === '') {
    python = rayPython('The test of studies on Ray');
  }
} catch (error) {
  if (!(error instanceof PythonUnavailable)) throw error;
  unavailable = error.message;
}
if (unavailable !== '') console.warn(`Studies on Ray were not tried: ${unavailable}`);

let ray: Awaited<ReturnType<typeof startRay>> | undefined;
let cluster: RayCluster;

async function begin(): Promise<void> {
  ray = await startRay(python, join(folder, 'ray'), 2);
  cluster = new RayCluster(ray.address);
}

/** Programs of this cluster's, by what their command lines hold. */
function processes(...words: readonly string[]): number[] {
  const lines = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => words.every((word) => line.includes(word))).map((line) => Number.parseInt(line, 10));
}

function killAll(...words: readonly string[]): void {
  for (const pid of processes(...words)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
}

const spec = (changes: object = {}): object => ({
  data: { share: 0.1 },
  model: { kind: 'mlp', hidden: [32] },
  optimiser: { kind: 'momentum', learningRate: 0.05 },
  training: { epochs: 3 },
  ...changes,
});

const STUDY = parseStudy({
  name: 'on-ray',
  seeds: [1],
  groups: {
    teacher: { spec: spec({ training: { epochs: 120, evaluateEvery: 1 } }) },
    student: {
      spec: spec({ objective: { kind: 'soft', teachers: ['@teacher'] } }),
      grid: { 'objective.temperature': [2, 20] },
    },
  },
});

describe.skipIf(unavailable !== '')('a study on Ray', () => {
  beforeAll(begin, 90_000);
  afterAll(async () => {
    await ray?.stop();
    killAll(folder);
    rmSync(folder, { recursive: true, force: true });
  });

  const runnerOf = (lab: Lab, shared: boolean, changed?: (epoch: number) => void): StudyRunner =>
    new StudyRunner(lab, STUDY, {
      workers: 2,
      trainer: () =>
        new RayTrainer(lab, {
          cluster,
          program: root,
          sharedFolder: shared ? lab.folder : undefined,
          cpus: 1,
          gpus: 0,
          every: 250,
        }),
      changed: ({ epoch }) => changed?.(epoch),
    });

  /** The last checkpoint's weights of each cell. */
  const weightsOf = (lab: Lab, runner: StudyRunner) =>
    Promise.all(runner.status().map(({ run }) => tensorsOf(lab.open(run!))));

  it('loses a worker, goes on from its checkpoint, and ends with the weights of an undisturbed study of this machine', async () => {
    const local = new Lab(join(folder, 'local'));
    const undisturbed = new StudyRunner(local, STUDY, { workers: 1 });
    expect(await undisturbed.run()).toBe(true);

    const lab = new Lab(join(folder, 'shared'));
    let killed = 0;
    const runner = runnerOf(lab, true, (epoch) => {
      if (killed > 0 || epoch < 2) return;
      // The process that trains; that it is lost is all that Ray is told.
      killed = processes('cli.ts resume', lab.folder).length;
      killAll('cli.ts resume', lab.folder);
    });
    expect(await runner.run()).toBe(true);
    expect(killed).toBeGreaterThan(0);
    expect(runner.status().map(({ state, failure }) => failure ?? state)).toEqual(['finished', 'finished', 'finished']);
    const [wanted, found] = [await weightsOf(local, undisturbed), await weightsOf(lab, runner)];
    found.forEach((tensors, at) => expect(differing(tensors, wanted[at]!)).toEqual([]));
    // Each epoch is recorded once.
    expect(
      lab
        .open('1')
        .metrics()
        .map(({ epoch }) => epoch),
    ).toEqual(Array.from({ length: 120 }, (_, at) => at + 1));
  }, 150_000);

  it('is stopped with a checkpoint, and goes on where it was, on nodes that share no folder', async () => {
    const lab = new Lab(join(folder, 'fetched'));
    const first = runnerOf(lab, false, (epoch) => {
      if (epoch >= 2) first.stop();
    });
    expect(await first.run()).toBe(false);
    const stopped = lab.open('1');
    expect(stopped.status).toBe('stopped');
    expect(stopped.checkpoint().step).toBeGreaterThan(0);
    const again = runnerOf(lab, false);
    expect(await again.run()).toBe(true);
    expect(again.status().map(({ state, failure }) => failure ?? state)).toEqual(['finished', 'finished', 'finished']);
    const local = new Lab(join(folder, 'local'));
    const wanted = await Promise.all(['1', '2', '3'].map((run) => tensorsOf(local.open(run))));
    (await weightsOf(lab, again)).forEach((tensors, at) => expect(differing(tensors, wanted[at]!)).toEqual([]));
    expect(processes('train-archive', folder)).toEqual([]);
  }, 150_000);
});
