/** What TensorBoard's own reader finds in a run's event file. */
import { execFileSync } from 'node:child_process';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PythonUnavailable, ensurePython } from '../../../scripts/python-environment.mjs';
import { eventFile } from '../../../src-core/experiments/event-file';
import type { Run } from '../../../src-core/experiments/run-store';
import { SmallLab, smallSpec } from '../small-lab';

interface Found {
  readonly scalars: Readonly<Record<string, readonly (readonly [step: number, value: number, wallTime: number])[]>>;
  readonly images: Readonly<
    Record<string, { readonly steps: readonly number[]; readonly size: readonly number[]; readonly cells: number[] }>
  >;
  readonly hparams: Readonly<Record<string, unknown>>;
  readonly started: number;
  readonly text: string;
}

let python: string;
let unavailable = '';
try {
  python = ensurePython({
    name: 'test-tensorboard',
    purpose: 'The check of event files by TensorBoard',
    requirements: ['tensorboard==2.21.0', 'numpy==2.4.6', 'pillow==13.0.0'],
    imports: 'import tensorboard, numpy, PIL.Image',
  });
} catch (error) {
  if (!(error instanceof PythonUnavailable)) throw error;
  unavailable = error.message;
  console.warn(`Not checked by TensorBoard: ${unavailable}`);
}

function found(run: Run): Found {
  const script = new URL('check_events.py', import.meta.url).pathname;
  return JSON.parse(execFileSync(python, [script, eventFile(run)], { encoding: 'utf8' })) as Found;
}

describe.skipIf(unavailable !== '')('a run in TensorBoard', () => {
  const lab = new SmallLab();

  it('has the values of metrics.jsonl, the confusion matrix and the spec', async () => {
    const teacher = await lab.train(smallSpec());
    const run = await lab.train(
      smallSpec({ objective: { kind: 'soft', teachers: [teacher.id], temperature: 4 }, name: 'student' }),
    );
    const metrics = run.metrics();
    const { scalars, images, hparams, started, text } = found(run);
    for (const [tag, field] of [
      ['loss/training', 'loss'],
      ['loss/soft', 'softLoss'],
      ['loss/hard', 'hardLoss'],
      ['loss/test', 'testLoss'],
      ['errors/test', 'testErrors'],
      ['training/learning_rate', 'learningRate'],
      ['teacher/agreement', 'agreement'],
    ] as const) {
      expect(scalars[tag]!.map(([step]) => step)).toEqual(metrics.map(({ epoch }) => epoch));
      expect(scalars[tag]!.map(([, value]) => value)).toEqual(metrics.map((record) => Math.fround(record[field]!)));
    }
    const begun = Date.parse(run.record.createdAt) / 1000;
    expect(started).toBeCloseTo(begun, 3);
    expect(scalars['loss/training']![1]![2]).toBeCloseTo(begun + metrics[1]!.seconds, 3);

    const { steps, size, cells } = images['confusion/test_errors']!;
    expect(steps).toEqual([1, 2]);
    expect(size).toEqual([160, 160]);
    const confusion = metrics.at(-1)!.confusion!;
    const errors = confusion.map((count, at) => (at % 11 === 0 ? 0 : count));
    // Where there are none it is white, and nowhere darker than where there are most.
    expect(cells.map((strength) => strength > 0)).toEqual(errors.map((count) => count > 0));
    expect(cells[errors.indexOf(Math.max(...errors))]).toBe(Math.max(...cells));

    expect(hparams).toMatchObject({
      'optimiser.learningRate': 0.05,
      'objective.temperature': 4,
      'objective.teachers': JSON.stringify([`${teacher.id}@epoch-0002`]),
      'training.epochs': 2,
      'data.share': 0.02,
    });
    expect(text).toContain('| objective.kind | soft |');
  }, 60_000);

  it('that was cut off by a crash is read up to there, and is whole again when the run goes on', async () => {
    const run = await lab.train(smallSpec({ name: 'cut off' }));
    const whole = readFileSync(eventFile(run));
    truncateSync(eventFile(run), whole.length - 10);
    expect(found(run).scalars['loss/training']!.map(([step]) => step)).toEqual([1]);
    writeFileSync(eventFile(run), 'nothing of the kind');
    const active = await lab.activate(run, '1');
    for await (const event of active.events()) void event;
    expect(found(run).scalars['loss/training']!.map(([step]) => step)).toEqual([1, 2]);
    expect(found(run).scalars['loss/training']!.map(([, value]) => value)).toEqual(
      run.metrics().map(({ loss }) => Math.fround(loss)),
    );
  }, 60_000);
});
