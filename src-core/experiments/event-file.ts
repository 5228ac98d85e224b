/**
 * A run's curves for TensorBoard, in its folder beside metrics.jsonl and made of the same records: `tensorboard --logdir
 * LAB/runs` shows them while it trains.
 */
import { encode } from 'fast-png';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EpochRecord } from '../contract/run';
import { writeAtomically } from '../data/atomic-write';
import type { TensorboardValue } from '../data/tensorboard';
import { encodeEvent, encodeFileVersion } from '../data/tensorboard';
import type { Run } from './run-store';

/** Edge of a confusion matrix' cell in pixels. */
const CELL = 16;
/** The accent colour, in which errors stand on white. */
const INK = [15, 123, 138] as const;

const SCALARS: readonly (readonly [field: keyof EpochRecord, tag: string])[] = [
  ['loss', 'loss/training'],
  ['softLoss', 'loss/soft'],
  ['hardLoss', 'loss/hard'],
  ['testLoss', 'loss/test'],
  ['validationLoss', 'loss/validation'],
  ['testErrors', 'errors/test'],
  ['validationErrors', 'errors/validation'],
  ['agreement', 'teacher/agreement'],
  ['teacherKl', 'teacher/kl'],
  ['learningRate', 'training/learning_rate'],
  ['stepMilliseconds', 'training/step_milliseconds'],
];

/** Beside its run's other files; TensorBoard knows it by its name. */
export function eventFile(run: Run): string {
  return join(run.path, 'events.out.tfevents.distill-lab');
}

/** Errors by true class (down) and predicted class (across); the darkest cell has the most. */
function confusionImage(confusion: readonly number[]): TensorboardValue {
  const classes = Math.sqrt(confusion.length);
  const most = confusion.reduce((sofar, count, at) => (at % (classes + 1) === 0 ? sofar : Math.max(sofar, count)), 1);
  const side = classes * CELL;
  const data = new Uint8Array(side * side * 4);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const [row, column] = [Math.floor(y / CELL), Math.floor(x / CELL)];
      const strength = row === column ? 0 : Math.sqrt(confusion[row * classes + column]! / most);
      const at = (y * side + x) * 4;
      for (let channel = 0; channel < 3; channel++) data[at + channel] = 255 - strength * (255 - INK[channel]!);
      data[at + 3] = 255;
    }
  }
  const png = encode({ width: side, height: side, data, channels: 4, depth: 8 });
  return { tag: 'confusion/test_errors', png, width: side, height: side };
}

function begun(run: Run): number {
  return Date.parse(run.record.createdAt) / 1000;
}

/** An epoch's record; in time it stands where the seconds of training put it. */
function epochEvent(run: Run, record: EpochRecord): Uint8Array {
  const scalars = SCALARS.flatMap(([field, tag]): TensorboardValue[] => {
    const value = record[field];
    return typeof value === 'number' ? [{ tag, scalar: value }] : [];
  });
  const share = record.softGradientShare?.withFactor;
  return encodeEvent({
    wallTime: begun(run) + record.seconds,
    step: record.epoch,
    values: [
      ...scalars,
      ...(share === undefined ? [] : [{ tag: 'teacher/soft_gradient_share', scalar: share }]),
      ...(record.confusion ? [confusionImage(record.confusion)] : []),
    ],
  });
}

/** A spec's fields by their paths, as hyper-parameters have them: numbers, words, and the rest as JSON. */
function flat(value: unknown, path: string, into: Record<string, number | string | boolean>): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [name, inner] of Object.entries(value)) flat(inner, path === '' ? name : `${path}.${name}`, into);
  } else if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') into[path] = value;
  else if (value !== null) into[path] = JSON.stringify(value);
}

/**
 * Writes the file anew from what the run's folder holds: a resumed training goes on from there.
 * @throws LabError `storage`
 */
export async function writeEventFile(run: Run): Promise<void> {
  const hyperparameters: Record<string, number | string | boolean> = {};
  flat(run.spec, '', hyperparameters);
  const rows = Object.entries(hyperparameters).map(([name, value]) => `| ${name} | ${String(value)} |`);
  const text = [`**${run.record.model.summary}**`, '', '| field | value |', '| --- | --- |', ...rows].join('\n');
  const start = encodeEvent({ wallTime: begun(run), step: 0, values: [{ hyperparameters }, { tag: 'spec', text }] });
  const epochs = run.metrics().map((record) => epochEvent(run, record));
  await writeAtomically(eventFile(run), Buffer.concat([encodeFileVersion(begun(run)), start, ...epochs]));
}

/** Adds an epoch. What cannot be written here is no loss: metrics.jsonl has it, and a resumed training writes it anew. */
export function appendToEventFile(run: Run, record: EpochRecord): void {
  try {
    appendFileSync(eventFile(run), epochEvent(run, record));
  } catch {
    // The same trouble is said where metrics.jsonl meets it.
  }
}
