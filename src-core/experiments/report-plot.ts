/** Drawings as SVG: what curves and the pictures of a scorecard share. Sizes are pixels at the drawing's own size. */
import { logTicks } from '../evaluation/log-ticks';
import { markup } from './report-markup';
import type { Fragment, Markup } from './report-markup';
import { decimal } from './report-numbers';
import { LIGHT } from './report-palette';
import type { Role } from './report-palette';
import { drawingStyle } from './report-style';

export interface Drawing {
  readonly width: number;
  readonly height: number;
  /** said to those who do not see it */
  readonly spoken: string;
  readonly content: Fragment;
}

/** Colours and dashes of lines in their order: told apart without colour, too. */
export const LINE_ROLES: readonly Role[] = ['teacher', 'student', 'other', 'baseline'];
export const DASHES = ['', '6 3', '2 3', '8 3 2 3', '12 4'];

/** Width of a character, about. */
const CHARACTER = 6.3;
const MOST_LETTERS = 60;
const MOST_POINTS = 600;
/** Fewer points each get a marker and a bar of deviation, more a band. */
const FEW_POINTS = 12;

export function textWidth(text: string): number {
  return CHARACTER * text.length;
}

/** A coordinate. */
export function at(value: number): string {
  return String(Number(value.toFixed(1)));
}

/** As part of a page, which has the style sheet. */
export function inlineSvg({ width, height, spoken, content }: Drawing): Markup {
  return markup`<svg class="drawing" viewBox="0 0 ${at(width)} ${at(height)}" width="${at(width)}" role="img" aria-label="${spoken}">${content}</svg>`;
}

/** As a file of its own, on a background of its own: it reads on any page. */
export function standaloneSvg({ width, height, spoken, content }: Drawing): string {
  const edge = 14;
  const [wide, high] = [at(width + 2 * edge), at(height + 2 * edge)];
  const box = markup`viewBox="${-edge} ${-edge} ${wide} ${high}" width="${wide}" height="${high}"`;
  const text = markup`<svg xmlns="http://www.w3.org/2000/svg" class="drawing" ${box} role="img"><title>${spoken}</title>`;
  const paper = markup`<rect x="${-edge}" y="${-edge}" width="${wide}" height="${high}" rx="6" fill="${LIGHT.surface}"/>`;
  return `${text.text}<style>${drawingStyle(LIGHT)}</style>${paper.text}${markup`${content}`.text}</svg>\n`;
}

interface LegendEntry {
  readonly name: string;
  /** drawn in a box of 26 × 10 */
  readonly sample: Markup;
}

/** Names of series beside what they look like, in as many rows as the width needs. */
export function svgLegend(entries: readonly LegendEntry[], width: number): { content: Markup[]; height: number } {
  let [left, row] = [0, 0];
  const content = entries.map(({ name, sample }) => {
    const shown = name.length > MOST_LETTERS ? `${name.slice(0, MOST_LETTERS - 1)}…` : name;
    const needed = 33 + textWidth(shown);
    if (left > 0 && left + needed > width) [left, row] = [0, row + 1];
    const entry = markup`<g transform="translate(${at(left)} ${18 * row})">${sample}<text x="32" y="9">${shown}</text></g>`;
    left += needed + 16;
    return entry;
  });
  return { content, height: entries.length === 0 ? 0 : 18 * row + 24 };
}

export function stroke(role: Role, dash: string, points: string): Markup {
  return markup`<polyline class="curve ${role}"${dash && markup` stroke-dasharray="${dash}"`} points="${points}"/>`;
}

/** The shape of a role, as in the page's keys. */
function marker(role: Role, x: number, y: number): Markup {
  const shapes: Readonly<Record<Role, string>> = {
    teacher: 'm-3.5-3.5h7v7h-7z',
    student: 'm-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z',
    baseline: 'm0-4.5l4.5 4.5l-4.5 4.5l-4.5-4.5z',
    other: 'm0-4.5l4.5 8h-9z',
  };
  return markup`<path class="point ${role}" d="M${at(x)} ${at(y)}${shapes[role]}"/>`;
}

export interface PlotPoint {
  readonly x: number;
  readonly y: number;
  readonly deviation?: number;
}

export interface PlotLine {
  readonly role: Role;
  readonly dash: string;
  readonly points: readonly PlotPoint[];
}

export interface Axis {
  readonly title: string;
  readonly log?: boolean;
  readonly text?: (value: number) => string;
}

export interface PlotMark {
  readonly x: number;
  readonly label: string;
  /** chosen on test images: wears the colour of marks */
  readonly tuned?: boolean;
}

/** Of every stretch of points the lowest and the highest, so that no spike is lost. */
function thin(points: PlotLine['points']): PlotLine['points'] {
  if (points.length <= MOST_POINTS) return points;
  const kept = new Set<number>([0, points.length - 1]);
  const stretch = (2 * points.length) / MOST_POINTS;
  for (let start = 0; start < points.length; start += stretch) {
    const end = Math.min(points.length, start + stretch);
    let low = Math.floor(start);
    let high = low;
    for (let index = low; index < end; index++) {
      if (points[index]!.y < points[low]!.y) low = index;
      if (points[index]!.y > points[high]!.y) high = index;
    }
    kept.add(low).add(high);
  }
  return [...kept].sort((a, b) => a - b).map((index) => points[index]!);
}

/** Multiples of 1, 2 or 5 times a power of ten inside a range, about five. */
function linearTicks(low: number, high: number, whole: boolean): number[] {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const nice = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= 0.8 * rough)!;
  const step = whole ? Math.max(1, nice) : nice;
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

export interface Scale {
  readonly ticks: readonly number[];
  /** 0 at the low end, 1 at the high end; what lies outside is drawn at the end */
  share(value: number): number;
}

/** A scale over values, or from 0 where they come near it. A logarithm has no place for 0: it is drawn at its low end. */
export function scaleOf(values: readonly number[], { log, padded }: { log: boolean; padded: boolean }): Scale {
  const finite = values.filter((value) => Number.isFinite(value) && (!log || value > 0));
  const [least, most] = finite.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity],
  );
  if (least > most) return { ticks: [], share: () => 0.5 };
  const inside = (share: number): number => Math.min(1, Math.max(0, share));
  if (log) {
    // Zeros get a place of their own, below the smallest value.
    const zeros = finite.length < values.length;
    const slack = padded || least === most ? 1.12 : 1;
    const [low, high] = [zeros ? least / 2 : least / slack, most * slack];
    return {
      ticks: logTicks(low, high),
      share: (value) => (value <= 0 ? 0 : inside(Math.log(value / low) / Math.log(high / low))),
    };
  }
  const whole = finite.every(Number.isInteger);
  const slack = least === most ? Math.max(1, Math.abs(least)) / 2 : padded ? 0.06 * (most - least) : 0;
  const fromZero = padded && least >= 0 && least < 0.4 * most;
  const [low, high] = [fromZero ? 0 : least - slack, most + slack];
  return { ticks: linearTicks(low, high, whole), share: (value) => inside((value - low) / (high - low)) };
}

/** A number with the digits that it has, six significant ones at most. */
export function plain(value: number): string {
  return decimal(value, Math.min(6, (/\.(\d+)/.exec(String(Number(value.toPrecision(6))))?.[1] ?? '').length));
}

/** Rows for labels above the plot, so that none covers another. */
function labelRows(marks: readonly PlotMark[], x: (value: number) => number, right: number) {
  const ends: number[] = [];
  return [...marks]
    .sort((first, second) => first.x - second.x)
    .map((mark) => {
      const half = textWidth(mark.label) / 2 + 4;
      const centre = Math.max(half, Math.min(right - half, x(mark.x)));
      const free = ends.findIndex((end) => end < centre - half);
      const row = free < 0 ? ends.length : free;
      ends[row] = centre + half;
      return { mark, centre, row };
    });
}

/**
 * Lines over an axis, with deviations as bands or bars, and marked places.
 * @param size of the whole drawing but for the rows of the marks' labels, which come on top
 */
export function linePlot(
  lines: readonly PlotLine[],
  axes: { readonly x: Axis; readonly y: Axis },
  size: { readonly width: number; readonly height: number },
  marks: readonly PlotMark[] = [],
): { readonly content: Markup; readonly height: number } {
  const thinned = lines.map((line) => ({ ...line, points: thin(line.points) }));
  const points = thinned.flatMap((line) => line.points);
  const spread = points.flatMap(({ y, deviation = 0 }) =>
    axes.y.log ? [y, y + deviation] : [y - deviation, y, y + deviation],
  );
  const across = scaleOf([...points.map(({ x }) => x), ...marks.map(({ x }) => x)], {
    log: axes.x.log ?? false,
    padded: false,
  });
  const up = scaleOf(spread, { log: axes.y.log ?? false, padded: true });
  const yText = axes.y.text ?? plain;
  const xText = axes.x.text ?? plain;
  const left = 12 + up.ticks.reduce((most, tick) => Math.max(most, textWidth(yText(tick))), 0);
  const right = size.width - 12;
  const x = (value: number): number => left + 4 + across.share(value) * (right - left - 8);
  const labels = labelRows(marks, x, size.width);
  const top = 22 + 15 * labels.reduce((most, { row }) => Math.max(most, row + 1), 0);
  const bottom = top + size.height - 58;
  const y = (value: number): number => bottom - up.share(value) * (bottom - top);
  const place = ({ x: one, y: other }: PlotPoint): string => `${at(x(one))},${at(y(other))}`;

  const spreads = thinned.flatMap((line) => {
    const wide = line.points.filter(({ deviation }) => deviation !== undefined);
    if (wide.length > FEW_POINTS) {
      const edge = (sign: number) => wide.map((point) => place({ x: point.x, y: point.y + sign * point.deviation! }));
      return [markup`<path class="band ${line.role}" d="M${[...edge(1), ...edge(-1).reverse()].join('L')}Z"/>`];
    }
    return wide.map((point) => {
      const [high, low] = [1, -1].map((sign) => at(y(point.y + sign * point.deviation!)));
      return markup`<path class="spread ${line.role}" d="M${at(x(point.x))} ${high!}V${low!}m-3 0h6M${at(x(point.x) - 3)} ${high!}h6"/>`;
    });
  });
  const content = markup`<text class="axis" x="0" y="12">${axes.y.title}</text>
${up.ticks.map(
  (tick) => markup`<line class="rule" x1="${at(left)}" x2="${at(right)}" y1="${at(y(tick))}" y2="${at(y(tick))}"/>
<text class="tick" x="${at(left - 7)}" y="${at(y(tick) + 4)}" text-anchor="end">${yText(tick)}</text>`,
)}
${across.ticks.map(
  (
    tick,
  ) => markup`<line class="rule" x1="${at(x(tick))}" x2="${at(x(tick))}" y1="${at(bottom)}" y2="${at(bottom + 4)}"/>
<text class="tick" x="${at(x(tick))}" y="${at(bottom + 17)}" text-anchor="middle">${xText(tick)}</text>`,
)}
<text class="axis" x="${at(right)}" y="${at(bottom + 34)}" text-anchor="end">${axes.x.title}</text>
${labels.map(
  ({ mark, row }) =>
    markup`<line class="place${mark.tuned && ' tuned'}" x1="${at(x(mark.x))}" x2="${at(x(mark.x))}" y1="${38 + 15 * row}" y2="${at(bottom)}"/>`,
)}
${labels.map(
  ({ mark, centre, row }) =>
    markup`<text class="place${mark.tuned && ' tuned'}" x="${at(centre)}" y="${34 + 15 * row}" text-anchor="middle">${mark.label}</text>`,
)}
${spreads}
${thinned.map((line) => stroke(line.role, line.dash, line.points.map(place).join(' ')))}
${thinned.map(({ role, points: own }) =>
  (own.length <= FEW_POINTS ? own : own.slice(-1)).map((point) => marker(role, x(point.x), y(point.y))),
)}`;
  return { content, height: bottom + 40 };
}
