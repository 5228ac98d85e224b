/** What a network becomes elsewhere: the same, says every other program that opens its files. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PythonUnavailable, ensurePython } from '../../../scripts/python-environment.mjs';
import type { RunSpecInput } from '../../../src-core/contract/spec';
import { encodeNpy } from '../../../src-core/data/npy';
import type { Logits } from '../../../src-core/evaluation/logits';
import { predictions } from '../../../src-core/evaluation/logits';
import { EXPORT_FORMATS, exportRun } from '../../../src-core/experiments/export';
import type { Run } from '../../../src-core/experiments/run-store';
import { Lab } from '../../../src-core/lab';
import { expectLabError, rejectionOf } from '../lab-error';
import { eventsOf } from '../small-lab';

const TEMPERATURE = 3.5;
const folder = mkdtempSync(join(tmpdir(), 'distill-lab-exports-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Distance {
  readonly logits: number;
  readonly predictions: number;
  readonly images: number;
}

interface Checked extends Record<'onnx' | 'safetensors' | 'npz', Distance> {
  readonly opset: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly words: Readonly<Record<string, string>>;
  readonly probabilities: number;
}

let python: string;
let unavailable = '';
try {
  python = ensurePython({
    name: 'test-exchange',
    purpose: 'The check of exports by other programs',
    requirements: ['numpy==2.4.6', 'onnx==1.23.2', 'onnxruntime==1.32.0', 'safetensors==0.8.0'],
    imports: 'import numpy, onnx, onnxruntime, safetensors',
  });
} catch (error) {
  if (!(error instanceof PythonUnavailable)) throw error;
  unavailable = error.message;
  console.warn(`Not checked by other programs: ${unavailable}`);
}

const lab = new Lab(join(folder, 'lab'));

const brief = { training: { epochs: 1, batchSize: 64 }, optimiser: { kind: 'momentum', learningRate: 0.05 } } as const;
const networks: readonly [name: string, spec: RunSpecInput, tfjsImages: number][] = [
  ['without hidden layers', { ...brief, data: { share: 0.02 }, model: { kind: 'mlp', hidden: [] } }, 10_000],
  [
    '784-40-30-20-10, normalised to −1',
    { ...brief, data: { share: 0.02, normalisation: 'symmetric' }, model: { kind: 'mlp', hidden: [40, 30, 20] } },
    10_000,
  ],
  // Convolutions in plain JavaScript take their time.
  // All 10,000 through its convolutions in plain JavaScript take 40 s.
  ['the CNN', { ...brief, data: { share: 0.02, normalisation: 'symmetric' }, model: { kind: 'cnn' } }, 1000],
];

describe.each(networks)('a network, %s', (name, spec, tfjsImages) => {
  const place = join(folder, name.replace(/\W+/g, '-'));
  let run: Run;
  let logits: Logits;

  beforeAll(async () => {
    run = await lab.create(spec);
    await eventsOf(await lab.activate(run));
    run = lab.open(run.id);
    logits = (await lab.logits(run))!;
    mkdirSync(place);
    const { test, side } = lab.dataset();
    for (const format of EXPORT_FORMATS) {
      const temperature = format === 'onnx' ? TEMPERATURE : undefined;
      for (const file of await exportRun(run, 'last', format, logits, test.labels, temperature)) {
        writeFileSync(join(place, file.name), file.bytes);
      }
    }
    writeFileSync(join(place, 'images.bin'), test.images);
    writeFileSync(
      join(place, 'logits.npy'),
      encodeNpy({ shape: [logits.count, logits.classes], values: logits.values }),
    );
    const about = { side, normalisation: run.spec.data.normalisation, temperature: TEMPERATURE };
    writeFileSync(join(place, 'about.json'), JSON.stringify(about));
  }, 60_000);

  it.skipIf(unavailable !== '')(
    'gives the same logits in onnxruntime and, by its arrays, in numpy',
    () => {
      const script = join(import.meta.dirname, 'check.py');
      const checked = JSON.parse(execFileSync(python, [script, place], { encoding: 'utf8' })) as Checked;
      for (const way of ['onnx', 'safetensors', 'npz'] as const) {
        expect(checked[way]).toMatchObject({ images: 10_000, predictions: 0 });
        expect(checked[way].logits).toBeLessThan(1e-4);
      }
      expect(checked.probabilities).toBeLessThan(1e-5);
      expect(checked.opset).toBeGreaterThanOrEqual(17);
      expect(checked.metadata).toMatchObject({ run: run.id, model: run.record.model.summary });
      expect(checked.words).toMatchObject({ run: run.id });
    },
    60_000,
  );

  const same = async (imported: Run): Promise<void> => {
    const found = (await lab.logits(imported))!;
    expect(found.count).toBe(10_000);
    const most = found.values.reduce((sofar, value, at) => Math.max(sofar, Math.abs(value - logits.values[at]!)), 0);
    expect(most).toBeLessThan(1e-4);
    expect([...predictions(found)]).toEqual([...predictions(logits)]);
    expect(imported.spec.model).toMatchObject({ kind: run.spec.model.kind, hidden: run.spec.model.hidden });
    expect(imported.spec.data.normalisation).toBe(run.spec.data.normalisation);
  };

  it('comes back from its own safetensors and its TensorFlow.js model, which say how they read pixels', async () => {
    for (const format of ['.safetensors', '-model.json']) {
      const file = readdirSync(place).find((name) => name.endsWith(format))!;
      const source = await lab.readModel(join(place, file));
      expect(source.preview()).toMatchObject({ summary: run.record.model.summary, stated: true });
      const imported = await source.add(lab.store);
      expect(imported.status).toBe('finished');
      expect(imported.record.imported).toMatchObject({ file });
      await same(lab.open(imported.id));
    }
  }, 60_000);

  it.skipIf(unavailable !== '')(
    'comes back from the names and axes of PyTorch, as its safetensors library writes them',
    async () => {
      // The check above has written it.
      const file = join(place, 'torch.safetensors');
      copyFileSync(join(place, 'torch'), file);
      const source = await lab.readModel(file);
      // It does not say how it reads pixels: that is found by trying.
      expect(source.preview().stated).toBe(false);
      await same(await source.add(lab.store, undefined, 'from PyTorch'));
    },
    60_000,
  );

  it(`gives the same logits in TensorFlow.js on ${tfjsImages} images`, () => {
    execFileSync(process.execPath, [join(import.meta.dirname, 'check-tfjs.mjs'), place, String(tfjsImages)]);
    const found = new Float32Array(new Uint8Array(readFileSync(join(place, 'tfjs.bin'))).buffer);
    expect(found).toHaveLength(tfjsImages * logits.classes);
    const most = found.reduce((sofar, value, at) => Math.max(sofar, Math.abs(value - logits.values[at]!)), 0);
    expect(most).toBeLessThan(1e-4);
  }, 60_000);
});

describe('an export is refused', () => {
  it('with a temperature out of range, or where there is none', async () => {
    const run = lab.open('1');
    const logits = (await lab.logits(run))!;
    const { labels } = lab.dataset().test;
    for (const temperature of [0, -1, 1001, NaN]) {
      const refused = await rejectionOf(exportRun(run, 'last', 'onnx', logits, labels, temperature));
      expectLabError(refused, 'bad-input', '0.1 to 1000');
    }
    expectLabError(await rejectionOf(exportRun(run, 'last', 'tfjs', logits, labels, 2)), 'bad-input', 'tfjs');
  });
});
