/** Dropout, drawn in JavaScript as a bit a unit: cheaper than TensorFlow's own random operations at these sizes. */
import type { Random } from '../random';
import type { Tensor } from './engine';
import { tf } from './engine';

/** Probabilities are rounded to multiples of 2^−BITS. */
const BITS = 16;

/**
 * 32 units at once: each compares a random number of 16 bits with the threshold, bit by bit from the highest, until
 * all are decided. Some six words instead of 16 decide 32 units, and a single one where the probability is a half.
 * @returns a bit for each unit: 1 with probability 1 − threshold/2^16
 */
function keptBits(threshold: number, random: Random): number {
  let undecided = -1;
  let below = 0;
  for (let place = 1 << (BITS - 1); undecided !== 0 && (threshold & (2 * place - 1)) !== 0; place >>>= 1) {
    const word = random.int32();
    if (threshold & place) {
      below |= undecided & ~word;
      undecided &= word;
    } else {
      undecided &= ~word;
    }
  }
  return ~below;
}

/** Which units of a batch are kept, and what makes up for the others: inverted dropout. */
export class DropoutMask {
  /** bit 31 of word 0 for the first unit, bit 30 for the second; the last word may hold more than there are units */
  private readonly kept: Int32Array;
  /** 1/(1−probability) */
  readonly scale: number;

  /**
   * @param shape [batch, units]
   * @param probability that a unit is dropped, 0 to 0.95, taken to the nearest 1/65536
   */
  constructor(
    readonly shape: readonly [number, number],
    probability: number,
    random: Random,
  ) {
    const threshold = Math.round(probability * 2 ** BITS);
    this.scale = 2 ** BITS / (2 ** BITS - threshold);
    this.kept = new Int32Array(Math.ceil((shape[0] * shape[1]) / 32));
    for (let index = 0; index < this.kept.length; index++) this.kept[index] = keptBits(threshold, random);
  }

  /** The bits as a tensor, [words]. */
  bits(): Tensor {
    return tf.tensor1d(this.kept, 'int32');
  }

  /** What the units are multiplied with: 0 or the scale, [batch, units]. */
  factors(): Tensor {
    const factors = new Float32Array(this.shape[0] * this.shape[1]);
    for (let unit = 0; unit < factors.length; unit++) {
      factors[unit] = (this.kept[unit >>> 5]! << (unit & 31)) & 0x80000000 ? this.scale : 0;
    }
    return tf.tensor(factors, [...this.shape]);
  }
}
