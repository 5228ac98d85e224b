/** Initial values of parameters, from a seeded stream: the same on every machine. */
import type { Initialiser } from '../contract/spec';
import type { Random } from '../random';

/**
 * Initial values of one layer's weights.
 * @param kind "uniform-fan-in" is U(±1/√fanIn) as PyTorch's Linear and Conv2d; "normal" is N(0, 0.01) with standard
 *   deviation 0.01; "glorot" is normal with variance 2/(fanIn+fanOut) (Glorot and Bengio 2010)
 */
export function initialWeights(
  kind: Initialiser,
  count: number,
  fanIn: number,
  fanOut: number,
  random: Random,
): Float32Array {
  if (kind === 'uniform-fan-in') return uniform(count, 1 / Math.sqrt(fanIn), random);
  const deviation = kind === 'normal' ? 0.01 : Math.sqrt(2 / (fanIn + fanOut));
  return Float32Array.from({ length: count }, () => deviation * random.normal());
}

/** Initial biases: drawn like the weights for "uniform-fan-in", else 0. */
export function initialBiases(kind: Initialiser, count: number, fanIn: number, random: Random): Float32Array {
  return kind === 'uniform-fan-in' ? uniform(count, 1 / Math.sqrt(fanIn), random) : new Float32Array(count);
}

function uniform(count: number, bound: number, random: Random): Float32Array {
  const values = new Float32Array(count);
  for (let index = 0; index < count; index++) values[index] = (2 * random.uniform() - 1) * bound;
  return values;
}
