// @vitest-environment happy-dom
import { mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, describe, expect, it } from 'vitest';
import { nextTick } from 'vue';
import { useDraft } from '../../renderer/stores/draft';
import { useRecipe } from '../../renderer/stores/recipe';
import ClassTable from '../../renderer/views/data/ClassTable.vue';
import type { RunSpecInput } from '../../src-core/contract/spec';

const PRESET: RunSpecInput = {
  data: { normalisation: 'symmetric', jitter: { pixels: 2 } },
  model: { kind: 'mlp', hidden: [30] },
  optimiser: { kind: 'momentum', learningRate: 0.1 },
  training: { epochs: 2 },
};

beforeEach(() => setActivePinia(createPinia()));

describe('the recipe of a transfer set', () => {
  it('goes back step by step; figures of one number are one step', () => {
    const recipe = useRecipe();
    recipe.toggle(3);
    recipe.change({ validation: 0 }, 'validation');
    recipe.change({ validation: 0.1 }, 'validation');
    recipe.change({ validation: 0.15 }, 'validation');
    expect(recipe.recipe).toMatchObject({ classes: [0, 1, 2, 4, 5, 6, 7, 8, 9], validation: 0.15 });
    recipe.undo();
    expect(recipe.recipe).toMatchObject({ classes: [0, 1, 2, 4, 5, 6, 7, 8, 9], validation: 0 });
    recipe.undo();
    expect(recipe.recipe.classes).toContain(3);
    expect(recipe.past).toEqual([]);
  });

  it('can be reset, and the reset undone', () => {
    const recipe = useRecipe();
    recipe.setClassShare(4, 0.5);
    expect(recipe.changed).toBe(true);
    recipe.reset();
    expect(recipe.changed).toBe(false);
    recipe.undo();
    expect(recipe.recipe.classShares).toEqual({ 4: 0.5 });
  });

  it('is carried to the form whole, over any preset, which keeps its normalisation', () => {
    const recipe = useRecipe();
    const draft = useDraft();
    recipe.toggle(3);
    recipe.setClassShare(4, 0.5);
    recipe.change({ validation: 0.1, selectionSeed: 7, jitter: { pixels: 1, distribution: 'uniform' } });
    draft.useData(recipe.recipe);
    draft.usePreset(PRESET, 'blog');
    const data = { normalisation: 'symmetric', ...recipe.recipe };
    expect(draft.spec).toEqual({ ...PRESET, name: 'network 30, no 3s', data });
  });

  it('leaves a preset its own data until it is used', () => {
    useRecipe().toggle(3);
    const draft = useDraft();
    draft.usePreset(PRESET, 'blog');
    expect(draft.spec).toEqual(PRESET);
  });

  it('shows the data of a run that was cloned, and not what the form refuses', async () => {
    const recipe = useRecipe();
    const draft = useDraft();
    draft.use({ ...PRESET, data: { classes: [7, 8], jitter: { pixels: 2 } } });
    await nextTick();
    expect(recipe.recipe).toMatchObject({ classes: [7, 8], jitter: { pixels: 2, distribution: 'rounded' } });
    draft.set('data.classes', ['seven']);
    await nextTick();
    expect(recipe.recipe.classes).toEqual([7, 8]);
  });
});

describe('the table of classes', () => {
  it('refuses a share with a reason beside it, and takes one in range', async () => {
    const recipe = useRecipe();
    const table = mount(ClassTable, { props: { images: Array<number>(10).fill(100), used: undefined } });
    const box = table.find('[aria-label^="Share of class 3"]');
    await box.setValue('1.5');
    expect(table.find('[role="alert"]').text()).toBe('must be 0 to 1');
    expect(box.attributes('aria-invalid')).toBe('true');
    expect(recipe.recipe.classShares).toEqual({});
    await box.setValue('0.25');
    expect(table.find('[role="alert"]').exists()).toBe(false);
    expect(recipe.recipe.classShares).toEqual({ 3: 0.25 });
  });
});
