// @vitest-environment happy-dom
import { mount } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useCompare } from '../../renderer/stores/compare';
import { useRuns } from '../../renderer/stores/runs';
import { curvesOf } from '../../renderer/views/compare/curves';
import DifferenceMatrix from '../../renderer/views/compare/DifferenceMatrix.vue';
import RunChoice from '../../renderer/views/compare/RunChoice.vue';
import type { LabelledLogits, RunSummary } from '../../src-core/contract/rpc';
import { answers, calls, connection, reset, settle, summary, tell } from './lab-double';

vi.mock('../../renderer/lab', async () => (await import('./lab-double')).double);

const LABELS = Uint8Array.of(0, 1, 2, 2, 1, 0);

/** Logits that read each image as it says. */
function reading(...read: number[]): LabelledLogits {
  const values = new Float32Array(read.length * 3);
  read.forEach((label, row) => (values[row * 3 + label] = 5));
  return { values, count: read.length, classes: 3, labels: LABELS, positions: Int32Array.from(read.keys()) };
}

let list: RunSummary[];
let logits: Record<string, LabelledLogits>;
beforeEach(() => {
  reset();
  list = [
    summary('1', { testErrors: 1, model: 'large' }),
    summary('2', { testErrors: 3 }),
    summary('3', { testErrors: 2, objective: 'soft', teachers: ['1'] }),
    summary('4', { damage: 'Run 4 cannot be read.' }),
  ];
  logits = { 1: reading(0, 1, 2, 2, 1, 1), 2: reading(1, 1, 2, 0, 2, 0), 3: reading(1, 1, 2, 2, 2, 0) };
  answers['runs'] = () => list;
  answers['logits'] = (({ run }: { run: string }) => logits[run]) as never;
});
afterEach(() => document.body.replaceChildren());

async function opened() {
  const compare = useCompare();
  connection.value = 'ready';
  await settle();
  return compare;
}

describe('the compare store', () => {
  it('suggests the newest student with its baseline and teacher, and no run that is damaged or not evaluated', async () => {
    list = [...list, summary('5')];
    const compare = await opened();
    expect(compare.suggested).toEqual(['3', '2', '1']);
    expect(compare.usable.map(({ id }) => id)).toEqual(['5', '3', '2', '1']);
    expect(list.slice(0, 3).map(compare.roleOf)).toEqual(['teacher', 'baseline', 'student']);
  });

  it('compares the first two image by image', async () => {
    const compare = await opened();
    compare.chosen = ['3', '2', '1'];
    await settle();
    const { counts, difference, groups, inherited } = compare.pair!;
    expect(counts).toMatchObject({ onlyFirstWrong: 0, onlySecondWrong: 1, bothWrong: 2 });
    expect([...groups.onlySecondWrong]).toEqual([3]);
    expect([...inherited]).toEqual([0, 4]);
    // Image 3, a 2: the second reads it as 0, the first rightly.
    expect([...difference]).toEqual([0, 0, 0, 0, 0, 0, 1, 0, -1]);
    expect([...compare.differing(2, 0)]).toEqual([3]);
    expect([...compare.differing(0, 1)]).toEqual([]);
  });

  it('reads a run again when it was evaluated meanwhile, and shows the old figures until then', async () => {
    const compare = await opened();
    const runs = useRuns();
    compare.chosen = ['3', '2'];
    await settle();
    const asked = (): number => calls.filter(([name]) => name === 'logits').length;
    expect(asked()).toBe(2);
    tell.runsChanged();
    await settle();
    expect(asked()).toBe(2);
    logits['2'] = reading(0, 1, 2, 2, 2, 0);
    tell.evaluated('2', 3);
    expect(compare.pair!.counts.onlySecondWrong).toBe(1);
    await settle();
    expect(asked()).toBe(3);
    expect(compare.pair!.counts).toMatchObject({ onlyFirstWrong: 1, onlySecondWrong: 0 });
    expect(runs.evaluatedEpoch.get('2')).toBe(3);
  });

  it('lets go of a run that was deleted', async () => {
    const compare = await opened();
    compare.chosen = ['3', '2', '1'];
    await settle();
    list = list.filter(({ id }) => id !== '2');
    tell.runsChanged();
    await settle();
    expect(compare.chosen).toEqual(['3', '1']);
    expect([compare.first, compare.second]).toEqual(['3', '1']);
  });
});

describe('the choice of runs', () => {
  it('takes at most eight', async () => {
    list = Array.from({ length: 10 }, (_, at) => summary(String(at), { testErrors: at }));
    const compare = await opened();
    const choice = mount(RunChoice);
    const boxes = choice.findAll('input[type=checkbox]');
    for (const box of boxes.slice(0, 8)) await box.setValue(true);
    expect(compare.chosen).toHaveLength(8);
    expect(boxes.map((box) => box.attributes('disabled') !== undefined)).toEqual([
      ...Array<boolean>(8).fill(false),
      true,
      true,
    ]);
    await boxes[0]!.setValue(false);
    expect(boxes[9]!.attributes('disabled')).toBeUndefined();
  });

  it('is walked by arrow keys', async () => {
    await opened();
    const choice = mount(RunChoice, { attachTo: document.body });
    const boxes = choice.findAll<HTMLInputElement>('input[type=checkbox]');
    boxes[0]!.element.focus();
    await choice.get('.list').trigger('keydown', { key: 'ArrowDown' });
    await choice.get('.list').trigger('keydown', { key: 'ArrowDown' });
    await choice.get('.list').trigger('keydown', { key: 'ArrowUp' });
    expect(document.activeElement).toBe(boxes[1]!.element);
  });
});

describe('the curves', () => {
  it('have the colour of their role, and no two look alike', async () => {
    await opened();
    const chosen = Array.from({ length: 8 }, (_, at) => ({ id: String(at), role: 'student' as const }));
    const curves = curvesOf(chosen, useRuns(), 'testErrors');
    expect(curves[0]).toMatchObject({ colour: 'student-stroke', dashed: false });
    expect(new Set(curves.map(({ colour, dashed }) => `${colour} ${dashed}`)).size).toBe(8);
    expect(curvesOf([{ id: '1', role: 'teacher' }], useRuns(), 'testErrors')[0]!.colour).toBe('teacher');
  });
});

describe('the difference matrix', () => {
  const open = () =>
    mount(DifferenceMatrix, {
      props: { values: Int32Array.of(4, -1, 0, 0, -2, 2, 3, 0, -3), classes: 3, file: 'difference' },
      attachTo: document.body,
    });

  it('says signs in words and figures', () => {
    const cells = open().findAll('[role=gridcell]');
    expect(cells.map((cell) => cell.text())).toEqual(['+4', '−1', '', '', '−2', '+2', '+3', '', '−3']);
    expect(cells[1]!.attributes('aria-label')).toBe('0 read as 1: −1');
    expect(cells[2]!.attributes('aria-label')).toBe('0 read as 2: no difference');
    expect(cells[0]!.attributes('aria-label')).toBe('0 read rightly: +4');
  });

  it('opens a cell by Enter where the arrows led, and by a click', async () => {
    const matrix = open();
    await matrix.get('table').trigger('keydown', { key: 'ArrowDown' });
    await matrix.get('table').trigger('keydown', { key: 'End' });
    expect((document.activeElement as HTMLElement).dataset['cell']).toBe('1-2');
    await matrix.get('[data-cell="1-2"]').trigger('keydown', { key: 'Enter' });
    await matrix.get('[data-cell="2-0"]').trigger('click');
    expect(matrix.emitted('open')).toEqual([[{ label: 1, predicted: 2 }], [{ label: 2, predicted: 0 }]]);
  });
});
