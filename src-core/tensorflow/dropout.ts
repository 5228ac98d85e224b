/** Dropout masks, drawn in JavaScript: cheaper than TensorFlow's own random operations at these sizes. */
import type { Random } from '../random';

/** Probabilities are rounded to multiples of this, so that one draw of 16 bits decides. */
const RESOLUTION = 65536;

/** The bit pattern of the float32 number 2, the scale at probability one half: a single bit. */
const TWO = 0x40000000;

/**
 * Fills a mask of inverted dropout: 0 with the given probability, else 1/(1−probability).
 * @param mask [batch × units]; a multiple of 32 long is fastest
 * @param probability 0 to 0.95, taken to the nearest 1/65536
 */
export function fillDropoutMask(mask: Float32Array, probability: number, random: Random): void {
  const dropped = Math.round(probability * RESOLUTION);
  if (dropped * 2 === RESOLUTION) fillHalf(mask, random);
  else fillAny(mask, dropped, random);
}

function fillHalf(mask: Float32Array, random: Random): void {
  const bits = new Int32Array(mask.buffer, mask.byteOffset, mask.length);
  const whole = bits.length - (bits.length % 32);
  for (let start = 0; start < whole; start += 32) {
    const word = random.int32();
    for (let shift = 0; shift < 32; shift++) bits[start + shift] = (word << shift) & TWO;
  }
  let word = random.int32();
  for (let index = whole; index < bits.length; index++, word <<= 1) bits[index] = word & TWO;
}

function fillAny(mask: Float32Array, dropped: number, random: Random): void {
  const scale = RESOLUTION / (RESOLUTION - dropped);
  const whole = mask.length - (mask.length % 2);
  for (let index = 0; index < whole; index += 2) {
    const word = random.int32();
    mask[index] = (word & 0xffff) < dropped ? 0 : scale;
    mask[index + 1] = word >>> 16 < dropped ? 0 : scale;
  }
  if (whole < mask.length) mask[whole] = (random.int32() & 0xffff) < dropped ? 0 : scale;
}
