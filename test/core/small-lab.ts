/** A laboratory of seconds: the real digits, small networks, a folder that goes away. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { RunEvent } from '../../src-core/contract/run';
import type { RunSpec, RunSpecInput } from '../../src-core/contract/spec';
import { parseRunSpec } from '../../src-core/contract/spec';
import type { Dataset } from '../../src-core/data/dataset';
import { loadMnist, mnistFolder } from '../../src-core/data/mnist';
import { selectTransferSet } from '../../src-core/data/transfer-set';
import { describeEnvironment } from '../../src-core/experiments/environment';
import type { Run } from '../../src-core/experiments/run-store';
import { RunStore } from '../../src-core/experiments/run-store';
import type { ActiveRun } from '../../src-core/experiments/training-run';
import { activateRun, createRun } from '../../src-core/experiments/training-run';
import type { NamedArray } from '../../src-core/models/model';
import type { Teacher } from '../../src-core/training/teacher-logits';
import type { TrainingState } from '../../src-core/training/train';
import { Training } from '../../src-core/training/train';

let loaded: Dataset | undefined;

/** MNIST, whole. */
export function mnist(): Dataset {
  loaded ??= loadMnist(mnistFolder());
  return loaded;
}

/** MNIST with its first 500 test digits only: evaluation costs next to nothing. */
export function digits(): Dataset {
  const { test, side, ...rest } = mnist();
  return {
    ...rest,
    side,
    test: { images: test.images.subarray(0, 500 * side * side), labels: test.labels.subarray(0, 500) },
  };
}

/** Some 1200 digits in 19 steps an epoch, the last of them not full: over in a moment. */
export function smallSpec(changes: Partial<RunSpecInput> = {}): RunSpec {
  return parseRunSpec({
    data: { share: 0.02 },
    model: { kind: 'mlp', hidden: [16] },
    optimiser: { kind: 'momentum', learningRate: 0.05 },
    training: { epochs: 2, batchSize: 64 },
    ...changes,
  });
}

/** A training by itself, without a folder. */
export function trainingOf(spec: RunSpec, teachers: readonly Teacher[] = [], state?: TrainingState): Training {
  return new Training(spec, digits(), selectTransferSet(digits(), spec.data), teachers, state);
}

/** Takes steps to the given one, or to the end; what follows that step is left to the next call. */
export async function advance(training: Training, step = training.totalSteps): Promise<void> {
  for await (const event of training.train()) {
    const endsEpoch = event.step % training.batches.stepsPerEpoch === 0;
    if (event.step >= step && (event.type === 'epoch' || !endsEpoch)) return;
  }
}

/** The state after a training of the whole spec. */
export async function trained(spec: RunSpec, teachers: readonly Teacher[] = []): Promise<TrainingState> {
  const training = trainingOf(spec, teachers);
  try {
    await advance(training);
    return training.state();
  } finally {
    training.dispose();
  }
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder that goes away after the file's tests. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'distill-lab-core-'));
  folders.push(folder);
  return folder;
}

/** Runs in a folder that goes away. */
export class SmallLab {
  constructor(
    readonly dataset = digits(),
    readonly store = new RunStore(temporaryFolder()),
  ) {}

  async create(spec: RunSpec): Promise<Run> {
    return createRun(this.store, spec, this.dataset, await describeEnvironment());
  }

  activate(run: Run, from?: string): Promise<ActiveRun> {
    return activateRun(this.store, run, this.dataset, from);
  }

  /** Trains a run from where it stands to its end. */
  async finish(run: Run): Promise<RunEvent[]> {
    return eventsOf(await this.activate(run));
  }

  async train(spec: RunSpec): Promise<Run> {
    const run = await this.create(spec);
    await this.finish(run);
    return run;
  }

  /** Goes on to just after a step and stops there, granting one step at a time. */
  async trainTo(run: Run, step: number): Promise<void> {
    const active = await this.activate(run);
    active.session.pause();
    for await (const event of active.events()) {
      if (event.type !== 'progress') continue;
      if (event.step < step) active.session.singleStep();
      else active.session.stop();
    }
  }
}

export async function eventsOf(active: ActiveRun): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of active.events()) events.push(event);
  return events;
}

type Tensors = Readonly<Record<string, NamedArray>>;

/** The last checkpoint's tensors. */
export async function tensorsOf(run: Run): Promise<Tensors> {
  return (await run.readCheckpoint(run.checkpoint())).tensors;
}

function bytesOf({ values }: NamedArray): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

/** Names of the tensors of which not every byte is the same. */
export function differing(a: Tensors, b: Tensors): string[] {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].filter((name) => !a[name] || !b[name] || !bytesOf(a[name]).equals(bytesOf(b[name])));
}
