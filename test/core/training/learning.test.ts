import { describe, expect, it } from 'vitest';
import { SmallLab, mnist, smallSpec } from '../small-lab';

/** All 10,000 test digits. */
const lab = new SmallLab(mnist());

const RECIPE = {
  data: { share: 0.2 },
  optimiser: { kind: 'momentum', learningRate: 0.1, nesterov: true },
  schedule: { kind: 'cosine' },
} as const;

const teacher = lab.train(
  smallSpec({
    ...RECIPE,
    name: 'teacher',
    model: { kind: 'mlp', hidden: [100] },
    training: { epochs: 5, batchSize: 64 },
  }),
);

describe('a small training', () => {
  it('on 12,000 digits makes fewer than 550 errors', async () => {
    const run = await teacher;
    expect(run.checkpoint().testErrors).toBeLessThan(550);
  });

  it('of the CNN on 3,000 digits makes fewer than 600 errors', async () => {
    const run = await lab.train(
      smallSpec({
        data: { share: 0.05 },
        model: { kind: 'cnn', hidden: 64, dropout: [0, 0] },
        optimiser: { kind: 'adam', learningRate: 0.003 },
        schedule: { kind: 'cosine' },
        training: { epochs: 4, batchSize: 32, evaluateEvery: 4 },
      }),
    );
    expect(run.checkpoint().testErrors).toBeLessThan(600);
  });
});

describe('a student that never saw a 3', () => {
  const data = { share: 0.2, classes: [0, 1, 2, 4, 5, 6, 7, 8, 9] };
  const student = {
    ...RECIPE,
    data,
    model: { kind: 'mlp' as const, hidden: [50] },
    training: { epochs: 5, batchSize: 64 },
  };

  /** How many of the 1010 test 3s a run calls 3. */
  async function recognised(spec: Parameters<typeof smallSpec>[0]): Promise<number> {
    const run = await lab.train(smallSpec(spec));
    const { values, classes } = (await run.logits(run.checkpoint(), 'test'))!;
    let count = 0;
    mnist().test.labels.forEach((label, image) => {
      const row = values.subarray(image * classes, (image + 1) * classes);
      if (label === 3 && row.indexOf(Math.max(...row)) === 3) count += 1;
    });
    return count;
  }

  it('knows some from its teacher’s soft targets', async () => {
    await teacher;
    const objective = { kind: 'soft' as const, teachers: ['teacher'], temperature: 20, softWeight: 1 };
    expect(await recognised({ ...student, objective })).toBeGreaterThan(200);
  });

  it('knows none from hard labels', async () => {
    expect(await recognised(student)).toBe(0);
  });
});
