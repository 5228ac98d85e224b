import { describe, expect, it } from 'vitest';
import type { RunSpec, RunSpecInput } from '../../../src-core/contract/spec';
import { scheduleCurve, settingsAt } from '../../../src-core/training/schedule';
import type { TrainingState } from '../../../src-core/training/train';
import { expectClose } from '../numbers';
import { advance, differing, smallSpec, trainingOf } from '../small-lab';

const STEPS = 10;

const spec = (schedule: RunSpecInput['schedule'], epochs = 10, learningRate = 0.8): RunSpec =>
  smallSpec({ optimiser: { kind: 'momentum', learningRate }, schedule, training: { epochs } });

const rates = (of: RunSpec, steps: number[]): number[] => steps.map((step) => settingsAt(of, step, STEPS).learningRate);

describe('a learning rate', () => {
  it('stays', () => {
    expect(rates(spec({ kind: 'constant' }), [0, 50, 99])).toEqual([0.8, 0.8, 0.8]);
  });

  it('is halved after every so many epochs', () => {
    expect(rates(spec({ kind: 'halve', everyEpochs: 2 }), [0, 19, 20, 39, 40])).toEqual([0.8, 0.8, 0.4, 0.4, 0.2]);
  });

  it('falls by a factor an epoch times (1−p), while p climbs, as the dropout paper has it', () => {
    const paper = spec({ kind: 'exponential' }, 3000, 10);
    // science.md, section 2: ε = 10·0.998^epoch times (1−p), p from 0.5 to 0.99 over 500 epochs.
    const at = (epoch: number): number[] => {
      const { learningRate, momentum } = settingsAt(paper, epoch * STEPS + 3, STEPS);
      return [learningRate, momentum];
    };
    expectClose(at(0), [5, 0.5], 1e-12);
    expectClose(at(250), [(1 - 0.745) * 10 * 0.998 ** 250, 0.745], 1e-12);
    expectClose(at(500), [0.01 * 10 * 0.998 ** 500, 0.99], 1e-12);
    expectClose(at(2999), [0.01 * 10 * 0.998 ** 2999, 0.99], 1e-12);
  });

  it('rises to its peak and falls along a cosine', () => {
    const cosine = spec({ kind: 'cosine', warmUp: 0.2, finalShare: 0.1 });
    const all = rates(
      cosine,
      Array.from({ length: 100 }, (_, step) => step),
    );
    expect(all[0]).toBeCloseTo(0.8 / 20, 12);
    expect(all[19]).toBeCloseTo(0.8, 12);
    expect(all[20]).toBeCloseTo(0.8, 12);
    expect(all[60]).toBeCloseTo((0.8 + 0.08) / 2, 12);
    expect(all[99]).toBeGreaterThan(0.08);
    expect(all[99]).toBeLessThan(0.082);
    expect(Math.max(...all)).toBeCloseTo(0.8, 12);
  });

  it('needs no warm-up', () => {
    expect(rates(spec({ kind: 'cosine', warmUp: 0 }), [0, 50])).toEqual([0.8, 0.4]);
  });
});

describe('a schedule that rebuilds the optimiser', () => {
  const halving = (optimiser: RunSpecInput['optimiser'], rebuildOptimiser: boolean): RunSpec =>
    smallSpec({ optimiser, schedule: { kind: 'halve', everyEpochs: 1, rebuildOptimiser } });

  async function stateAt(of: RunSpec, step: number, from?: TrainingState): Promise<TrainingState> {
    const training = trainingOf(of, [], from);
    await advance(training, step);
    const state = training.state();
    training.dispose();
    return state;
  }

  const isSlot = (name: string): boolean => /velocity|moment\d/.test(name);

  /** The same state with empty slots. */
  const emptied = (state: TrainingState): TrainingState => ({
    ...state,
    tensors: Object.fromEntries(
      Object.entries(state.tensors).map(([name, { shape, values }]) => [
        name,
        { shape, values: isSlot(name) ? new Float32Array(values.length) : values },
      ]),
    ),
  });

  it('empties the velocities at the halving step, and only there', async () => {
    const optimiser = { kind: 'momentum' as const, learningRate: 0.05 };
    const [rebuilt, kept] = [halving(optimiser, true), halving(optimiser, false)];
    const before = await stateAt(rebuilt, 19);
    expect(before.step).toBe(19);
    const after = await stateAt(rebuilt, 20, before);
    expect(differing(after.tensors, (await stateAt(kept, 20, emptied(before))).tensors)).toEqual([]);
    expect(differing(after.tensors, (await stateAt(kept, 20, before)).tensors)).toEqual(Object.keys(after.tensors));
    const next = await stateAt(rebuilt, 21, after);
    expect(differing(next.tensors, (await stateAt(kept, 21, after)).tensors)).toEqual([]);
  });

  it('starts Adam anew at the halving step: moments and bias correction', async () => {
    const rebuilt = halving({ kind: 'adam', learningRate: 0.002, epsilon: 1e-12 }, true);
    const before = await stateAt(rebuilt, 19);
    const { tensors } = await stateAt(rebuilt, 20, before);
    for (const name of Object.keys(tensors).filter((each) => !isSlot(each))) {
      const [moment1, moment2] = [tensors[`${name}/moment1`]!.values, tensors[`${name}/moment2`]!.values];
      // From empty moments, m = (1−β₁)·g and v = (1−β₂)·g².
      const gradient = moment1.map((value) => value / (1 - 0.9));
      expectClose(
        moment2,
        gradient.map((value) => (1 - 0.999) * value ** 2),
        1e-7,
      );
      // The first update of Adam is the rate, in the direction of the gradient's sign.
      const moved = tensors[name]!.values.map((value, index) => value - before.tensors[name]!.values[index]!);
      const expected = gradient.map((value) => (Math.abs(value) > 1e-7 ? -0.001 * Math.sign(value) : NaN));
      const alive = [...expected.keys()].filter((index) => !Number.isNaN(expected[index]!));
      expect(alive.length).toBeGreaterThan(0);
      expectClose(
        alive.map((index) => moved[index]! * 1000),
        alive.map((index) => expected[index]! * 1000),
        1e-3,
      );
    }
  });
});

describe('the curve of a learning rate', () => {
  /** What straight lines between the curve's points say of a step. */
  const readOff = ({ steps, rates }: ReturnType<typeof scheduleCurve>, step: number): number => {
    const right = steps.findIndex((at) => at >= step);
    if (steps[right] === step) return rates[right]!;
    const share = (step - steps[right - 1]!) / (steps[right]! - steps[right - 1]!);
    return rates[right - 1]! + share * (rates[right]! - rates[right - 1]!);
  };

  it.each([
    ['halving', { kind: 'halve', everyEpochs: 3 }, 10, 469],
    ['a cosine whose warm-up ends within an epoch', { kind: 'cosine', warmUp: 0.17 }, 10, 469],
    ['a cosine of one epoch', { kind: 'cosine', warmUp: 0.01 }, 1, 469],
    ['the paper’s', { kind: 'exponential' }, 600, 7],
    ['one step an epoch', { kind: 'halve', everyEpochs: 1 }, 5, 1],
  ] as const)('is right at every step: %s', (_, schedule, epochs, stepsPerEpoch) => {
    const of = spec(schedule, epochs);
    const curve = scheduleCurve(of, stepsPerEpoch);
    const steps = Array.from({ length: epochs * stepsPerEpoch }, (_unused, step) => step);
    const exact = steps.map((step) => settingsAt(of, step, stepsPerEpoch).learningRate);
    const peak = Math.max(...exact);
    expect(curve.steps[0]).toBe(0);
    expect(curve.steps.at(-1)).toBe(steps.length - 1);
    expectClose(
      steps.map((step) => readOff(curve, step)),
      exact,
      0.004 * peak,
    );
  });
});
