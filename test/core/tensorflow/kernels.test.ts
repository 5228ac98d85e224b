import { beforeEach, afterEach, describe, expect, it } from 'vitest';
import type { Tensor } from '../../../src-core/tensorflow/engine';
import { tf } from '../../../src-core/tensorflow/engine';
import type { CrossEntropyTerm, DenseOptions } from '../../../src-core/tensorflow/kernels';
import { biasRelu, crossEntropies, dense } from '../../../src-core/tensorflow/kernels';
import { expectClose, finiteDifferences, mean, normalTensor, softmax, sum } from '../numbers';

type Kernel = (...inputs: Tensor[]) => Tensor;

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

/** Σ c·f(x), with a weight of its own for every output: an upstream gradient that is not all ones. */
function weighted(kernel: Kernel, inputs: readonly Tensor[]): Tensor {
  const output = kernel(...inputs);
  return tf.sum(tf.mul(output, normalTensor(output.shape, 99)));
}

function gradients(kernel: Kernel, inputs: readonly Tensor[]): Float32Array[] {
  const found = tf.grads((...xs: Tensor[]) => weighted(kernel, xs) as never)([...inputs]);
  return found.map((gradient) => gradient.dataSync() as Float32Array);
}

/**
 * Value and gradient with respect to every input, against plain operations and against finite differences.
 * No pre-activation of the inputs used is so close to 0 that a difference straddles ReLU's kink.
 */
function expectSame(kernel: Kernel, plain: Kernel, inputs: readonly Tensor[]): void {
  expectClose(kernel(...inputs).dataSync(), plain(...inputs).dataSync(), 1e-5);
  const found = gradients(kernel, inputs);
  gradients(plain, inputs).forEach((expected, index) => expectClose(found[index]!, expected, 1e-5));
  inputs.forEach((input, index) => {
    const valueAt = (values: ArrayLike<number>): number =>
      tf.tidy(() => {
        const moved = inputs.map((other) =>
          other === input ? tf.tensor(Float32Array.from(values), input.shape) : other,
        );
        return weighted(kernel, moved).dataSync()[0]!;
      });
    expectClose(found[index]!, finiteDifferences(valueAt, input.dataSync().slice() as Float32Array, 2 ** -7), 2e-3);
  });
}

describe('dense', () => {
  const mask = (): Tensor => tf.tensor2d([0, 2, 2, 0, 2, 0, 0, 2, 2, 2, 0, 2], [3, 4]);
  const plain =
    (options: DenseOptions): Kernel =>
    (x, w, b) => {
      const sums = tf.add(tf.matMul(x as never, w as never), b!);
      const active = options.relu ? tf.relu(sums) : sums;
      return options.mask ? tf.mul(active, options.mask) : active;
    };

  describe.each([{ relu: false }, { relu: true }])('with %o', ({ relu }) => {
    it.each([{ masked: false }, { masked: true }])('and %o', ({ masked }) => {
      const options = { relu, mask: masked ? mask() : undefined };
      const inputs = [normalTensor([3, 5], 1), normalTensor([5, 4], 2), normalTensor([4], 3)];
      expectSame((x, w, b) => dense(x!, w!, b!, options), plain(options), inputs);
    });

    it.each([{ masked: false }, { masked: true }])('and %o, on data', ({ masked }) => {
      const options = { relu, mask: masked ? mask() : undefined };
      const x = normalTensor([3, 5], 1);
      expectSame(
        (w, b) => dense(x, w!, b!, { ...options, inputIsData: true }),
        (w, b) => plain(options)(x, w!, b!),
        [normalTensor([5, 4], 2), normalTensor([4], 3)],
      );
    });
  });

  it('has no gradient with respect to data', () => {
    const [w, b] = [normalTensor([5, 4], 2), normalTensor([4], 3)];
    const ofInput = tf.grad((x: Tensor) => tf.sum(dense(x, w, b, { inputIsData: true })) as never);
    expect(() => ofInput(normalTensor([3, 5], 1))).toThrow(/gradient/);
  });

  it('differentiates through a stack of layers', () => {
    const hidden = { relu: true, mask: mask() };
    const mlp =
      (layer: (options: DenseOptions) => Kernel): Kernel =>
      (x, w1, b1, w2, b2) =>
        layer({})(layer(hidden)(x!, w1!, b1!), w2!, b2!);
    const shapes = [[3, 5], [5, 4], [4], [4, 2], [2]];
    const inputs = shapes.map((shape, index) => normalTensor(shape, index + 1));
    expectSame(
      mlp((options) => (x, w, b) => dense(x!, w!, b!, options)),
      mlp(plain),
      inputs,
    );
  });
});

describe('biasRelu', () => {
  it.each([[[4, 6]], [[2, 3, 3, 6]]])('on %j', (shape) => {
    expectSame(
      (x, b) => biasRelu(x!, b!),
      (x, b) => tf.relu(tf.add(x!, b!)),
      [normalTensor(shape, 8), normalTensor([6], 5)],
    );
  });
});

describe('crossEntropies', () => {
  type Term = Omit<CrossEntropyTerm, 'targets'>;

  const HARD: Term = { temperature: 1, weight: 1, scale: 1, offset: 0 };
  const SOFT: Term = { temperature: 4, weight: 0.7, scale: 16, offset: -1.5 };

  const withTargets = (terms: readonly Term[]): CrossEntropyTerm[] =>
    terms.map((term, index) => ({ ...term, targets: tf.softmax(normalTensor([4, 5], 7 + index)) }));

  /** −Σ p·ln softmax(z / T) + offset, scaled: mean over the batch. */
  const plainTerm = (z: Tensor, { targets, temperature, scale, offset }: CrossEntropyTerm): Tensor => {
    const entropies = tf.neg(tf.sum(tf.mul(targets, tf.logSoftmax(tf.div(z, temperature))), 1));
    return tf.mul(tf.add(tf.mean(entropies), offset), scale);
  };

  /** The total alone: the terms are kept for the record and are disposed of here. */
  const total = (z: Tensor, terms: readonly CrossEntropyTerm[]): Tensor => {
    const { total: sum, terms: values } = crossEntropies(z, terms);
    tf.dispose([...values]);
    return sum;
  };

  it.each([
    ['one term', [HARD]],
    ['a term with temperature, weight, scale and offset', [SOFT]],
    ['a sum of two', [SOFT, { ...HARD, weight: 0.3 }]],
    ['a term without weight', [SOFT, { ...HARD, weight: 0 }]],
  ])('of %s equal plain operations, and so does their gradient', (_, given) => {
    const terms = withTargets(given);
    expectSame(
      (z) => total(z!, terms),
      (z) => tf.addN(terms.map((term) => tf.mul(plainTerm(z!, term), term.weight))),
      [normalTensor([4, 5], 6)],
    );
  });

  it('hand out each term by itself, unweighted', () => {
    const z = normalTensor([4, 5], 6, 3);
    const terms = withTargets([SOFT, { ...HARD, weight: 0.3 }]);
    const values = crossEntropies(z, terms).terms;
    const logits = z.arraySync() as number[][];
    terms.forEach(({ targets, temperature, scale, offset }, index) => {
      const shares = targets.arraySync() as number[][];
      const rows = logits.map((row, image) => {
        const q = softmax(row, temperature);
        return -sum(shares[image]!.map((share, label) => share * Math.log(q[label]!)));
      });
      expectClose(values[index]!.dataSync(), [scale * (mean(rows) + offset)], 1e-5);
    });
    tf.dispose([...values]);
  });

  it('stay finite where exp would overflow', () => {
    const z = tf.tensor2d([[1000, 0, -1000]]);
    const terms = [{ ...HARD, targets: tf.tensor2d([[0, 1, 0]]) }];
    expect(total(z, terms).dataSync()[0]).toBe(1000);
    const gradient = tf.grad((x: Tensor) => total(x, terms) as never)(z);
    expect([...gradient.dataSync()]).toEqual([1, -1, 0]);
  });
});
