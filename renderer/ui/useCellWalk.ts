/** Arrow keys walk a square table of classes, which has one stop for Tab. */
import { nextTick, ref } from 'vue';
import type { Ref } from 'vue';

export interface Cell {
  readonly label: number;
  readonly predicted: number;
}

/**
 * @param table holds the cells, each with data-cell="label-predicted"
 * @param classes rows, and columns, of the table
 */
export function useCellWalk(table: Readonly<Ref<HTMLElement | null>>, classes: () => number) {
  const focused = ref<Cell>({ label: 0, predicted: 0 });

  async function walk(event: KeyboardEvent): Promise<void> {
    const { label, predicted } = focused.value;
    const last = classes() - 1;
    const moves: Record<string, Cell> = {
      ArrowUp: { label: Math.max(0, label - 1), predicted },
      ArrowDown: { label: Math.min(last, label + 1), predicted },
      ArrowLeft: { label, predicted: Math.max(0, predicted - 1) },
      ArrowRight: { label, predicted: Math.min(last, predicted + 1) },
      Home: { label, predicted: 0 },
      End: { label, predicted: last },
    };
    const next = moves[event.key];
    if (!next) return;
    event.preventDefault();
    focused.value = next;
    await nextTick();
    table.value?.querySelector<HTMLElement>(`[data-cell="${next.label}-${next.predicted}"]`)?.focus();
  }

  function isStop(label: number, predicted: number): boolean {
    return focused.value.label === label && focused.value.predicted === predicted;
  }

  return { focused, walk, isStop };
}
