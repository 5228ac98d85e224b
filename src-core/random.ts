/**
 * All randomness of a run is a pure function of (seed, stream, step): a checkpoint needs no generator state, and
 * a resumed run draws what the uninterrupted one would have drawn.
 */

/** Murmur3's finaliser: every input bit reaches every output bit. */
function mix(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) | 0;
}

function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return mix(hash);
}

/** xoshiro128** (Blackman and Vigna 2018), seeded from (seed, stream, step). */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private d: number;
  private spareNormal: number | undefined;

  /**
   * @param seed the run's seed, 0 to 2³²−1
   * @param stream what is drawn, such as "shuffle" or "dropout/1"
   * @param step which draw of that stream: the step, the epoch or the parameter's index; 0 or more
   */
  constructor(seed: number, stream: string, step = 0) {
    const name = hashText(stream);
    const low = step | 0;
    const high = Math.floor(step / 2 ** 32) | 0;
    this.a = mix((seed | 0) ^ 0x9e3779b9);
    this.b = mix(this.a ^ name);
    this.c = mix(this.b ^ low);
    this.d = mix(this.c ^ high ^ 0x7f4a7c15);
    if ((this.a | this.b | this.c | this.d) === 0) this.d = 1;
    for (let round = 0; round < 8; round++) this.uint32();
  }

  /** A whole number in 0 to 2³²−1, as a signed 32-bit integer's bits. */
  int32(): number {
    const { b } = this;
    let result = Math.imul(b, 5);
    result = Math.imul((result << 7) | (result >>> 25), 9);
    const shifted = b << 9;
    const c = this.c ^ this.a;
    const d = this.d ^ b;
    this.b = b ^ c;
    this.a ^= d;
    this.c = c ^ shifted;
    this.d = (d << 11) | (d >>> 21);
    return result;
  }

  /** A whole number in 0 to 2³²−1. */
  uint32(): number {
    return this.int32() >>> 0;
  }

  /** A number in [0, 1) with 53 random bits. */
  uniform(): number {
    return (this.uint32() * 2 ** 21 + (this.uint32() >>> 11)) / 2 ** 53;
  }

  /** A whole number in 0 to bound−1, without bias (Lemire 2019, by rejection). */
  below(bound: number): number {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let value = this.uint32();
    while (value >= limit) value = this.uint32();
    return value % bound;
  }

  /** A standard normal number (Marsaglia's polar method). */
  normal(): number {
    if (this.spareNormal !== undefined) {
      const spare = this.spareNormal;
      this.spareNormal = undefined;
      return spare;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square > 0 && square < 1) {
        const scale = Math.sqrt((-2 * Math.log(square)) / square);
        this.spareNormal = y * scale;
        return x * scale;
      }
    }
  }

  /**
   * Fills an array with normal numbers of mean 0, by the polar method on 32 bits a coordinate, which is quicker
   * than `normal`.
   * @param deviation standard deviation, 0 or more
   */
  fillNormal(target: Float32Array, deviation: number): Float32Array {
    for (let index = 0; index < target.length;) {
      const x = this.int32() / 2 ** 31;
      const y = this.int32() / 2 ** 31;
      const square = x * x + y * y;
      if (square === 0 || square >= 1) continue;
      const scale = deviation * Math.sqrt((-2 * Math.log(square)) / square);
      target[index++] = x * scale;
      // Past the end of an odd length an assignment has no effect.
      target[index++] = y * scale;
    }
    return target;
  }

  /** Puts the entries into random order, in place (Fisher and Yates). */
  shuffle<Entries extends Int32Array | Uint32Array>(entries: Entries): Entries {
    for (let last = entries.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      const kept = entries[last]!;
      entries[last] = entries[other]!;
      entries[other] = kept;
    }
    return entries;
  }
}
