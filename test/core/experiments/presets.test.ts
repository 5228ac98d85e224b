import { describe, expect, it } from 'vitest';
import { parseRunSpec, teachersOf } from '../../../src-core/contract/spec';
import { findPreset, NO_TEACHER, PRESETS } from '../../../src-core/experiments/presets';
import { layoutOf } from '../../../src-core/models/layout';
import { expectLabError, thrownBy } from '../lab-error';

const FAMILIES = ['fast', 'blog', 'paper'];

function spec(name: string) {
  return parseRunSpec(findPreset(name).spec);
}

function summary(name: string): string {
  return layoutOf(spec(name).model, { side: 28, classes: 10 }).summary;
}

describe.each(FAMILIES)('the presets of "%s"', (family) => {
  it('are a teacher of 1200 with dropout, jitter and hard labels', () => {
    const teacher = spec(`${family}-teacher`);
    expect(summary(`${family}-teacher`)).toBe('784-1200-1200-10');
    expect(teacher.model.dropout).toEqual([0.2, 0.5, 0.5]);
    expect(teacher.data.jitter).toEqual({ pixels: 2, distribution: 'rounded' });
    expect(teacher.objective.kind).toBe('hard');
  });

  it('are a student of 800 on soft targets at temperature 20, and its architecture on hard labels', () => {
    const [student, baseline] = [spec(`${family}-student`), spec(`${family}-baseline`)];
    expect(summary(`${family}-student`)).toBe('784-800-800-10');
    expect(student.objective).toMatchObject({ kind: 'soft', temperature: 20 });
    expect(baseline.model).toEqual(student.model);
    expect(baseline.data.jitter).toEqual(student.data.jitter);
    expect(baseline.objective.kind).toBe('hard');
  });

  it.each([
    ['no-3', [0, 1, 2, 4, 5, 6, 7, 8, 9]],
    ['7-8', [7, 8]],
  ])('are a student on other classes: %s', (suffix, classes) => {
    const [student, fewer] = [spec(`${family}-student`), spec(`${family}-student-${suffix}`)];
    expect(fewer.data).toEqual({ ...student.data, classes });
    expect(fewer.objective).toMatchObject({ kind: 'soft', temperature: 20 });
    expect({ ...fewer, name: '', data: student.data, objective: student.objective }).toEqual({ ...student, name: '' });
  });

  it('are the blog’s CNN', () => {
    expect(summary(`${family}-cnn`)).toBe('CNN 8-16 · 784-256-128-10');
    expect(spec(`${family}-cnn`)).toMatchObject({ optimiser: { kind: 'adam', weightDecay: 1e-5 } });
  });
});

describe('every preset', () => {
  it('is one of the eighteen, under a name and a title of its own', () => {
    const kinds = ['teacher', 'baseline', 'student', 'student-no-3', 'student-7-8', 'cnn'];
    const expected = FAMILIES.flatMap((family) => kinds.map((kind) => `${family}-${kind}`));
    expect(PRESETS.map(({ name }) => name).sort()).toEqual(expected.sort());
    expect(new Set(PRESETS.map(({ title }) => title)).size).toBe(PRESETS.length);
  });

  it.each(PRESETS.map((preset) => [preset.name, preset] as const))(
    '%s asks for a teacher where it needs one',
    (_, preset) => {
      expect(teachersOf(parseRunSpec(preset.spec))).toEqual(preset.needsTeacher ? [NO_TEACHER] : []);
      expect(preset.needsTeacher).toBe(preset.name.includes('student'));
      expect(preset.note).not.toBe('');
    },
  );
});

describe('the blog’s presets', () => {
  it('are what its notebook ran', () => {
    expect(spec('blog-teacher')).toMatchObject({
      data: { normalisation: 'symmetric' },
      optimiser: { kind: 'momentum', learningRate: 0.01, momentum: 0.9, nesterov: false, maxSquaredNorm: null },
      schedule: { kind: 'halve', everyEpochs: 100, rebuildOptimiser: true },
      training: { epochs: 1000, batchSize: 128 },
    });
    expect(spec('blog-student')).toMatchObject({
      data: { normalisation: 'symmetric', jitter: { pixels: 2 } },
      objective: { temperature: 20, softWeight: 0.7, reduction: 'blog' },
      optimiser: { learningRate: 0.001, momentum: 0.9 },
      training: { epochs: 1000 },
    });
    expect(spec('blog-cnn')).toMatchObject({
      model: { dropout: [0.25, 0.5] },
      optimiser: { learningRate: 1e-4 },
      training: { epochs: 100, batchSize: 32 },
    });
  });
});

describe('the paper’s presets', () => {
  it('train the teacher as the dropout paper does', () => {
    expect(spec('paper-teacher')).toMatchObject({
      data: { normalisation: 'unit' },
      model: { initialiser: 'normal' },
      optimiser: { learningRate: 10, rateInVelocity: true, maxSquaredNorm: 15 },
      schedule: { kind: 'exponential', decay: 0.998, momentumStart: 0.5, momentumEnd: 0.99, momentumEpochs: 500 },
      training: { epochs: 3000, batchSize: 100 },
    });
  });

  it('shift no image of a transfer set', () => {
    for (const name of ['paper-student', 'paper-student-no-3', 'paper-student-7-8', 'paper-baseline']) {
      expect(spec(name).data.jitter.pixels).toBe(0);
    }
  });
});

describe('findPreset', () => {
  it('suggests the nearest name', () => {
    expectLabError(
      thrownBy(() => findPreset('fast-techer')),
      'bad-input',
      'There is no preset "fast-techer".',
      'Did you mean "fast-teacher"?',
    );
    expectLabError(
      thrownBy(() => findPreset('resnet')),
      'bad-input',
      'Known: fast-teacher,',
    );
  });
});
