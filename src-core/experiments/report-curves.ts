/** Learning curves. Lines are SVG that stretches with the page; words and numbers are HTML and keep their size. */
import { logTicks } from '../evaluation/log-ticks';
import type { MeasuredRun } from './report-figures';
import { label, selectionMark } from './report-labels';
import { markup, nameOf } from './report-markup';
import type { Fragment, Markup } from './report-markup';
import { count, decimal, significant } from './report-numbers';
import type { Role } from './report-palette';
import type { ReportEpoch } from './report';

interface Line {
  readonly role: Role;
  readonly name: Fragment;
  readonly dash: string;
  readonly points: readonly (readonly [epoch: number, value: number])[];
}

/** Runs of one role share a colour and differ in their dashes. */
const DASHES = ['', '6 3', '2 3', '8 3 2 3'];
const MOST_POINTS = 600;
const MOST_ROWS = 24;

/** Of every stretch of epochs the lowest and the highest point, so that no spike is lost. */
function thin(points: Line['points']): Line['points'] {
  if (points.length <= MOST_POINTS) return points;
  const kept = new Set<number>([0, points.length - 1]);
  const stretch = (2 * points.length) / MOST_POINTS;
  for (let start = 0; start < points.length; start += stretch) {
    const end = Math.min(points.length, start + stretch);
    let low = Math.floor(start);
    let high = low;
    for (let index = low; index < end; index++) {
      if (points[index]![1] < points[low]![1]) low = index;
      if (points[index]![1] > points[high]![1]) high = index;
    }
    kept.add(low).add(high);
  }
  return [...kept].sort((a, b) => a - b).map((index) => points[index]!);
}

function epochTicks(last: number): number[] {
  if (last <= 1) return [1];
  const rough = last / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(
    1,
    [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!,
  );
  const inner = Array.from({ length: Math.floor(last / step) }, (_, index) => (index + 1) * step);
  return [1, ...inner.filter((tick) => tick > 1 && tick < last - step / 3), last];
}

function stroke({ role, dash }: Pick<Line, 'role' | 'dash'>, points: string): Markup {
  const dashes = dash && markup` stroke-dasharray="${dash}"`;
  return markup`<polyline class="curve ${role}"${dashes} points="${points}"/>`;
}

function plot(all: readonly Line[], spoken: string, tickText: (value: number) => string): Markup {
  // A logarithm has no place for 0: a run without errors is drawn at a half.
  const lines = all.map((line) => ({
    ...line,
    points: thin(line.points.map(([epoch, value]) => [epoch, Math.max(value, 1e-6)] as const)),
  }));
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value));
  const last = lines.reduce((most, { points }) => Math.max(most, points.at(-1)?.[0] ?? 1), 1);
  const low = values.reduce((least, value) => Math.min(least, value), Infinity) / 1.15;
  const high = values.reduce((most, value) => Math.max(most, value), 0) * 1.1;
  const x = (epoch: number) => (last === 1 ? 50 : (100 * (epoch - 1)) / (last - 1));
  const y = (value: number) => 100 - (100 * Math.log(value / low)) / Math.log(high / low);
  const at = (value: number) => value.toFixed(2);
  const ticks = logTicks(low, high);
  return markup`<div class="plot" role="img" aria-label="${spoken}">
<div class="y">${ticks.map((tick) => markup`<span style="bottom:${at(100 - y(tick))}%">${tickText(tick)}</span>`)}</div>
<div class="canvas"><svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
${ticks.map((tick) => markup`<line class="rule" x1="0" x2="100" y1="${at(y(tick))}" y2="${at(y(tick))}"/>`)}
${lines.map((line) => stroke(line, line.points.map(([epoch, value]) => `${at(x(epoch))},${at(y(value))}`).join(' ')))}
</svg>${lines.flatMap(({ role, points }) => {
    const end = points.at(-1);
    return end
      ? [markup`<span class="key end ${role}" style="left:${at(x(end[0]))}%;top:${at(y(end[1]))}%"></span>`]
      : [];
  })}</div>
<div class="x">${epochTicks(last).map((tick, index) => {
    const side = tick === last && last > 1 ? 'last' : index === 0 && last > 1 ? 'first' : '';
    return markup`<span class="${side}" style="left:${at(x(tick))}%">${tick}</span>`;
  })}</div></div>`;
}

function legend(lines: readonly Line[]): Markup {
  return markup`<ul class="legend">${lines.map(
    (line) =>
      markup`<li><svg viewBox="0 0 26 9" aria-hidden="true">${stroke(line, '0,4.5 26,4.5')}</svg>${line.name}</li>`,
  )}</ul>`;
}

function linesOf(measured: readonly MeasuredRun[], value: (epoch: ReportEpoch) => number | undefined): Line[] {
  const seen = new Map<Role, number>();
  return measured.flatMap(({ run }) => {
    const place = seen.get(run.role) ?? 0;
    seen.set(run.role, place + 1);
    const points = run.epochs.flatMap((epoch) => {
      const at = value(epoch);
      return at === undefined || !Number.isFinite(at) ? [] : [[epoch.epoch, at] as const];
    });
    return points.length > 0
      ? [
          {
            role: run.role,
            name: markup`${nameOf(run.name)}${selectionMark(run)}`,
            dash: DASHES[place % DASHES.length]!,
            points,
          },
        ]
      : [];
  });
}

/** The two terms of the objective of the first student that has both. */
function termLines(measured: readonly MeasuredRun[]): { name: string; lines: Line[] } | undefined {
  const student = measured.find(({ run }) => run.epochs.some(({ softLoss }) => softLoss !== undefined));
  if (!student) return undefined;
  const soft = linesOf([student], ({ softLoss }) => softLoss).map((line) => ({ ...line, name: 'soft loss' }));
  const hard = linesOf([student], ({ hardLoss }) => hardLoss).map((line) => ({
    ...line,
    name: 'hard loss',
    dash: '2 3',
  }));
  return { name: student.run.name, lines: [...soft, ...hard] };
}

function figure(
  title: string,
  lines: readonly Line[],
  spoken: string,
  text: (value: number) => string,
  said: Fragment,
) {
  return markup`<figure><h3>${title}</h3>${legend(lines)}${plot(lines, spoken, text)}
<figcaption>${said}</figcaption></figure>`;
}

/** The epochs to print: all where there are few, else evenly spread ones and the last. */
function rowsOf(measured: readonly MeasuredRun[]): number[] {
  const epochs = [...new Set(measured.flatMap(({ run }) => run.epochs.map(({ epoch }) => epoch)))].sort(
    (a, b) => a - b,
  );
  if (epochs.length <= MOST_ROWS) return epochs;
  const kept = Array.from(
    { length: MOST_ROWS },
    (_, row) => epochs[Math.round((row * (epochs.length - 1)) / (MOST_ROWS - 1))],
  );
  return kept.filter((epoch) => epoch !== undefined);
}

function epochTable(measured: readonly MeasuredRun[]): Markup {
  const rows = rowsOf(measured);
  const byEpoch = measured.map(({ run }) => new Map(run.epochs.map((epoch) => [epoch.epoch, epoch])));
  const head = measured.map(
    ({ run }) => markup`<th scope="col">${label(run)}<br>errors</th><th scope="col">loss</th><th scope="col">rate</th>`,
  );
  const cells = (epoch: number) =>
    byEpoch.map((epochs) => {
      const entry = epochs.get(epoch);
      const errors = entry?.testErrors === undefined ? '' : count(entry.testErrors);
      const [loss, rate] = entry ? [significantLoss(entry.loss), significant(entry.learningRate)] : ['', ''];
      return markup`<td>${errors}</td><td>${loss}</td><td>${rate}</td>`;
    });
  return markup`<details class="data"><summary>The same as a table, ${rows.length} epochs</summary>
<div class="scroll" tabindex="0" role="region" aria-label="Epochs as a table"><table class="epochs">
<thead><tr><th scope="col">epoch</th>${head}</tr></thead>
<tbody>${rows.map((epoch) => markup`<tr><th scope="row">${epoch}</th>${cells(epoch)}</tr>`)}</tbody></table></div></details>`;
}

function significantLoss(loss: number): string {
  return loss >= 1 ? decimal(loss, 3) : significant(loss);
}

function reached(lines: readonly Line[]): string {
  return lines.map(({ points }) => `${points.at(-1)![1]} after epoch ${points.at(-1)![0]}`).join(', ');
}

export function curves(measured: readonly MeasuredRun[]): Markup | undefined {
  const errors = linesOf(measured, ({ testErrors }) => testErrors).map((line) => ({
    ...line,
    points: line.points.map(([epoch, value]) => [epoch, Math.max(value, 0.5)] as const),
  }));
  const losses = linesOf(measured, ({ loss }) => loss);
  const terms = termLines(measured);
  const figures: Markup[] = [];
  if (errors.length > 0) {
    figures.push(
      figure(
        'Test errors',
        errors,
        `Test errors by epoch, logarithmic: ${reached(errors)}.`,
        (tick) => String(tick),
        'Errors on the test images after each epoch, logarithmic. Watched only: no choice was made from this curve unless a mark says so.',
      ),
    );
  }
  if (losses.length > 0) {
    figures.push(
      figure(
        'Training loss',
        losses,
        `Training loss by epoch, logarithmic: ${losses.map(({ points }) => significantLoss(points.at(-1)![1])).join(', ')} at the end.`,
        significant,
        'Mean objective over each epoch, logarithmic. Runs with different objectives have different units: compare slopes, not heights.',
      ),
    );
  }
  if (terms) {
    figures.push(
      figure(
        'Soft and hard loss',
        terms.lines,
        `Soft and hard loss of ${terms.name} by epoch, logarithmic.`,
        significant,
        markup`The two terms of the objective of ${nameOf(terms.name)}, each before its weight.`,
      ),
    );
  }
  if (figures.length === 0) return undefined;
  return markup`<section aria-labelledby="curves"><h2 id="curves">Learning curves</h2>
<p class="lead">Epochs from left to right.</p><div class="charts">${figures}</div>${epochTable(measured)}</section>`;
}
