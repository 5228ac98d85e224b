/** Confusion matrices of the errors alone, as tables whose cells are coloured. */
import { confusionMatrix, errorSums, mostConfused } from '../evaluation/confusion';
import type { MeasuredRun } from './report-figures';
import { label, selectionMark } from './report-labels';
import { markup, nameOf } from './report-markup';
import type { Markup } from './report-markup';
import { count, plural } from './report-numbers';
import { HEAT_LEVELS } from './report-palette';

/** @param most the fullest cell of all matrices: one scale for all, so that they compare */
function heatmap(measured: MeasuredRun, matrix: Uint32Array, most: number): Markup {
  const { run } = measured;
  const { classes } = run.testLogits;
  const sums = errorSums(matrix, classes);
  const numbers = Array.from({ length: classes }, (_, index) => index);
  const cell = (row: number, column: number) => {
    if (row === column) return markup`<td class="diagonal"></td>`;
    const errors = matrix[row * classes + column]!;
    if (errors === 0) return markup`<td></td>`;
    return markup`<td class="heat-${Math.max(1, Math.round((HEAT_LEVELS * errors) / most))}">${errors}</td>`;
  };
  const worst = mostConfused(matrix, classes, 3).map(
    ({ label: truth, predicted, count: times }) =>
      markup`${truth} read as ${predicted}, ${times} ${plural(times, 'time')}`,
  );
  const said =
    worst.length === 0
      ? markup`${nameOf(run.name)} makes no error.`
      : markup`Most confused: ${worst.map((text, index) => markup`${index > 0 && '; '}${text}`)}.`;
  return markup`<figure class="${run.role}"><h3>${label(run)}${selectionMark(run)}</h3>
<table class="matrix"><caption>true class down, predicted class across</caption>
<thead><tr><th scope="col"><span aria-label="true class"></span></th>${numbers.map((number) => markup`<th scope="col">${number}</th>`)}
<th scope="col" class="sum">wrong</th></tr></thead>
<tbody>${numbers.map(
    (row) => markup`<tr><th scope="row">${row}</th>${numbers.map((column) => cell(row, column))}
<td class="sum">${sums.byLabel[row]}</td></tr>`,
  )}</tbody>
<tfoot><tr><th scope="row"><span aria-label="wrongly read as this class"></span></th>${numbers.map(
    (column) => markup`<td class="sum">${sums.byPrediction[column]}</td>`,
  )}<td class="total">${count(sums.total)}</td></tr></tfoot></table>
<figcaption>${said}</figcaption></figure>`;
}

export function heatmaps(measured: readonly MeasuredRun[], labels: Uint8Array): Markup {
  const matrices = measured.map(({ predicted, run }) => confusionMatrix(predicted, labels, run.testLogits.classes));
  const most = measured.reduce((fullest, { run }, index) => {
    const worst = mostConfused(matrices[index]!, run.testLogits.classes)[0];
    return Math.max(fullest, worst?.count ?? 0);
  }, 1);
  return markup`<section aria-labelledby="confusion"><h2 id="confusion">What is taken for what</h2>
<p class="lead">Errors only: each number is how many images of the row’s class were read as the column’s. Right answers
are left blank, sums stand at the right and below. Colour is the same scale for all runs.</p>
<div class="matrices">${measured.map((run, index) => heatmap(run, matrices[index]!, most))}</div></section>`;
}
