// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { watch } from 'vue';
import { useInspect } from '../../renderer/stores/inspect';
import { applyBias, optimalBias } from '../../src-core/evaluation/bias';
import { countErrors } from '../../src-core/evaluation/errors';
import { crossEntropies } from '../../src-core/evaluation/calibration';
import { confidence, predictions } from '../../src-core/evaluation/logits';
import { answers, reset } from './lab-double';

vi.mock('../../renderer/lab', async () => (await import('./lab-double')).double);

const COUNT = 400;
const CLASSES = 10;
const values = Float32Array.from({ length: COUNT * CLASSES }, (_, at) => 3 * Math.sin(at * 12.9898));
const labels = Uint8Array.from({ length: COUNT }, (_, row) => (row * 7) % CLASSES);
const logits = {
  values,
  labels,
  count: COUNT,
  classes: CLASSES,
  positions: Int32Array.from({ length: COUNT }, (_, at) => at),
};

function errorsWith(bias: Float32Array): number {
  return countErrors(predictions(applyBias(logits, bias)), labels);
}

const frame = () => new Promise(requestAnimationFrame);
/** Errors and matrix follow a dragged bias in one frame, digits in the next. */
const frames = async () => {
  await frame();
  await frame();
};

describe('inspect store', () => {
  beforeEach(reset);

  it('recounts errors under a bias as the evaluation does, again and again', async () => {
    const inspect = useInspect();
    inspect.logits = logits;
    expect(inspect.errors).toBe(errorsWith(new Float32Array(CLASSES)));
    for (const value of [3.5, -2, 0.3]) {
      inspect.dragBias(3, value);
      await frames();
      const bias = new Float32Array(CLASSES);
      bias[3] = value;
      expect(inspect.errors).toBe(errorsWith(bias));
    }
    inspect.presetBias([7, 8], -7.6);
    expect(inspect.bias[3]).toBe(0);
    expect(inspect.errors).toBe(errorsWith(inspect.bias));
    expect(inspect.sums!.total).toBe(inspect.errors);
    expect(values[0]).toBe(Math.fround(0));
  });

  it('recounts once a frame however often a slider moves in it, and at once what is set or undone', async () => {
    const inspect = useInspect();
    inspect.logits = logits;
    let recounts = 0;
    watch(
      () => inspect.predicted,
      () => recounts++,
      { flush: 'sync' },
    );
    inspect.holdBias();
    for (const value of [9, -9, 4]) inspect.dragBias(3, value);
    expect(inspect.bias[3]).toBe(4);
    expect(inspect.errors).toBe(inspect.plainErrors);
    expect(recounts).toBe(0);
    await frame();
    expect(recounts).toBe(1);
    expect(inspect.errors).toBe(errorsWith(inspect.bias));
    await frame();
    inspect.dragBias(3, 8);
    inspect.undoBias();
    expect(inspect.errors).toBe(inspect.plainErrors);
    await frame();
    expect(recounts).toBe(2);
    expect(inspect.errors).toBe(inspect.plainErrors);
  });

  it('lists the digits of a dragged bias a frame after its errors, of one that is set with them', async () => {
    const inspect = useInspect();
    inspect.logits = logits;
    const before = inspect.rows;
    inspect.dragBias(3, 9);
    await frame();
    expect(inspect.errors).not.toBe(before.length);
    expect(inspect.rows).toBe(before);
    inspect.dragBias(3, 8);
    await frame();
    expect(inspect.rows.length).toBe(inspect.errors);
    await frames();
    expect(inspect.errors).toBe(errorsWith(inspect.bias));
    expect(inspect.rows.length).toBe(inspect.errors);
    inspect.dragBias(3, 7);
    await frame();
    inspect.presetBias([7, 8], -7.6);
    expect(inspect.rows.length).toBe(errorsWith(inspect.bias));
  });

  it.each(['confidence', 'loss'] as const)('orders the errors by %s under a bias', (order) => {
    const inspect = useInspect();
    inspect.logits = logits;
    inspect.order = order;
    inspect.presetBias([3], 2);
    const biased = applyBias(logits, inspect.bias);
    const values = order === 'loss' ? crossEntropies(biased, labels) : confidence(biased);
    const shown = Array.from(inspect.rows, (row) => values[row]!);
    expect(shown.length).toBe(errorsWith(inspect.bias));
    expect(Array.from(inspect.rows, inspect.sortValue!)).toEqual(shown.map((value) => expect.closeTo(value, 6)));
    expect(shown).toEqual(shown.toSorted((first, second) => second - first));
  });

  it('refuses logits that are no numbers as they arrive', async () => {
    const inspect = useInspect();
    answers['logits'] = () => ({ ...logits, values: values.map((value, at) => (at === 5 ? NaN : value)) });
    answers['run'] = () => ({
      record: { id: 'a', checkpoints: [{ name: 'last', epoch: 1 }], teachers: [] },
      students: [],
    });
    await inspect.loadRun('a');
    expect(inspect.failure).toMatch(/not a finite number/);
    expect(inspect.logits).toBeUndefined();
  });

  it('marks the optimum on test and goes back', () => {
    const inspect = useInspect();
    inspect.logits = logits;
    inspect.optimise([3], 'test');
    expect(inspect.errors).toBe(optimalBias(logits, labels, [3]).errors);
    expect(inspect.tunedOnTest).toBe(true);
    inspect.undoBias();
    expect(inspect.tunedOnTest).toBe(false);
    expect(inspect.errors).toBe(inspect.plainErrors);
  });

  it('undoes a drag as one step, and has none to undo where a slider was only touched', () => {
    const inspect = useInspect();
    inspect.logits = logits;
    inspect.holdBias();
    expect(inspect.past).toHaveLength(0);
    inspect.dragBias(3, 1);
    inspect.dragBias(3, 2);
    inspect.holdBias();
    inspect.dragBias(4, 1);
    expect(inspect.past).toHaveLength(2);
    inspect.undoBias();
    expect(Array.from(inspect.bias.subarray(3, 5))).toEqual([2, 0]);
    inspect.undoBias();
    expect(inspect.errors).toBe(inspect.plainErrors);
  });

  it('lists the digits of a cell, the surest first', () => {
    const inspect = useInspect();
    inspect.logits = logits;
    expect(inspect.rows.length).toBe(inspect.errors);
    const { label, predicted, count } = inspect.worst[0]!;
    inspect.cell = { label, predicted };
    expect(inspect.rows.length).toBe(count);
    const shares = [...inspect.rows].map((row) => inspect.confidences![row]!);
    expect(shares).toEqual([...shares].sort((first, second) => second - first));
  });
});
