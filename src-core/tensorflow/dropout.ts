/** Dropout masks, drawn in JavaScript: cheaper than TensorFlow's own random operations at these sizes. */
import type { Random } from '../random';

/** Probabilities are rounded to multiples of 2^−BITS. */
const BITS = 16;

/** The bits of a float32 number. */
function bitsOf(value: number): number {
  return new Int32Array(Float32Array.of(value).buffer)[0]!;
}

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

/** The scale at probability one half, whose float32 bit pattern is a single bit. */
const TWO = bitsOf(2);

/** Writes 32 units of a mask, each from a bit of its own. */
function writeUnits(target: Int32Array, start: number, word: number, kept: number): void {
  if (kept === TWO) {
    // One operation less a unit than below; bit 31 cannot be shifted to bit 30 from the right.
    for (let shift = 0; shift < 31; shift++) target[start + shift] = (word << shift) & TWO;
    target[start + 31] = (word >>> 1) & TWO;
    return;
  }
  for (let shift = 0; shift < 32; shift++) target[start + shift] = ((word << shift) >> 31) & kept;
}

/**
 * Fills a mask of inverted dropout: 0 with the given probability, else 1/(1−probability).
 * @param mask [batch × units]
 * @param probability 0 to 0.95, taken to the nearest 1/65536
 */
export function fillDropoutMask(mask: Float32Array, probability: number, random: Random): void {
  const threshold = Math.round(probability * 2 ** BITS);
  const kept = bitsOf(2 ** BITS / (2 ** BITS - threshold));
  const target = new Int32Array(mask.buffer, mask.byteOffset, mask.length);
  const whole = target.length - (target.length % 32);
  for (let start = 0; start < whole; start += 32) writeUnits(target, start, keptBits(threshold, random), kept);
  if (whole === target.length) return;
  const rest = new Int32Array(32);
  writeUnits(rest, 0, keptBits(threshold, random), kept);
  target.set(rest.subarray(0, target.length - whole), whole);
}
