// @vitest-environment happy-dom
import { mount } from '@vue/test-utils';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { DataRecipe } from '../../src-core/contract/data-recipe';
import { recipeOf } from '../../src-core/contract/data-recipe';
import { parseDataSpec } from '../../src-core/contract/spec';
import { useRecipe } from '../../renderer/stores/recipe';
import { useRecipes } from '../../renderer/stores/recipes';
import { useUi } from '../../renderer/stores/ui';
import RecipeBar from '../../renderer/views/data/RecipeBar.vue';
import { answers, connection, reset, settle } from './lab-double';

vi.mock('../../renderer/lab', async () => (await import('./lab-double')).double);

const noisy = recipeOf(parseDataSpec({ noise: 0.2 }));
let kept: Map<string, DataRecipe>;

beforeEach(() => {
  reset();
  kept = new Map([['noisy', noisy]]);
  answers['recipes'] = () => ({
    recipes: [...kept].map(([name, data]) => ({ name, data })),
    damaged: [{ file: 'recipes/torn.json', reason: 'it is not JSON' }],
  });
  answers['saveRecipe'] = (name: string, data: DataRecipe) => void kept.set(name, data);
  answers['deleteRecipe'] = (name: string) => void kept.delete(name);
  connection.value = 'ready';
});

describe('recipes by name', () => {
  it('are taken as one step that can be undone', async () => {
    const bar = mount(RecipeBar);
    await settle();
    const recipe = useRecipe();
    const before = recipe.recipe;
    expect(bar.find('select').element.value).toBe('');
    await bar.find('select').setValue('noisy');
    expect(recipe.recipe).toEqual(noisy);
    await settle();
    expect(bar.find('select').element.value).toBe('noisy');
    recipe.undo();
    expect(recipe.recipe).toEqual(before);
  });

  it('that are damaged are named with the reason', async () => {
    const bar = mount(RecipeBar);
    await settle();
    expect(bar.text()).toContain('recipes/torn.json is left aside: it is not JSON');
  });

  it('are replaced only under a button that says so', async () => {
    const bar = mount(RecipeBar);
    await settle();
    await bar.findAll('button')[0]!.trigger('click');
    await settle();
    await bar.find('input').setValue('another');
    expect(bar.find('button[type=submit]').text()).toBe('Save');
    await bar.find('input').setValue('noisy');
    expect(bar.find('button[type=submit]').text()).toBe('Replace');
    expect(bar.text()).toContain('it is replaced');
    await bar.find('form').trigger('submit');
    await settle();
    expect(kept.get('noisy')).toEqual(useRecipe().recipe);
  });

  it('come back after they were deleted', async () => {
    const recipes = useRecipes();
    await settle();
    await recipes.remove('noisy');
    expect(kept.has('noisy')).toBe(false);
    expect(recipes.list.recipes).toEqual([]);
    useUi().notices.at(-1)!.action!.run();
    await settle();
    expect(kept.get('noisy')).toEqual(noisy);
    expect(recipes.list.recipes.map(({ name }) => name)).toEqual(['noisy']);
  });

  it('that cannot be kept leave the form as it is, with the reason', async () => {
    answers['saveRecipe'] = () => {
      throw new Error('This cannot be a recipe’s name.');
    };
    const bar = mount(RecipeBar);
    await settle();
    await bar.findAll('button')[0]!.trigger('click');
    await settle();
    await bar.find('input').setValue('../x');
    await bar.find('form').trigger('submit');
    await settle();
    expect(bar.find('input').element.value).toBe('../x');
    expect(useUi().notices.at(-1)!.text).toContain('cannot be a recipe’s name');
  });
});
