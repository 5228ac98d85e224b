// @vitest-environment happy-dom
import { mount } from '@vue/test-utils';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { useDataset } from '../../renderer/stores/dataset';
import DataView from '../../renderer/views/data/DataView.vue';
import { answers, connection, reset, settle } from './lab-double';

vi.mock('../../renderer/lab', async () => (await import('./lab-double')).double);

const MISSING = 'MNIST cannot be read: no such file. Run `npm ci`.';

beforeEach(() => {
  reset();
  answers['dataset'] = () => {
    throw new Error(MISSING);
  };
});

describe('images that cannot be read', () => {
  it('are said in the view, with a way to try again', async () => {
    const view = mount(DataView, { global: { stubs: ['ImageBrowser', 'DigitPreview'] } });
    await settle();
    expect(view.text()).toContain(MISSING);
    answers['dataset'] = () => ({ name: 'mnist', side: 28, classes: 10, train: Array(10).fill(6000), test: [] });
    answers['labels'] = () => new Uint8Array(3);
    await view.findAll('button').at(-1)!.trigger('click');
    await settle();
    expect(view.text()).not.toContain(MISSING);
    expect(view.text()).toContain('MNIST · 60,000 training');
  });

  it('are read again by a core that has started again', async () => {
    const dataset = useDataset();
    await dataset.open();
    expect(dataset.failure).toBe(MISSING);
    answers['dataset'] = () => ({ name: 'mnist', side: 28, classes: 10, train: [1], test: [1] });
    connection.value = 'ready';
    await settle();
    expect(dataset.failure).toBe('');
    expect(dataset.summary?.name).toBe('mnist');
  });
});
