/** Marks of labels that look wrong, in the lab folder: labels/DATASET.json. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError, messageOf } from '../contract/errors';
import type { LabelMarks } from '../contract/label-marks';
import { NO_MARKS, parseLabelMarks } from '../contract/label-marks';
import { makeFolder, writeAtomically } from '../data/atomic-write';
import type { Dataset } from '../data/dataset';

function fileOf(lab: string, { name }: Dataset): string {
  return join(lab, 'labels', `${name}.json`);
}

/** @throws LabError `damaged-file` */
export function readLabelMarks(lab: string, dataset: Dataset): LabelMarks {
  const file = fileOf(lab, dataset);
  if (!existsSync(file)) return NO_MARKS;
  try {
    return parseLabelMarks(JSON.parse(readFileSync(file, 'utf8')), dataset.sha256);
  } catch (error) {
    throw new LabError('damaged-file', `${file} cannot be read: ${messageOf(error)}.`, 'Move it away.', {
      cause: error,
    });
  }
}

/**
 * Marks an image's label as one that looks wrong, or takes the mark away.
 * @returns all marks of the data set
 * @throws LabError `not-found` for an image that is not there, `damaged-file` or `storage`
 */
export async function markLabel(
  lab: string,
  dataset: Dataset,
  part: 'train' | 'test',
  position: number,
  marked: boolean,
): Promise<LabelMarks> {
  if (!Number.isInteger(position) || position < 0 || position >= dataset[part].labels.length) {
    throw new LabError('not-found', `There is no image ${position} in the ${part} set of ${dataset.name}.`);
  }
  const before = readLabelMarks(lab, dataset);
  const others = before[part].filter((other) => other !== position);
  const marks = { ...before, [part]: marked ? [...others, position].sort((a, b) => a - b) : others };
  makeFolder(join(lab, 'labels'));
  const text = JSON.stringify({ format: 1, dataset: dataset.sha256 ?? null, ...marks });
  await writeAtomically(fileOf(lab, dataset), `${text}\n`);
  return marks;
}
