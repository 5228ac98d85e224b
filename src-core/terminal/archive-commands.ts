/** A run with its teachers as one file: out of a lab and into another. */
import { resolve } from 'node:path';
import { importArchive, writeArchive } from '../experiments/archive';
import { titleOf } from '../experiments/run-notes';
import type { Lab } from '../lab';
import type { Output } from './output';

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

export async function importCommand(lab: Lab, output: Output, _options: unknown, file: string): Promise<void> {
  const { id, added } = await importArchive(lab.store, resolve(file));
  for (const run of added) output.text(`${run}: ${titleOf(lab.open(run))}`);
  if (added.length === 0) output.text(`${id} is in this lab already.`);
  output.value({ id, added });
}
