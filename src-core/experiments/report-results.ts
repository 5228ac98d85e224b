/** The result table: one row a run. */
import { describeErrors } from '../evaluation/errors';
import type { MeasuredRun } from './report-figures';
import { label, selectionMark, summaryOf } from './report-labels';
import { markup } from './report-markup';
import type { Fragment, Markup } from './report-markup';
import { count, decimal, duration, percent, percentInterval, significant } from './report-numbers';

const COLUMNS = [
  'errors',
  'accuracy, 95\u202f% interval',
  'agreement with teacher',
  'KL, nats',
  'ECE',
  'parameters',
  'multiply-adds',
  'ms a step',
  'training time',
] as const;

/** "(67 wrong out of 10000)" with the digits of the count grouped for the eye. */
function wrongOutOf(errors: number, total: number): Fragment {
  const text = describeErrors(errors, total);
  const [before, after] = text.split(` ${total}`);
  return markup`${before} ${count(total)}${after}`;
}

function row(measured: MeasuredRun, side: number): Markup {
  const { run, errors, total, interval, fidelity, calibrationError } = measured;
  const cells: Fragment[] = [
    markup`<strong>${count(errors)}</strong>${selectionMark(run)}<span class="below">${wrongOutOf(errors, total)}</span>`,
    markup`${percent(1 - errors / total)}<span class="below">${percentInterval(1 - interval.high, 1 - interval.low)}</span>`,
    fidelity ? percent(fidelity.agreement) : '–',
    fidelity ? significant(fidelity.kl) : '–',
    percent(calibrationError),
    count(run.parameters),
    count(run.multiplyAdds),
    decimal(run.stepMilliseconds, run.stepMilliseconds < 10 ? 2 : 1),
    duration(run.totalSeconds),
  ];
  return markup`<tr role="row"><th role="rowheader" scope="row">${label(run)}<span class="below">${summaryOf(run, side)}</span></th>
${cells.map((cell, index) => markup`<td role="cell" data-label="${COLUMNS[index]}">${cell}</td>`)}</tr>`;
}

export function results(measured: readonly MeasuredRun[], side: number): Markup {
  // Small screens lay the rows out as cards, by which some browsers forget that this is a table: the roles stay.
  return markup`<section aria-labelledby="results"><h2 id="results">Results</h2>
<p class="lead">All on the same ${count(measured[0]?.total ?? 0)} test images.</p>
<table class="results" role="table" aria-labelledby="results"><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">run</th>
${COLUMNS.map((column) => markup`<th role="columnheader" scope="col">${column}</th>`)}</tr></thead>
<tbody role="rowgroup">${measured.map((run) => row(run, side))}</tbody></table></section>`;
}
