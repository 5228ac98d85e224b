/** Networks of other programs: they teach and are evaluated, are never trained on, and refused where they do not fit. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabErrorCode } from '../../../src-core/contract/errors';
import { encodeSafetensors } from '../../../src-core/data/safetensors';
import { exportRun } from '../../../src-core/experiments/export';
import type { Run } from '../../../src-core/experiments/run-store';
import { Lab } from '../../../src-core/lab';
import { expectLabError, rejectionOf } from '../lab-error';
import { eventsOf } from '../small-lab';

const folder = mkdtempSync(join(tmpdir(), 'distill-lab-models-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const lab = new Lab(join(folder, 'lab'));

const SPEC = {
  data: { share: 0.02 },
  model: { kind: 'mlp', hidden: [16] },
  optimiser: { kind: 'momentum', learningRate: 0.05 },
  training: { epochs: 1, batchSize: 64 },
} as const;

let original: Run;
let tfjs: string;
let safetensors: string;
beforeAll(async () => {
  original = await lab.create(SPEC);
  await eventsOf(await lab.activate(original));
  original = lab.open(original.id);
  const logits = (await lab.logits(original))!;
  for (const format of ['tfjs', 'safetensors'] as const) {
    for (const { name, bytes } of await exportRun(original, 'last', format, logits, lab.dataset().test.labels)) {
      writeFileSync(join(folder, name), bytes);
      if (name.endsWith('.json')) tfjs = join(folder, name);
      if (name.endsWith('.safetensors')) safetensors = join(folder, name);
    }
  }
});

describe('an imported network', () => {
  it('is a finished run that teaches, and that nobody goes on with or takes for a run of its spec', async () => {
    const run = await (await lab.readModel(safetensors)).add(lab.store, undefined, 'a colleague’s');
    const read = lab.open(run.id);
    expect([read.status, read.spec.name, read.record.teachers]).toEqual(['finished', 'a colleague’s', []]);
    expect(read.checkpoint().testErrors).toBe(original.checkpoint().testErrors);
    expectLabError(await rejectionOf(lab.activate(read, 'last')), 'bad-input', run.id, 'not known');
    expect(lab.open(run.id).status).toBe('finished');
    expect((await lab.findOrCreate(read.spec)).id).not.toBe(run.id);
    const student = await lab.create({ ...SPEC, objective: { kind: 'soft', teachers: [run.id], temperature: 4 } });
    await eventsOf(await lab.activate(student));
    const { teacher } = await lab.figures(lab.open(student.id), await lab.teacherLogits(lab.open(student.id)));
    expect(teacher!.agreement).toBeGreaterThan(0.5);
  });

  it('leaves nothing behind where it is refused', async () => {
    const before = lab.store.ids();
    const source = await lab.readModel(safetensors);
    expectLabError(await rejectionOf(source.add(lab.store, { mean: 0, deviation: 0 })), 'bad-input', 'more than 0');
    expectLabError(await rejectionOf(source.add(lab.store, { mean: NaN, deviation: 1 })), 'bad-input', 'numbers');
    expectLabError(await rejectionOf(lab.readModel(join(folder, 'none.safetensors'))), 'storage', 'none.safetensors');
    const wrong = join(folder, 'wrong.safetensors');
    writeFileSync(wrong, encodeSafetensors({ 'fc.weight': { shape: [10, 100], values: new Float32Array(1000) } }));
    expectLabError(await rejectionOf(lab.readModel(wrong)), 'incompatible', 'wrong.safetensors', '28×28');
    writeFileSync(
      wrong,
      encodeSafetensors({ 'fc.weight': { shape: [10, 784], values: new Float32Array(7840).fill(NaN) } }),
    );
    const broken = await lab.readModel(wrong);
    expectLabError(await rejectionOf(broken.add(lab.store, { mean: 0, deviation: 1 })), 'not-finite', 'no numbers');
    writeFileSync(wrong, 'no such file');
    expectLabError(await rejectionOf(lab.readModel(wrong)), 'damaged-file', 'wrong.safetensors');
    expect(lab.store.ids()).toEqual(before);
    expect(readdirSync(join(folder, 'lab', 'runs')).filter((name) => name.startsWith('.new'))).toEqual([]);
  });
});

interface ModelJson {
  modelTopology: { class_name: string; config: { layers: { class_name: string; config: Record<string, unknown> }[] } };
  weightsManifest: { paths: string[]; weights: { name: string; shape: number[]; dtype: string }[] }[];
}

describe('a TensorFlow.js model', () => {
  async function refused(code: LabErrorCode, change: (json: ModelJson) => void, ...words: string[]): Promise<void> {
    const json = JSON.parse(readFileSync(tfjs, 'utf8')) as ModelJson;
    change(json);
    const file = join(folder, 'changed.json');
    writeFileSync(file, JSON.stringify(json));
    const error = await rejectionOf(lab.readModel(file));
    expectLabError(error, code, 'changed.json', ...words);
  }

  it('of other layers is refused by the layer’s name', async () => {
    const layer = (json: ModelJson, kind: string) =>
      json.modelTopology.config.layers.find(({ class_name: found }) => found === kind)!;
    await refused(
      'incompatible',
      (json) => void (layer(json, 'Dense').config['activation'] = 'tanh'),
      '“hidden1”',
      'tanh',
      'relu',
    );
    await refused('incompatible', (json) => void (layer(json, 'Dense').class_name = 'LSTM'), '“hidden1” is a LSTM');
    await refused('incompatible', (json) => void (layer(json, 'Rescaling').config['scale'] = 'x'), 'scale and offset');
    await refused(
      'damaged-file',
      (json) => void (json.modelTopology.class_name = 'Functional'),
      'Functional',
      'Sequential',
    );
    await refused(
      'incompatible',
      (json) => json.modelTopology.config.layers.push({ class_name: 'Activation', config: { activation: 'relu' } }),
      'Activation',
    );
  });

  it('whose weights are not all there, or elsewhere, is refused', async () => {
    const group = (json: ModelJson) => json.weightsManifest[0]!;
    await refused(
      'damaged-file',
      (json) => void (group(json).paths = ['../secret.bin']),
      '../secret.bin',
      'not beside it',
    );
    await refused('damaged-file', (json) => void (group(json).paths = ['/etc/passwd']), 'not beside it');
    await refused('damaged-file', (json) => void (group(json).weights[0]!.dtype = 'uint8'), 'no plain float32');
    await refused('damaged-file', (json) => void (group(json).weights[0]!.shape = [784, 2 ** 40]), 'end within');
    await refused('damaged-file', (json) => void group(json).weights.pop(), 'belong to no layer');
    await refused('damaged-file', (json) => void Reflect.deleteProperty(json, 'weightsManifest'), 'weightsManifest');
    const file = join(folder, 'torn.json');
    writeFileSync(file, '{"modelTopology"');
    expectLabError(await rejectionOf(lab.readModel(file)), 'damaged-file', 'torn.json', 'not JSON');
  });

  it('may have a softmax at its end: logits are what comes before', async () => {
    const json = JSON.parse(readFileSync(tfjs, 'utf8')) as ModelJson;
    json.modelTopology.config.layers.at(-1)!.config['activation'] = 'softmax';
    const file = join(folder, 'softmax.json');
    writeFileSync(file, JSON.stringify(json));
    const run = await (await lab.readModel(file)).add(lab.store);
    const [found, wanted] = [await lab.logits(run), await lab.logits(original)];
    const most = found!.values.reduce((sofar, value, at) => Math.max(sofar, Math.abs(value - wanted!.values[at]!)), 0);
    expect(most).toBeLessThan(1e-5);
  });
});
