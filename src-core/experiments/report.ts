import type { RunSpec } from '../contract/spec';
import type { Logits } from '../evaluation/logits';
import { curves } from './report-curves';
import { MOST_DIGITS, groups, misclassified } from './report-digits';
import { comparisons, measure, mistakes } from './report-figures';
import { headline } from './report-headline';
import { heatmaps } from './report-heatmap';
import { label, summaryOf } from './report-labels';
import { Markup, markup } from './report-markup';
import type { Role } from './report-palette';
import { results } from './report-results';
import { significance } from './report-significance';
import { makeSprite } from './report-sprite';
import { PAGE_POLICY, styleSheet } from './report-style';
import { digitsToShow, softTargets } from './report-targets';

/** One epoch of a run's history. */
export interface ReportEpoch {
  /** from 1 */
  readonly epoch: number;
  /** mean objective over the epoch */
  readonly loss: number;
  readonly softLoss?: number | undefined;
  readonly hardLoss?: number | undefined;
  /** absent where the epoch was not evaluated */
  readonly testErrors?: number | undefined;
  readonly validationErrors?: number | undefined;
  readonly learningRate: number;
  readonly seconds: number;
}

export interface ReportRun {
  /** by which other runs' specs name it as their teacher */
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly spec: RunSpec;
  /** the file that it was read from: what trained it is not known */
  readonly imported?: string;
  /** lines such as "TensorFlow 2.21", "CPU, 2 threads", "commit 1a2b3c4" */
  readonly environment: readonly string[];
  readonly parameters: number;
  /** of one image's forward pass */
  readonly multiplyAdds: number;
  readonly epochs: readonly ReportEpoch[];
  readonly stepMilliseconds: number;
  readonly totalSeconds: number;
  /** of the checkpoint that the report is about, on all test images */
  readonly testLogits: Logits;
  /** set when that checkpoint is not the last but the one with the fewest errors on these images */
  readonly bestSelectedOn?: 'validation' | 'test' | undefined;
}

export interface ReportInput {
  readonly title: string;
  /** when, ISO 8601 */
  readonly generatedAt: string;
  /** what to type to have it all again, one command an entry */
  readonly commands: readonly string[];
  /** at least one, in the order of the tables */
  readonly runs: readonly ReportRun[];
  /** [count, side × side], bytes, 0 is background */
  readonly testImages: Uint8Array;
  /** [count] */
  readonly testLabels: Uint8Array;
  /** width and height of an image in pixels */
  readonly side: number;
}

function specs({ runs, commands, side }: ReportInput): Markup {
  return markup`<section aria-labelledby="specs"><h2 id="specs">How this was made</h2>
<p class="lead">A spec is all a run depends on; the same spec gives the same run.</p>
${runs.map(
  (
    run,
  ) => markup`<details class="spec"><summary>${label(run)} <span class="quiet">· ${summaryOf(run, side)}</span></summary>
${run.environment.length > 0 && markup`<ul>${run.environment.map((line) => markup`<li>${line}</li>`)}</ul>`}
<pre>${JSON.stringify(run.spec, null, 2)}</pre></details>`,
)}
${commands.length > 0 && markup`<pre aria-label="Commands">${commands.join('\n')}</pre>`}</section>`;
}

const GLOSSARY: readonly (readonly [term: string, meaning: string])[] = [
  ['teacher', 'the large network that has learned from labels; its softened outputs are what a student learns from.'],
  ['student', 'the smaller network trained on the teacher’s soft targets (and, with weight 1 − w, on labels).'],
  ['baseline', 'the student’s architecture trained on labels alone: what the teacher’s knowledge is measured against.'],
  [
    'soft targets',
    'the teacher’s probabilities at temperature T, softmax(v/T); high T shows what it thinks of wrong classes.',
  ],
  [
    'agreement, KL',
    'how often student and teacher give the same answer, and the mean KL(teacher‖student) at T = 1, in nats.',
  ],
  ['ECE', 'expected calibration error: how far confidence is from the share of right answers, over 15 bins.'],
  ['milliseconds a step', 'one optimiser step on one batch, on the machine named in the run’s environment.'],
];

function glossary({ runs }: ReportInput): Markup {
  const tuned = runs.some(({ bestSelectedOn }) => bestSelectedOn !== undefined);
  return markup`<section aria-labelledby="words"><h2 id="words">Words</h2><dl>
${GLOSSARY.map(([term, meaning]) => markup`<dt>${term}</dt><dd>${meaning}</dd>`)}
${
  tuned &&
  markup`<dt id="tuned">tuned on test</dt><dd>this run’s checkpoint was chosen because it makes the fewest errors on the very
images on which it is judged here. Its errors, and every figure that follows from them, are too good by an amount that
this report cannot know. “Selected on validation” means chosen on images held out from training, which does not flatter.</dd>`
}</dl></section>`;
}

function navigation(sections: readonly (readonly [id: string, title: string])[]): Markup {
  return markup`<nav aria-label="Sections"><ul>${sections.map(
    ([id, title]) => markup`<li><a href="#${id}">${title}</a></li>`,
  )}</ul></nav>`;
}

function when(generatedAt: string): string {
  const date = new Date(generatedAt);
  return Number.isNaN(date.getTime()) ? generatedAt : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function check({ runs, testImages, testLabels, side }: ReportInput): void {
  if (runs.length === 0) throw new RangeError('a report needs at least one run');
  if (testImages.length !== testLabels.length * side * side) {
    throw new RangeError(`${testLabels.length} images of ${side} × ${side} are not ${testImages.length} bytes`);
  }
}

/**
 * A report on some runs: one HTML document that needs no network, no font and no script, for light and dark screens
 * and for paper. Everything in it is computed from the test logits given.
 * @throws RangeError, LabError when logits, labels and images do not belong together
 */
export function renderReport(input: ReportInput): string {
  check(input);
  const { testImages, testLabels, side } = input;
  const measured = measure(input);
  const compared = comparisons(measured);
  const student = measured.find(({ run }) => run.role === 'student' && run.testLogits.count > 0);
  const teacher = student && measured.find(({ run }) => run === student.fidelity?.teacher);
  const shown = student && teacher ? digitsToShow(teacher, student, testLabels) : [];
  const sprites = measured.map((run) => {
    const rows = mistakes(run).slice(0, MOST_DIGITS);
    return makeSprite(`sprite-${run.index}`, run === student ? [...rows, ...shown] : rows, testImages, side);
  });
  const learning = curves(measured);
  const pair = student && teacher;
  const sections: readonly (readonly [string, string])[] = [
    ['results', 'Results'],
    ...(compared.length > 0 ? [['significance', 'Significance'] as const] : []),
    ...(learning ? [['curves', 'Curves'] as const] : []),
    ['confusion', 'Confusion'],
    ['digits', 'Digits'],
    ...(pair ? [['groups', 'Teacher and student'] as const, ['targets', 'Dark knowledge'] as const] : []),
    ['specs', 'Specs'],
    ['words', 'Words'],
  ];
  const style = new Markup(`<style>${styleSheet()}\n${sprites.map(({ rule }) => rule).join('\n')}</style>`);
  return markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${PAGE_POLICY}">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${input.title}</title>
${style}</head>
<body><header class="top"><h1>${input.title}</h1>
<p class="quiet">Distill Lab · <time datetime="${input.generatedAt}">${when(input.generatedAt)}</time></p>
${navigation(sections)}</header>
<main>
${headline(measured, compared)}
${results(measured, side)}
${compared.length > 0 && significance(compared)}
${learning}
${heatmaps(measured, testLabels)}
${misclassified(measured, testLabels, sprites)}
${pair && groups(teacher, student, testLabels, sprites)}
${pair && softTargets(teacher, student, shown, testLabels, sprites[student.index]!)}
${specs(input)}
${glossary(input)}
</main><footer>Made by Distill Lab; this file is complete in itself.</footer></body></html>
`.text;
}
