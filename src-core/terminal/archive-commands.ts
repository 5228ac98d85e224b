/** A run with its teachers as one file: out of a lab and into another. */
import { bold, dim } from 'ansis';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { LabError } from '../contract/errors';
import { importArchive, writeArchive } from '../experiments/archive';
import { titleOf } from '../experiments/run-notes';
import type { Lab } from '../lab';
import { grouped, significant } from './format';
import type { Output } from './output';
import { trainToEnd } from './train-command';

export async function archiveCommand(
  lab: Lab,
  output: Output,
  options: { readonly out?: string },
  reference: string,
): Promise<void> {
  const run = lab.open(reference);
  const file = resolve(options.out ?? `${run.id}.distill`);
  await writeArchive(lab.store, run, file);
  output.text(file);
  output.value({ file });
}

interface ImportOptions {
  readonly dataset?: string;
  readonly mean?: string;
  readonly deviation?: string;
  readonly name?: string;
  readonly preview?: boolean;
}

/** (pixel − mean) / deviation as it was given; undefined where neither was. */
function normalisationOf({ mean, deviation }: ImportOptions): { mean: number; deviation: number } | undefined {
  if (mean === undefined && deviation === undefined) return undefined;
  if (mean !== undefined && deviation !== undefined) return { mean: Number(mean), deviation: Number(deviation) };
  throw new LabError('bad-input', '--mean and --deviation go together.', 'Give both, or neither.');
}

async function importModel(lab: Lab, output: Output, options: ImportOptions, file: string): Promise<void> {
  const normalisation = normalisationOf(options);
  const source = await lab.readModel(file, options.dataset);
  const preview = source.preview();
  const { summary, parameterCount, dataset, tried, normalisations, stated } = preview;
  output.text(
    `${bold(summary)}, ${grouped(parameterCount)} parameters, for ${dataset}`,
    ...normalisations.map(
      ({ mean, deviation, errors }) =>
        `  pixels (x − ${significant(mean)}) / ${significant(deviation)}: ${grouped(errors)} of ${grouped(tried)} training images wrong` +
        (stated ? ', as the file says' : ''),
    ),
  );
  if (options.preview) {
    output.value(preview);
    output.text(dim('Nothing was written.'));
    return;
  }
  const run = await source.add(lab.store, normalisation ?? normalisations[0], options.name);
  const errors = run.checkpoint().testErrors!;
  output.text(`${bold(run.id)}: ${grouped(errors)} test errors`);
  output.value({ id: run.id, testErrors: errors, ...preview });
}

export async function importCommand(lab: Lab, output: Output, options: ImportOptions, given: string): Promise<void> {
  const file = resolve(given);
  if (/\.(safetensors|json)$/.test(file)) return importModel(lab, output, options, file);
  const { preview, ...others } = options;
  const [flag] = Object.entries({
    preview,
    dataset: others.dataset,
    mean: others.mean,
    deviation: others.deviation,
    name: others.name,
  })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name);
  if (flag) throw new LabError('bad-input', `--${flag} is for networks of other programs, not for a run archive.`);
  const { id, added } = await importArchive(lab.store, file);
  for (const run of added) output.text(`${run}: ${titleOf(lab.open(run))}`);
  if (added.length === 0) output.text(`${id} is in this lab already.`);
  output.value({ id, added });
}

/** Characters of an archive in one line. */
const PIECE = 2 ** 16;

/** On a node of a cluster that shares no folder: nothing is left there, and what was trained is printed. */
export async function trainArchiveCommand(_lab: Lab, output: Output, _options: unknown, given: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'distill-lab-node-'));
  try {
    const { Lab: Loaded } = await import('../lab');
    const lab = new Loaded(folder);
    const { id } = await importArchive(lab.store, resolve(given));
    let failure: unknown;
    try {
      if (lab.open(id).status !== 'finished') await trainToEnd(lab, lab.open(id), output);
    } catch (error) {
      // As far as it came, it comes back: stopped at a checkpoint, or failed with the reason.
      failure = error;
    }
    const file = join(folder, 'trained.distill');
    await writeArchive(lab.store, lab.open(id), file, true);
    const text = readFileSync(file).toString('base64');
    const of = Math.ceil(text.length / PIECE);
    for (let piece = 0; piece < of; piece++) {
      output.value({ type: 'archive', piece, of, data: text.slice(piece * PIECE, (piece + 1) * PIECE) });
    }
    if (failure !== undefined) throw failure;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
