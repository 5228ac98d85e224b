// @vitest-environment happy-dom
import { mount } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useDataset } from '../../renderer/stores/dataset';
import ConfusionMatrix from '../../renderer/views/inspect/ConfusionMatrix.vue';
import { reset } from './lab-double';

vi.mock('../../renderer/lab', async () => (await import('./lab-double')).double);

const COUNTS = Uint32Array.of(8, 1, 0, 0, 9, 2, 3, 0, 7);
const open = () =>
  mount(ConfusionMatrix, { props: { values: COUNTS, classes: 3, mode: 'errors' }, attachTo: document.body });

describe('confusion matrix', () => {
  beforeEach(reset);
  afterEach(() => document.body.replaceChildren());

  it('shows errors only, with their sums at the edges', () => {
    const cells = open()
      .findAll('[role=gridcell]')
      .map((cell) => cell.text());
    expect(cells).toEqual(['', '1', '', '', '', '2', '3', '', '']);
    expect(document.querySelector('.total')!.textContent).toBe('6');
  });

  it('names classes: short names in its margins, long ones where there is room', async () => {
    const wrapper = open();
    const dataset = useDataset();
    dataset.summary = { name: 'own', side: 8, classes: 3, classNames: ['A', 'boot', 'é'], train: [], test: [] };
    await wrapper.vm.$nextTick();
    expect(
      wrapper
        .findAll('th[scope=row]')
        .slice(0, 3)
        .map((head) => head.text()),
    ).toEqual(['A', '1', 'é']);
    expect(wrapper.get('[data-cell="0-1"]').attributes('aria-label')).toBe('A read as 1 boot: 1');
  });

  it('shows row per cent', async () => {
    const wrapper = open();
    await wrapper.setProps({ mode: 'share' });
    expect(wrapper.get('[data-cell="2-0"]').text()).toBe('30.0');
  });

  it('shows sums of probabilities, none longer than its cell', async () => {
    const wrapper = open();
    await wrapper.setProps({
      mode: 'probability',
      values: Float64Array.of(899, 55.55, 0.25, 64.44, 9, 103.4, 3, 0, 7),
    });
    expect(wrapper.get('[data-cell="0-1"]').text()).toBe('55.5');
    expect(wrapper.get('[data-cell="1-2"]').text()).toBe('103');
    expect(wrapper.findAll('td.edge').map((cell) => cell.text())).toEqual([
      '55.8',
      '168',
      '3.0',
      '67.4',
      '55.5',
      '104',
      '227',
    ]);
  });

  it('has one stop for Tab; arrows move it and end at the edge', async () => {
    const wrapper = open();
    const stops = () => wrapper.findAll('[tabindex="0"]').map((cell) => cell.attributes('data-cell'));
    expect(stops()).toEqual(['0-0']);
    const table = wrapper.get('table');
    for (const key of ['ArrowUp', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowRight']) {
      await table.trigger('keydown', { key });
    }
    expect(stops()).toEqual(['2-1']);
    expect(document.activeElement!.getAttribute('data-cell')).toBe('2-1');
    await table.trigger('keydown', { key: 'Home' });
    expect(stops()).toEqual(['2-0']);
  });

  it('opens a cell by Enter and by a click', async () => {
    const wrapper = open();
    await wrapper.get('[data-cell="2-0"]').trigger('keydown', { key: 'Enter' });
    await wrapper.get('[data-cell="1-2"]').trigger('click');
    expect(wrapper.emitted('open')).toEqual([[{ label: 2, predicted: 0 }], [{ label: 1, predicted: 2 }]]);
  });
});
