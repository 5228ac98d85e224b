/** `datasets`: what the lab has, a look at other files, and what is made of them. */
import { bold, dim, red, yellow } from 'ansis';
import cliProgress from 'cli-progress';
import { IMPORT_DEFAULTS } from '../contract/dataset';
import type { ImportPreview, ImportProgress } from '../contract/dataset';
import { LabError } from '../contract/errors';
import type { Reading } from '../data/image-source';
import { DatasetImport } from '../experiments/dataset-import';
import type { Lab } from '../lab';
import { confirmDeletion } from './confirm';
import { grouped } from './format';
import { onInterrupt } from './interrupt';
import type { Output } from './output';
import { renderTable } from './table';

interface SourceOptions {
  readonly test?: string;
  readonly invert?: boolean;
  readonly transpose?: boolean;
}

interface AddOptions extends SourceOptions {
  readonly name?: string;
  readonly classNames?: string;
  readonly testShare?: string;
  readonly seed?: string;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

export async function datasetsList(lab: Lab, output: Output): Promise<void> {
  const rows = lab.datasets.list().map((dataset) => {
    output.value(dataset);
    if ('damage' in dataset) return [red('✕'), bold(dataset.name), '', '', '', '', red(dataset.damage)];
    const { name, side, classNames, counts = { train: [60_000], test: [10_000] } } = dataset;
    return [
      ' ',
      bold(name),
      `${side}×${side}`,
      String(classNames.length),
      grouped(sum(counts.train)),
      grouped(sum(counts.test)),
      dim(dataset.history.join(' ')),
    ];
  });
  output.text(
    ...renderTable(
      [
        { title: ' ' },
        { title: 'data set' },
        { title: 'pixels' },
        { title: 'classes', align: 'right' },
        { title: 'training', align: 'right' },
        { title: 'test', align: 'right' },
        { title: 'from' },
      ],
      rows,
    ),
  );
}

/** A bar while a source is read, where somebody looks. */
function progressBar(): { show(progress: ImportProgress): void; end(): void } {
  if (!process.stderr.isTTY) return { show: () => undefined, end: () => undefined };
  const bar = new cliProgress.SingleBar({
    format: `${bold('reading')} {bar} {percentage} % of {total} {unit}`,
    barCompleteChar: '━',
    barIncompleteChar: ' ',
    barsize: 20,
    hideCursor: true,
    linewrap: false,
    stream: process.stderr,
  });
  let started = false;
  return {
    show: ({ done, total, unit }) => {
      if (!started) bar.start(total, done, { unit });
      else bar.update(done, { unit });
      started = true;
    },
    end: () => {
      if (started) bar.stop();
    },
  };
}

async function read(path: string, { test }: SourceOptions): Promise<DatasetImport> {
  const cancelled = new AbortController();
  const ignoreInterrupts = onInterrupt(() => cancelled.abort());
  const bar = progressBar();
  const reading: Reading = { progress: (progress) => bar.show(progress), signal: cancelled.signal };
  try {
    return await DatasetImport.read({ path, ...(test === undefined ? {} : { testPath: test }) }, reading);
  } finally {
    ignoreInterrupts();
    bar.end();
  }
}

/** Two rows of pixels a line of text, from dark to light. */
function picture(image: Uint8Array, side: number): string[] {
  const shades = ' ░▒▓█';
  const lines: string[] = [];
  for (let row = 0; row < side; row += 2) {
    let line = '';
    for (let column = 0; column < side; column++) {
      const above = image[row * side + column]!;
      const below = image[Math.min(side - 1, row + 1) * side + column]!;
      line += shades[Math.min(4, Math.round((above + below) / 2 / 56))];
    }
    lines.push(line);
  }
  return lines;
}

function previewText({ found, side, classes, hasTest, samples, looksInverted }: ImportPreview): string[] {
  const first = samples.slice(0, 3).filter(({ length }) => length > 0);
  const pictures = first.map((sample) => picture(sample.subarray(0, side * side), side));
  return [
    `${bold(found.join('; '))}, images of ${side}×${side} pixels`,
    '',
    ...renderTable(
      [
        { title: 'label' },
        { title: 'training', align: 'right' },
        ...(hasTest ? [{ title: 'test', align: 'right' as const }] : []),
      ],
      classes.map(({ source, train, test }) => [source, grouped(train), ...(hasTest ? [grouped(test)] : [])]),
    ),
    '',
    ...(pictures[0] ?? []).map((_, row) => pictures.map((lines) => lines[row]!).join('  ')),
    ...(hasTest ? [] : [dim('No test images of its own: a share of each class becomes that.')]),
    ...(looksInverted ? [yellow('Most pixels are light; the lab’s images are light on black: add --invert.')] : []),
  ];
}

export async function datasetsPreview(lab: Lab, output: Output, options: SourceOptions, path: string): Promise<void> {
  const { preview } = await read(path, options);
  const { samples: _samples, ...plain } = preview;
  output.value(plain);
  output.text(
    ...previewText(preview),
    '',
    dim(`Nothing was written. Add it: npm run lab -- datasets add ${path} --name ${preview.suggestedName}`),
  );
  // Whether the name is free is not this command's to judge, but a person may want to know.
  if (lab.datasets.names().includes(preview.suggestedName)) {
    output.note(`There is a data set “${preview.suggestedName}” already: give another --name.`);
  }
}

/** A number as it is given on the command line; what it may be is the importer's to say. */
function numberOf(text: string | undefined, flag: string, standard: number): number {
  if (text === undefined) return standard;
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new LabError('bad-input', `${flag} ${text} is no number.`);
  return value;
}

export async function datasetsAdd(lab: Lab, output: Output, options: AddOptions, path: string): Promise<void> {
  // A name that is taken is said before a minute of reading.
  if (options.name !== undefined) lab.datasets.checkFree(options.name);
  const testShare = numberOf(options.testShare, '--test-share', IMPORT_DEFAULTS.testShare);
  const seed = numberOf(options.seed, '--seed', IMPORT_DEFAULTS.seed);
  const source = await read(path, options);
  const { preview } = source;
  const record = await source.add(lab.datasets, options.name ?? preview.suggestedName, {
    classNames: options.classNames?.split(',') ?? preview.classes.map((found) => found.source),
    testShare,
    seed,
    inverted: options.invert ?? false,
    transposed: options.transpose ?? false,
  });
  if (preview.looksInverted && !options.invert) {
    output.note(yellow('Most pixels are light; the lab’s images are light on black: see --invert.'));
  }
  output.text(
    `Data set ${bold(record.name)}: ${grouped(sum(record.train))} training and ${grouped(sum(record.test))} test images ` +
      `of ${record.side}×${record.side} pixels in ${record.classNames.length} classes.`,
    dim(`Train on it: npm run lab -- train fast-teacher --set data.dataset=${record.name}`),
  );
  output.value(record);
}

export async function datasetsDelete(
  lab: Lab,
  output: Output,
  options: { readonly yes?: boolean },
  name: string,
): Promise<void> {
  const users = lab.runs().filter((run) => 'record' in run && run.spec.data.dataset === name);
  if (users.length > 0) {
    output.note(yellow(`${users.length} runs are of ${name}: without it they cannot be evaluated or resumed.`));
  }
  if (!options.yes) await confirmDeletion(`the data set ${name}`);
  lab.datasets.delete(name);
  lab.datasets.emptyBin();
  output.text(`Deleted ${name}.`);
  output.value({ deleted: name });
}
