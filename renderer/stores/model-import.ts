/** A network of another program's on its way into the lab: looked at before it becomes a run. */
import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import { MNIST } from '../../src-core/contract/dataset';
import { messageOf } from '../../src-core/contract/errors';
import type { ModelPreview } from '../../src-core/contract/rpc';
import { lab } from '../lab';
import { useDataset } from './dataset';
import { useRuns } from './runs';
import { useUi } from './ui';

const FILES = [{ name: 'Checkpoints and models', extensions: ['safetensors', 'json'] }];

export const useModelImport = defineStore('model-import', () => {
  const ui = useUi();
  const runs = useRuns();
  const datasets = useDataset();

  /** what is being looked at; undefined when nothing is */
  const file = ref<string>();
  const dataset = ref(MNIST);
  const preview = shallowRef<ModelPreview>();
  /** why it fits no network of the lab's, or not this data set */
  const failure = ref('');
  /** which of the preview's normalisations */
  const chosen = ref(0);
  const name = ref('');
  const busy = ref(false);

  /** Asks for a file: a checkpoint of the lab's own becomes a run at once, another program's network is looked at. */
  async function choose(): Promise<void> {
    const picked = await window.desktop?.openFile({ title: 'Load a checkpoint or model', filters: FILES });
    if (picked === undefined) return;
    const own = await ui.attempt(() => lab.isCheckpoint(picked));
    if (own === true) await runs.loadCheckpoint(picked);
    else if (own === false) await look(picked, runs.selected?.dataset ?? MNIST);
  }

  let turn = 0;
  async function look(picked: string, of: string): Promise<void> {
    const mine = ++turn;
    if (picked !== file.value) name.value = '';
    file.value = picked;
    dataset.value = of;
    preview.value = undefined;
    failure.value = '';
    busy.value = true;
    void datasets.readList();
    try {
      const found = await lab.previewModel(picked, of);
      if (mine !== turn) return;
      preview.value = found;
      chosen.value = 0;
    } catch (error) {
      if (mine === turn) failure.value = messageOf(error);
    } finally {
      if (mine === turn) busy.value = false;
    }
  }

  function close(): void {
    turn += 1;
    file.value = undefined;
    preview.value = undefined;
    busy.value = false;
  }

  async function add(): Promise<void> {
    const normalisation = preview.value?.normalisations[chosen.value];
    if (!normalisation || file.value === undefined) return;
    const { mean, deviation } = normalisation;
    busy.value = true;
    failure.value = '';
    try {
      const id = await lab.importModel(file.value, dataset.value, { mean, deviation }, name.value);
      await runs.refresh();
      close();
      runs.select(id);
      ui.view = 'inspect';
      ui.notify(`“${runs.titleOf(id)}” is a run of this lab now: it can be inspected, compared, and teach.`);
    } catch (error) {
      failure.value = messageOf(error);
    } finally {
      busy.value = false;
    }
  }

  return { file, dataset, preview, failure, chosen, name, busy, choose, look, close, add };
});
