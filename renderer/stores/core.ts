/** What the core says of itself. */
import { defineStore } from 'pinia';
import { shallowRef, watch } from 'vue';
import type { CoreStatus } from '../../src-core/contract/rpc';
import { connection, lab } from '../lab';
import { useUi } from './ui';

export const useCore = defineStore('core', () => {
  const ui = useUi();
  const status = shallowRef<CoreStatus>();
  watch(
    connection,
    async (now) => {
      if (now === 'ready') status.value = await ui.attempt(() => lab.status());
    },
    { immediate: true },
  );
  return { status };
});
