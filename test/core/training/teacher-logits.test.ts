import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RunSpecInput } from '../../../src-core/contract/spec';
import { Model } from '../../../src-core/models/model';
import { Batches, drawBatch } from '../../../src-core/data/batches';
import { normalisationTable } from '../../../src-core/data/jitter';
import { TeacherLogits } from '../../../src-core/training/teacher-logits';
import { SmallLab, advance, differing, digits, smallSpec, tensorsOf, trainingOf } from '../small-lab';

const lab = new SmallLab();
const teachers = [
  smallSpec({ name: 'symmetric', data: { share: 0.02, normalisation: 'symmetric' } }),
  smallSpec({ name: 'dropping', model: { kind: 'mlp', hidden: [24, 24], dropout: [0.2, 0.5, 0.5] } }),
].map((spec) => lab.train(spec));

describe.each([0, 2])('with a jitter of %d pixels', (pixels) => {
  describe.each<[string, string[]]>([
    ['one teacher', ['symmetric']],
    ['two teachers', ['symmetric', 'dropping']],
  ])('and %s', (_, names) => {
    it.each<[string, (teacherLogits: 'cached' | 'live') => RunSpecInput['objective']]>([
      ['soft targets', (teacherLogits) => ({ kind: 'soft', teachers: names, teacherLogits })],
      ['logits', (teacherLogits) => ({ kind: 'mse-logits', teachers: names, softWeight: 0.5, teacherLogits })],
    ])('kept %s give the student that live ones give, byte for byte', async (_what, objective) => {
      await Promise.all(teachers);
      // A batch that is no multiple of what the teacher runs on, and so is the last of each epoch.
      const spec = { data: { share: 0.02, jitter: { pixels } }, training: { epochs: 3, batchSize: 150 } };
      const cached = await lab.train(smallSpec({ ...spec, objective: objective('cached') }));
      const live = await lab.train(smallSpec({ ...spec, objective: objective('live') }));
      expect(differing(await tensorsOf(live), await tensorsOf(cached))).toEqual([]);
      const hard = await lab.train(smallSpec(spec));
      expect(differing(await tensorsOf(hard), await tensorsOf(cached))).not.toEqual([]);
    });
  });
});

describe('with noise', () => {
  it('a teacher answers to the very images that its student sees, at its own normalisation', () => {
    const dataset = digits();
    const model = Model.initialise(smallSpec().model, { side: 28, classes: 10 }, 3);
    const disturbance = { jitter: { pixels: 2, distribution: 'rounded' as const }, noise: 0.3 };
    const batch = new Batches(
      Int32Array.from({ length: 300 }, (_, at) => 7 * at),
      128,
      disturbance,
      1,
      784,
    ).at(1);
    const seen = new Float32Array(128 * 784);
    drawBatch(dataset.train, 28, batch, normalisationTable('symmetric'), seen);
    const teacher = new TeacherLogits([{ model, normalisation: 'symmetric' }], dataset, disturbance, 'auto');
    expect(teacher.forBatch(batch)).toEqual(model.logits(seen));
    // The same images again, with other noise: nothing is remembered.
    const other = { ...batch, noise: new Float32Array(128 * 784) };
    expect(teacher.forBatch(other)).not.toEqual(model.logits(seen));
    model.dispose();
  });
});

describe('a teacher', () => {
  it('is not changed by its student, in memory and on disk', async () => {
    const run = await teachers[1]!;
    const file = run.checkpointFile(run.checkpoint().name);
    const bytes = readFileSync(file);
    await lab.train(smallSpec({ objective: { kind: 'soft', teachers: [run.id] } }));
    expect(readFileSync(file).equals(bytes)).toBe(true);

    const model = Model.initialise(run.spec.model, { side: 28, classes: 10 }, 1);
    const weights = model.variables.map((variable) => variable.values());
    const objective = { kind: 'soft' as const, teachers: ['teacher'], teacherLogits: 'live' as const };
    const student = trainingOf(smallSpec({ objective }), [{ model, normalisation: 'unit' }]);
    await advance(student);
    expect(model.variables.map((variable) => variable.values())).toEqual(weights);
    student.dispose();
    // It is not the student's to dispose of.
    expect(model.logits(new Float32Array(784))).toHaveLength(10);
    model.dispose();
  });

  it('sees the images that its student sees, at its own normalisation', async () => {
    const run = await teachers[0]!;
    const students = [];
    for (const normalisation of ['unit', 'symmetric'] as const) {
      const objective = { kind: 'soft' as const, teachers: [run.id], softWeight: 1 };
      const training = { epochs: 1, batchSize: 1200 };
      students.push(await lab.train(smallSpec({ data: { share: 0.02, normalisation }, objective, training })));
    }
    // Before the first update a student of few pixels is not far from uniform: the soft loss is the teacher's doing.
    const [unit, symmetric] = students.map((student) => student.metrics()[0]!.softLoss!);
    expect(Math.abs(unit! / symmetric! - 1)).toBeLessThan(0.2);
  });
});
