/** Runs on disk without a training: what the store itself promises. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { EpochRecord, RunRecord } from '../../../src-core/contract/run';
import { parseRunSpec } from '../../../src-core/contract/spec';
import type { Run } from '../../../src-core/experiments/run-store';
import { RunStore } from '../../../src-core/experiments/run-store';
import type { TrainingState } from '../../../src-core/training/train';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A store in a folder that goes away after the file's tests. */
export function temporaryStore(): RunStore {
  const folder = mkdtempSync(join(tmpdir(), 'distill-lab-store-'));
  folders.push(folder);
  return new RunStore(folder);
}

/** A run of 100 images, ten steps an epoch, before it is trained. */
export function describeRun(checkpointEvery = 0): Omit<RunRecord, 'id'> {
  return {
    format: 1,
    createdAt: '2024-01-02T03:04:05.000Z',
    spec: parseRunSpec({
      model: { kind: 'mlp', hidden: [] },
      optimiser: { kind: 'momentum', learningRate: 0.1 },
      training: { epochs: 10, batchSize: 10, checkpointEvery },
    }),
    status: 'created',
    environment: {
      lab: '0.1.0',
      tensorflow: '2.21.0',
      device: 'cpu',
      processor: 'some',
      threads: 2,
      node: '20.11.0',
      platform: 'linux-x64',
      gitCommit: null,
      method: 1,
    },
    teachers: [],
    model: { summary: '4-2', parameterCount: 10, multiplyAdds: 8, side: 2, classes: 2 },
    images: { training: 100, validation: 0 },
    checkpoints: [],
  };
}

export function stateAt(step: number): TrainingState {
  return {
    step,
    sums: { total: step / 3, soft: 0, hard: step / 7, images: 10 * step },
    tensors: {
      'output/weight': { shape: [4, 2], values: Float32Array.from({ length: 8 }, (_, index) => step + index / 8) },
      'output/bias': { shape: [2], values: Float32Array.of(-step, step) },
    },
  };
}

/** Where the nth of ten steps an epoch leaves a run: a whole epoch, or a stop within one. */
export function checkpointAt(step: number, errors: { testErrors?: number; validationErrors?: number } = {}) {
  const epoch = Math.floor(step / 10);
  const whole = `epoch-${String(epoch).padStart(4, '0')}`;
  return { name: step % 10 === 0 ? whole : `${whole}-step-${step}`, epoch, step, seconds: step / 10, ...errors };
}

/** Writes a checkpoint with logits of two test images. */
export async function writeCheckpoint(
  run: Run,
  step: number,
  errors: { testErrors?: number; validationErrors?: number } = {},
): Promise<void> {
  const test = { values: Float32Array.of(step, 1, 2, 3), count: 2, classes: 2 };
  await run.writeCheckpoint(checkpointAt(step, errors), stateAt(step), { test });
}

export function epochRecord(epoch: number): EpochRecord {
  return {
    epoch,
    step: 10 * epoch,
    loss: 1 / epoch,
    hardLoss: 1 / epoch,
    learningRate: 0.1,
    testErrors: 100 - epoch,
    seconds: epoch,
    stepMilliseconds: 100,
  };
}
