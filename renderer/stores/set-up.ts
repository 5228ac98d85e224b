/** Setting TensorFlow up from the window: what it says, and whether it helped. */
import { defineStore } from 'pinia';
import { onScopeDispose, ref, shallowRef, watch } from 'vue';
import { messageOf } from '../../src-core/contract/errors';
import { useCore } from './core';

/** Of "Fetching … 40 %" the part that names the stage. */
function stageOf(line: string): string {
  return line.replace(/ \d+ %$/, '');
}

export const useSetUp = defineStore('set-up', () => {
  const core = useCore();
  /** undefined until the shell has said it */
  const possible = ref<boolean>();
  /** "restarting": set-up is done, and the core loads what it brought */
  const phase = ref<'idle' | 'running' | 'restarting'>('idle');
  const lines = shallowRef<readonly string[]>([]);
  /** of the last attempt */
  const failure = ref<string>();

  void window.desktop?.canSetUp().then((can) => (possible.value = can));

  const endLines = window.desktop?.onSetUpLine((line) => {
    const last = lines.value.at(-1);
    const sameStage = last !== undefined && stageOf(last) === stageOf(line);
    lines.value = [...(sameStage ? lines.value.slice(0, -1) : lines.value), line];
  });
  onScopeDispose(() => endLines?.());

  async function start(): Promise<void> {
    if (!window.desktop || phase.value !== 'idle') return;
    phase.value = 'running';
    lines.value = [];
    failure.value = undefined;
    try {
      failure.value = await window.desktop.setUp();
    } catch (error) {
      failure.value = messageOf(error);
    }
    phase.value = failure.value === undefined ? 'restarting' : 'idle';
  }

  watch(
    () => core.status,
    (status) => {
      if (phase.value !== 'restarting' || !status) return;
      phase.value = 'idle';
      if (!status.engine) failure.value = 'Set-up has put everything in its place, and TensorFlow still does not load.';
    },
  );

  return { possible, phase, lines, failure, start };
});
