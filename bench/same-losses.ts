/** That both sides do the same work: the same weights and batches give the same losses. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRunSpec } from '../src-core/contract/spec';
import type { RunSpecInput } from '../src-core/contract/spec';
import { drawBatch } from '../src-core/data/batches';
import type { Dataset } from '../src-core/data/dataset';
import { normalisationTable } from '../src-core/data/jitter';
import { encodeNpz } from '../src-core/data/npz';
import type { NpyArray } from '../src-core/data/npy';
import { encodeSafetensors } from '../src-core/data/safetensors';
import { selectTransferSet } from '../src-core/data/transfer-set';
import type { Teacher } from '../src-core/training/teacher-logits';
import { TeacherLogits } from '../src-core/training/teacher-logits';
import { Training } from '../src-core/training/train';
import type { Peer } from './peer';

const STEPS = 100;

/**
 * Trains for 100 steps on both sides, without dropout, from the same weights on the same batches.
 * @returns the largest difference between two losses of the same step
 */
export async function largestLossDifference(
  peer: Peer,
  dataset: Dataset,
  input: RunSpecInput,
  teachers: readonly Teacher[],
): Promise<number> {
  const spec = parseRunSpec(input);
  const { optimiser, objective, data, training: settings } = spec;
  if (optimiser.kind !== 'momentum' || objective.kind === 'mse-logits') throw new TypeError('not a spec for this');
  const training = new Training(spec, dataset, selectTransferSet(dataset, data), teachers);
  const { side, classes } = dataset;
  const weights = Object.fromEntries(
    training.model.variables.map((variable) => [variable.name, { shape: variable.shape, values: variable.values() }]),
  );
  const images = new Float32Array(STEPS * settings.batchSize * side ** 2);
  const labels = new Uint8Array(STEPS * settings.batchSize);
  const teacherLogits = new Float32Array(STEPS * settings.batchSize * classes);
  const teacher = new TeacherLogits(teachers, dataset, data, 'live');
  for (let step = 0; step < STEPS; step++) {
    const batch = training.batches.at(step);
    const first = step * settings.batchSize;
    drawBatch(dataset.train, side, batch, normalisationTable(data.normalisation), images.subarray(first * side ** 2));
    batch.positions.forEach((position, row) => (labels[first + row] = dataset.train.labels[position]!));
    if (teachers.length > 0) teacherLogits.set(teacher.forBatch(batch), first * classes);
  }

  const ours: number[] = [];
  let before = 0;
  for await (const event of training.train()) {
    if (event.type !== 'step') continue;
    const { total, images: seen } = training.losses();
    const sum = total - before;
    before = total;
    ours.push((sum / seen) * event.step);
    if (ours.length === STEPS) break;
  }
  training.dispose();

  const folder = mkdtempSync(join(tmpdir(), 'distill-lab-losses-'));
  try {
    const arrays: Record<string, NpyArray> = {
      images: { shape: [STEPS, settings.batchSize, side ** 2], values: images },
      labels: { shape: [STEPS, settings.batchSize], values: labels },
      ...(teachers.length > 0
        ? { teacherLogits: { shape: [STEPS, settings.batchSize, classes], values: teacherLogits } }
        : {}),
    };
    writeFileSync(join(folder, 'weights.safetensors'), encodeSafetensors(weights));
    writeFileSync(join(folder, 'batches.npz'), encodeNpz(arrays));
    const { losses } = await peer.ask<{ losses: number[] }>({
      cmd: 'losses',
      weights: join(folder, 'weights.safetensors'),
      batches: join(folder, 'batches.npz'),
      learningRate: optimiser.learningRate,
      momentum: optimiser.momentum,
      ...(objective.kind === 'soft' ? { temperature: objective.temperature, softWeight: objective.softWeight } : {}),
    });
    return losses.reduce((largest, loss, step) => Math.max(largest, Math.abs(loss - ours[step]!)), 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
