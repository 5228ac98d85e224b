/** What the core says of itself. */
import { defineStore } from 'pinia';
import { computed, shallowRef, watch } from 'vue';
import type { CoreStatus } from '../../src-core/contract/rpc';
import { connection, lab } from '../lab';
import { useUi } from './ui';

export const useCore = defineStore('core', () => {
  const ui = useUi();
  const status = shallowRef<CoreStatus>();
  /** known to be so: not while the core is still asked */
  const withoutTensorFlow = computed(() => status.value !== undefined && !status.value.engine);
  watch(
    connection,
    async (now) => {
      if (now !== 'ready') return;
      try {
        status.value = await lab.status();
      } catch (error) {
        // A core that has stopped is said elsewhere, and the next one is asked again.
        if (connection.value === 'ready') ui.fail(error);
      }
    },
    { immediate: true },
  );
  return { status, withoutTensorFlow };
});
