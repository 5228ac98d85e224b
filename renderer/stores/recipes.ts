/** Data recipes of the lab folder, by their names. */
import { defineStore } from 'pinia';
import { shallowRef, watch } from 'vue';
import type { DataRecipe, RecipeList } from '../../src-core/contract/data-recipe';
import { connection, lab } from '../lab';
import { useUi } from './ui';

export const useRecipes = defineStore('recipes', () => {
  const ui = useUi();
  const list = shallowRef<RecipeList>({ recipes: [], damaged: [] });

  async function refresh(): Promise<void> {
    const found = await ui.attempt(() => lab.recipes());
    if (found) list.value = found;
  }

  /** @returns whether it was kept */
  async function save(name: string, data: DataRecipe): Promise<boolean> {
    const kept = await ui.attempt(async () => {
      await lab.saveRecipe(name, data);
      return true;
    });
    await refresh();
    return kept === true;
  }

  /** Deletes one, which comes back by the message's button. */
  async function remove(name: string): Promise<void> {
    const recipe = list.value.recipes.find((one) => one.name === name);
    if (!recipe) return;
    const gone = await ui.attempt(async () => {
      await lab.deleteRecipe(name);
      return true;
    });
    await refresh();
    if (gone !== true) return;
    ui.notify(`Deleted the recipe “${name}”.`, {
      action: { label: 'Undo', run: () => void save(name, recipe.data) },
    });
  }

  watch(connection, (now) => now === 'ready' && void refresh(), { immediate: true });

  return { list, refresh, save, remove };
});
