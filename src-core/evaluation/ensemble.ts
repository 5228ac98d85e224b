import { checkLogits, checkTemperature, logSumExp } from './logits';
import type { Logits } from './logits';

/**
 * The mean of several networks' softmax at T, as logits whose softmax at T it is: what a student of several teachers
 * learns from (Hinton et al. 2015, section 5).
 * @param networks at least one, all of one shape
 * @param temperature T, above 0
 * @returns [count, classes]
 * @throws RangeError, LabError as `checkLogits`, and RangeError when the shapes differ
 */
export function meanDistribution(networks: readonly Logits[], temperature: number): Logits {
  checkTemperature(temperature);
  const [first] = networks;
  if (!first) throw new RangeError('the mean of no networks is not defined');
  const { count, classes } = first;
  for (const logits of networks) {
    checkLogits(logits);
    if (logits.count !== count || logits.classes !== classes) {
      throw new RangeError(`logits of shape [${logits.count}, ${logits.classes}] beside [${count}, ${classes}]`);
    }
  }
  const values = new Float32Array(first.values.length);
  // In logarithms: a probability that a float cannot hold keeps its logit.
  const logShares = new Float32Array(networks.length);
  for (let start = 0; start < values.length; start += classes) {
    const normalisers = networks.map((logits) => logSumExp(logits.values, start, classes, temperature));
    for (let index = start; index < start + classes; index++) {
      networks.forEach((logits, at) => (logShares[at] = logits.values[index]! / temperature - normalisers[at]!));
      values[index] = temperature * (logSumExp(logShares, 0, networks.length, 1) - Math.log(networks.length));
    }
  }
  return { values, count, classes };
}
