/** `triage`: labels that a network speaks against which did not learn from them. */
import { bold, dim } from 'ansis';
import cliProgress from 'cli-progress';
import { countErrors } from '../evaluation/errors';
import { suspectLabels } from '../evaluation/label-issues';
import type { Suspect } from '../evaluation/label-issues';
import type { Logits } from '../evaluation/logits';
import { predictions } from '../evaluation/logits';
import { CrossValidation, USUAL_FOLDS } from '../experiments/cross-validation';
import { readLabelMarks } from '../experiments/label-marks';
import type { Lab } from '../lab';
import { grouped } from './format';
import { onInterrupt } from './interrupt';
import type { Output } from './output';
import { renderTable } from './table';

const SHOWN = 20;

interface TriageOptions {
  readonly folds?: string;
  readonly testOnly?: boolean;
}

export async function triageCommand(
  lab: Lab,
  output: Output,
  options: TriageOptions,
  reference: string,
): Promise<void> {
  const run = lab.open(reference);
  const dataset = lab.dataset(run);
  const marks = readLabelMarks(lab.folder, dataset);
  const nameOf = (label: number): string => dataset.classNames[label] ?? String(label);

  const tell = (part: 'train' | 'test', logits: Logits, labels: Uint8Array, positions: Int32Array): void => {
    const suspects = suspectLabels(logits, labels);
    const marked = new Set(marks[part]);
    const place = ({ row }: Suspect): number => positions[row]!;
    const what = part === 'test' ? 'test' : 'training';
    output.text(
      '',
      bold(`${grouped(suspects.length)} suspect labels among ${grouped(labels.length)} ${what} images`),
      ...renderTable(
        [
          { title: 'image', align: 'right' },
          { title: 'label' },
          { title: 'suggested' },
          { title: 'margin', align: 'right' },
          { title: '' },
        ],
        suspects
          .slice(0, SHOWN)
          .map((suspect) => [
            grouped(place(suspect)),
            nameOf(suspect.label),
            nameOf(suspect.suggested),
            suspect.margin.toFixed(3),
            marked.has(place(suspect)) ? 'marked' : '',
          ]),
      ),
      ...(suspects.length > SHOWN ? [dim(`and ${grouped(suspects.length - SHOWN)} more: --json gives all`)] : []),
    );
    output.value({
      type: 'suspects',
      part,
      images: labels.length,
      suspects: suspects.map((suspect) => ({ ...suspect, image: place(suspect), marked: marked.has(place(suspect)) })),
    });
  };

  const test = (await lab.logits(run))!;
  const { labels } = dataset.test;
  const flagged = new Set(marks.test);
  const answers = predictions(test);
  const errors = countErrors(answers, labels);
  const kept = [...labels.keys()].filter((row) => !flagged.has(row));
  const without = kept.filter((row) => answers[row] !== labels[row]).length;
  tell('test', test, labels, Int32Array.from(labels.keys()));
  if (flagged.size > 0) {
    output.text(
      '',
      `${grouped(errors)} errors on all ${grouped(labels.length)} test images, which is the official number; ` +
        `${grouped(without)} on the ${grouped(kept.length)} whose labels are not marked.`,
    );
  }
  output.value({ type: 'errors', errors, images: labels.length, errorsWithoutMarked: without, marked: flagged.size });
  if (options.testOnly) return;

  const folds = options.folds === undefined ? USUAL_FOLDS : Number(options.folds);
  const validation = new CrossValidation(lab.folder, run, dataset, folds);
  const cancelled = new AbortController();
  const ignoreInterrupts = onInterrupt(() => cancelled.abort());
  const bar = process.stderr.isTTY
    ? new cliProgress.SingleBar({
        format: `${bold('folds')} {bar} {percentage} %`,
        hideCursor: true,
        stream: process.stderr,
      })
    : undefined;
  bar?.start(100, 0);
  try {
    await validation.train(({ share }) => bar?.update(Math.round(100 * share)), cancelled.signal);
  } finally {
    ignoreInterrupts();
    bar?.stop();
  }
  const { logits, positions } = validation.result()!;
  tell(
    'train',
    logits,
    Uint8Array.from(positions, (at) => dataset.train.labels[at]!),
    positions,
  );
}
