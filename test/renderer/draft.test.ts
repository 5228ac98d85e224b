import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, describe, expect, it } from 'vitest';
import { useDraft } from '../../renderer/stores/draft';
import { PRESETS } from '../../src-core/experiments/presets';

const presetNamed = (name: string) => PRESETS.find((preset) => preset.name === name)!.spec;

describe('the name of a draft', () => {
  beforeEach(() => setActivePinia(createPinia()));

  it.each(PRESETS.map((preset) => [preset.name, preset] as const))('of %s is its title', (_, { title, spec }) => {
    const draft = useDraft();
    draft.use(spec);
    draft.set('seed', 7);
    expect(draft.spec!['name']).toBe(title);
  });

  it.each([
    ['fast-teacher', 'model.hidden', [64], 'teacher 64'],
    ['fast-teacher', 'model.hidden', [64, 32], 'teacher 64-32'],
    ['fast-teacher', 'model.hidden', [], 'teacher linear'],
    ['blog-student', 'data.classes', [0, 1, 2, 3, 4, 5, 6, 8, 9], 'blog student 800, no 7s'],
    ['fast-student', 'data.classes', [3, 1, 2], 'student 800, only 3s, 1s and 2s'],
    ['fast-student-7-8', 'data.classes', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 'student 800'],
    ['fast-student', 'objective.kind', 'hard', 'baseline 800'],
    ['fast-teacher', 'objective', { kind: 'soft', teachers: [] }, 'student 1200'],
    ['fast-cnn', 'model', { kind: 'mlp', hidden: [30] }, '30'],
  ])('of %s follows %s', (preset, path, value, name) => {
    const draft = useDraft();
    draft.use(presetNamed(preset));
    draft.set(path, value);
    expect(draft.spec!['name']).toBe(name);
  });

  it('stays as it was typed, until it is cleared', () => {
    const draft = useDraft();
    draft.use(presetNamed('fast-teacher'));
    draft.set('name', 'mine 1200');
    draft.set('model.hidden', [64]);
    expect(draft.spec!['name']).toBe('mine 1200');
    draft.set('name', '');
    draft.set('model.hidden', [32]);
    expect(draft.spec!['name']).toBe('network 32');
  });

  it('of one’s own is kept by a clone; a default one follows on', () => {
    const draft = useDraft();
    draft.use({ ...presetNamed('fast-student'), name: 'the good one' });
    draft.set('model.hidden', [64]);
    expect(draft.spec!['name']).toBe('the good one');
    draft.use({ ...presetNamed('fast-student'), model: { kind: 'mlp', hidden: [64] }, name: 'student 64' });
    draft.set('model.hidden', [32]);
    expect(draft.spec!['name']).toBe('student 32');
  });
});
