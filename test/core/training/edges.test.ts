import { expect, it } from 'vitest';
import { Lab } from '../../../src-core/lab';
import { Model } from '../../../src-core/models/model';
import { tf } from '../../../src-core/tensorflow/engine';
import { Output } from '../../../src-core/terminal/output';
import { trainToEnd } from '../../../src-core/terminal/train-command';
import { SmallLab, advance, smallSpec, trainingOf } from '../small-lab';

const lab = new SmallLab();
const diverging = (batchSize: number) =>
  smallSpec({
    model: { kind: 'mlp', hidden: [16, 16, 16, 16, 16, 16] },
    optimiser: { kind: 'momentum', learningRate: 100, nesterov: true },
    training: { epochs: 30, batchSize },
  });

it('Ctrl-C before the first step leaves a checkpoint and is a cancellation', async () => {
  const real = new Lab(lab.store.lab);
  const run = await real.create(smallSpec());
  const activate = real.activate.bind(real);
  real.activate = async (...given) => {
    const active = await activate(...given);
    active.session.stop();
    return active;
  };
  await expect(trainToEnd(real, run, new Output(true))).rejects.toMatchObject({ code: 'cancelled' });
});

it('a loss that is not finite is reported at the step where it was so', async () => {
  const watched = trainingOf(diverging(64));
  let step = 0;
  await expect(
    (async () => {
      for await (const event of watched.train()) {
        step = event.step;
        watched.losses();
      }
    })(),
  ).rejects.toThrow();
  await expect(advance(trainingOf(diverging(64)))).rejects.toThrow(`at step ${step} (epoch 1)`);
});

it('a loss that is not finite at an epoch’s last step belongs to that epoch', async () => {
  const training = trainingOf(diverging(1200));
  await expect(advance(training)).rejects.toThrow(/at step (\d+) \(epoch \1\)/);
});

it('a refused checkpoint leaves no tensor behind', () => {
  const input = { side: 28, classes: 10 };
  const model = Model.initialise(smallSpec().model, input, 1);
  const tensors = Object.fromEntries(model.variables.map((v) => [v.name, { shape: v.shape, values: v.values() }]));
  delete tensors['output/bias'];
  const before = tf.memory().numTensors;
  expect(() => Model.restore(smallSpec().model, input, tensors, 'file')).toThrow();
  expect(tf.memory().numTensors).toBe(before);
});

it('seconds count the steps before a stop in the middle of an epoch', async () => {
  const run = await lab.create(smallSpec({ training: { epochs: 1, batchSize: 8 } }));
  await lab.trainTo(run, 140);
  await lab.finish(run);
  const whole = await lab.train(smallSpec({ training: { epochs: 1, batchSize: 8 } }));
  // 140 of 150 steps were before the stop; a tenth of the time means that they were forgotten.
  expect(run.metrics()[0]!.seconds).toBeGreaterThan(whole.metrics()[0]!.seconds / 3);
});

it('a run of short epochs shows progress', async () => {
  const run = await lab.create(
    smallSpec({
      data: { share: 0.001 },
      model: { kind: 'mlp', hidden: [100, 100] },
      training: { epochs: 500, evaluateEvery: 500 },
    }),
  );
  const events = await lab.finish(run);
  expect(events.some(({ type }) => type === 'progress')).toBe(true);
});
