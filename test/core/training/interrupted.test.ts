/** A training that is killed or interrupted: real processes, real signals. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunSpec } from '../../../src-core/contract/spec';
import type { Run } from '../../../src-core/experiments/run-store';
import { SmallLab, differing, mnist, smallSpec, tensorsOf } from '../small-lab';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Long enough not to end between a checkpoint and the signal that follows it. */
const LONG = smallSpec({
  data: { share: 0.05, jitter: { pixels: 2 } },
  model: { kind: 'mlp', hidden: [64, 64], dropout: [0.2, 0.5, 0.5] },
  optimiser: { kind: 'momentum', learningRate: 0.05, maxSquaredNorm: 15 },
  schedule: { kind: 'cosine' },
  training: { epochs: 12, batchSize: 32 },
});

const children = new Set<ChildProcess>();
afterAll(() => children.forEach((child) => child.kill('SIGKILL')));

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The laboratory in a process of its own. */
function startLab(lab: SmallLab, ...words: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const program = ['--import', 'tsx', join(root, 'src-core', 'cli.ts')];
  const child = spawn(process.execPath, [...program, ...words, '--lab', lab.store.lab], {
    cwd: root,
    env: { ...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => (stdout += text));
  child.stderr.on('data', (text) => (stderr += text));
  const ended = new Promise<Ended>((resolve) =>
    child.on('close', (code, signal) => {
      children.delete(child);
      resolve({ code, signal, stdout, stderr });
    }),
  );
  return { child, ended };
}

/** Starts a run and waits for its first checkpoints. */
async function startTraining(lab: SmallLab, spec: RunSpec, checkpoints: number) {
  const file = join(lab.store.lab, 'spec.json');
  writeFileSync(file, JSON.stringify(spec));
  const started = startLab(lab, 'train', file);
  let over = false;
  void started.ended.then(() => (over = true));
  const written = (): number => lab.store.ids().reduce((count, id) => count + countCheckpoints(lab, id), 0);
  while (!over && written() < checkpoints) await new Promise((resolve) => setTimeout(resolve, 10));
  if (over) throw new Error(`it ended too soon: ${JSON.stringify(await started.ended)}`);
  return started;
}

function countCheckpoints(lab: SmallLab, id: string): number {
  try {
    return lab.store.open(id).record.checkpoints.length;
  } catch {
    // The folder is there before its run.json.
    return 0;
  }
}

/** What the interrupted run must come to: trained in this process, in one go. */
const whole = new SmallLab(mnist()).train(LONG);

async function expectWhole(run: Run): Promise<void> {
  expect(run.status).toBe('finished');
  expect(differing(await tensorsOf(run), await tensorsOf(await whole))).toEqual([]);
  expect(run.metrics().map(({ epoch, loss, testErrors }) => [epoch, loss, testErrors])).toEqual(
    (await whole).metrics().map(({ epoch, loss, testErrors }) => [epoch, loss, testErrors]),
  );
}

describe('a training', () => {
  it('that was killed goes on from its last checkpoint and ends byte for byte like one that was left alone', async () => {
    const lab = new SmallLab(mnist());
    const { child, ended } = await startTraining(lab, LONG, 1);
    child.kill('SIGKILL');
    expect(await ended).toMatchObject({ code: null, signal: 'SIGKILL' });
    const killed = lab.store.open('last');
    expect(killed.record.status).toBe('running');
    expect(killed.status).toBe('stopped');
    expect(killed.checkpoint().epoch).toBeLessThan(LONG.training.epochs);

    const resumed = await startLab(lab, 'resume', 'last').ended;
    expect(resumed).toMatchObject({ code: 0 });
    await expectWhole(lab.store.open('last'));
  });

  it('that was interrupted writes a checkpoint, says how to go on and ends with 130', async () => {
    const lab = new SmallLab(mnist());
    const { child, ended } = await startTraining(lab, LONG, 1);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    const run = lab.store.open('last');
    expect([code, stderr]).toEqual([130, expect.stringContaining('Go on with `npm run lab -- resume 1`.')]);
    expect(run.record.status).toBe('stopped');
    expect(stderr).toContain(`at step ${run.checkpoint().step}; the checkpoint is written.`);

    // Going on in another process than the one that began, here this one.
    await lab.finish(run);
    await expectWhole(lab.store.open(run.id));
  });
});
