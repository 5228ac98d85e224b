/** The head of a report: errors of student, teacher and baseline, large, with their intervals. */
import type { Comparison, MeasuredRun } from './report-figures';
import { label, selectionMark } from './report-labels';
import { markup } from './report-markup';
import type { Markup } from './report-markup';
import { count, percent } from './report-numbers';
import { ROLES } from './report-palette';
import { conclusion } from './report-significance';

/** The interval of an error rate, in errors. */
function errorInterval({ interval, total }: MeasuredRun): [number, number] {
  return [Math.round(interval.low * total), Math.round(interval.high * total)];
}

function headlineItem(measured: MeasuredRun, siblings: number): Markup {
  const { run, errors, total } = measured;
  const [low, high] = errorInterval(measured);
  const others = siblings > 1 && markup`<div class="small">the first of ${siblings} ${run.role}s in this report</div>`;
  return markup`<li>
<div class="who">${label(run)}</div>
<div class="number">${count(errors)}</div>
<div class="of">wrong out of ${count(total)}${selectionMark(run)}</div>
<div class="quiet">${percent(1 - errors / total)} right ·
<span class="together">95${'\u202f'}% interval ${count(low)} to ${count(high)}</span></div>
${others}</li>`;
}

/** Round steps for an axis that begins at 0. */
function ticksTo(end: number): number[] {
  const rough = end / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(
    1,
    [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!,
  );
  return Array.from({ length: Math.floor(end / step) + 1 }, (_, index) => index * step);
}

function intervals(measured: readonly MeasuredRun[]): Markup {
  const end = Math.max(1, ...measured.map((run) => errorInterval(run)[1])) * 1.08;
  const at = (errors: number) => `${((100 * errors) / end).toFixed(2)}%`;
  const spoken = measured
    .map((run) => `${run.run.name}: ${run.errors} errors, interval ${errorInterval(run).join(' to ')}`)
    .join('; ');
  const rows = measured.map((run) => {
    const [low, high] = errorInterval(run);
    return markup`<div class="row ${run.run.role}"><div class="name"><span>${label(run.run)}</span>${selectionMark(run.run)}</div>
<div class="track"><span class="bar" style="left:${at(low)};width:${at(high - low)}"></span>
<span class="key dot ${run.run.role}" style="left:${at(run.errors)}"></span></div>
<div class="value">${count(run.errors)}</div></div>`;
  });
  return markup`<figure class="strip"><div role="img" aria-label="Test errors with 95 % intervals. ${spoken}">
${rows}
<div class="row"><div class="name small">errors</div><div class="ticks">${ticksTo(end).map(
    (tick) => markup`<span style="left:${at(tick)}">${tick}</span>`,
  )}</div></div>
</div><figcaption>Test errors with exact 95${'\u202f'}% intervals (Clopper and Pearson 1934): what the same network
might make of other images of the same kind. What another seed would change is not in them.</figcaption></figure>`;
}

/** @param compared the comparisons whose conclusions are said in the head */
export function headline(measured: readonly MeasuredRun[], compared: readonly Comparison[]): Markup {
  const items = ROLES.flatMap((role) => {
    const own = measured.filter(({ run }) => run.role === role);
    // Runs of no role are the headline only where there is nothing else.
    if (!own[0] || (role === 'other' && own.length < measured.length)) return [];
    return [headlineItem(own[0], own.length)];
  });
  const first = measured.find(({ run }) => run.role === 'student');
  const said = compared.filter((comparison) => comparison.first === first);
  return markup`<section class="first" aria-labelledby="errors"><h2 id="errors" hidden>Test errors</h2>
<ul class="headline">${items}</ul>
${said.length > 0 && markup`<div class="verdict">${said.map((comparison) => markup`<p>${conclusion(comparison)}</p>`)}</div>`}
${intervals(measured)}
</section>`;
}
