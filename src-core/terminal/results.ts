/** What came out, as a person reads it in a terminal. */
import { bold, dim, yellow } from 'ansis';
import { describeErrors } from '../evaluation/errors';
import type { Figures } from '../evaluation/figures';
import type { Run } from '../experiments/run-store';
import type { CorrectedErrors } from '../evaluation/corrections';
import type { Comparison, RunEvaluation } from '../lab';
import { grouped, percent, probability } from './format';
import { renderConfusion, renderTable } from './table';

/** The mark of a number that was chosen by looking at test images. */
const TUNED_ON_TEST = yellow('tuned on test');

export interface ResultRow {
  readonly run: Run;
  readonly figures: Figures;
}

function nameOf(run: Run): string {
  return run.spec.name || run.id;
}

/** The table of the fast reproduction: one row a run. */
export function resultTable(rows: readonly ResultRow[]): string[] {
  return renderTable(
    [
      { title: 'run' },
      { title: 'test errors' },
      { title: 'accuracy', align: 'right' },
      { title: '95 % interval', align: 'right' },
      { title: 'agreement', align: 'right' },
      { title: 'parameters', align: 'right' },
      { title: 'ms/step', align: 'right' },
    ],
    rows.map(({ run, figures }) => {
      const last = run.metrics().at(-1);
      const { low, high } = figures.accuracyInterval;
      return [
        bold(nameOf(run)),
        `${figures.errors} ${dim(describeErrors(figures.errors, figures.total))}`,
        percent(figures.accuracy),
        `${percent(low)} – ${percent(high)}`,
        figures.teacher ? percent(figures.teacher.agreement) : '–',
        grouped(run.record.model.parameterCount),
        last ? ((1000 * last.seconds) / last.step).toFixed(1) : '–',
      ];
    }),
  );
}

/** Exact McNemar and the bootstrap interval, as a sentence. */
export function comparisonText(comparison: Comparison, first: Run, second: Run): string {
  const { discordance, p, difference } = comparison;
  const { onlyFirstWrong, onlySecondWrong } = discordance;
  const verdict =
    p >= 0.05
      ? 'this does not tell them apart at the 5 % level'
      : `${nameOf(onlyFirstWrong < onlySecondWrong ? first : second)} is better at the 5 % level`;
  return (
    `${nameOf(first)} against ${nameOf(second)}: ${onlyFirstWrong} images only the first gets wrong, ` +
    `${onlySecondWrong} only the second; exact McNemar p ${p < 0.001 ? probability(p) : `= ${probability(p)}`}, ` +
    `difference ${difference.difference} errors (95 % bootstrap ${Math.round(difference.low)} to ${Math.round(difference.high)}): ${verdict}.`
  );
}

export function confusionText(name: string, figures: Figures): string[] {
  return [`${bold(`Errors of ${name}`)} ${dim('by true and predicted digit')}`, ...renderConfusion(figures.confusion)];
}

const SELECTED: Readonly<Record<CorrectedErrors['selectedOn'], string>> = {
  prior: 'bias by class frequency',
  validation: 'bias chosen on validation',
  test: 'bias chosen on test',
};

/** Everything `evaluate` tells. */
export function evaluationText(run: Run, evaluation: RunEvaluation): string[] {
  const { test, validation, corrections } = evaluation;
  const selected = run.record.best?.checkpoint === evaluation.checkpoint ? run.record.best.selectedOn : undefined;
  const last = run.record.checkpoints.at(-1)?.name === evaluation.checkpoint;
  const mark = selected === 'test' && !last ? `  ${TUNED_ON_TEST}` : '';
  const { low, high } = test.accuracyInterval;
  const lines = [
    `${bold(nameOf(run))} ${dim(`run ${run.id}, ${evaluation.checkpoint}`)}${mark}`,
    `  test accuracy       ${percent(test.accuracy)} ${describeErrors(test.errors, test.total)}, 95 % interval ${percent(low)} to ${percent(high)}`,
    `  cross-entropy       ${test.crossEntropy.toFixed(4)}, expected calibration error ${percent(test.calibrationError)}`,
  ];
  if (validation) {
    lines.push(
      `  validation          ${percent(validation.accuracy)} ${describeErrors(validation.errors, validation.total)}`,
    );
  }
  if (test.teacher) {
    lines.push(
      `  agreement           ${percent(test.teacher.agreement)} with the teacher, mean KL ${test.teacher.kl.toFixed(4)} nats`,
    );
  }
  for (const { selectedOn, bias, testErrors, errorsOnClasses } of corrections) {
    const biases = [...bias].flatMap((value, label) => (value === 0 ? [] : [`${label}: ${value.toFixed(2)}`]));
    lines.push(
      `  ${SELECTED[selectedOn].padEnd(26)} ${biases.join(', ') || 'none'} → ${testErrors} test errors, ` +
        `${errorsOnClasses} on those classes${selectedOn === 'test' ? `  ${TUNED_ON_TEST}` : ''}`,
    );
  }
  return [...lines, '', ...confusionText(nameOf(run), test)];
}
