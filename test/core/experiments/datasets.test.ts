/** Data sets of one's own in a lab folder: kept whole, found again, trained on, and never mistaken for another. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Dataset } from '../../../src-core/data/dataset';
import { Datasets } from '../../../src-core/experiments/datasets';
import { Lab } from '../../../src-core/lab';
import { expectLabError, rejectionOf, thrownBy } from '../lab-error';
import { eventsOf } from '../small-lab';

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

let folder: string;
let datasets: Datasets;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'distill-lab-datasets-'));
  folders.push(folder);
  datasets = new Datasets(folder);
});

/** Bright left, bright right, or bright below: a network learns it in a moment. */
function shapes(name: string, side = 8, each = 40, classNames = ['left', 'right', 'below']): Omit<Dataset, 'sha256'> {
  const classes = classNames.length;
  const part = (count: number): Dataset['train'] => {
    const images = new Uint8Array(count * side * side);
    const labels = Uint8Array.from({ length: count }, (_, at) => at % classes);
    for (let at = 0; at < count; at++) {
      for (let row = 0; row < side; row++) {
        for (let column = 0; column < side; column++) {
          const on = [column < side / 2, column >= side / 2, row >= side / 2][labels[at]! % 3]!;
          images[(at * side + row) * side + column] = on ? 200 - (at % 50) : at % 40;
        }
      }
    }
    return { images, labels };
  };
  return { name, side, classes, classNames, train: part(each * classes), test: part(10 * classes) };
}

const SPEC = {
  model: { kind: 'mlp', hidden: [16] },
  optimiser: { kind: 'momentum', learningRate: 0.1 },
  training: { epochs: 3, batchSize: 16 },
} as const;

describe('a data set', () => {
  it('comes back as it was kept, in the list and in another process', async () => {
    const made = shapes('my-shapes');
    const record = await datasets.add(made, ['Drawn.']);
    expect(record.train).toEqual([40, 40, 40]);
    const found = new Datasets(folder).open('my-shapes');
    const plain = ({ train, test, ...rest }: Omit<Dataset, 'sha256'>) => ({
      ...rest,
      parts: [train, test].map(({ images, labels }) => [[...images], [...labels]]),
    });
    expect(plain({ ...found, sha256: undefined } as Dataset)).toEqual(plain({ ...made, sha256: undefined } as Dataset));
    expect(datasets.list().map(({ name }) => name)).toEqual(['mnist', 'my-shapes']);
    expect(datasets.classesOf('my-shapes')).toBe(3);
    expect(datasets.classesOf('mnist')).toBe(10);
  });

  it('never takes the place of another, and leaves nothing behind where it is refused', async () => {
    await datasets.add(shapes('one'), []);
    const before = readFileSync(join(folder, 'datasets', 'one', 'dataset.json'), 'utf8');
    expectLabError(await rejectionOf(datasets.add(shapes('one', 4), [])), 'bad-input', '“one” already');
    expect(readFileSync(join(folder, 'datasets', 'one', 'dataset.json'), 'utf8')).toBe(before);
    for (const name of ['', 'mnist', 'MNIST', '../out', 'a b', '.new', 'x'.repeat(61)]) {
      expectLabError(await rejectionOf(datasets.add(shapes(name), [])), 'bad-input', 'name');
    }
    expect(readdirSync(join(folder, 'datasets'))).toEqual(['one']);
  });

  it('that was changed or is damaged is refused by name, and listed with the reason', async () => {
    await datasets.add(shapes('one'), []);
    const file = join(folder, 'datasets', 'one', 'test-labels.idx');
    const bytes = readFileSync(file);
    writeFileSync(file, Buffer.concat([bytes.subarray(0, -1), Buffer.of(bytes.at(-1) === 0 ? 1 : 0)]));
    expectLabError(
      thrownBy(() => new Datasets(folder).open('one')),
      'damaged-file',
      'test-labels.idx',
      'has changed',
    );
    writeFileSync(join(folder, 'datasets', 'one', 'dataset.json'), '{"format": 1}');
    expectLabError(
      thrownBy(() => datasets.open('one')),
      'damaged-file',
      'dataset.json',
      'datasets delete one',
    );
    expect(datasets.list()).toContainEqual({ name: 'one', damage: expect.stringContaining('dataset.json') as string });
    datasets.delete('one');
    expect(datasets.names()).toEqual(['mnist']);
    datasets.undelete('one');
    expect(datasets.names()).toEqual(['mnist', 'one']);
    datasets.delete('one');
    datasets.emptyBin();
    expectLabError(
      thrownBy(() => datasets.undelete('one')),
      'not-found',
      'any more',
    );
    expectLabError(
      thrownBy(() => datasets.undelete('../..')),
      'not-found',
    );
    expectLabError(
      thrownBy(() => datasets.delete('mnist')),
      'bad-input',
    );
    expectLabError(
      thrownBy(() => datasets.delete('../runs')),
      'not-found',
    );
    expectLabError(
      thrownBy(() => datasets.open('minst')),
      'not-found',
      'Did you mean "mnist"?',
    );
  });
});

describe('runs', () => {
  it('learn from it, distil on it and are evaluated on it; all its classes are kept unless a spec says otherwise', async () => {
    const lab = new Lab(folder);
    await lab.datasets.add(shapes('my-shapes'), []);
    const teacher = await lab.create({ ...SPEC, data: { dataset: 'my-shapes', validation: 0.1 } });
    expect(teacher.spec.data.classes).toEqual([0, 1, 2]);
    expect(teacher.record.model.summary).toBe('64-16-3');
    await eventsOf(await lab.activate(teacher));
    const student = await lab.create({
      ...SPEC,
      data: { dataset: 'my-shapes', classes: [0, 1] },
      objective: { kind: 'soft', teachers: [teacher.id], temperature: 4 },
    });
    await eventsOf(await lab.activate(student));
    const { test } = await lab.evaluate(lab.open(student.id));
    expect((await lab.logits(lab.open(student.id)))?.count).toBe(30);
    expect(test.errors).toBeLessThan(20);
    const found = await lab.findOrCreate({ ...SPEC, data: { dataset: 'my-shapes', validation: 0.1 } });
    expect(found.id).toBe(teacher.id);
  });

  it('are not of a later data set of the same name', async () => {
    const lab = new Lab(folder);
    await lab.datasets.add(shapes('one'), []);
    const run = await lab.create({ ...SPEC, data: { dataset: 'one' } });
    lab.datasets.delete('one');
    expectLabError(
      thrownBy(() => lab.dataset(run)),
      'not-found',
      '“one”',
    );
    await lab.datasets.add(shapes('one', 8, 41), []);
    expectLabError(
      thrownBy(() => lab.dataset(run)),
      'incompatible',
      run.id,
      'another data set',
    );
    expect((await lab.findOrCreate({ ...SPEC, data: { dataset: 'one' } })).id).not.toBe(run.id);
    const student = { ...SPEC, data: { dataset: 'one' }, objective: { kind: 'soft', teachers: [run.id] } };
    expectLabError(await rejectionOf(lab.create(student)), 'incompatible', 'data set one', 'as it is now');
  });

  it('of two data sets do not teach each other and do not stand side by side', async () => {
    const lab = new Lab(folder);
    await lab.datasets.add(shapes('one'), []);
    await lab.datasets.add(shapes('two', 8, 30), []);
    const [first, second] = [
      await lab.create({ ...SPEC, data: { dataset: 'one' } }),
      await lab.create({ ...SPEC, data: { dataset: 'two' } }),
    ];
    expectLabError(await rejectionOf(lab.compare(first, second)), 'incompatible', 'same test images');
    const student = { ...SPEC, data: { dataset: 'two' }, objective: { kind: 'soft', teachers: [first.id] } };
    expectLabError(await rejectionOf(lab.create(student)), 'incompatible', 'data set one');
  });

  it('may have 62 classes of 64×64, and name a class only where there is one', async () => {
    const lab = new Lab(folder);
    const names = Array.from({ length: 62 }, (_, at) => `sign ${at}`);
    await lab.datasets.add(shapes('signs', 64, 2, names), []);
    const run = await lab.create({ ...SPEC, data: { dataset: 'signs' } });
    await eventsOf(await lab.activate(run));
    expect((await lab.logits(lab.open(run.id)))?.count).toBe(620);
    const wrong = { ...SPEC, data: { dataset: 'signs', classes: [61, 62] } };
    expectLabError(await rejectionOf(lab.create(wrong)), 'bad-input', '62');
  });
});
