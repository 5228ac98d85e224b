/** Images of one's own on their way into the lab: chosen, read, looked at, and only then written. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { ImportPreview, ImportProgress } from '../../src-core/contract/dataset';
import { IMPORT_DEFAULTS, MNIST } from '../../src-core/contract/dataset';
import { messageOf } from '../../src-core/contract/errors';
import { lab } from '../lab';
import { useDataset } from './dataset';
import { useRecipe } from './recipe';
import { useUi } from './ui';

const POLL_MILLISECONDS = 150;

export const useImport = defineStore('import', () => {
  const ui = useUi();
  const dataset = useDataset();
  const recipe = useRecipe();

  /** whether its panel is shown */
  const open = ref(false);
  const path = ref<string>();
  const testPath = ref<string>();
  const reading = ref(false);
  const progress = shallowRef<ImportProgress>();
  const preview = shallowRef<ImportPreview>();
  /** why it cannot be read, or not be added */
  const failure = ref('');
  const adding = ref(false);

  const name = ref('');
  /** by the source's labels; empty leaves one out */
  const classNames = ref<string[]>([]);
  const testShare = ref<number>(IMPORT_DEFAULTS.testShare);
  const seed = ref<number>(IMPORT_DEFAULTS.seed);
  const inverted = ref(false);
  const transposed = ref(false);

  /** classes that there will be, in their order */
  const classes = computed(() => [
    ...new Set(classNames.value.map((each) => each.trim()).filter((each) => each !== '')),
  ]);

  function begin(): void {
    forget();
    open.value = true;
  }

  function forget(): void {
    path.value = undefined;
    testPath.value = undefined;
    preview.value = undefined;
    failure.value = '';
  }

  function close(): void {
    open.value = false;
    forget();
    void ui.attempt(() => lab.cancelImport());
  }

  let turn = 0;
  /** Reads a source and shows what it holds. */
  async function read(chosen: string, chosenTest?: string): Promise<void> {
    const mine = ++turn;
    path.value = chosen;
    testPath.value = chosenTest;
    preview.value = undefined;
    failure.value = '';
    progress.value = undefined;
    reading.value = true;
    const timer = setInterval(() => {
      lab.importProgress().then(
        (now) => mine === turn && (progress.value = now ?? progress.value),
        () => undefined,
      );
    }, POLL_MILLISECONDS);
    try {
      const found = await lab.previewDataset(chosen, chosenTest);
      if (mine !== turn || !open.value) return;
      preview.value = found;
      name.value = freeName(found.suggestedName);
      classNames.value = found.classes.map(({ source }) => source);
      testShare.value = IMPORT_DEFAULTS.testShare;
      seed.value = IMPORT_DEFAULTS.seed;
      inverted.value = found.looksInverted;
      transposed.value = false;
    } catch (error) {
      if (mine === turn && open.value && reading.value) failure.value = messageOf(error);
    } finally {
      clearInterval(timer);
      if (mine === turn) reading.value = false;
    }
  }

  /** Ends the reading; what was chosen can be read again. */
  function cancelReading(): void {
    turn += 1;
    reading.value = false;
    path.value = undefined;
    void ui.attempt(() => lab.cancelImport());
  }

  function freeName(wanted: string): string {
    const taken = new Set(dataset.list.map((one) => one.name));
    let free = wanted;
    for (let number = 2; taken.has(free); number++) free = `${wanted.slice(0, 56)}-${number}`;
    return free;
  }

  async function add(): Promise<void> {
    adding.value = true;
    failure.value = '';
    try {
      const added = await lab.addDataset(name.value, {
        classNames: classNames.value,
        testShare: testShare.value,
        seed: seed.value,
        inverted: inverted.value,
        transposed: transposed.value,
      });
      await dataset.readList();
      recipe.useDatasetNamed(added);
      open.value = false;
      forget();
      ui.notify(`Added the data set “${added}”.`);
    } catch (error) {
      failure.value = messageOf(error);
    } finally {
      adding.value = false;
    }
  }

  /** Deletes a data set, which comes back by the message's button. */
  async function remove(gone: string): Promise<void> {
    const deleted = await ui.attempt(async () => {
      await lab.deleteDataset(gone);
      return true;
    });
    if (!deleted) return;
    dataset.forget(gone);
    await dataset.readList();
    recipe.useDatasetNamed(MNIST);
    ui.notify(`Deleted the data set “${gone}”. Its runs keep their results.`, {
      action: { label: 'Undo', run: () => void bringBack(gone) },
    });
  }

  async function bringBack(gone: string): Promise<void> {
    const back = await ui.attempt(async () => {
      await lab.undeleteDataset(gone);
      return true;
    });
    if (!back) return;
    await dataset.readList();
    recipe.useDatasetNamed(gone);
  }

  return {
    open,
    path,
    testPath,
    reading,
    progress,
    preview,
    failure,
    adding,
    name,
    classNames,
    classes,
    testShare,
    seed,
    inverted,
    transposed,
    begin,
    close,
    read,
    cancelReading,
    add,
    remove,
  };
});
