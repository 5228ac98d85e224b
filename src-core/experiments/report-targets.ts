/** Dark knowledge: teacher's and student's soft targets for a few digits, side by side. */
import { pairedGroups } from '../evaluation/comparison';
import { divergences } from '../evaluation/fidelity';
import { probabilities } from '../evaluation/logits';
import type { MeasuredRun } from './report-figures';
import { mistakes } from './report-figures';
import { label, pairMark } from './report-labels';
import { markup, nameOf } from './report-markup';
import type { Markup } from './report-markup';
import { decimal, significant } from './report-numbers';
import type { Sprite } from './report-sprite';

/** The temperature of a student whose objective has none: high enough to show the wrong classes. */
const TEMPERATURE_TO_SHOW = 4;

function temperatureOf({ run }: MeasuredRun): number {
  const { objective } = run.spec;
  return objective.kind === 'soft' ? objective.temperature : TEMPERATURE_TO_SHOW;
}

/**
 * Digits worth a look: the student's surest errors that the teacher does not make, the surest that both make, and
 * the right answers about which the teacher has most to say, those with the least on their own class.
 */
export function digitsToShow(teacher: MeasuredRun, student: MeasuredRun, labels: Uint8Array): number[] {
  const { onlySecondWrong, bothWrong, bothRight } = pairedGroups(teacher.flags, student.flags);
  const surest = mistakes(student);
  const { classes } = teacher.run.testLogits;
  const soft = probabilities(teacher.run.testLogits, temperatureOf(student));
  const onTruth = (row: number) => soft[row * classes + labels[row]!]!;
  const telling = Array.from(bothRight).sort((first, second) => onTruth(first) - onTruth(second));
  return [
    ...surest.filter((row) => onlySecondWrong.includes(row)).slice(0, 3),
    ...surest.filter((row) => bothWrong.includes(row)).slice(0, 2),
    ...telling.slice(0, 3),
  ];
}

function said(row: number, teacher: MeasuredRun, student: MeasuredRun): string {
  const read = `read as ${student.predicted[row]!}`;
  if (!student.flags[row]) return 'both right';
  return teacher.flags[row]
    ? `${read}; the teacher too says ${teacher.predicted[row]!}`
    : `${read}; the teacher is right`;
}

export function softTargets(
  teacher: MeasuredRun,
  student: MeasuredRun,
  rows: readonly number[],
  labels: Uint8Array,
  sprite: Sprite,
): Markup {
  const temperature = temperatureOf(student);
  const { classes } = teacher.run.testLogits;
  const [p, q] = [teacher, student].map(({ run }) => probabilities(run.testLogits, temperature)) as [
    Float32Array,
    Float32Array,
  ];
  const kl = divergences(teacher.run.testLogits, student.run.testLogits, temperature);
  const items = rows.map((row) => {
    const own = (shares: Float32Array) => shares.subarray(row * classes, (row + 1) * classes);
    const [first, second] = [own(p), own(q)];
    const largest = Math.max(...first, ...second);
    const bar = (role: string, share: number) =>
      markup`<span class="${role}" style="width:${((100 * share) / largest).toFixed(1)}%"></span>`;
    const lines = Array.from(
      first,
      (share, index) => markup`<tr${index === labels[row] && markup` class="label"`}><th scope="row">${index}</th>
<td class="bars" aria-hidden="true">${bar('teacher', share)}${bar('student', second[index]!)}</td>
<td>${decimal(share * 100, 1)}</td><td>${decimal(second[index]! * 100, 1)}</td></tr>`,
    );
    const title = `Test image ${row}, a ${labels[row]!}`;
    return markup`<li><div class="head">${sprite.tile(row, title, 'large')}<p><b>${title}</b><br>${said(row, teacher, student)}<br>
KL ${significant(kl[row]!)}</p></div>
<table aria-label="Soft targets of test image ${row}, per cent"><thead><tr><th scope="col"><span aria-label="class"></span></th><td class="bars"></td>
<th scope="col">teacher</th><th scope="col">student</th></tr></thead><tbody>${lines}</tbody></table></li>`;
  });
  const { objective } = student.run.spec;
  const why =
    objective.kind === 'soft'
      ? markup`the temperature ${nameOf(student.run.name)} learned at`
      : markup`a temperature chosen for the drawing, as its objective has none`;
  return markup`<section aria-labelledby="targets"><h2 id="targets">Dark knowledge</h2>
<p class="lead">Soft targets at T = ${temperature}, ${why}, in per cent: <span class="unit">${label(teacher.run)}</span>,
<span class="unit">${label(student.run)}</span>. The true class is bold. What stands beside the true class
is what soft targets add to a label; bars of one digit share a scale.${pairMark(teacher, student)}</p>
<ul class="targets">${items}</ul></section>`;
}
