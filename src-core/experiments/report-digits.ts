/** The misclassified digits, drawn. */
import { pairedGroups } from '../evaluation/comparison';
import { mistakes } from './report-figures';
import type { MeasuredRun } from './report-figures';
import { label, pairMark, selectionMark } from './report-labels';
import { markup, nameOf } from './report-markup';
import type { Markup } from './report-markup';
import { count, plural } from './report-numbers';
import type { Sprite } from './report-sprite';

/** Digits drawn for a run at most: more would make a report of megabytes that nobody reads to its end. */
export const MOST_DIGITS = 400;
const MOST_IN_GROUP = 80;

/** A list of digits with what each was read as. */
function digits(rows: readonly number[], measured: MeasuredRun, labels: Uint8Array, sprite: Sprite): Markup {
  const items = rows.map((row) => {
    const truth = labels[row]!;
    const read = measured.predicted[row]!;
    const sure = Math.round(measured.confidence[row]! * 100);
    const spoken = `Test image ${row}: ${truth} read as ${read}, confidence ${sure} %`;
    return markup`<li>${sprite.tile(row, spoken)}<b>${truth}→${read}</b><span class="sure">${sure}</span></li>`;
  });
  return markup`<ol class="digits">${items}</ol>`;
}

function ofRun(measured: MeasuredRun, labels: Uint8Array, sprite: Sprite): Markup {
  const rows = mistakes(measured);
  const drawn = rows.slice(0, MOST_DIGITS);
  const { run } = measured;
  const all =
    drawn.length < rows.length
      ? markup`The ${drawn.length} most confident of ${count(rows.length)} errors of ${nameOf(run.name)}; the other
${count(rows.length - drawn.length)} are not drawn.`
      : markup`All ${count(rows.length)} ${plural(rows.length, 'error')} of ${nameOf(run.name)}.`;
  return markup`<div class="run ${run.role}"><h3>${label(run)}${selectionMark(run)}</h3>
${rows.length === 0 ? markup`<p>${nameOf(run.name)} makes no error.</p>` : markup`<p>${all}</p>`}
${digits(drawn, measured, labels, sprite)}</div>`;
}

export function misclassified(
  measured: readonly MeasuredRun[],
  labels: Uint8Array,
  sprites: readonly Sprite[],
): Markup {
  return markup`<section aria-labelledby="digits"><h2 id="digits">Misclassified digits</h2>
<p class="lead">True class → predicted class, and the confidence in it in per cent; the most confident errors first.</p>
${measured.map((run, index) => ofRun(run, labels, sprites[index]!))}</section>`;
}

/** Teacher right and student wrong, and its siblings; the digits are drawn from the sprites of the two runs. */
export function groups(
  teacher: MeasuredRun,
  student: MeasuredRun,
  labels: Uint8Array,
  sprites: readonly Sprite[],
): Markup {
  const { onlyFirstWrong, onlySecondWrong, bothWrong, bothRight } = pairedGroups(teacher.flags, student.flags);
  const inherited = bothWrong.filter((row) => teacher.predicted[row] === student.predicted[row]).length;
  const [one, other] = [nameOf(teacher.run.name), nameOf(student.run.name)];
  const group = (title: Markup, rows: Uint32Array, shown: MeasuredRun, sentence: Markup) => {
    const sprite = sprites[shown.index]!;
    const sorted = mistakes(shown).filter((row) => rows.includes(row) && sprite.has(row));
    const drawn = sorted.slice(0, MOST_IN_GROUP);
    const left = rows.length - drawn.length;
    return markup`<div class="group-of-digits"><h3>${title} · ${count(rows.length)}</h3><p>${sentence}${
      left > 0 && markup` The ${drawn.length} most confident are drawn.`
    }</p>${digits(drawn, shown, labels, sprite)}</div>`;
  };
  return markup`<section aria-labelledby="groups"><h2 id="groups">Teacher and student, digit by digit</h2>
<p class="lead">${one} and ${other} are both right on ${count(bothRight.length)} images. The other images fall into
three groups.${pairMark(teacher, student)}</p>
${group(
  markup`Teacher right, student wrong`,
  onlySecondWrong,
  student,
  markup`What ${other} did not learn from ${one}; the answer shown is the student’s.`,
)}
${group(
  markup`Teacher wrong, student right`,
  onlyFirstWrong,
  teacher,
  markup`What ${other} knows better than ${one}; the answer shown is the teacher’s.`,
)}
${group(
  markup`Both wrong`,
  bothWrong,
  student,
  markup`On ${count(inherited)} of them both give the same wrong answer: errors the student may have inherited. The answer shown is the student’s.`,
)}</section>`;
}
