import { afterAll, describe, expect, it } from 'vitest';
import type { RunSpec } from '../../../src-core/contract/spec';
import { Model } from '../../../src-core/models/model';
import type { Teacher } from '../../../src-core/training/teacher-logits';
import { SmallLab, advance, differing, digits, smallSpec, tensorsOf, trained, trainingOf } from '../small-lab';

const TEACHER: Teacher = {
  model: Model.initialise(smallSpec({ model: { kind: 'mlp', hidden: [24] } }).model, { side: 28, classes: 10 }, 5),
  normalisation: 'symmetric',
};
afterAll(() => TEACHER.model.dispose());

/** Everything that is random at once: order, shifts, dropout, initial weights. */
const random = (changes: Partial<Parameters<typeof smallSpec>[0]> = {}): RunSpec =>
  smallSpec({
    data: { share: 0.02, jitter: { pixels: 2 } },
    model: { kind: 'mlp', hidden: [24, 24], dropout: [0.2, 0.5, 0.5] },
    optimiser: { kind: 'momentum', learningRate: 0.05, nesterov: true, maxSquaredNorm: 15 },
    schedule: { kind: 'cosine' },
    training: { epochs: 4, batchSize: 64 },
    ...changes,
  });

const cases: [string, RunSpec][] = [
  ['an MLP with momentum, cosine, dropout and jitter', random()],
  [
    'a CNN with Adam and weight decay',
    smallSpec({
      data: { share: 0.005, validation: 0.01 },
      model: { kind: 'cnn', hidden: 8 },
      optimiser: { kind: 'adam', learningRate: 0.002, weightDecay: 1e-5 },
      training: { epochs: 4, batchSize: 64 },
    }),
  ],
  [
    'a student on noisy digits',
    random({
      data: { share: 0.02, jitter: { pixels: 1 }, noise: 0.2 },
      objective: { kind: 'soft', teachers: ['teacher'], softWeight: 0.7 },
    }),
  ],
  [
    'a student with kept logits',
    random({ objective: { kind: 'soft', teachers: ['teacher'], softWeight: 0.7, teacherLogits: 'cached' } }),
  ],
];

const teachersOf = (spec: RunSpec): Teacher[] => (spec.objective.kind === 'hard' ? [] : [TEACHER]);

describe.each(cases)('%s', (_, spec) => {
  it('twice from the same spec has the same weights, byte for byte; from another seed it has others', async () => {
    const teachers = teachersOf(spec);
    const [first, second, other] = [
      await trained(spec, teachers),
      await trained(spec, teachers),
      await trained({ ...spec, seed: 2 }, teachers),
    ];
    expect(differing(first.tensors, second.tensors)).toEqual([]);
    expect(second.sums).toEqual(first.sums);
    expect(differing(first.tensors, other.tensors)).toEqual(Object.keys(first.tensors));
  });

  it.each([
    ['between two epochs', 2, 0],
    ['in the middle of an epoch', 1, 7],
    ['one step before an epoch’s end', 2, -1],
  ])('goes on from a state taken %s as if nothing had been', async (_when, epochs, steps) => {
    const teachers = teachersOf(spec);
    const whole = await trained(spec, teachers);
    const before = trainingOf(spec, teachers);
    const step = epochs * before.batches.stepsPerEpoch + Math.min(steps, before.batches.stepsPerEpoch - 1);
    await advance(before, step);
    const state = before.state();
    expect(state.step).toBe(step);
    // It goes on for a while: the state is a copy.
    await advance(before, step + 2);
    before.dispose();
    const after = trainingOf(spec, teachers, state);
    await advance(after);
    expect(differing(after.state().tensors, whole.tensors)).toEqual([]);
    after.dispose();
  });
});

describe('noise', () => {
  it('changes a training, and no image that it is judged by', async () => {
    const noisy = smallSpec({ data: { share: 0.02, noise: 0.2 } });
    const quiet = smallSpec();
    expect(differing((await trained(noisy)).tensors, (await trained(quiet)).tensors)).not.toEqual([]);
    const [one, other] = [trainingOf(noisy), trainingOf(quiet)];
    const { images } = digits().test;
    // Before the first step both are the same network.
    expect(one.evaluate(images, [0, 1, 2])).toEqual(other.evaluate(images, [0, 1, 2]));
    one.dispose();
    other.dispose();
  });
});

describe('a run on disk', () => {
  const lab = new SmallLab();

  it.each([
    ['an MLP on noisy digits', random({ data: { share: 0.02, noise: 0.2 } })],
    ['an MLP with momentum, cosine, dropout and jitter', random()],
    ['a CNN with Adam and weight decay', cases[1]![1]],
    [
      'a student of two teachers',
      random({ objective: { kind: 'soft', teachers: ['teacher-a', 'teacher-b'], teacherLogits: 'cached' } }),
    ],
  ])('of %s, stopped again and again, ends like one that was left alone', async (_, spec) => {
    if (spec.objective.kind !== 'hard') {
      await lab.train(smallSpec({ name: 'teacher-a', data: { share: 0.02, normalisation: 'symmetric' } }));
      await lab.train(smallSpec({ name: 'teacher-b', seed: 3, training: { epochs: 1 } }));
    }
    const whole = await lab.train(spec);
    const run = await lab.create(spec);
    const stepsPerEpoch = whole.checkpoint().step / 4;
    for (const step of [3, stepsPerEpoch, 2 * stepsPerEpoch + 1, 3 * stepsPerEpoch - 1]) {
      await lab.trainTo(run, step);
      expect(run.status).toBe('stopped');
      expect(run.checkpoint().step).toBe(step);
    }
    await lab.finish(lab.store.open(run.id));
    const finished = lab.store.open(run.id);
    expect(finished.status).toBe('finished');
    expect(differing(await tensorsOf(finished), await tensorsOf(whole))).toEqual([]);
    // Losses too: the sums of an epoch are carried over a stop in its middle.
    const curve = (of: typeof run): unknown =>
      of.metrics().map(({ seconds: _seconds, stepMilliseconds: _milliseconds, ...rest }) => rest);
    expect(curve(finished)).toEqual(curve(whole));
    expect(await finished.logits(finished.checkpoint(), 'test')).toEqual(
      await whole.logits(whole.checkpoint(), 'test'),
    );
  });

  it('goes on from an earlier checkpoint and trains what came after it again', async () => {
    const spec = random({ training: { epochs: 4, batchSize: 64, checkpointEvery: 1 } });
    const run = await lab.train(spec);
    const before = await tensorsOf(run);
    const active = await lab.activate(run, '2');
    expect(run.record.checkpoints.map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(run.metrics().map(({ epoch }) => epoch)).toEqual([1, 2]);
    for await (const event of active.events()) expect(event).not.toMatchObject({ status: 'failed' });
    expect(differing(await tensorsOf(run), before)).toEqual([]);
    expect(run.metrics().map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
  });
});
