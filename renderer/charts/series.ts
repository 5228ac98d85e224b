/** What a chart draws, and the same as rows and as a sentence. */
import { figure } from '../format';

export interface Series {
  readonly name: string;
  /** a CSS token without its dashes, such as "student-stroke" */
  readonly colour: string;
  /** rising */
  readonly x: ArrayLike<number>;
  /** NaN where there is no value */
  readonly y: ArrayLike<number>;
  /** spread about y, drawn as a band; NaN where there is none */
  readonly deviation?: ArrayLike<number>;
  readonly dashed?: boolean;
  /** a reference: thin and behind */
  readonly faint?: boolean;
}

/** Whether a value can be drawn: a logarithm has no place for 0. */
function drawable(value: number, log: boolean): boolean {
  return Number.isFinite(value) && (!log || value > 0);
}

/** Whether what is above 0 spans more than a decade: on a linear scale the lower end would be flat. */
export function spansDecade(series: readonly Pick<Series, 'y'>[]): boolean {
  let low = Infinity;
  let high = 0;
  for (const { y } of series) {
    for (let row = 0; row < y.length; row++) {
      const value = y[row]!;
      if (!drawable(value, true)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return high > 10 * low;
}

/**
 * Indices of the points that draw a line exactly as all of them would: of each pixel column the first, the lowest, the
 * highest and the last (M4, Jugel et al. 2014). Peaks stay where they are and nothing is averaged.
 * @param columns pixels across, 1 or more
 * @returns rising; at most four a column, without points that cannot be drawn
 */
export function decimate({ x, y }: Pick<Series, 'x' | 'y'>, columns: number, log = false): Uint32Array {
  const rows: number[] = [];
  let start = 0;
  while (start < x.length && !drawable(y[start]!, log)) start++;
  if (start >= x.length) return new Uint32Array();
  const from = x[start]!;
  const width = (x[x.length - 1]! - from) / columns || 1;
  let column = -1;
  let first = -1;
  let low = -1;
  let high = -1;
  let last = -1;
  const flush = (): void => {
    if (first < 0) return;
    const [early, late] = low < high ? [low, high] : [high, low];
    rows.push(first);
    if (early > first) rows.push(early);
    if (late > early && late < last) rows.push(late);
    if (last > first && last !== early) rows.push(last);
  };
  for (let row = start; row < x.length; row++) {
    const value = y[row]!;
    if (!drawable(value, log)) continue;
    const at = Math.min(columns - 1, Math.floor((x[row]! - from) / width));
    if (at !== column) {
      flush();
      column = at;
      first = low = high = row;
    } else {
      if (value < y[low]!) low = row;
      if (value > y[high]!) high = row;
    }
    last = row;
  }
  flush();
  return Uint32Array.from(rows);
}

/**
 * Outline of the band that a deviation makes about a line, upper edge first.
 * @param rows of the line, rising, as `decimate` gives them
 * @param place of a point in pixels
 * @param floor pixels down to which a lower edge goes that a logarithm has no place for
 */
export function bandOf(
  { x, y, deviation }: Series,
  rows: Iterable<number>,
  place: (x: number, y: number) => readonly [x: number, y: number],
  floor: number,
  log: boolean,
): (readonly [x: number, y: number])[] {
  const [upper, lower]: (readonly [x: number, y: number])[][] = [[], []];
  for (const row of rows) {
    const spread = deviation?.[row] ?? NaN;
    if (!Number.isFinite(spread)) continue;
    const low = y[row]! - spread;
    const top = place(x[row]!, y[row]! + spread);
    upper!.push(top);
    lower!.push(drawable(low, log) ? place(x[row]!, low) : [top[0], floor]);
  }
  return [...upper!, ...lower!.reverse()];
}

/** The lowest and highest edge of all bands, for the axis; undefined where there are none. */
export function bandRange(series: readonly Series[], log: boolean): { low: number; high: number } | undefined {
  let [low, high] = [Infinity, -Infinity];
  for (const { y, deviation } of series) {
    for (let row = 0; row < (deviation?.length ?? 0); row++) {
      const [value, spread] = [y[row]!, deviation![row]!];
      if (!Number.isFinite(spread) || !drawable(value, log)) continue;
      high = Math.max(high, value + spread);
      low = Math.min(low, log ? value : value - spread);
    }
  }
  return high >= low ? { low, high } : undefined;
}

/** Each series, and its deviation as one of its own where it has one: what a table and a CSV file list. */
export function withDeviations(series: readonly Series[]): Series[] {
  return series.flatMap((line) =>
    line.deviation ? [line, { ...line, name: `${line.name}, s.d.`, y: line.deviation }] : [line],
  );
}

/**
 * All numbers of several series side by side, joined where they share an x.
 * @returns rows by rising x: x and a value a series, NaN where a series has none
 */
export function joined(series: readonly Series[]): number[][] {
  const rows = new Map<number, number[]>();
  for (const [at, { x, y }] of series.entries()) {
    for (let row = 0; row < x.length; row++) {
      let cells = rows.get(x[row]!);
      if (!cells) rows.set(x[row]!, (cells = [x[row]!, ...series.map(() => NaN)]));
      cells[at + 1] = y[row]!;
    }
  }
  return [...rows.values()].sort(([first], [second]) => first! - second!);
}

/** Where on the x axis: "epoch 4", "bias −3", "100 % of the training set". */
export function placeText(xTitle: string, x: number | undefined): string {
  return xTitle.startsWith('%') ? `${figure(x)} ${xTitle}` : `${xTitle} ${figure(x)}`;
}

/** One sentence for those who do not see the chart: where each line begins and where it ends. */
export function describeSeries(series: readonly Series[], xTitle: string): string {
  const parts = series.flatMap(({ name, x, y }) => {
    let first = -1;
    let last = -1;
    for (let row = 0; row < x.length; row++) {
      if (!Number.isFinite(y[row]!)) continue;
      if (first < 0) first = row;
      last = row;
    }
    if (last < 0) return [];
    const end = `${figure(y[last])} at ${placeText(xTitle, x[last])}`;
    return [first === last ? `${name} ${end}` : `${name} from ${figure(y[first])} at ${figure(x[first])} to ${end}`];
  });
  return parts.length === 0 ? 'Nothing to draw yet.' : `${parts.join('; ')}.`;
}
