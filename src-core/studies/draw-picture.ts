/** A scorecard's pictures as SVG: the same drawings in the page and beside the Markdown. */
import type { Picture } from '../contract/scorecard';
import { HEAT_LEVELS } from '../experiments/report-palette';
import { markup } from '../experiments/report-markup';
import type { Fragment, Markup } from '../experiments/report-markup';
import { decimal } from '../experiments/report-numbers';
import { DASHES, LINE_ROLES, at, linePlot, scaleOf, stroke, svgLegend, textWidth } from '../experiments/report-plot';
import type { Drawing } from '../experiments/report-plot';
import { stack, strip } from './draw-matrices';

type Of<Kind extends Picture['kind']> = Extract<Picture, { kind: Kind }>;

const WIDTH = 520;

/** Errors and shares at a glance: no more digits than tell something. */
function short(value: number): string {
  return decimal(value, Number.isInteger(value) || Math.abs(value) >= 100 ? 0 : 1);
}

/** Errors by two settings: a number in each cell, and a colour by its logarithm. */
function drawMap({ title, rows, columns, unit, cells }: Of<'map'>): Drawing {
  const [wide, high] = [51, 42];
  const left = 10 + Math.max(textWidth(rows.label), ...rows.values.map((value) => textWidth(String(value))));
  const top = 42;
  const levels = scaleOf(
    cells.map(({ mean }) => mean),
    { log: true, padded: false },
  );
  const cell = (row: number, column: number): Markup => {
    const found = cells.find((each) => each.row === row && each.column === column);
    const [x, y] = [left + wide * column, top + high * row];
    const box = markup`x="${at(x + 1)}" y="${at(y + 1)}" width="${wide - 2}" height="${high - 2}" rx="3"`;
    if (!found) {
      return markup`<rect class="missing" ${box}/><text class="tick" x="${at(x + wide / 2)}" y="${at(y + 25)}" text-anchor="middle">–</text>`;
    }
    const level = `heat-${1 + Math.round((HEAT_LEVELS - 1) * levels.share(found.mean))}`;
    const text = (kind: string, down: number, said: string): Markup =>
      markup`<text class="${level} ${kind}" x="${at(x + wide / 2)}" y="${at(y + down)}" text-anchor="middle">${said}</text>`;
    return markup`<g><title>${`${rows.values[row]} ${rows.label}, ${columns.label} ${columns.values[column]}: ${short(found.mean)} ${unit}, ${found.runs.length} ${found.runs.length === 1 ? 'run' : 'runs'}`}</title>
<rect class="${level}" ${box}/>${text('mean', found.deviation === undefined ? 25 : 19, short(found.mean))}${
      found.deviation !== undefined && text('small', 33, `± ${decimal(found.deviation, 1)}`)
    }</g>`;
  };
  const missing = rows.values.length * columns.values.length - cells.length;
  const lowest = cells.reduce<(typeof cells)[number] | undefined>(
    (best, each) => (best && best.mean <= each.mean ? best : each),
    undefined,
  );
  const said = lowest
    ? ` Lowest: ${short(lowest.mean)} with ${rows.values[lowest.row]} ${rows.label} at ${columns.label} ${columns.values[lowest.column]}.`
    : '';
  return {
    width: left + wide * columns.values.length + 2,
    height: top + high * rows.values.length + 24,
    spoken: `${title}, ${cells.length} of ${rows.values.length * columns.values.length} cells.${said}`,
    content: markup`<text class="axis" x="${at(left)}" y="12">${columns.label}</text>
<text class="axis" x="0" y="${top - 10}">${rows.label}</text>
${columns.values.map((value, column) => markup`<text class="tick" x="${at(left + wide * (column + 0.5))}" y="${top - 10}" text-anchor="middle">${value}</text>`)}
${rows.values.map((value, row) => markup`<text class="tick" x="${at(left - 7)}" y="${at(top + high * (row + 0.5) + 4)}" text-anchor="end">${value}</text>`)}
<g class="student">${rows.values.map((_, row) => columns.values.map((__, column) => cell(row, column)))}</g>
<text class="tick" x="${at(left)}" y="${top + high * rows.values.length + 18}">${unit}, mean ± deviation over seeds${missing > 0 && '; – not run yet'}</text>`,
  };
}

function drawLines({ title, x, y, logX, logY, series, marks = [] }: Of<'lines'>): Drawing {
  const drawn = series
    .map((each, index) => ({
      ...each,
      role: LINE_ROLES[index % LINE_ROLES.length]!,
      dash: DASHES[index % DASHES.length]!,
    }))
    .filter(({ points }) => points.length > 0);
  const legend = svgLegend(
    drawn.map(({ name, role, dash }) => ({ name, sample: stroke(role, dash, '0,5 26,5') })),
    WIDTH,
  );
  const plot = linePlot(
    drawn,
    { x: { title: x, log: logX ?? false }, y: { title: y, log: logY ?? false } },
    { width: WIDTH, height: 300 },
    marks.map((mark) => ({
      x: mark.x,
      label: `${mark.label} (${decimal(mark.x, 1)})`,
      tuned: mark.selectedOn === 'test',
    })),
  );
  const ends = drawn.map(({ name, points }) => {
    const [first, last] = [points[0]!, points.at(-1)!];
    return `${name}: ${short(first.y)} at ${short(first.x)}, ${short(last.y)} at ${short(last.x)}`;
  });
  return {
    width: WIDTH,
    height: legend.height + plot.height,
    spoken: `${title}; ${x} across, ${y} up. ${ends.join('; ')}.`,
    content: markup`${legend.content}<g transform="translate(0 ${at(legend.height)})">${plot.content}</g>`,
  };
}

/** Groups of bars from 0, each with its number; what was not run is an outline with a dash. */
function drawBars({ title, y, categories, series }: Of<'bars'>): Drawing {
  const legend = svgLegend(
    series.map(({ name }, index) => ({
      name,
      sample: markup`<rect class="bar ${LINE_ROLES[index % LINE_ROLES.length]!}" x="8" width="12" height="10" rx="2"/>`,
    })),
    WIDTH,
  );
  const values = series.flatMap((each) => each.values.filter((value) => value !== undefined));
  const scale = scaleOf([0, ...values, ...(values.some((value) => value > 0) ? [] : [1])], {
    log: false,
    padded: true,
  });
  const [top, bottom] = [legend.height + 24, legend.height + 260];
  const left = 12 + Math.max(0, ...scale.ticks.map((tick) => textWidth(short(tick))));
  const width = Math.max(WIDTH, left + categories.length * (series.length * 25 + 8) + 8);
  const group = (width - left - 8) / Math.max(1, categories.length);
  const bar = Math.min(40, (group - 8) / Math.max(1, series.length));
  const up = (value: number): number => bottom - scale.share(value) * (bottom - top);
  const one = (value: number | undefined, category: number, place: number): Fragment => {
    const x = left + group * (category + 0.5) + bar * (place - series.length / 2);
    const label = (text: string, base: number): Markup =>
      markup`<text class="small" x="${at(x + bar / 2)}" y="${at(base)}" text-anchor="middle">${text}</text>`;
    if (value === undefined) {
      return markup`<rect class="missing" x="${at(x + 1)}" y="${at(bottom - 14)}" width="${at(bar - 2)}" height="14"/>${label('–', bottom - 4)}`;
    }
    const role = LINE_ROLES[place % LINE_ROLES.length]!;
    return markup`<rect class="bar ${role}" x="${at(x + 1)}" y="${at(up(value))}" width="${at(bar - 2)}" height="${at(bottom - up(value))}"/>${label(short(value), up(value) - 4)}`;
  };
  const missing = series.some((each) => each.values.some((value) => value === undefined));
  return {
    width,
    height: bottom + 40,
    spoken: `${title}, ${y}. ${series.map(({ name, values: own }) => `${name}: ${categories.map((category, index) => `${category} ${own[index] === undefined ? 'not run' : short(own[index])}`).join(', ')}`).join('; ')}.`,
    content: markup`${legend.content}<text class="axis" x="0" y="${at(legend.height + 10)}">${y}</text>
${scale.ticks.map(
  (tick) => markup`<line class="rule" x1="${at(left)}" x2="${at(width - 8)}" y1="${at(up(tick))}" y2="${at(up(tick))}"/>
<text class="tick" x="${at(left - 7)}" y="${at(up(tick) + 4)}" text-anchor="end">${short(tick)}</text>`,
)}
${series.map(({ values: own }, place) => categories.map((_, category) => one(own[category], category, place)))}
${categories.map((category, index) => markup`<text class="tick" x="${at(left + group * (index + 0.5))}" y="${bottom + 17}" text-anchor="middle">${category}</text>`)}
${missing && markup`<text class="tick" x="${at(left)}" y="${bottom + 36}">– not run yet</text>`}`,
  };
}

/** Whether there is anything to draw. */
export function isEmpty(picture: Picture): boolean {
  switch (picture.kind) {
    case 'map':
      return picture.cells.length === 0;
    case 'lines':
      return picture.series.every(({ points }) => points.length === 0);
    case 'bars':
      return picture.series.every(({ values }) => values.every((value) => value === undefined));
    case 'matrices':
      return picture.frames.length === 0;
  }
}

/**
 * @param moving matrices as frames on top of each other, for a page that shows one at a time; otherwise four beside
 *   each other
 */
export function drawPicture(picture: Picture, moving = false): Drawing {
  switch (picture.kind) {
    case 'map':
      return drawMap(picture);
    case 'lines':
      return drawLines(picture);
    case 'bars':
      return drawBars(picture);
    case 'matrices':
      return moving ? stack(picture) : strip(picture);
  }
}
