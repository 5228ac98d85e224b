import { describe, expect, it } from 'vitest';
import { Random } from '../../../src-core/random';
import { initialBiases, initialWeights } from '../../../src-core/tensorflow/initialisers';
import { mean, sum } from '../numbers';

const FAN_IN = 400;
const FAN_OUT = 300;
const COUNT = FAN_IN * FAN_OUT;

const random = (seed = 1): Random => new Random(seed, 'initial-weights');

function deviation(values: number[]): number {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
}

describe('initial weights', () => {
  const weights = (kind: 'uniform-fan-in' | 'normal' | 'glorot', seed?: number): number[] => [
    ...initialWeights(kind, COUNT, FAN_IN, FAN_OUT, random(seed)),
  ];

  it('"uniform-fan-in" fill ±1/√fan_in evenly, as PyTorch’s Linear', () => {
    const bound = 1 / Math.sqrt(FAN_IN);
    const values = weights('uniform-fan-in');
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest).toBeLessThanOrEqual(bound);
    expect(largest).toBeGreaterThan(0.999 * bound);
    expect(Math.abs((deviation(values) * Math.sqrt(3)) / bound - 1)).toBeLessThan(0.01);
  });

  it.each([
    ['normal', 0.01],
    ['glorot', Math.sqrt(2 / (FAN_IN + FAN_OUT))],
  ] as const)('"%s" are normal with standard deviation %d', (kind, expected) => {
    const values = weights(kind);
    expect(Math.abs(deviation(values) / expected - 1)).toBeLessThan(0.01);
    const beyondTwo = values.filter((value) => Math.abs(value) > 2 * expected).length / COUNT;
    expect(beyondTwo).toBeCloseTo(0.0455, 2);
  });

  it.each(['uniform-fan-in', 'normal', 'glorot'] as const)('"%s" centre on 0 and follow from the seed', (kind) => {
    const values = weights(kind);
    expect(Math.abs(sum(values))).toBeLessThan(5 * deviation(values) * Math.sqrt(COUNT));
    expect(weights(kind)).toEqual(values);
    expect(weights(kind, 2)).not.toEqual(values);
  });
});

describe('initial biases', () => {
  it('are drawn like the weights for "uniform-fan-in"', () => {
    const biases = initialBiases('uniform-fan-in', 1000, FAN_IN, random());
    expect(biases.every((bias) => bias !== 0 && Math.abs(bias) <= 1 / Math.sqrt(FAN_IN))).toBe(true);
  });

  it.each(['normal', 'glorot'] as const)('are 0 for "%s"', (kind) => {
    expect([...initialBiases(kind, 3, FAN_IN, random())]).toEqual([0, 0, 0]);
  });
});
