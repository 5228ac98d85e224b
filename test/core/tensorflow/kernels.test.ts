import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Tensor } from '../../../src-core/tensorflow/engine';
import { tf } from '../../../src-core/tensorflow/engine';
import { Random } from '../../../src-core/random';
import { DropoutMask } from '../../../src-core/tensorflow/dropout';
import { drawImage } from '../../../src-core/data/jitter';
import type { CrossEntropyTerm } from '../../../src-core/tensorflow/fused';
import { drawImages, fused, inkMatMul, multipliedOut } from '../../../src-core/tensorflow/fused';
import type { DenseOptions, Layer } from '../../../src-core/tensorflow/kernels';
import { convolution, crossEntropies, dense, flatten, maxPool } from '../../../src-core/tensorflow/kernels';
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

/** Value and gradient with respect to every input, against plain operations; returns the gradients. */
function expectAsPlain(kernel: Kernel, plain: Kernel, inputs: readonly Tensor[]): Float32Array[] {
  expectClose(kernel(...inputs).dataSync(), plain(...inputs).dataSync(), 1e-5);
  const found = gradients(kernel, inputs);
  gradients(plain, inputs).forEach((expected, index) => expectClose(found[index]!, expected, 1e-5));
  return found;
}

/**
 * Value and gradient with respect to every input, against plain operations and against finite differences.
 * No pre-activation of the inputs used is so close to 0 that a difference straddles ReLU's kink.
 */
function expectSame(kernel: Kernel, plain: Kernel, inputs: readonly Tensor[]): void {
  const found = expectAsPlain(kernel, plain, inputs);
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

/** A layer as a node on tfjs's tape, so that its gradients can be asked for as those of plain operations. */
function onTape(layer: (...inputs: Tensor[]) => Layer): Kernel {
  return tf.customGrad((...given: unknown[]) => {
    const inputs = given.slice(0, -1) as Tensor[];
    const save = given.at(-1) as (tensors: Tensor[]) => void;
    save(inputs);
    return {
      value: layer(...inputs).output,
      // Only what was saved is still there: the layer is run again.
      gradFunc: (gradient: Tensor, saved: Tensor[]) => {
        const { input, parameters } = layer(...saved).backward(gradient);
        return [...(input ? [input] : []), ...parameters.map(multipliedOut)];
      },
    };
  }) as Kernel;
}

const ways = [{ ours: true }, { ours: false }];

/** The binding's own operations, or TensorFlow's put together. */
function goWay({ ours }: { ours: boolean }): void {
  const there = fused.available;
  beforeAll(() => void (fused.available = ours));
  afterAll(() => void (fused.available = there));
}

describe.each(ways)('dense, %o', (way) => {
  goWay(way);
  const mask = (): DropoutMask => new DropoutMask([3, 4], 0.3, new Random(5, 'mask'));
  const plain =
    (options: DenseOptions): Kernel =>
    (x, w, b) => {
      const sums = tf.add(tf.matMul(x as never, w as never), b!);
      const active = options.relu ? tf.relu(sums) : sums;
      return options.mask ? tf.mul(active, options.mask.factors()) : active;
    };

  const cases = [{ relu: false }, { relu: true }, { relu: true, masked: true }];
  const optionsOf = ({ relu, masked }: { relu: boolean; masked?: boolean }): DenseOptions => ({
    relu,
    mask: masked ? mask() : undefined,
  });

  it.each(cases)('with %o', (which) => {
    const options = optionsOf(which);
    const inputs = [normalTensor([3, 5], 1), normalTensor([5, 4], 2), normalTensor([4], 3)];
    expectSame(
      onTape((x, w, b) => dense(x!, w!, b!, options)),
      plain(options),
      inputs,
    );
  });

  it.each(cases)('with %o, on data', (which) => {
    const options = optionsOf(which);
    const x = tf.tensor2d([...normalTensor([2, 5], 1).dataSync(), -1, -1, 0.5, -1, -1], [3, 5]);
    for (const background of [undefined, -1]) {
      expectSame(
        onTape((w, b) => dense(x, w!, b!, { ...options, inputIsData: true, background })),
        (w, b) => plain(options)(x, w!, b!),
        [normalTensor([5, 4], 2), normalTensor([4], 3)],
      );
    }
  });

  it('refuses a mask where nothing is dropped', () => {
    const [x, w, b] = [normalTensor([3, 5], 1), normalTensor([5, 4], 2), normalTensor([4], 3)];
    expect(() => dense(x, w, b, { mask: mask() })).toThrow(TypeError);
  });

  it('has no gradient with respect to data', () => {
    const [x, w, b] = [normalTensor([3, 5], 1), normalTensor([5, 4], 2), normalTensor([4], 3)];
    const { backward } = dense(x, w, b, { inputIsData: true });
    expect(backward(normalTensor([3, 4], 4)).input).toBeUndefined();
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
      mlp((options) => onTape((x, w, b) => dense(x!, w!, b!, options))),
      mlp(plain),
      inputs,
    );
  });
});

describe('the layers of pixels', () => {
  it.each([1, 2])('a convolution at stride %i', (stride) => {
    const options = { stride };
    expectAsPlain(
      onTape((x, filter, b) => convolution(x as never, filter as never, b!, options)),
      (x, filter, b) => tf.relu(tf.add(tf.conv2d(x as never, filter as never, stride, 'valid'), b!)),
      [normalTensor([2, 6, 6, 2], 1), normalTensor([3, 3, 2, 4], 2, 0.3), normalTensor([4], 3)],
    );
  });

  it('a convolution of data', () => {
    const x = normalTensor([2, 6, 6, 2], 1);
    expectAsPlain(
      onTape((filter, b) => convolution(x as never, filter as never, b!, { stride: 1, inputIsData: true })),
      (filter, b) => tf.relu(tf.add(tf.conv2d(x as never, filter as never, 1, 'valid'), b!)),
      [normalTensor([3, 3, 2, 4], 2, 0.3), normalTensor([4], 3)],
    );
  });

  it('the largest of each block', () => {
    expectAsPlain(
      onTape((x) => maxPool(x as never, 2)),
      (x) => tf.maxPool(x as never, 2, 2, 'valid'),
      [normalTensor([2, 5, 5, 3], 4)],
    );
  });

  it.each([undefined, new DropoutMask([2, 12], 0.4, new Random(5, 'mask'))])('one row an image', (mask) => {
    const [x, gradient] = [normalTensor([2, 2, 2, 3], 1), normalTensor([2, 12], 2)];
    const factors = mask ? mask.factors() : tf.ones([2, 12]);
    const { output, backward } = flatten(x, mask);
    expect(output.dataSync()).toEqual(tf.mul(tf.reshape(x, [2, 12]), factors).dataSync());
    const { input } = backward(gradient);
    expect(input!.shape).toEqual(x.shape);
    expect(input!.dataSync()).toEqual(tf.mul(gradient, factors).dataSync());
  });
});

describe.each(ways)('crossEntropies, %o', (way) => {
  goWay(way);
  type Term = Omit<CrossEntropyTerm, 'targets' | 'offsets'> & { offsets?: readonly number[] };

  const HARD: Term = { temperature: 1, weight: 1, scale: 1 };
  const SOFT: Term = { temperature: 4, weight: 0.7, scale: 16, offsets: [-1.5, 0, -0.25, 2] };

  const withTargets = (terms: readonly Term[]): CrossEntropyTerm[] =>
    terms.map(({ offsets, ...term }, index) => ({
      ...term,
      targets: tf.softmax(normalTensor([4, 5], 7 + index)),
      ...(offsets ? { offsets: tf.tensor1d([...offsets]) } : {}),
    }));

  /** −Σ p·ln softmax(z / T) + offset, scaled: mean over the batch. */
  const plainTerm = (z: Tensor, { targets, temperature, scale, offsets }: CrossEntropyTerm): Tensor => {
    const entropies = tf.neg(tf.sum(tf.mul(targets, tf.logSoftmax(tf.div(z, temperature))), 1));
    return tf.mul(tf.mean(offsets ? tf.add(entropies, offsets) : entropies), scale);
  };

  /** The total alone: the record is kept and is disposed of here. */
  const total = (z: Tensor, terms: readonly CrossEntropyTerm[]): Tensor => {
    const { total: sum, values } = crossEntropies(z, terms);
    values.dispose();
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

  it('hand out the total and each term by itself, unweighted', () => {
    const z = normalTensor([4, 5], 6, 3);
    const terms = withTargets([SOFT, { ...HARD, weight: 0.3 }]);
    const { total: sumOfTerms, values } = crossEntropies(z, terms);
    const record = [...values.dataSync()];
    values.dispose();
    expect(record[0]).toBe(sumOfTerms.dataSync()[0]);
    const logits = z.arraySync() as number[][];
    terms.forEach(({ targets, temperature, scale, offsets }, index) => {
      const added = offsets ? (offsets.arraySync() as number[]) : [0, 0, 0, 0];
      const shares = targets.arraySync() as number[][];
      const rows = logits.map((row, image) => {
        const q = softmax(row, temperature);
        return added[image]! - sum(shares[image]!.map((share, label) => share * Math.log(q[label]!)));
      });
      expectClose([record[1 + index]!], [scale * mean(rows)], 1e-5);
    });
  });

  it('stay finite where exp would overflow', () => {
    const z = tf.tensor2d([[1000, 0, -1000]]);
    const terms = [{ temperature: 1, weight: 1, scale: 1, targets: tf.tensor2d([[0, 1, 0]]) }];
    expect(total(z, terms).dataSync()[0]).toBe(1000);
    const gradient = tf.grad((x: Tensor) => total(x, terms) as never)(z);
    expect([...gradient.dataSync()]).toEqual([1, -1, 0]);
  });
});

describe('the two ways', () => {
  const inBoth = <Result>(compute: () => Result): [Result, Result] => {
    const there = fused.available;
    try {
      fused.available = true;
      const ours = compute();
      fused.available = false;
      return [ours, compute()];
    } finally {
      fused.available = there;
    }
  };

  it('are there to be compared', () => {
    expect(fused.available).toBe(true);
  });

  it('draw the same images, bit for bit, at every shift', () => {
    const [side, count] = [7, 5];
    const bytes = Uint8Array.from({ length: count * side ** 2 }, (_, index) => (index * 37) % 256);
    const images = tf.tensor(bytes, [count, side, side], 'bool');
    const table = Float32Array.from({ length: 256 }, (_, grey) => grey / 255 - 0.1);
    const moves = [0, 1, -1, 2, -2, 6, -6];
    const shifts = Int32Array.from(moves.flatMap((right) => moves.flatMap((down) => [right, down])));
    const positions = Int32Array.from({ length: moves.length ** 2 }, (_, row) => (row * 3) % count);
    const shape: [number, number] = [positions.length, side ** 2];
    const byHand = new Float32Array(shape[0] * shape[1]);
    positions.forEach((position, row) => {
      const [right, down] = [shifts[2 * row]!, shifts[2 * row + 1]!];
      drawImage(bytes, side, position, right, down, table, byHand, row * side ** 2);
    });
    expect(drawImages(images, { positions, shifts }, tf.tensor1d(table), undefined).dataSync()).toEqual(byHand);
    const mask = new DropoutMask(shape, 0.2, new Random(2, 'mask'));
    // Dropped by a product with 0, a negative pixel is −0.
    const masked = tf.mul(tf.tensor(byHand, shape), mask.factors()).dataSync();
    expect(drawImages(images, { positions, shifts }, tf.tensor1d(table), mask).dataSync()).toEqual(
      masked.map((value) => value + 0),
    );
  });

  it('refuse images that are not there', () => {
    const images = tf.zeros([2, 3, 3], 'bool');
    const draw = (position: number, shift: number): Tensor =>
      drawImages(
        images,
        { positions: Int32Array.of(position), shifts: Int32Array.of(0, shift) },
        tf.zeros([256]),
        undefined,
      );
    expect([...draw(1, 2).dataSync()]).toEqual(new Array(9).fill(0));
    for (const [position, shift] of [
      [2, 0],
      [-1, 0],
      [0, 3],
      [0, -3],
    ] as const) {
      expect(() => draw(position, shift)).toThrow(/positions/);
    }
  });

  it('multiply with digits alike, at any width and background, but for rounding', () => {
    for (const [rows, pixels, units] of [
      [1, 1, 1],
      [3, 50, 31],
      [17, 29, 177],
      [128, 784, 800],
    ] as const) {
      const random = new Random(pixels, 'ink');
      const [w, dy] = [normalTensor([pixels, units], 2), normalTensor([rows, units], 3)];
      for (const background of [0, -1, -1.25]) {
        const values = Float32Array.from({ length: rows * pixels }, () =>
          random.uniform() < 0.8 ? background : random.uniform(),
        );
        const x = tf.tensor2d(values, [rows, pixels]);
        const [ours, theirs] = inBoth(() => inkMatMul(x, w, background).dataSync().slice());
        expectClose(ours, theirs, 1e-4);
        const sums = tf.sum(dy, 0);
        const gradient = (): Float32Array =>
          multipliedOut({ x, dy, sums, background }).dataSync().slice() as Float32Array;
        const [first, second] = inBoth(gradient);
        expectClose(first, second, 1e-4);
        // The order of the sums does not depend on how the work was shared.
        expect(inkMatMul(x, w, background).dataSync()).toEqual(ours);
        expect(gradient()).toEqual(first);
      }
    }
  });

  it('refuse shapes that do not fit, on ours', () => {
    const x = normalTensor([3, 5], 1);
    expect(() => inkMatMul(x, normalTensor([4, 2], 2), 0)).toThrow(/\[digits, pixels\]/);
    const [dy, sums] = [normalTensor([2, 2], 2), normalTensor([2], 3)];
    expect(() => multipliedOut({ x, dy, sums, background: 0 })).toThrow(/\[digits, units\]/);
  });

  it('give the same layer at any width, bit for bit, and gradients that differ by rounding alone', () => {
    for (const [rows, units] of [
      [1, 1],
      [3, 31],
      [5, 33],
      [128, 1200],
    ] as const) {
      const [x, w, b] = [normalTensor([rows, 7], 1), normalTensor([7, units], 2), normalTensor([units], 3)];
      const mask = new DropoutMask([rows, units], 0.5, new Random(rows, 'mask'));
      const layer = onTape((input, weight, bias) => dense(input!, weight!, bias!, { relu: true, mask }));
      const [ours, theirs] = inBoth(() => layer(x, w, b).dataSync().slice());
      expect(ours).toEqual(theirs);
      const [first, second] = inBoth(() => gradients(layer, [x, w, b]));
      first.forEach((gradient, index) => expectClose(gradient, second[index]!, 1e-4));
    }
  });

  it('let what is not a number through', () => {
    const [ours, theirs] = inBoth(() =>
      dense(tf.tensor2d([[NaN]]), tf.ones([1, 2]), tf.zeros([2]), { relu: true })
        .output.dataSync()
        .slice(),
    );
    expect([...ours, ...theirs]).toEqual([NaN, NaN, NaN, NaN]);
  });
});
