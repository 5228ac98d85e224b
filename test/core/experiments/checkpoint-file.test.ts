import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseSafetensors, encodeSafetensors } from '../../../src-core/data/safetensors';
import { readCheckpointFile, writeCheckpointFile } from '../../../src-core/experiments/checkpoint-file';
import type { Run, RunStore } from '../../../src-core/experiments/run-store';
import { expectLabError, rejectionOf } from '../lab-error';
import { describeRun, stateAt, temporaryStore, writeCheckpoint } from './stored-run';

let store: RunStore;
let run: Run;
let file: string;
beforeEach(async () => {
  store = temporaryStore();
  run = await store.create('one', describeRun(1));
  await writeCheckpoint(run, 10, { testErrors: 1 });
  await writeCheckpoint(run, 20, { testErrors: 2 });
  file = join(store.lab, 'saved.safetensors');
});

async function expectRefused(...words: string[]): Promise<void> {
  expectLabError(await rejectionOf(readCheckpointFile(file)), 'damaged-file', ...words);
}

describe('a checkpoint in a file of its own', () => {
  it('comes back as it was, with its spec, and says nothing of the other checkpoints', async () => {
    await writeCheckpointFile(run, '1', file);
    const { record, epoch, state } = await readCheckpointFile(file);
    expect(epoch).toBe(1);
    expect(state).toEqual(stateAt(10));
    expect(record.spec).toEqual(run.spec);
    expect(record.checkpoints).toEqual([]);
    expect(record.best).toBeUndefined();
  });

  it('needs a checkpoint that exists', async () => {
    expectLabError(await rejectionOf(writeCheckpointFile(run, '7', file)), 'not-found', '7');
  });

  it('is refused with a changed value', async () => {
    await writeCheckpointFile(run, 'last', file);
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
    await expectRefused('changed');
  });

  it('is refused when it was cut off', async () => {
    await writeCheckpointFile(run, 'last', file);
    writeFileSync(file, readFileSync(file).subarray(0, -3));
    await expectRefused(file);
  });

  it('is refused when it is another kind of safetensors, such as a run of its own folder', async () => {
    writeFileSync(file, readFileSync(run.checkpointFile('epoch-0002')));
    await expectRefused('Save checkpoint');
  });

  it('is refused with a spec that is none', async () => {
    await writeCheckpointFile(run, 'last', file);
    const { tensors, metadata } = parseSafetensors(readFileSync(file), file);
    const record = JSON.parse(metadata['record']!) as { spec: { seed: unknown } };
    record.spec.seed = -1;
    writeFileSync(file, encodeSafetensors(tensors, { ...metadata, record: JSON.stringify(record) }));
    await expectRefused('seed');
  });

  it('that is not there is said to be missing', async () => {
    expectLabError(await rejectionOf(readCheckpointFile(file)), 'storage', file);
  });
});
