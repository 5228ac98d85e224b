// @vitest-environment happy-dom
/** Images of one's own: looked at before anything is written, and the way back. */
import { mount } from '@vue/test-utils';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { useDataset } from '../../renderer/stores/dataset';
import { useImport } from '../../renderer/stores/import';
import { useRecipe } from '../../renderer/stores/recipe';
import { useUi } from '../../renderer/stores/ui';
import ImportPanel from '../../renderer/views/data/ImportPanel.vue';
import type { ImportPreview } from '../../src-core/contract/dataset';
import type { DatasetEntry } from '../../src-core/contract/rpc';
import { answers, calls, reset, settle } from './lab-double';

vi.mock('../../renderer/lab', async () => (await import('./lab-double')).double);

const DIGITS = Array.from({ length: 10 }, (_, digit) => String(digit));
const FOUND: ImportPreview = {
  suggestedName: 'shapes',
  found: ['CSV'],
  side: 2,
  classes: ['0', '1', '2'].map((source) => ({ source, train: 10, test: 0 })),
  hasTest: false,
  samples: [new Uint8Array(4), new Uint8Array(8), new Uint8Array()],
  looksInverted: true,
};

let list: DatasetEntry[];
beforeEach(async () => {
  reset();
  list = [{ name: 'mnist', side: 28, classNames: DIGITS, history: [] }];
  answers['datasets'] = () => list;
  answers['dataset'] = (name: string) => {
    const entry = list.find((one) => one.name === name) as unknown as { side: number; classNames: string[] };
    return { ...entry, name, classes: entry.classNames.length, train: [], test: [] };
  };
  answers['labels'] = () => new Uint8Array();
  answers['previewDataset'] = () => FOUND;
  answers['addDataset'] = (name: string) => {
    list = [...list, { name, side: 2, classNames: ['a', 'b'], history: [] }];
    return name;
  };
  answers['deleteDataset'] = (name: string) => void (list = list.filter((one) => one.name !== name));
  await useDataset().readList();
});

const asked = (name: string) => calls.filter(([call]) => call === name);

describe('an import', () => {
  it('shows what was found and writes nothing before it is told to', async () => {
    const source = useImport();
    source.begin();
    await source.read('/data/shapes.csv');
    const panel = mount(ImportPanel);
    expect(panel.text()).toContain('2×2 pixels');
    expect(panel.findAll('tbody tr')).toHaveLength(3);
    expect(source.inverted).toBe(true);
    expect(asked('addDataset')).toEqual([]);

    const names = panel.findAll('input.name');
    await names[0]!.setValue('a');
    await names[1]!.setValue('b');
    await names[2]!.setValue('');
    expect(panel.get('.foot p').text()).toContain('2 classes, 1 label left out');
    await panel.get('form').trigger('submit');
    await settle();
    expect(asked('addDataset')).toEqual([
      [
        'addDataset',
        'shapes',
        { classNames: ['a', 'b', ''], testShare: 0.15, seed: 0, inverted: true, transposed: false },
      ],
    ]);
    expect(source.open).toBe(false);
    const { recipe } = useRecipe();
    expect([recipe.dataset, recipe.classes]).toEqual(['shapes', [0, 1]]);
  });

  it('needs two classes', async () => {
    const source = useImport();
    source.begin();
    await source.read('/data/shapes.csv');
    const panel = mount(ImportPanel);
    for (const name of panel.findAll('input.name')) await name.setValue('one');
    expect(panel.get('[role=alert]').text()).toContain('two classes');
    expect(panel.get('button[type=submit]').attributes('disabled')).toBeDefined();
  });

  it('takes a free name, says why a source cannot be read, and tries the next', async () => {
    list = [...list, { name: 'shapes', side: 2, classNames: ['a', 'b'], history: [] }];
    await useDataset().readList();
    const source = useImport();
    source.begin();
    answers['previewDataset'] = () => {
      throw new Error('/data/bad.csv cannot be used: it is empty.');
    };
    await source.read('/data/bad.csv');
    expect(mount(ImportPanel).get('[role=alert]').text()).toContain('it is empty');
    answers['previewDataset'] = () => FOUND;
    await source.read('/data/shapes.csv');
    expect([source.failure, source.name]).toEqual(['', 'shapes-2']);
  });

  it('can be cancelled while it is read: what arrives afterwards is not shown', async () => {
    const source = useImport();
    source.begin();
    let arrive: (found: ImportPreview) => void = () => undefined;
    answers['previewDataset'] = () => new Promise((resolve) => (arrive = resolve));
    const read = source.read('/data/shapes.csv');
    await settle();
    const panel = mount(ImportPanel);
    expect(panel.find('progress').exists()).toBe(true);
    await panel
      .findAll('button')
      .find((button) => button.text() === 'Cancel')!
      .trigger('click');
    arrive(FOUND);
    await read;
    expect([source.preview, source.reading, source.failure]).toEqual([undefined, false, '']);
    expect(asked('cancelImport')).toHaveLength(1);
  });
});

it('a deleted data set comes back', async () => {
  list = [...list, { name: 'shapes', side: 2, classNames: ['a', 'b'], history: [] }];
  const dataset = useDataset();
  const recipe = useRecipe();
  await dataset.readList();
  recipe.useDatasetNamed('shapes');
  await dataset.show('shapes');
  expect(dataset.className(1)).toBe('b');
  await useImport().remove('shapes');
  await settle();
  expect([recipe.recipe.dataset, dataset.name]).toEqual(['mnist', 'mnist']);
  answers['undeleteDataset'] = (name: string) =>
    void (list = [...list, { name, side: 2, classNames: ['a', 'b'], history: [] }]);
  useUi().notices.at(-1)!.action!.run();
  await settle();
  expect(recipe.recipe).toMatchObject({ dataset: 'shapes', classes: [0, 1] });
});
