// @vitest-environment happy-dom
import { mount } from '@vue/test-utils';
import { describe, expect, it } from 'vitest';
import NumberField from '../../renderer/ui/NumberField.vue';
import { withValue } from '../../src-core/contract/paths';
import SpecForm from '../../renderer/views/train/SpecForm.vue';

const spec = {
  model: { kind: 'mlp', hidden: [30] },
  optimiser: { kind: 'momentum', learningRate: 0.1, momentum: 0.5, weightDecay: 0.01 },
  training: { epochs: 2 },
};

describe('the form of a spec', () => {
  it('shows the fields of the chosen kind only, and keeps what both kinds know', async () => {
    const form = mount(SpecForm, { props: { modelValue: spec, teachers: [], datasets: [] } });
    expect(form.find('[data-path="optimiser.momentum"]').exists()).toBe(true);
    expect(form.find('[data-path="optimiser.beta1"]').exists()).toBe(false);
    await form.find('[data-path="optimiser.kind"]').setValue('adam');
    const [[changed]] = form.emitted('update:modelValue') as [[typeof spec]];
    expect(changed.optimiser).toEqual({ kind: 'adam', learningRate: 0.1, weightDecay: 0.01 });
  });

  it('refuses beside the field a number out of its range', async () => {
    const wrong = { ...spec, training: { epochs: 0 } };
    const form = mount(SpecForm, { props: { modelValue: wrong, teachers: [], datasets: [] } });
    expect(form.find('[role="alert"]').text()).toContain('must be in 1 to 100000');
    expect(form.find('[data-path="training.epochs"]').attributes('aria-invalid')).toBe('true');
  });

  it.each([
    ['model.hidden', [64, 99999], '99999 must be in 1 to 8192'],
    ['model.hidden', Array.from({ length: 9 }, () => 8), 'must have 0 to 8 entries'],
    ['model.dropout', [0.2, 'much'], 'much must be a number, 0 to 0.95'],
    ['data.share', 1.5, 'must be in 0.0001 to 1'],
    ['data.jitter.pixels', 'far', 'must be a number, 0 to 4'],
  ])('refuses %s = %j with the reason beside it', (path, value, reason) => {
    const form = mount(SpecForm, { props: { modelValue: withValue(spec, path, value), teachers: [], datasets: [] } });
    expect(form.findAll('[role="alert"]').map((alert) => alert.text())).toEqual([expect.stringContaining(reason)]);
    expect(form.find(`[data-path="${path}"]`).attributes('aria-invalid')).toBe('true');
  });

  it('takes what is typed at once and leaves it as it is typed', async () => {
    const form = mount(SpecForm, { props: { modelValue: spec, teachers: [], datasets: [] } });
    const input = form.find<HTMLInputElement>('[data-path="optimiser.learningRate"]');
    await input.setValue('0.');
    const [[changed]] = form.emitted('update:modelValue') as [[typeof spec]];
    expect(changed.optimiser.learningRate).toBe(0);
    await form.setProps({ modelValue: changed });
    expect(input.element.value).toBe('0.');
    await input.trigger('blur');
    expect(input.element.value).toBe('0');
  });

  it('ticks the teachers of a run that was started before, and names one that is gone', async () => {
    const student = {
      ...spec,
      objective: { kind: 'soft', teachers: ['0001-teacher@epoch-0012', '0002-gone@epoch-0003'] },
    };
    const teachers = [
      { id: '0001-teacher', title: 'teacher' },
      { id: '0003-other', title: 'other' },
    ];
    const form = mount(SpecForm, { props: { modelValue: student, teachers, datasets: [] } });
    const boxes = form.findAll<HTMLInputElement>('[type="checkbox"]');
    expect(boxes.map((box) => box.element.checked)).toEqual([true, false, true]);
    expect(form.text()).toContain('0002-gone@epoch-0003: no such run');
    await boxes[2]!.setValue(false);
    const [[changed]] = form.emitted('update:modelValue') as unknown as [[typeof student]];
    expect(changed.objective.teachers).toEqual(['0001-teacher@epoch-0012']);
  });
});

describe('a number field', () => {
  it('passes on numbers in range and says why it refuses others', async () => {
    const field = mount(NumberField, { props: { label: 'Shift', modelValue: 1, min: 0, max: 4, integer: true } });
    await field.find('input').setValue('2.5');
    expect(field.emitted('update:modelValue')).toBeUndefined();
    expect(field.find('[role="alert"]').text()).toBe('must be a whole number, 0 to 4');
    await field.find('input').setValue('3');
    expect(field.emitted('update:modelValue')).toEqual([[3]]);
    expect(field.find('[role="alert"]').exists()).toBe(false);
  });
});
