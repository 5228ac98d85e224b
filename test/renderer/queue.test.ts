// @vitest-environment happy-dom
import { mount } from '@vue/test-utils';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import RunList from '../../renderer/shell/RunList.vue';
import RunQueue from '../../renderer/shell/RunQueue.vue';
import { useRuns } from '../../renderer/stores/runs';
import DamagedRun from '../../renderer/views/train/DamagedRun.vue';
import { answers, calls, connection, reset, settle, summary } from './lab-double';

vi.mock('../../renderer/lab', async () => (await import('./lab-double')).double);

beforeEach(async () => {
  reset();
  answers['runs'] = () => [
    summary('1', { status: 'queued', place: 1 }),
    summary('2', { status: 'queued', place: 0 }),
    summary('3', { status: 'running' }),
    summary('4', { damage: 'Run 4 cannot be read: its run.json was cut off.' }),
  ];
  useRuns();
  connection.value = 'ready';
  await settle();
});

describe('the queue in the sidebar', () => {
  it('shows who is next, puts runs forward and back, and takes them out', async () => {
    const queue = mount(RunQueue);
    expect(queue.findAll('.name').map((name) => name.text())).toEqual(['run 2', 'run 1']);
    const disabled = (label: string) => queue.get(`[aria-label="${label}"]`).attributes('disabled') !== undefined;
    expect(['Sooner: run 2', 'Later: run 2', 'Sooner: run 1', 'Later: run 1'].map(disabled)).toEqual([
      true,
      false,
      false,
      true,
    ]);
    await queue.get('[aria-label="Sooner: run 1"]').trigger('click');
    await queue.get('[aria-label="Later: run 2"]').trigger('click');
    await queue.get('[aria-label="Out of the queue: run 2"]').trigger('click');
    await settle();
    expect(calls.filter(([name]) => name === 'moveInQueue' || name === 'stop')).toEqual([
      ['moveInQueue', '1', 0],
      ['moveInQueue', '2', 1],
      ['stop', '2'],
    ]);
  });
});

describe('a damaged run', () => {
  it('is not read again when it is chosen, and is shown with what is wrong and the way out', async () => {
    const runs = useRuns();
    runs.select('4');
    const view = mount(DamagedRun, { props: { run: runs.selected! } });
    expect(view.text()).toContain('its run.json was cut off');
    await view.findAll('button').at(-1)!.trigger('click');
    await settle();
    expect(calls.map(([name]) => name)).not.toContain('run');
    expect(calls).toContainEqual(['deleteRuns', ['4']]);
  });
});

describe('the search for runs', () => {
  it('says when nothing matches', async () => {
    const list = mount(RunList, { attachTo: document.body });
    await list.get('input').setValue('damaged');
    expect(list.text()).not.toContain('No run matches');
    await list.get('input').setValue('no such run');
    expect(list.text()).toContain('No run matches “no such run”');
  });
});
