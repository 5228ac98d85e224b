import { describe, expect, it } from 'vitest';
import { Random } from '../../../src-core/random';
import { DropoutMask } from '../../../src-core/tensorflow/dropout';
import { digits, smallSpec, trainingOf } from '../small-lab';

const UNITS = 128 * 1200;

function mask(probability: number, step = 0, units = UNITS): Float32Array {
  const drawn = new DropoutMask([1, units], probability, new Random(1, 'dropout/1', step));
  return drawn.factors().dataSync().slice() as Float32Array;
}

describe('a dropout mask', () => {
  it.each([0.2, 0.5])('drops a share of %d and scales the rest by 1/(1−p)', (probability) => {
    const values = mask(probability);
    const dropped = values.filter((value) => value === 0).length;
    // Five standard deviations of a binomial count.
    const spread = 5 * Math.sqrt(UNITS * probability * (1 - probability));
    expect(Math.abs(dropped - UNITS * probability)).toBeLessThan(spread);
    const scales = new Set(values);
    expect(scales.size).toBe(2);
    // Probabilities are multiples of 1/65536.
    expect(Math.max(...scales)).toBeCloseTo(1 / (1 - probability), 4);
  });

  it.each([0.2, 0.5])('drops every position of a row alike, p = %d', (probability) => {
    const [rows, units] = [4000, 50];
    const dropped = new Float64Array(units);
    mask(probability, 0, rows * units).forEach((value, index) => (dropped[index % units]! += value === 0 ? 1 : 0));
    const spread = 5 * Math.sqrt(rows * probability * (1 - probability));
    for (const count of dropped) expect(Math.abs(count - rows * probability)).toBeLessThan(spread);
  });

  it.each([0.2, 0.5])('has as many units as were asked for, p = %d', (probability) => {
    for (const length of [1, 2, 31, 32, 33, 65]) {
      const values = mask(probability, 0, length);
      expect(values).toHaveLength(length);
      expect(values.every((value) => value === 0 || value >= 1)).toBe(true);
    }
  });

  it('keeps everything at p = 0', () => {
    expect(new Set(mask(0))).toEqual(new Set([1]));
  });

  it('is a function of seed, stream and step', () => {
    expect(mask(0.5)).toEqual(mask(0.5));
    expect(mask(0.5, 1)).not.toEqual(mask(0.5, 2));
    // Two independent masks agree in half of their places.
    const [a, b] = [mask(0.5, 1), mask(0.5, 2)];
    const equal = a.filter((value, index) => value === b[index]).length;
    expect(Math.abs(equal - UNITS / 2)).toBeLessThan(5 * Math.sqrt(UNITS / 4));
  });
});

describe('dropout in a network', () => {
  it('plays no part in evaluation', () => {
    const plain = smallSpec();
    const dropping = smallSpec({ model: { kind: 'mlp', hidden: [16], dropout: [0.2, 0.5] } });
    const [a, b] = [trainingOf(plain), trainingOf(dropping)];
    const positions = Int32Array.from({ length: 40 }, (_, index) => index);
    const { images } = digits().test;
    expect(b.evaluate(images, positions)).toEqual(a.evaluate(images, positions));
    expect(b.evaluate(images, positions)).toEqual(b.evaluate(images, positions));
    a.dispose();
    b.dispose();
  });
});
