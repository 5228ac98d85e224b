/** The transfer set under preparation, with the way back: what "Use in a new run" carries to the form. */
import { defineStore } from 'pinia';
import { computed, shallowRef, watch } from 'vue';
import type { DataRecipe } from '../../src-core/contract/data-recipe';
import { recipeOf } from '../../src-core/contract/data-recipe';
import { parseDataSpec } from '../../src-core/contract/spec';
import { useDataset } from './dataset';
import { useDraft } from './draft';

/** Every training image of MNIST as it is. */
const WHOLE: DataRecipe = recipeOf(parseDataSpec({}));

/** Every training image of a data set as it is. */
function whole(name: string, classes: number): DataRecipe {
  return { ...WHOLE, dataset: name, classes: Array.from({ length: classes }, (_, label) => label) };
}

const STEPS_KEPT = 100;

function wellFormed(data: unknown): DataRecipe | undefined {
  try {
    return recipeOf(parseDataSpec(data));
  } catch {
    return undefined;
  }
}

function same(first: DataRecipe, second: DataRecipe): boolean {
  return JSON.stringify(first) === JSON.stringify(second);
}

export const useRecipe = defineStore('recipe', () => {
  const draft = useDraft();
  const dataset = useDataset();
  const recipe = shallowRef<DataRecipe>(WHOLE);
  const past = shallowRef<readonly DataRecipe[]>([]);
  let lastField: string | undefined;

  /**
   * Makes a step that can be undone.
   * @param field changes in a row of one field, such as the figures of a number being typed, are one step
   */
  function change(changes: Partial<DataRecipe>, field?: string): void {
    if (field === undefined || field !== lastField) past.value = [...past.value.slice(1 - STEPS_KEPT), recipe.value];
    lastField = field;
    recipe.value = { ...recipe.value, ...changes };
  }

  function undo(): void {
    const last = past.value.at(-1);
    if (!last) return;
    past.value = past.value.slice(0, -1);
    lastField = undefined;
    recipe.value = last;
  }

  /** Omits a class, or takes it in again. */
  function toggle(label: number): void {
    const { classes } = recipe.value;
    const others = classes.filter((other) => other !== label);
    change({ classes: others.length < classes.length ? others : [...classes, label].sort((a, b) => a - b) });
  }

  /** @param share 0 to 1; the share of every class is no class's own */
  function setClassShare(label: number, share: number): void {
    const { [label]: _former, ...others } = recipe.value.classShares;
    const own = share === recipe.value.share ? {} : { [label]: share };
    change({ classShares: { ...others, ...own } }, `share of ${label}`);
  }

  /** All of a data set. */
  function wholeOf(name: string): DataRecipe {
    const entry = dataset.list.find((one) => one.name === name);
    return whole(name, entry && 'classNames' in entry ? entry.classNames.length : WHOLE.classes.length);
  }

  /** Another data set, all of it: classes of the one before are not its own. */
  function useDatasetNamed(name: string): void {
    if (name !== recipe.value.dataset) change(wholeOf(name));
  }

  /** What the form or another run says of the data stands here too, once it is right: the form says what is wrong. */
  watch(
    () => draft.spec?.['data'],
    (data) => {
      const found = data === undefined ? undefined : wellFormed(data);
      if (!found || same(found, recipe.value)) return;
      recipe.value = found;
      past.value = [];
      lastField = undefined;
    },
    { immediate: true },
  );

  return {
    recipe,
    changed: computed(() => !same(recipe.value, wholeOf(recipe.value.dataset))),
    past,
    change,
    undo,
    reset: () => change(wholeOf(recipe.value.dataset)),
    wholeOf,
    useDatasetNamed,
    toggle,
    setClassShare,
  };
});
