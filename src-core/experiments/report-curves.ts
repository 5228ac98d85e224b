/** Learning curves. */
import type { MeasuredRun } from './report-figures';
import { label, selectionMark } from './report-labels';
import { markup, nameOf } from './report-markup';
import type { Fragment, Markup } from './report-markup';
import { count, decimal, significant } from './report-numbers';
import type { Role } from './report-palette';
import { DASHES, inlineSvg, linePlot, stroke } from './report-plot';
import type { PlotLine } from './report-plot';
import type { ReportEpoch } from './report';

/** Runs of one role share a colour and differ in their dashes. */
interface Line extends PlotLine {
  readonly name: Fragment;
}

const MOST_ROWS = 24;
const SIZE = { width: 380, height: 262 };

/** Axis over epochs below, a logarithm of the values up. */
function plot(lines: readonly Line[], title: string, spoken: string, text: (value: number) => string): Markup {
  // A logarithm has no place for 0.
  const raised = lines.map((line) => ({
    ...line,
    points: line.points.map(({ x, y }) => ({ x, y: Math.max(y, 1e-6) })),
  }));
  const axes = { x: { title: 'epoch' }, y: { title, log: true, text } };
  return inlineSvg({ width: SIZE.width, spoken, ...linePlot(raised, axes, SIZE) });
}

function legend(lines: readonly Line[]): Markup {
  return markup`<ul class="legend">${lines.map(
    ({ role, dash, name }) =>
      markup`<li><svg viewBox="0 0 26 9" aria-hidden="true">${stroke(role, dash, '0,4.5 26,4.5')}</svg>${name}</li>`,
  )}</ul>`;
}

function linesOf(measured: readonly MeasuredRun[], value: (epoch: ReportEpoch) => number | undefined): Line[] {
  const seen = new Map<Role, number>();
  return measured.flatMap(({ run }) => {
    const place = seen.get(run.role) ?? 0;
    seen.set(run.role, place + 1);
    const points = run.epochs.flatMap((epoch) => {
      const at = value(epoch);
      return at === undefined || !Number.isFinite(at) ? [] : [{ x: epoch.epoch, y: at }];
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
  axis: string,
  lines: readonly Line[],
  spoken: string,
  text: (value: number) => string,
  said: Fragment,
) {
  return markup`<figure><h3>${title}</h3>${legend(lines)}${plot(lines, axis, spoken, text)}
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
  return lines.map(({ points }) => `${points.at(-1)!.y} after epoch ${points.at(-1)!.x}`).join(', ');
}

export function curves(measured: readonly MeasuredRun[]): Markup | undefined {
  const errors = linesOf(measured, ({ testErrors }) => testErrors).map((line) => ({
    ...line,
    points: line.points.map(({ x, y }) => ({ x, y: Math.max(y, 0.5) })),
  }));
  const losses = linesOf(measured, ({ loss }) => loss);
  const terms = termLines(measured);
  const figures: Markup[] = [];
  if (errors.length > 0) {
    figures.push(
      figure(
        'Test errors',
        'errors',
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
        'loss',
        losses,
        `Training loss by epoch, logarithmic: ${losses.map(({ points }) => significantLoss(points.at(-1)!.y)).join(', ')} at the end.`,
        significant,
        'Mean objective over each epoch, logarithmic. Runs with different objectives have different units: compare slopes, not heights.',
      ),
    );
  }
  if (terms) {
    figures.push(
      figure(
        'Soft and hard loss',
        'loss',
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
