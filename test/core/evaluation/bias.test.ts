import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyBias, errorsAgainstBias, matchPrior, optimalBias } from '../../../src-core/evaluation/bias';
import { countErrors, perClass } from '../../../src-core/evaluation/errors';
import { predictions } from '../../../src-core/evaluation/logits';
import { logitsOf, sample } from './samples';

/** Class 2 is the omitted one: margins 1, 3 and 5 for it, and one image of class 0 that it takes at 4. */
const omitted = logitsOf([
  [2, 0, 1],
  [3, 1, 0],
  [0, 4, -1],
  [4, 0, 0],
]);
const omittedLabels = Uint8Array.of(2, 2, 2, 0);

function errorsWith(logits: typeof omitted, labels: Uint8Array, bias: Float32Array): number {
  return countErrors(predictions(applyBias(logits, bias)), labels);
}

describe('applyBias', () => {
  it('adds a constant to each class and leaves the given logits alone', () => {
    const before = [...omitted.values];
    const shifted = applyBias(omitted, Float32Array.of(0, -1, 2.5));
    expect([...shifted.values.subarray(0, 3)]).toEqual([2, -1, 3.5]);
    expect([...omitted.values]).toEqual(before);
    expect(() => applyBias(omitted, new Float32Array(2))).toThrow('3 classes need 3 biases, not 2');
  });
});

describe('optimalBias', () => {
  it('by hand: of the best intervals (3, 4) and (5, ∞) the one nearer to 0, and its middle', () => {
    const best = optimalBias(omitted, omittedLabels, [2], 'validation');
    expect(best).toEqual({
      constant: 3.5,
      bias: Float32Array.of(0, 0, 3.5),
      errors: 1,
      low: 3,
      high: 4,
      selectedOn: 'validation',
    });
    expect([...errorsAgainstBias(omitted, omittedLabels, [2], [0, 2, 3.5, 4.5, 6])]).toEqual([3, 2, 1, 2, 1]);
  });

  it('says "test" unless told otherwise', () => {
    expect(optimalBias(omitted, omittedLabels, [2]).selectedOn).toBe('test');
  });

  it('goes one beyond the last margin where nothing bounds it, and stays at 0 where nothing is to be won', () => {
    const sevens = logitsOf([
      [1, 3],
      [0, 4],
    ]);
    expect(optimalBias(sevens, Uint8Array.of(0, 0), [0])).toMatchObject({ constant: 5, low: 4, high: Infinity });
    expect(optimalBias(sevens, Uint8Array.of(0, 0), [1])).toMatchObject({ constant: -5, errors: 0, low: -Infinity });
    expect(optimalBias(sevens, Uint8Array.of(1, 1), [0])).toMatchObject({ constant: 0, errors: 0 });
    expect(optimalBias(sevens, Uint8Array.of(0, 0), [0, 1])).toMatchObject({ constant: 0, errors: 2 });
  });

  it('counts what applying it gives, and no constant of a grid between the margins does better', () => {
    fc.assert(
      fc.property(sample(), fc.subarray([0, 1, 2, 3], { minLength: 1 }), ({ logits, labels }, classes) => {
        const best = optimalBias(logits, labels, classes);
        expect(errorsWith(logits, labels, best.bias)).toBe(best.errors);
        // The margins are multiples of 1/8, so this grid never falls on a tie.
        const grid = Float64Array.from({ length: 340 }, (_, index) => (index - 170) / 8 + 1 / 16);
        for (const errors of errorsAgainstBias(logits, labels, classes, grid)) {
          expect(best.errors).toBeLessThanOrEqual(errors);
        }
      }),
    );
  });

  it('counts what applying it gives for logits that no float32 sum is exact for', () => {
    const value = fc.float({ min: -20, max: 20, noNaN: true });
    const rows = fc.array(fc.tuple(value, value, value, fc.nat(2)), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(rows, (images) => {
        const logits = logitsOf(images.map(([a, b, c]) => [a, b, c]));
        const labels = Uint8Array.from(images, ([, , , label]) => label);
        const best = optimalBias(logits, labels, [1]);
        expect(errorsWith(logits, labels, best.bias)).toBe(best.errors);
        expect(best.errors).toBeLessThanOrEqual(errorsWith(logits, labels, new Float32Array(3)) + tiesAt0(logits));
      }),
    );
  });

  /** Images on which class 1 ties with the best of the others: the only ones that an interval may lose. */
  function tiesAt0({ values, count }: typeof omitted): number {
    let ties = 0;
    for (let row = 0; row < count; row++) {
      const [a, b, c] = values.subarray(row * 3);
      if (Math.abs(Math.max(a!, c!) - b!) < 1e-4) ties++;
    }
    return ties;
  }

  it('refuses classes that do not exist, and none', () => {
    expect(() => optimalBias(omitted, omittedLabels, [])).toThrow('no class was chosen');
    expect(() => optimalBias(omitted, omittedLabels, [3])).toThrow('class 3 is not one of 0 to 2');
  });
});

describe('errorsAgainstBias', () => {
  it('equals applying the bias, ties and all', () => {
    fc.assert(
      fc.property(sample(), fc.subarray([0, 1, 2, 3], { minLength: 1 }), ({ logits, labels }, classes) => {
        const biases = [-21, -2.5, -0.125, 0, 0.5, 3.25, 21];
        const applied = biases.map((constant) => {
          const bias = new Float32Array(4);
          for (const chosen of classes) bias[chosen] = constant;
          return errorsWith(logits, labels, bias);
        });
        expect([...errorsAgainstBias(logits, labels, classes, biases)]).toEqual(applied);
      }),
    );
  });
});

describe('matchPrior', () => {
  it('by hand: half of the images shall be read as class 2, so the two with margins 1 and 3', () => {
    const match = matchPrior(omitted, [0.3, 0.2, 0.5], [2]);
    expect(match).toEqual({
      bias: Float32Array.of(0, 0, 3.5),
      predicted: Uint32Array.of(1, 1, 2),
      selectedOn: 'prior',
    });
  });

  /** Distinct logits, so that no two margins of a class are alike. */
  const distinct = fc
    .uniqueArray(fc.integer({ min: -4000, max: 4000 }), { minLength: 30, maxLength: 120 })
    .map((numbers) => {
      const count = Math.floor(numbers.length / 3);
      return logitsOf(Array.from({ length: count }, (_, row) => numbers.slice(3 * row, 3 * row + 3)));
    });

  function ties(logits: typeof omitted, chosen: number): boolean {
    const margins = Array.from({ length: logits.count }, (_, row) => {
      const own = [...logits.values.subarray(row * 3, row * 3 + 3)];
      return Math.max(...own.filter((_, column) => column !== chosen)) - own[chosen]!;
    });
    return new Set(margins).size < margins.length;
  }

  it('hits the count of one class to the image when no margins tie', () => {
    fc.assert(
      fc.property(distinct, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(2), (logits, share, chosen) => {
        fc.pre(!ties(logits, chosen));
        const prior = [0, 0, 0];
        prior[chosen] = share;
        const { bias, predicted } = matchPrior(logits, prior, [chosen]);
        expect(predicted[chosen]).toBe(Math.round(share * logits.count));
        expect(bias.filter((value, column) => column !== chosen && value !== 0)).toHaveLength(0);
        const counted = perClass(predictions(applyBias(logits, bias)), new Uint8Array(logits.count), 3);
        expect(counted[0]!.total).toBe(logits.count);
      }),
    );
  });

  it('hits several classes at once, within an image', () => {
    fc.assert(
      fc.property(distinct, (logits) => {
        const { predicted } = matchPrior(logits, [0.2, 0.3, 0.5], [1, 2]);
        expect(Math.abs(predicted[1]! - Math.round(0.3 * logits.count))).toBeLessThanOrEqual(1);
        expect(Math.abs(predicted[2]! - Math.round(0.5 * logits.count))).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('refuses what is no prior', () => {
    expect(() => matchPrior(omitted, [0.5, 0.5], [1])).toThrow('3 classes need 3 priors, not 2');
    expect(() => matchPrior(omitted, [0, 1.5, 0], [1])).toThrow('the prior of class 1 is 1.5');
    expect(() => matchPrior(omitted, [0.8, 0.8, 0], [0, 1])).toThrow('more than 1');
  });
});
