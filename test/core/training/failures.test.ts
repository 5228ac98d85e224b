import { existsSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src-core/contract/run';
import type { RunSpec } from '../../../src-core/contract/spec';
import type { Dataset } from '../../../src-core/data/dataset';
import type { Run } from '../../../src-core/experiments/run-store';
import { SmallLab, differing, digits, smallSpec, tensorsOf } from '../small-lab';

const lab = new SmallLab();

/** Trains until it ends or fails, doing something after the first epoch. */
async function trainAnd(run: Run, afterFirstEpoch: () => void): Promise<{ events: RunEvent[]; error: unknown }> {
  const active = await lab.activate(run);
  const events: RunEvent[] = [];
  try {
    for await (const event of active.events()) {
      events.push(event);
      if (event.type === 'epoch' && event.record.epoch === 1) afterFirstEpoch();
    }
    return { events, error: undefined };
  } catch (error) {
    return { events, error };
  }
}

describe('a loss that is not finite', () => {
  /** Six layers at a rate of 100: every step multiplies the logits by powers of ten. */
  const diverging = (batchSize: number): RunSpec =>
    smallSpec({
      model: { kind: 'mlp', hidden: [16, 16, 16, 16, 16, 16] },
      optimiser: { kind: 'momentum', learningRate: 100, nesterov: true },
      training: { epochs: 30, batchSize },
    });

  it('ends the run, names the step and says so in the run’s folder', async () => {
    const run = await lab.create(diverging(64));
    const { events, error } = await trainAnd(run, () => undefined);
    expect(error).toMatchObject({ name: 'LabError', code: 'not-finite' });
    const failure = (error as Error).message;
    expect(failure).toMatch(/^The loss is not finite at step \d+ /);
    expect(events.at(-1)).toEqual({ type: 'status', run: run.id, status: 'failed', failure });
    expect(lab.store.open(run.id).record).toMatchObject({ status: 'failed', failure, checkpoints: [] });
  });

  it('names the very step when it is watched step by step', async () => {
    const active = await lab.activate(await lab.create(diverging(64)));
    active.session.pause();
    let last = 0;
    let message = '';
    try {
      for await (const event of active.events()) {
        if (event.type !== 'progress') continue;
        last = event.step;
        active.session.singleStep();
      }
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain(`not finite at step ${last + 1} (epoch 1)`);
  });

  it('leaves the last good checkpoint', async () => {
    const run = await lab.create(diverging(1200));
    const { events, error } = await trainAnd(run, () => undefined);
    expect(error).toMatchObject({ code: 'not-finite' });
    const epochs = events.filter(({ type }) => type === 'epoch').length;
    expect(epochs).toBeGreaterThan(0);
    const failed = lab.store.open(run.id);
    expect(failed.checkpoint().epoch).toBe(epochs);
    for (const { values } of Object.values(await tensorsOf(failed))) expect(values.every(Number.isFinite)).toBe(true);
  });
});

describe('storage that fails in the middle of a run', () => {
  const spec = smallSpec({ training: { epochs: 4, batchSize: 64 } });

  it.each(['checkpoints', 'logits'])('because a file stands in place of %s stops it cleanly', async (folder) => {
    const whole = await lab.train(spec);
    const run = await lab.create(spec);
    const path = join(run.path, folder);
    const { events, error } = await trainAnd(run, () => {
      renameSync(path, `${path}.away`);
      writeFileSync(path, 'in the way');
    });
    expect(error).toMatchObject({ name: 'LabError', code: 'storage' });
    expect((error as Error).message).toContain(path);
    expect(events.at(-1)).toMatchObject({ type: 'status', status: 'failed' });

    // The previous checkpoint is whole, nobody holds the run, and it goes on once the trouble is over.
    rmSync(path);
    renameSync(`${path}.away`, path);
    const failed = lab.store.open(run.id);
    expect(failed.status).toBe('failed');
    expect(failed.record.failure).toBe((error as Error).message);
    expect(failed.checkpoint().epoch).toBe(1);
    await lab.finish(failed);
    expect(lab.store.open(run.id).record).not.toHaveProperty('failure');
    expect(failed.metrics().map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
    expect(differing(await tensorsOf(failed), await tensorsOf(whole))).toEqual([]);
  });

  it('because the whole folder is gone stops it cleanly', async () => {
    const run = await lab.create(spec);
    const { events, error } = await trainAnd(run, () => rmSync(run.path, { recursive: true }));
    expect(error).toMatchObject({ code: 'storage' });
    expect(events.at(-1)).toMatchObject({ status: 'failed' });
  });

  it.runIf(existsSync('/dev/full'))('because the disk is full stops it cleanly', async () => {
    const run = await lab.create(spec);
    const metrics = join(run.path, 'metrics.jsonl');
    let before: Buffer | undefined;
    const { error } = await trainAnd(run, () => {
      before = readFileSync(metrics);
      rmSync(metrics);
      symlinkSync('/dev/full', metrics);
    });
    // Away with the link before anything is written through it under another name.
    rmSync(metrics);
    writeFileSync(metrics, before!);
    expect(error).toMatchObject({ code: 'storage' });
    expect((error as Error).message).toContain('the disk is full (ENOSPC)');
    const failed = lab.store.open(run.id);
    expect([failed.status, failed.checkpoint().epoch]).toEqual(['failed', 1]);
    await lab.finish(failed);
    expect(failed.checkpoint().epoch).toBe(4);
  });
});

describe('a teacher', () => {
  /** Every other pixel of the digits below 5: other images, other classes. */
  function halved(): Dataset {
    const whole = digits();
    const shrink = ({ images, labels }: Dataset['train']): Dataset['train'] => {
      const kept = [...labels.keys()].filter((index) => labels[index]! < 5).slice(0, 2000);
      const pixels = (index: number): number[] =>
        Array.from({ length: 196 }, (_, at) => images[index * 784 + Math.floor(at / 14) * 56 + (at % 14) * 2]!);
      return { images: Uint8Array.from(kept.flatMap(pixels)), labels: Uint8Array.from(kept, (at) => labels[at]!) };
    };
    return { ...whole, side: 14, classes: 5, train: shrink(whole.train), test: shrink(whole.test) };
  }

  it('of other images and classes is refused before a run is made', async () => {
    const small = new SmallLab(halved());
    const teacher = await small.train(smallSpec({ name: 'half', data: { classes: [0, 1, 2, 3, 4] } }));
    expect(teacher.checkpoint().testErrors).toBeLessThan(100);
    const student = smallSpec({ objective: { kind: 'soft', teachers: ['half'] } });
    const onDigits = new SmallLab(digits(), small.store);
    await expect(onDigits.create(student)).rejects.toMatchObject({
      code: 'incompatible',
      message: expect.stringMatching(/Teacher 0001-half reads 14×14 images of 5 classes.*28×28 of 10/),
    });
    expect(small.store.ids()).toEqual([teacher.id]);
  });

  it('that does not exist, or has no checkpoint, is refused before a run is made', async () => {
    const before = lab.store.ids().length;
    const student = (teacher: string) => lab.create(smallSpec({ objective: { kind: 'soft', teachers: [teacher] } }));
    await expect(student('nobody')).rejects.toMatchObject({ code: 'not-found' });
    const untrained = await lab.create(smallSpec({ name: 'untrained' }));
    await expect(student(untrained.id)).rejects.toMatchObject({ code: 'not-found' });
    const trained = await lab.train(smallSpec({ name: 'trained' }));
    await expect(student(`${trained.id}@7`)).rejects.toMatchObject({ code: 'not-found' });
    expect(lab.store.ids()).toHaveLength(before + 2);
  });

  it('that is being trained is refused', async () => {
    const teacher = await lab.create(smallSpec({ training: { epochs: 1000 } }));
    const active = await lab.activate(teacher);
    for await (const event of active.events()) {
      if (event.type !== 'epoch') continue;
      const student = smallSpec({ objective: { kind: 'soft', teachers: [teacher.id] } });
      await expect(lab.create(student)).rejects.toMatchObject({ code: 'locked' });
      break;
    }
  });

  it('whose checkpoint has changed since its student began is refused', async () => {
    const teacher = await lab.train(smallSpec({ name: 'changing' }));
    const student = await lab.create(smallSpec({ objective: { kind: 'soft', teachers: [teacher.id] } }));
    await lab.trainTo(student, 5);
    const file = teacher.checkpointFile(teacher.checkpoint().name);
    const bytes = readFileSync(file);
    // One bit of the last weight: still a checkpoint, but another.
    bytes[bytes.length - 4]! ^= 1;
    writeFileSync(file, bytes);
    await expect(lab.activate(student)).rejects.toMatchObject({ message: expect.stringContaining(file) });
    expect(lab.store.open(student.id).record).toMatchObject({
      status: 'failed',
      failure: expect.stringContaining(file),
    });
    bytes[bytes.length - 4]! ^= 1;
    writeFileSync(file, bytes);
    await lab.finish(student);
    expect(student.status).toBe('finished');
    expect(lab.store.open(student.id).record).not.toHaveProperty('failure');
  });
});
