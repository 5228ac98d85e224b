import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src-core/contract/run';
import type { ActiveRun } from '../../../src-core/experiments/training-run';
import { SmallLab, eventsOf, smallSpec } from '../small-lab';

const lab = new SmallLab();

const activate = async (...spec: Parameters<typeof smallSpec>): Promise<ActiveRun> =>
  lab.activate(await lab.create(smallSpec(...spec)));

const stepsOf = (events: readonly RunEvent[]): number[] =>
  events.flatMap((event) => (event.type === 'progress' ? [event.step] : []));

/** A turn of the event loop in which a training that is not held would take steps. */
const aWhile = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 60));

describe('a session', () => {
  it('tells its beginning, every epoch and its end', async () => {
    const events = await eventsOf(await activate({ data: { share: 0.02, validation: 0.01 } }));
    expect(events.filter(({ type }) => type !== 'progress')).toMatchObject([
      { type: 'status', status: 'running' },
      { type: 'epoch', record: { epoch: 1 } },
      { type: 'epoch', record: { epoch: 2 } },
      { type: 'status', status: 'finished' },
    ]);
    expect(new Set(events.map(({ run }) => run)).size).toBe(1);
  });

  it('sends at most 20 messages of progress a second', async () => {
    const active = await activate({ training: { epochs: 12, batchSize: 16 } });
    const start = performance.now();
    const events = await eventsOf(active);
    const elapsed = performance.now() - start;
    // Each is 50 ms or more after the one before, however slow the machine: so many at most.
    expect(stepsOf(events).length).toBeGreaterThan(0);
    expect(stepsOf(events).length).toBeLessThanOrEqual(elapsed / 50);
    for (const event of events) {
      if (event.type !== 'progress') continue;
      expect(event).toMatchObject({ epochs: 12, totalSteps: 900, learningRate: 0.05 });
      expect(event.epoch).toBe(Math.ceil(event.step / 75));
      expect(event.loss).toBeGreaterThan(0);
      expect(event.stepMilliseconds).toBeGreaterThan(0);
      expect(event.imagesPerSecond).toBeCloseTo(16_000 / event.stepMilliseconds, 3);
      expect(event.secondsLeft).toBeCloseTo(((900 - event.step) * event.stepMilliseconds) / 1000, 3);
    }
  });

  it('tells the mean loss of all images since the last message, over the ends of epochs', async () => {
    const epochs = 40;
    const active = await activate({ training: { epochs, batchSize: 64 } });
    const images = active.run.record.images.training;
    const seenAfter = (step: number): number => Math.floor(step / 19) * images + (step % 19) * 64;
    let told = 0;
    let recorded = 0;
    let before = 0;
    let paused = false;
    for await (const event of active.events()) {
      if (event.type === 'progress') {
        told += event.loss * (seenAfter(event.step) - seenAfter(before));
        before = event.step;
        if (paused) active.session.singleStep();
      } else if (event.type === 'epoch') {
        recorded += event.record.loss * images;
        // From here on every step is told: the last message is about the very last.
        paused = event.record.epoch >= epochs - 1;
        if (paused) active.session.pause();
      }
    }
    expect(before).toBe(19 * epochs);
    expect(told / (images * epochs)).toBeCloseTo(recorded / (images * epochs), 5);
  });

  it('takes no step while paused, one when told to, and the rest after resuming', async () => {
    const active = await activate();
    const { session } = active;
    const events: RunEvent[] = [];
    session.pause();
    const ended = (async () => {
      for await (const event of active.events()) events.push(event);
    })();
    const seen = async (steps: number): Promise<void> => {
      while (stepsOf(events).length < steps) await new Promise((resolve) => setTimeout(resolve, 5));
      await aWhile();
    };
    await seen(1);
    const [held] = stepsOf(events);
    for (const extra of [1, 2, 3]) {
      session.singleStep();
      await seen(1 + extra);
      expect(stepsOf(events).at(-1)).toBe(held! + extra);
      expect(stepsOf(events)).toHaveLength(1 + extra);
    }
    session.resume();
    await ended;
    expect(events.at(-1)).toMatchObject({ type: 'status', status: 'finished' });
    expect(active.run.checkpoint().step).toBe(38);
  });

  it('single-steps over the end of an epoch', async () => {
    const active = await activate();
    active.session.pause();
    const seen: string[] = [];
    for await (const event of active.events()) {
      if (event.type === 'progress') {
        seen.push(`step ${event.step}`);
        if (event.step === 21) active.session.stop();
        else active.session.singleStep();
      }
      if (event.type === 'epoch') seen.push(`epoch ${event.record.epoch}`);
    }
    expect(seen.slice(-5)).toEqual(['step 18', 'step 19', 'epoch 1', 'step 20', 'step 21']);
    expect(seen).toHaveLength(22);
  });

  it.each([
    ['under way', false],
    ['paused', true],
  ])('stops when it is %s, with a checkpoint to go on from', async (_, paused) => {
    const active = await activate({ training: { epochs: 1000, batchSize: 64 } });
    if (paused) active.session.pause();
    setTimeout(() => active.session.stop(), 100);
    await eventsOf(active);
    const run = lab.store.open(active.run.id);
    expect(run.status).toBe('stopped');
    expect(run.checkpoint().step).toBeGreaterThan(0);
    expect(run.checkpoint().step).toBeLessThan(19_000);
    const { step } = await run.readCheckpoint(run.checkpoint());
    expect(step).toBe(run.checkpoint().step);
  });

  it('is finished when it is stopped at its very end', async () => {
    const active = await activate({ training: { epochs: 1, batchSize: 1200 } });
    for await (const event of active.events()) if (event.type === 'epoch') active.session.stop();
    expect(active.run.status).toBe('finished');
  });

  it('holds its run: a second one is refused until it ends', async () => {
    const active = await activate();
    await expect(lab.activate(active.run)).rejects.toMatchObject({ code: 'locked' });
    await eventsOf(active);
    expect((await lab.finish(active.run)).at(-1)).toMatchObject({ status: 'finished' });
  });

  it('that nobody watches any more lets go of its run', async () => {
    const active = await activate({ training: { epochs: 1000, batchSize: 64 } });
    for await (const event of active.events()) if (event.type === 'epoch') break;
    const run = lab.store.open(active.run.id);
    expect(run.status).toBe('stopped');
    await lab.trainTo(run, 30);
    expect(run.checkpoint().step).toBe(30);
  });
});

describe('an epoch’s record', () => {
  it('has losses, errors, rate and time', async () => {
    const active = await activate({
      data: { share: 0.02, validation: 0.01 },
      schedule: { kind: 'halve', everyEpochs: 1 },
      training: { epochs: 3, batchSize: 64, evaluateEvery: 2 },
    });
    const events = await eventsOf(active);
    const records = events.flatMap((event) => (event.type === 'epoch' ? [event.record] : []));
    const stepsPerEpoch = records[0]!.step;
    expect(records.map(({ epoch, step, learningRate }) => [epoch, step, learningRate])).toEqual([
      [1, stepsPerEpoch, 0.05],
      [2, 2 * stepsPerEpoch, 0.025],
      [3, 3 * stepsPerEpoch, 0.0125],
    ]);
    expect(records[2]!.loss).toBeLessThan(records[0]!.loss);
    expect(records[2]!.seconds).toBeGreaterThan(records[0]!.seconds);
    for (const record of records) {
      expect(record.hardLoss).toBe(record.loss);
      expect(record).not.toHaveProperty('softLoss');
      expect(record.stepMilliseconds).toBeGreaterThan(0);
    }
    // Every second epoch is evaluated, and the last.
    expect(records.map((record) => 'testErrors' in record)).toEqual([false, true, true]);
    const { testErrors, testLoss, validationErrors, validationLoss } = records[2]!;
    for (const loss of [testLoss, validationLoss]) expect(loss).toBeGreaterThan(0);
    expect(testErrors).toBeLessThan(450);
    expect(validationErrors).toBeLessThan(0.9 * active.run.record.images.validation);
    // What was sent is what was kept.
    expect(active.run.metrics()).toEqual(records);
    expect(active.run.checkpoint()).toMatchObject({ epoch: 3, testErrors, validationErrors });
  });

  it('of a student has both of its losses', async () => {
    await lab.train(smallSpec({ name: 'teacher' }));
    const objective = { kind: 'soft' as const, teachers: ['teacher'], softWeight: 0.7 };
    const run = await lab.train(smallSpec({ objective }));
    for (const { loss, softLoss, hardLoss } of run.metrics()) {
      expect(loss).toBeCloseTo(0.7 * softLoss! + 0.3 * hardLoss, 4);
    }
  });
});
