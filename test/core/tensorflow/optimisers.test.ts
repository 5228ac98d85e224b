import { afterEach, describe, expect, it } from 'vitest';
import type { OptimiserSpec } from '../../../src-core/contract/spec';
import { tf } from '../../../src-core/tensorflow/engine';
import { fused } from '../../../src-core/tensorflow/fused';
import type { Optimiser, StepSettings } from '../../../src-core/tensorflow/optimisers';
import { createOptimiser } from '../../../src-core/tensorflow/optimisers';
import { Variable } from '../../../src-core/tensorflow/parameters';
import { expectClose, normalTensor, normals } from '../numbers';

type Momentum = Extract<OptimiserSpec, { kind: 'momentum' }>;
type Adam = Extract<OptimiserSpec, { kind: 'adam' }>;

const MOMENTUM: Momentum = {
  kind: 'momentum',
  learningRate: 0.1,
  momentum: 0.9,
  nesterov: false,
  rateInVelocity: false,
  weightDecay: 0,
  maxSquaredNorm: null,
};
const ADAM: Adam = {
  kind: 'adam',
  learningRate: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  maxSquaredNorm: null,
};

const INPUTS = 6;
const UNITS = 4;
const SHAPE = [INPUTS, UNITS];
const SIZE = INPUTS * UNITS;

/** Rate and momentum change from step to step: the forms of momentum differ only then. */
const STEPS: StepSettings[] = [0.1, 0.1, 0.05, 0.02, 0.2, 0.01].map((learningRate, index) => ({
  learningRate,
  momentum: 0.5 + 0.08 * index,
  updates: index + 1,
}));

const gradientAt = (step: number): Float32Array => normals(SIZE, 100 + step);

const made: { dispose(): void }[] = [];
afterEach(() => {
  for (const disposable of made.splice(0)) disposable.dispose();
});

function optimise(spec: OptimiserSpec, values = normals(SIZE, 1), hiddenWeight = true): [Optimiser, Variable] {
  const variable = new Variable('weight', SHAPE, values.slice());
  const optimiser = createOptimiser(spec, [{ variable, hiddenWeight }]);
  made.push(optimiser, variable);
  return [optimiser, variable];
}

function apply(optimiser: Optimiser, values: Float32Array, settings: StepSettings): void {
  const gradient = tf.tensor(values.slice(), SHAPE);
  optimiser.apply([gradient], settings);
  gradient.dispose();
}

/** torch.optim.SGD; and, with the rate in the velocity, arXiv 1207.0580, appendix A.1. Float64. */
function momentumByHand(spec: Momentum, w: Float64Array, v: Float64Array, g: Float32Array, at: StepSettings): void {
  const { learningRate: rate, momentum: p } = at;
  for (let index = 0; index < w.length; index++) {
    const gradient = g[index]! + spec.weightDecay * w[index]!;
    if (spec.rateInVelocity) {
      v[index] = p * v[index]! - rate * gradient;
      w[index]! += spec.nesterov ? p * v[index]! - rate * gradient : v[index]!;
    } else {
      v[index] = p * v[index]! + gradient;
      w[index]! -= rate * (spec.nesterov ? gradient + p * v[index]! : v[index]!);
    }
  }
}

/** torch.optim.Adam. Float64. */
function adamByHand(
  spec: Adam,
  w: Float64Array,
  [m, v]: [Float64Array, Float64Array],
  g: Float32Array,
  { learningRate, updates }: StepSettings,
): void {
  const { beta1, beta2, epsilon, weightDecay } = spec;
  for (let index = 0; index < w.length; index++) {
    const gradient = g[index]! + weightDecay * w[index]!;
    m[index] = beta1 * m[index]! + (1 - beta1) * gradient;
    v[index] = beta2 * v[index]! + (1 - beta2) * gradient ** 2;
    const denominator = Math.sqrt(v[index]!) / Math.sqrt(1 - beta2 ** updates) + epsilon;
    w[index]! -= ((learningRate / (1 - beta1 ** updates)) * m[index]!) / denominator;
  }
}

describe('momentum', () => {
  const forms = [false, true].flatMap((nesterov) =>
    [false, true].flatMap((rateInVelocity) =>
      [0, 0.01].map((weightDecay) => ({ nesterov, rateInVelocity, weightDecay })),
    ),
  );

  it.each(forms)('equals the rule in float64, step by step: %o', (form) => {
    const spec = { ...MOMENTUM, ...form };
    const [optimiser, variable] = optimise(spec);
    const [w, v] = [Float64Array.from(normals(SIZE, 1)), new Float64Array(SIZE)];
    STEPS.forEach((settings, step) => {
      apply(optimiser, gradientAt(step), settings);
      momentumByHand(spec, w, v, gradientAt(step), settings);
      expectClose(variable.values(), w, 1e-6);
      expectClose(optimiser.slots[0]!.values(), v, 2e-6);
    });
  });

  it('has two forms that are the same while rate and momentum stay', () => {
    const constant = STEPS.map((settings) => ({ ...settings, learningRate: 0.1, momentum: 0.9 }));
    const [[plain, a], [inside, b]] = [optimise(MOMENTUM), optimise({ ...MOMENTUM, rateInVelocity: true })];
    constant.forEach((settings, step) => {
      apply(plain, gradientAt(step), settings);
      apply(inside, gradientAt(step), settings);
    });
    expectClose(a.values(), b.values(), 1e-6);
  });
});

describe('a gradient given as the factors of a product', () => {
  /** Weights and slots after some steps, from gradients as products or multiplied out. */
  function trained(
    spec: OptimiserSpec,
    [rows, inputs, units]: readonly [number, number, number],
    background: number | undefined,
    asProduct: boolean,
  ): Float32Array[] {
    const variable = new Variable('weight', [inputs, units], normals(inputs * units, 1));
    const optimiser = createOptimiser(spec, [{ variable, hiddenWeight: true }]);
    made.push(optimiser, variable);
    STEPS.forEach((settings, step) => {
      tf.tidy(() => {
        const drawn = normalTensor([rows, inputs], 200 + step, 0.3);
        const x = background === undefined ? drawn : tf.where(tf.greater(drawn, 0.2), drawn, background);
        const dy = normalTensor([rows, units], 300 + step, 0.3);
        const sums = tf.sum(dy, 0);
        optimiser.apply([asProduct ? { x, dy, sums, background } : tf.matMul(x as never, dy as never, true)], settings);
      });
    });
    return [variable, ...optimiser.slots].map((found) => found.values());
  }

  const specs = [false, true].flatMap((nesterov) =>
    [false, true].map((rateInVelocity) => ({ ...MOMENTUM, nesterov, rateInVelocity })),
  );
  const others = [{ ...MOMENTUM, weightDecay: 0.01 }, { ...MOMENTUM, maxSquaredNorm: 3 }, ADAM];
  const sizes = [
    [1, 1, 1],
    [3, 7, 10],
    [5, 29, 31],
    [17, 50, 177],
    [128, 100, 800],
  ] as const;

  afterEach(() => void (fused.available = true));

  it.each([...specs, ...others])('is applied as the matrix is, in place, at any size: %o', (spec) => {
    for (const size of sizes) {
      for (const background of [undefined, 0, -1.25]) {
        fused.available = true;
        const expected = trained(spec, size, background, false);
        const found = trained(spec, size, background, true);
        found.forEach((values, index) => expectClose(values, expected[index]!, 2e-4));
        // How the work was shared between threads does not show.
        expect(trained(spec, size, background, true)).toEqual(found);
        fused.available = false;
        trained(spec, size, background, true).forEach((values, index) => expectClose(values, expected[index]!, 2e-4));
      }
    }
  });

  it('is refused where the shapes do not fit', () => {
    const [optimiser] = optimise(MOMENTUM);
    const [x, sums] = [normalTensor([3, INPUTS], 1), normalTensor([UNITS], 3)];
    const dy = normalTensor([2, UNITS], 2);
    for (const background of [undefined, 0]) {
      expect(() => optimiser.apply([{ x, dy, sums, background }], STEPS[0]!)).toThrow(/\[batch, inputs\]/);
    }
    tf.dispose([x, sums, dy]);
  });
});

describe('Adam', () => {
  // A large ε shows where it is added: outside the bias correction, as PyTorch does.
  const forms = [1e-8, 0.1].flatMap((epsilon) => [0, 0.01].map((weightDecay) => ({ epsilon, weightDecay })));

  it.each(forms)('equals torch.optim.Adam in float64, step by step: %o', (form) => {
    const spec = { ...ADAM, ...form };
    const [optimiser, variable] = optimise(spec);
    const w = Float64Array.from(normals(SIZE, 1));
    const moments: [Float64Array, Float64Array] = [new Float64Array(SIZE), new Float64Array(SIZE)];
    STEPS.forEach((settings, step) => {
      apply(optimiser, gradientAt(step), settings);
      adamByHand(spec, w, moments, gradientAt(step), settings);
      expectClose(variable.values(), w, 2e-6);
      moments.forEach((moment, slot) => expectClose(optimiser.slots[slot]!.values(), moment, 1e-6));
    });
  });
});

describe.each([
  ['momentum', MOMENTUM],
  ['Adam', ADAM],
])('%s', (_, spec) => {
  it('after a reset goes on like a new optimiser', () => {
    const [used, usedWeight] = optimise(spec);
    STEPS.forEach((settings, step) => apply(used, gradientAt(step), settings));
    const [fresh, freshWeight] = optimise(spec, usedWeight.values());
    used.reset();
    for (const slot of used.slots) expect(slot.values().every((value) => value === 0)).toBe(true);
    STEPS.forEach((settings, step) => {
      apply(used, gradientAt(step), settings);
      apply(fresh, gradientAt(step), settings);
    });
    expect(usedWeight.values()).toEqual(freshWeight.values());
  });

  it('names its slots after their parameters', () => {
    const { slots } = optimise(spec)[0];
    expect(slots.map(({ name }) => name)).toEqual(
      spec.kind === 'momentum' ? ['weight/velocity'] : ['weight/moment1', 'weight/moment2'],
    );
    for (const { shape } of slots) expect(shape).toEqual(SHAPE);
  });

  describe('with a largest squared norm', () => {
    const limited = { ...spec, maxSquaredNorm: 3 };

    /** Of the weights into each unit, in float64. */
    const squaredNorms = (weights: Float32Array): number[] =>
      Array.from({ length: UNITS }, (_unused, unit) =>
        weights.reduce((total, value, index) => (index % UNITS === unit ? total + value ** 2 : total), 0),
      );

    it('holds after every step, and every direction stays', () => {
      const [optimiser, variable] = optimise(limited);
      const [free, freeVariable] = optimise(spec);
      let scaled = 0;
      STEPS.forEach((settings, step) => {
        freeVariable.assign(variable.values());
        apply(optimiser, gradientAt(step), settings);
        apply(free, gradientAt(step), settings);
        const [weights, unlimited] = [variable.values(), freeVariable.values()];
        for (const norm of squaredNorms(weights)) expect(norm).toBeLessThanOrEqual(3 * (1 + 1e-6));
        const scales = squaredNorms(unlimited).map((norm) => Math.min(1, Math.sqrt(3 / norm)));
        expectClose(
          weights,
          unlimited.map((value, index) => value * scales[index % UNITS]!),
          1e-6,
        );
        scaled += scales.filter((scale) => scale < 1).length;
      });
      expect(scaled).toBeGreaterThan(STEPS.length);
    });

    it('leaves units below it alone, bit for bit', () => {
      const small = normals(SIZE, 1).map((value) => value / 4);
      const [[bounded, a], [free, b]] = [optimise(limited, small), optimise(spec, small)];
      const gentle = { learningRate: 0.001, momentum: 0.5, updates: 1 };
      apply(bounded, gradientAt(0), gentle);
      apply(free, gradientAt(0), gentle);
      expect(a.values()).toEqual(b.values());
    });

    it('leaves a unit without any weight at 0', () => {
      const [optimiser, variable] = optimise(limited, new Float32Array(SIZE));
      apply(optimiser, new Float32Array(SIZE), STEPS[0]!);
      expect(variable.values().every((value) => value === 0)).toBe(true);
    });

    it('does not hold for weights that lead to no hidden unit', () => {
      const [[bounded, a], [free, b]] = [optimise(limited, undefined, false), optimise(spec)];
      STEPS.forEach((settings, step) => {
        apply(bounded, gradientAt(step), settings);
        apply(free, gradientAt(step), settings);
      });
      expect(a.values()).toEqual(b.values());
    });
  });
});
