// @vitest-environment happy-dom
/** Suspect labels and marks in the window, and errors without the marked ones. */
import { mount } from '@vue/test-utils';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { useInspect } from '../../renderer/stores/inspect';
import { useLabels } from '../../renderer/stores/labels';
import { useMap } from '../../renderer/stores/map';
import { useUi } from '../../renderer/stores/ui';
import LabelTriage from '../../renderer/views/inspect/LabelTriage.vue';
import type { LabelMarks } from '../../src-core/contract/label-marks';
import type { LabelledLogits, RunDetail } from '../../src-core/contract/rpc';
import { answers, calls, reset, settle } from './lab-double';

vi.mock('../../renderer/lab', async () => (await import('./lab-double')).double);

/** Three images of class 0, of which the last is read as 1 for certain; two of class 1. */
const LOGITS: LabelledLogits = {
  values: Float32Array.of(3, 0, 2, 0, 0, 3, 0, 2, 0, 2),
  count: 5,
  classes: 2,
  labels: Uint8Array.of(0, 0, 0, 1, 1),
  positions: Int32Array.of(0, 1, 2, 3, 4),
};

let marks: LabelMarks;
beforeEach(async () => {
  reset();
  marks = { train: [], test: [] };
  answers['labelMarks'] = () => marks;
  answers['markLabel'] = (_: string, part: 'train' | 'test', position: number, marked: boolean) => {
    const others = marks[part].filter((other) => other !== position);
    return (marks = { ...marks, [part]: marked ? [...others, position] : others });
  };
  answers['outOfSample'] = () => undefined;
  answers['embedding'] = () => ({
    values: Float32Array.of(1, 2, 9, 3, 4, 9, 5, 6, 9, 7, 8, 9, 9, 1, 9),
    count: 5,
    components: 3,
    units: 16,
    shares: Float64Array.of(0.6, 0.3, 0.1),
  });
  const inspect = useInspect();
  inspect.detail = {
    record: {
      id: '0001-x',
      spec: { data: { dataset: 'mnist' }, objective: { kind: 'hard' } },
      checkpoints: [{ name: 'epoch-0001', epoch: 1 }],
      teachers: [],
    },
    students: [],
  } as unknown as RunDetail;
  inspect.logits = LOGITS;
  inspect.checkpoint = 'epoch-0001';
  await settle();
});

describe('suspect labels', () => {
  it('are marked, counted out beside the official number, and the mark comes back by Undo', async () => {
    const labels = useLabels();
    await settle();
    expect(labels.suspects.map(({ row, suggested }) => [row, suggested])).toEqual([[2, 1]]);
    expect(labels.errors).toEqual({ official: 1, images: 5, without: 1, kept: 5 });
    await labels.mark(2, true);
    expect(labels.errors).toEqual({ official: 1, images: 5, without: 0, kept: 4 });
    const triage = mount(LabelTriage);
    expect(triage.text()).toContain('1 wrong of 5, the official');
    useUi().notices.at(-1)!.action!.run();
    await settle();
    expect(labels.marks.test).toEqual([]);
  });

  it('among training images need a cross-validation, which shows how far it is and can be cancelled', async () => {
    const labels = useLabels();
    const triage = mount(LabelTriage);
    labels.part = 'train';
    await settle();
    let end: () => void = () => undefined;
    answers['crossValidate'] = () => new Promise<void>((resolve) => (end = resolve));
    await triage
      .findAll('button')
      .find((button) => button.text() === 'Cross-validate')!
      .trigger('click');
    expect(triage.find('progress').exists()).toBe(true);
    await triage
      .findAll('button')
      .find((button) => button.text() === 'Cancel')!
      .trigger('click');
    expect(calls.map(([name]) => name)).toContain('cancelCrossValidation');
    answers['outOfSample'] = () => LOGITS;
    end();
    await settle();
    expect(labels.share).toBeUndefined();
    expect(labels.suspects).toHaveLength(1);
  });

  it('of a student are its teacher’s to judge', async () => {
    const inspect = useInspect();
    const { detail } = inspect;
    inspect.detail = {
      ...detail,
      record: { ...detail!.record, spec: { ...detail!.record.spec, objective: { kind: 'soft' } } },
    } as unknown as RunDetail;
    useLabels().part = 'train';
    const triage = mount(LabelTriage);
    await settle();
    expect(triage.text()).toContain('choose the teacher');
    expect(triage.findAll('button')).toHaveLength(0);
  });
});

describe('the map', () => {
  it('has the first two components at once, for whoever looks', async () => {
    const map = useMap();
    expect(calls.map(([name]) => name)).not.toContain('embedding');
    map.watched = true;
    await settle();
    await settle();
    expect([...map.points!]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 1]);
    expect([...map.rows]).toEqual([0, 1, 2, 3, 4]);
  });

  it('says why there is none', async () => {
    answers['embedding'] = () => undefined;
    const map = useMap();
    map.watched = true;
    await settle();
    await settle();
    expect(map.failure).toContain('no hidden layer');
  });

  it('puts what was chosen on it among the digits, until a cell is opened', async () => {
    const inspect = useInspect();
    answers['logits'] = () => LOGITS;
    await inspect.loadCheckpoint('epoch-0001');
    inspect.picked = Uint32Array.of(4, 0);
    expect([...inspect.rows].sort()).toEqual([0, 4]);
  });
});
