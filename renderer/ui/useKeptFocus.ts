/** Whoever works by keyboard is never left without a place: a button that goes when it is pressed hands its focus on. */
import type { Ref } from 'vue';
import { nextTick, onMounted, watch } from 'vue';

/**
 * Gives the focus to the first control of `host` when it is nowhere: when a view replaces the one whose button was
 * pressed, and after a change that took a control away.
 */
export function useKeptFocus(host: Readonly<Ref<HTMLElement | null>>, change?: () => unknown): void {
  const settle = async (): Promise<void> => {
    await nextTick();
    if (document.activeElement && document.activeElement !== document.body) return;
    host.value?.querySelector<HTMLElement>('button:not(:disabled)')?.focus();
  };
  onMounted(settle);
  if (change) {
    watch(change, () => {
      if (host.value?.contains(document.activeElement)) void settle();
    });
  }
}
