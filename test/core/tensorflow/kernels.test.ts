import { beforeEach, afterEach, describe, expect, it } from 'vitest';
import type { Tensor } from '../../../src-core/tensorflow/engine';
import { tf } from '../../../src-core/tensorflow/engine';
import type { DenseOptions } from '../../../src-core/tensorflow/kernels';
import { biasRelu, dense, softmaxCrossEntropy } from '../../../src-core/tensorflow/kernels';
import { expectClose, finiteDifferences, normalTensor, softmax, sum } from '../numbers';

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

describe('softmaxCrossEntropy', () => {
  const targets = (): Tensor => tf.softmax(normalTensor([4, 5], 7));

  it('equals −Σ p·ln softmax(z), and so does its gradient', () => {
    const p = targets();
    expectSame(
      (z) => softmaxCrossEntropy(z!, p),
      (z) => tf.neg(tf.sum(tf.mul(p, tf.logSoftmax(z!)), 1)),
      [normalTensor([4, 5], 6)],
    );
  });

  it('equals what float64 gives, row by row', () => {
    const [z, p] = [normalTensor([4, 5], 6, 3), targets()];
    const [logits, shares] = [z.arraySync() as number[][], p.arraySync() as number[][]];
    const expected = logits.map((row, index) => {
      const q = softmax(row);
      return -sum(shares[index]!.map((share, label) => share * Math.log(q[label]!)));
    });
    expectClose(softmaxCrossEntropy(z, p).dataSync(), expected, 1e-6);
  });

  it('stays finite where exp would overflow', () => {
    const z = tf.tensor2d([[1000, 0, -1000]]);
    const labels = tf.tensor2d([[0, 1, 0]]);
    expect(softmaxCrossEntropy(z, labels).dataSync()[0]).toBe(1000);
    const gradient = tf.grad((x: Tensor) => tf.sum(softmaxCrossEntropy(x, labels)) as never)(z);
    expect([...gradient.dataSync()]).toEqual([1, -1, 0]);
  });
});
