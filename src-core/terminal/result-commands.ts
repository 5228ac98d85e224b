/** Commands on trained runs: evaluate, compare, report, export. */
import { dirname, join, resolve } from 'node:path';
import { LabError } from '../contract/errors';
import { makeFolder, writeAtomically } from '../data/atomic-write';
import type { ExportFormat } from '../experiments/export';
import { exportRun } from '../experiments/export';
import { renderReport } from '../experiments/report';
import { reportInput } from '../experiments/report-input';
import { titleOf } from '../experiments/run-notes';
import type { Run } from '../experiments/run-store';
import type { Lab } from '../lab';
import type { Output } from './output';
import { comparisonText, evaluationText } from './results';
import { scorecardReport } from './scorecard-command';

export async function evaluateCommand(
  lab: Lab,
  output: Output,
  options: { readonly checkpoint: string },
  reference: string,
): Promise<void> {
  const run = lab.open(reference);
  const evaluation = await lab.evaluate(run, options.checkpoint);
  output.text(...evaluationText(run, evaluation));
  output.value(evaluation);
}

export async function compareCommand(
  lab: Lab,
  output: Output,
  _options: unknown,
  first: string,
  second: string,
): Promise<void> {
  const [one, other] = [lab.open(first), lab.open(second)];
  const comparison = await lab.compare(one, other);
  output.text(comparisonText(comparison, one, other));
  output.value(comparison);
}

/** Writes the report on some runs and returns its path. */
export async function writeReport(
  lab: Lab,
  runs: readonly Run[],
  title: string,
  commands: readonly string[],
  file: string,
): Promise<string> {
  const withLogits = [];
  for (const run of runs) withLogits.push({ run, testLogits: (await lab.logits(run))! });
  makeFolder(dirname(file));
  const dataset = lab.datasets.ofAll(runs.map(({ record }) => record));
  await writeAtomically(file, renderReport(reportInput(title, withLogits, dataset, commands)));
  return file;
}

export async function reportCommand(
  lab: Lab,
  output: Output,
  options: { readonly out?: string; readonly scale?: string },
  ...given: unknown[]
): Promise<void> {
  const names = given.flat() as string[];
  if (options.scale !== undefined) {
    if (names.length > 1) throw new LabError('bad-input', 'A scorecard is of one study.');
    return scorecardReport(lab, output, names[0]!, options.scale, options.out);
  }
  const runs = names.map((reference) => lab.open(reference));
  const numbers = runs.map((run) => Number.parseInt(run.id, 10)).join('-');
  const file = options.out ? resolve(options.out) : join(lab.folder, 'reports', `runs-${numbers}.html`);
  const title = runs.length === 1 ? `Run ${titleOf(runs[0]!)}` : `${runs.length} runs`;
  await writeReport(lab, runs, title, [`npm run lab -- report ${runs.map((run) => run.id).join(' ')}`], file);
  output.text(`Report: ${file}`);
  output.value({ report: file });
}

export async function exportCommand(
  lab: Lab,
  output: Output,
  options: {
    readonly format: ExportFormat;
    readonly checkpoint: string;
    readonly out: string;
    readonly temperature?: string;
  },
  reference: string,
): Promise<void> {
  const run = lab.open(reference);
  const folder = resolve(options.out);
  makeFolder(folder);
  const logits = (await lab.logits(run, options.checkpoint))!;
  for (const { name, bytes } of await exportRun(
    run,
    options.checkpoint,
    options.format,
    logits,
    lab.dataset(run).test.labels,
    options.temperature === undefined ? undefined : Number(options.temperature),
  )) {
    const file = join(folder, name);
    await writeAtomically(file, bytes);
    output.text(file);
    output.value({ file });
  }
}
