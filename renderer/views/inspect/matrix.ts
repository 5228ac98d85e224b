/** What a confusion matrix's cells say and how strongly they are coloured, on the screen and in a picture. */

export type MatrixMode = 'errors' | 'counts' | 'share' | 'probability' | 'similarity' | 'difference';

export interface Matrix {
  /** [classes × classes], true class by predicted: counts, sums of probabilities, mean shares or differences of these */
  readonly values: ArrayLike<number>;
  readonly classes: number;
  readonly mode: MatrixMode;
}

export function valueAt({ values, classes }: Matrix, label: number, predicted: number): number {
  return values[label * classes + predicted]!;
}

/** Largest of the wrong answers, which the colours are scaled to. */
export function largestWrong({ values, classes }: Matrix): number {
  let most = 0;
  for (let at = 0; at < classes ** 2; at++) if (at % (classes + 1) !== 0) most = Math.max(most, Math.abs(values[at]!));
  return most;
}

/** 0 to 0.9. Right answers would drown the errors, so they stay plain; the root lifts the rare ones. */
export function heatOf(matrix: Matrix, largest: number, label: number, predicted: number): number {
  if (label === predicted || largest === 0) return 0;
  return 0.9 * Math.sqrt(Math.abs(valueAt(matrix, label, predicted)) / largest);
}

/** A sum of probabilities, in three digits or four: more have no place in a cell. */
export function probabilityText(value: number): string {
  return value.toFixed(value < 100 ? 1 : 0);
}

/** Per cent in three digits; nothing for what rounds to nothing. */
function percentText(percent: number): string {
  const text = percent.toFixed(Math.abs(percent) < 10 ? 1 : 0);
  return Number(text) === 0 ? '' : text;
}

function signed(text: string): string {
  return text === '+' ? '' : text.replace('-', '−');
}

export function textOf(matrix: Matrix, label: number, predicted: number): string {
  const value = valueAt(matrix, label, predicted);
  if (matrix.mode === 'errors') return label === predicted || value === 0 ? '' : String(value);
  if (matrix.mode === 'counts') return String(value);
  if (matrix.mode === 'probability') return probabilityText(value);
  if (matrix.mode === 'similarity') return percentText(100 * value);
  if (matrix.mode === 'difference')
    return value > 0 ? signed(`+${percentText(100 * value)}`) : signed(percentText(100 * value));
  let total = 0;
  for (let at = 0; at < matrix.classes; at++) total += valueAt(matrix, label, at);
  const share = total === 0 ? 0 : (100 * value) / total;
  return share === 0 ? '0' : share.toFixed(1);
}
