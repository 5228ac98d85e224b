// @vitest-environment happy-dom
import { mount } from '@vue/test-utils';
import { describe, expect, it } from 'vitest';
import NumberField from '../../renderer/ui/NumberField.vue';
import SpecForm from '../../renderer/views/train/SpecForm.vue';

const spec = {
  model: { kind: 'mlp', hidden: [30] },
  optimiser: { kind: 'momentum', learningRate: 0.1, momentum: 0.5, weightDecay: 0.01 },
  training: { epochs: 2 },
};

describe('the form of a spec', () => {
  it('shows the fields of the chosen kind only, and keeps what both kinds know', async () => {
    const form = mount(SpecForm, { props: { modelValue: spec, teachers: [] } });
    expect(form.find('[data-path="optimiser.momentum"]').exists()).toBe(true);
    expect(form.find('[data-path="optimiser.beta1"]').exists()).toBe(false);
    await form.find('[data-path="optimiser.kind"]').setValue('adam');
    const [[changed]] = form.emitted('update:modelValue') as [[typeof spec]];
    expect(changed.optimiser).toEqual({ kind: 'adam', learningRate: 0.1, weightDecay: 0.01 });
  });

  it('refuses beside the field a number out of its range', async () => {
    const wrong = { ...spec, training: { epochs: 0 } };
    const form = mount(SpecForm, { props: { modelValue: wrong, teachers: [] } });
    expect(form.find('[role="alert"]').text()).toContain('must be in 1 to 100000');
    expect(form.find('[data-path="training.epochs"]').attributes('aria-invalid')).toBe('true');
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
