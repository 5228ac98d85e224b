/** Tables and the confusion matrix as lines of text. */
import { bold, dim, hex } from 'ansis';
import { stripAnsi } from './ansi';

const accent = hex('#0f7b8a');

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, width - stripAnsi(text).length));
  return align === 'right' ? blanks + text : text + blanks;
}

/** Aligned columns under a quiet rule. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...rows.map((row) => stripAnsi(row[index] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => pad(cell, widths[index]!, columns[index]!.align))
      .join('  ')
      .trimEnd();
  return [
    dim(line(columns.map(({ title }) => title))),
    dim(widths.map((width) => '─'.repeat(width)).join('  ')),
    ...rows.map((row) => line(row)),
  ];
}

/**
 * The errors only, as the blog drew them: true class by predicted class, right ones blank, with sums at the edges.
 * @param confusion counts, true by predicted
 */
export function renderConfusion(confusion: readonly (readonly number[])[]): string[] {
  const classes = confusion.length;
  const errors = confusion.map((row, label) => row.map((count, predicted) => (label === predicted ? 0 : count)));
  const most = Math.max(1, ...errors.flat());
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const below = errors.map((_, predicted) => sum(errors.map((row) => row[predicted]!)));
  // A blank stands before the longest number of any column, its sum included.
  const width = Math.max(3, String(Math.max(...below, classes - 1)).length + 1);
  const cell = (count: number, diagonal: boolean): string => {
    if (diagonal) return ' '.repeat(width);
    if (count === 0) return dim('·'.padStart(width));
    const text = String(count).padStart(width);
    return count >= most / 2 ? bold(accent(text)) : count >= most / 4 ? accent(text) : text;
  };
  const labels = Array.from({ length: classes }, (_, label) => label);
  const header = labels.map((label) => String(label).padStart(width)).join('');
  return [
    dim(`true \\ predicted`),
    dim(`     ${header}   wrong`),
    ...errors.map(
      (row, label) =>
        `${dim(String(label).padStart(4))} ${row.map((count, predicted) => cell(count, label === predicted)).join('')}   ${dim(String(sum(row)).padStart(5))}`,
    ),
    dim(
      `     ${below.map((errorsAsThis) => String(errorsAsThis).padStart(width)).join('')}   ${String(sum(errors.flat())).padStart(5)}`,
    ),
  ];
}
