/** Arrow keys walk a table of cells, most often of classes by classes, which has one stop for Tab. */
import { nextTick, ref } from 'vue';
import type { Ref } from 'vue';

export interface Cell {
  readonly label: number;
  readonly predicted: number;
}

/**
 * @param table holds the cells
 * @param rows of the table
 * @param selected the cell that is open
 * @param open a click, Enter or the space bar on a cell
 * @param columns of the table; as many as rows when left out
 */
export function useCellWalk(
  table: Readonly<Ref<HTMLElement | null>>,
  rows: () => number,
  selected: () => Cell | undefined,
  open: (cell: Cell) => void,
  columns = rows,
) {
  const focused = ref<Cell>({ label: 0, predicted: 0 });

  async function walk(event: KeyboardEvent): Promise<void> {
    const { label, predicted } = focused.value;
    const [lastRow, lastColumn] = [rows() - 1, columns() - 1];
    const moves: Record<string, Cell> = {
      ArrowUp: { label: Math.max(0, label - 1), predicted },
      ArrowDown: { label: Math.min(lastRow, label + 1), predicted },
      ArrowLeft: { label, predicted: Math.max(0, predicted - 1) },
      ArrowRight: { label, predicted: Math.min(lastColumn, predicted + 1) },
      Home: { label, predicted: 0 },
      End: { label, predicted: lastColumn },
    };
    const next = moves[event.key];
    if (!next) return;
    event.preventDefault();
    focused.value = next;
    await nextTick();
    table.value?.querySelector<HTMLElement>(`[data-cell="${next.label}-${next.predicted}"]`)?.focus();
  }

  function isSelected(label: number, predicted: number): boolean {
    return selected()?.label === label && selected()?.predicted === predicted;
  }

  function choose(cell: Cell): void {
    focused.value = cell;
    open(cell);
  }

  /** What every cell of such a table has, to be bound to it. */
  function cell(label: number, predicted: number) {
    const isStop = focused.value.label === label && focused.value.predicted === predicted;
    return {
      role: 'gridcell',
      'data-cell': `${label}-${predicted}`,
      tabindex: isStop ? 0 : -1,
      'aria-selected': isSelected(label, predicted),
      onClick: () => choose({ label, predicted }),
      onKeydown: (event: KeyboardEvent) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        choose({ label, predicted });
      },
    };
  }

  return { walk, cell, isSelected };
}
