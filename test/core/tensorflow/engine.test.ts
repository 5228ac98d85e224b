import { describe, expect, it } from 'vitest';
import type { RunSpec } from '../../../src-core/contract/spec';
import { Model } from '../../../src-core/models/model';
import { backend, describeDevice, tf } from '../../../src-core/tensorflow/engine';
import { smallSpec, trainingOf } from '../small-lab';

describe('the engine', () => {
  it('is native TensorFlow and says what it runs on', () => {
    expect(tf.getBackend()).toBe('tensorflow');
    const { tensorflow, device, processor, threads } = describeDevice();
    expect(tensorflow).toMatch(/^\d+\.\d+/);
    expect(['cpu', 'gpu']).toContain(device);
    expect(processor).not.toBe('');
    expect(threads).toBeGreaterThanOrEqual(1);
  });
});

describe('a training', () => {
  const jittered = { share: 0.02, jitter: { pixels: 2 } };
  const soft = { kind: 'soft' as const, teachers: ['teacher'] };
  const shapes: [string, RunSpec][] = [
    [
      'an MLP with dropout, a moving rate and a largest norm',
      smallSpec({
        data: jittered,
        model: { kind: 'mlp', hidden: [16, 16], dropout: [0.2, 0.5, 0.5] },
        optimiser: { kind: 'momentum', learningRate: 0.1, nesterov: true, weightDecay: 1e-5, maxSquaredNorm: 3 },
        schedule: { kind: 'cosine' },
      }),
    ],
    [
      'a CNN with Adam',
      smallSpec({
        data: { share: 0.01 },
        model: { kind: 'cnn', hidden: 8 },
        optimiser: { kind: 'adam', learningRate: 0.001, weightDecay: 1e-5 },
        schedule: { kind: 'halve', everyEpochs: 1, rebuildOptimiser: true },
      }),
    ],
    ['a student with a live teacher', smallSpec({ data: jittered, objective: { ...soft, teacherLogits: 'live' } })],
    ['a student with kept logits', smallSpec({ data: jittered, objective: { ...soft, teacherLogits: 'cached' } })],
    ['a student on noisy digits', smallSpec({ data: { share: 0.02, noise: 0.1 }, objective: soft })],
    ['a student that matches logits', smallSpec({ objective: { kind: 'mse-logits', teachers: ['teacher'] } })],
  ];

  it.each(shapes)('of %s makes no tensor that stays', async (_, spec) => {
    const count = (): number[] => [tf.memory().numTensors, backend.binding.getNumOfTensors()];
    const before = count();
    const model = Model.initialise({ ...smallSpec().model }, { side: 28, classes: 10 }, 5);
    const training = trainingOf(spec, spec.objective.kind === 'hard' ? [] : [{ model, normalisation: 'unit' }]);
    const counts: number[][] = [];
    for await (const event of training.train()) {
      // The losses of some steps wait on the device, a few numbers each, until they are asked for.
      training.losses();
      if (event.type === 'step') counts.push(count());
      else training.state();
    }
    const [, ...afterFirst] = counts;
    expect(afterFirst.length).toBeGreaterThan(training.batches.stepsPerEpoch);
    expect(new Set(afterFirst.map(String)).size).toBe(1);
    training.dispose();
    model.dispose();
    expect(count()).toEqual(before);
  });
});
