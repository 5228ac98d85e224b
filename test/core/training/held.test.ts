import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src-core/contract/run';
import { SmallLab, differing, smallSpec, tensorsOf } from '../small-lab';

const lab = new SmallLab();
const spec = smallSpec({ training: { epochs: 4, batchSize: 64 } });

/** Trains; at the end of epoch 2 its folder is gone, for as many tries as are given. */
async function trainWithout(folderFor: number, whenHeld: 'resume' | 'stop') {
  const run = await lab.create(spec);
  const away = `${run.path}-away`;
  const active = await lab.activate(run);
  active.session.holdWhenNothingCanBeKept();
  const events: RunEvent[] = [];
  const train = async (): Promise<void> => {
    for await (const event of active.events()) {
      events.push(event);
      if (event.type === 'epoch' && event.record.epoch === 1) {
        renameSync(run.path, away);
        writeFileSync(run.path, 'a file');
      }
      if (event.type !== 'held') continue;
      const tries = events.filter(({ type }) => type === 'held').length;
      if (tries === folderFor) {
        rmSync(run.path);
        renameSync(away, run.path);
      }
      active.session[whenHeld]();
    }
  };
  const failure = await train().then(
    () => undefined,
    (error: unknown) => error,
  );
  return { run, failure, held: events.filter((event) => event.type === 'held') };
}

describe('a training whose results cannot be kept for a while', () => {
  it('is held with the reason, and goes on bit for bit once they can', async () => {
    const { run, failure, held } = await trainWithout(3, 'resume');
    expect(failure).toBeUndefined();
    expect(held).toHaveLength(3);
    expect(held[0]).toMatchObject({ run: run.id, reason: expect.stringContaining('a file stands where') as string });
    const read = lab.store.open(run.id);
    expect(read.status).toBe('finished');
    expect(read.metrics().map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
    expect(differing(await tensorsOf(read), await tensorsOf(await lab.train(spec)))).toEqual([]);
  });

  it('ends at a stop that finds them refused still', async () => {
    const { run, failure, held } = await trainWithout(9, 'stop');
    expect(held).toHaveLength(1);
    expect(failure).toMatchObject({ code: 'storage' });
    rmSync(run.path);
    renameSync(`${run.path}-away`, run.path);
    expect(lab.store.open(run.id).status).toBe('stopped');
  });
});
