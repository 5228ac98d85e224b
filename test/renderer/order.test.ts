import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderDigits } from '../../renderer/digits/order';
import { groupBySeed, specDifferences } from '../../renderer/stores/seeds';
import { parseRunSpec } from '../../src-core/contract/spec';

function spec(seed: number, units = 800, name = '') {
  return parseRunSpec({
    seed,
    name,
    model: { kind: 'mlp', hidden: [units, units] },
    optimiser: { kind: 'momentum', learningRate: 0.05 },
    training: { epochs: 2 },
  });
}

describe('orderDigits', () => {
  it('puts the largest value first and keeps the order of equals', () => {
    const values = [0.5, 9, 0.9, 0.5, 0.5];
    expect([...orderDigits([4, 0, 2, 3], (row) => values[row]!)]).toEqual([2, 0, 3, 4]);
  });

  it('orders any numbers as a function that compares them would', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true }), { maxLength: 50 }), (values) => {
        const rows = values.map((_, row) => row);
        const expected = [...rows].sort((first, second) => {
          const [a, b] = [values[first]! + 0, values[second]! + 0];
          return a === b ? first - second : b - a;
        });
        expect([...orderDigits(rows, (row) => values[row]!)]).toEqual(expected);
      }),
    );
  });
});

describe('groupBySeed', () => {
  it('puts runs together that differ in seed and name alone, with mean and sample deviation', () => {
    const groups = groupBySeed([
      { id: 'a', spec: spec(1, 800, 'first'), errors: 100 },
      { id: 'b', spec: spec(1, 300), errors: 150 },
      { id: 'c', spec: spec(2), errors: 110 },
      { id: 'd', spec: spec(3), errors: 120 },
      { id: 'e', spec: spec(4) },
    ]);
    expect(groups.map(({ runs }) => runs.map(({ id }) => id))).toEqual([['a', 'c', 'd', 'e'], ['b']]);
    expect(groups[0]).toMatchObject({ mean: 110, deviation: 10 });
    expect(groups[1]!.mean).toBe(150);
    expect(groups[1]!.deviation).toBeUndefined();
  });

  it('names the settings that differ and no others', () => {
    expect(specDifferences([spec(1), spec(2, 300)])).toEqual([
      ['seed', '1', '2'],
      ['model.hidden', '[800,800]', '[300,300]'],
    ]);
  });
});
