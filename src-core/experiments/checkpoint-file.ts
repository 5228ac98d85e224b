/** A checkpoint as one file that holds its run's spec too: what leaves a lab and comes back on another day. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { LabError, messageOf } from '../contract/errors';
import type { RunRecord } from '../contract/run';
import { parseRunRecord } from '../contract/run';
import { writeAtomically } from '../data/atomic-write';
import { readWhole } from '../data/read-file';
import type { TensorArray } from '../data/safetensors';
import { encodeSafetensors, parseSafetensors } from '../data/safetensors';
import type { TrainingState } from '../training/train';
import type { Run } from './run-store';

const FORMAT = 'distill-lab-checkpoint-1';

export interface LoadedCheckpoint {
  readonly record: RunRecord;
  readonly epoch: number;
  readonly state: TrainingState;
}

/** Of all values, so that a single changed bit is seen. */
function digest(tensors: Readonly<Record<string, TensorArray>>): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(tensors).sort()) {
    const { values } = tensors[name]!;
    hash.update(name).update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest('hex');
}

/** @throws LabError when the checkpoint is damaged or the file cannot be written */
export async function writeCheckpointFile(run: Run, reference: string, file: string): Promise<void> {
  const checkpoint = run.checkpoint(reference);
  const state = await run.readCheckpoint(checkpoint);
  const { checkpoints: _checkpoints, best: _best, failure: _failure, ...record } = run.record;
  const metadata = {
    format: FORMAT,
    record: JSON.stringify({ ...record, checkpoints: [] }),
    epoch: String(checkpoint.epoch),
    state: JSON.stringify({ step: state.step, sums: state.sums }),
    sha256: digest(state.tensors),
  };
  await writeAtomically(file, encodeSafetensors(state.tensors, metadata));
}

/**
 * Whether a file says of itself that it is such a file.
 * @throws LabError `storage` when it cannot be read, `damaged-file` when it is no safetensors file at all
 */
export async function isCheckpointFile(file: string): Promise<boolean> {
  if (!file.toLowerCase().endsWith('.safetensors')) return false;
  const bytes = await readWhole(file);
  return parseSafetensors(bytes, file).metadata['format'] === FORMAT;
}

/**
 * Reads such a file whole.
 * @throws LabError `damaged-file` when anything in it is not as it was written
 */
export async function readCheckpointFile(file: string): Promise<LoadedCheckpoint> {
  const bytes = await readWhole(file);
  const { tensors, metadata } = parseSafetensors(bytes, file);
  try {
    if (metadata['format'] !== FORMAT) throw new Error('it was not written by "Save checkpoint"');
    if (metadata['sha256'] !== digest(tensors)) throw new Error('its values have changed since it was written');
    const record = parseRunRecord(JSON.parse(metadata['record'] ?? ''));
    const { step, sums } = JSON.parse(metadata['state'] ?? '') as Omit<TrainingState, 'tensors'>;
    const epoch = Number(metadata['epoch']);
    const numbers = [epoch, step, sums.total, sums.soft, sums.hard, sums.images];
    if (!numbers.every(Number.isFinite)) throw new Error('its step is not a number');
    return { record, epoch, state: { step, sums, tensors } };
  } catch (error) {
    throw new LabError(
      'damaged-file',
      `${basename(file)} is not a checkpoint that can be loaded: ${messageOf(error).replace(/\.$/, '')}.`,
      'Choose a file that "Save checkpoint" wrote.',
      { cause: error },
    );
  }
}
