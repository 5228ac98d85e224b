/** Principal components (Pearson 1901) by subspace iteration on the covariance. */
import { Random } from '../random';
import type { Tensor } from './engine';
import { tf } from './engine';

export interface PrincipalComponents {
  /** [count, components], the component of the largest variance first */
  readonly values: Float32Array;
  /** of each component, of all variance, 0 to 1 */
  readonly shares: Float64Array;
}

/** Enough for components that differ in a hundredth of their variance. */
const ITERATIONS = 60;
/** Directions beyond those that are wanted make these come out sooner. */
const MORE = 8;

/** Columns of a [rows, columns] matrix made orthonormal, one after the other (modified Gram–Schmidt). */
function orthonormalise(values: Float32Array, rows: number, columns: number): void {
  for (let column = 0; column < columns; column++) {
    for (let before = 0; before < column; before++) {
      let product = 0;
      for (let row = 0; row < rows; row++) product += values[row * columns + column]! * values[row * columns + before]!;
      for (let row = 0; row < rows; row++) {
        values[row * columns + column]! -= product * values[row * columns + before]!;
      }
    }
    let norm = 0;
    for (let row = 0; row < rows; row++) norm += values[row * columns + column]! ** 2;
    const scale = norm > 1e-20 ? 1 / Math.sqrt(norm) : 0;
    for (let row = 0; row < rows; row++) values[row * columns + column]! *= scale;
  }
}

/**
 * @param data [count, width]
 * @param wanted components; fewer where there are not so many columns
 * @returns each component's sign is such that its largest loading is positive: the same data give the same picture
 */
export function principalComponents(
  data: Float32Array,
  count: number,
  width: number,
  wanted: number,
): PrincipalComponents {
  const components = Math.min(wanted, width);
  const columns = Math.min(width, components + MORE);
  const [covariance, centred] = tf.tidy((): [Tensor, Tensor] => {
    const all = tf.tensor(data, [count, width]);
    const middle: Tensor = tf.sub(all, tf.mean(all, 0));
    return [tf.div(tf.matMul(middle as never, middle as never, true, false), count), middle];
  });
  try {
    const random = new Random(1, 'principal components');
    let basis = Float32Array.from({ length: width * columns }, () => random.normal());
    orthonormalise(basis, width, columns);
    for (let iteration = 0; iteration < ITERATIONS; iteration++) {
      const next = tf.tidy(() => tf.matMul(covariance as never, tf.tensor(basis, [width, columns]) as never));
      basis = Float32Array.from(next.dataSync());
      next.dispose();
      orthonormalise(basis, width, columns);
    }
    // Within the subspace the directions come out in order of their variance.
    const axes = new Float32Array(width * components);
    for (let component = 0; component < components; component++) {
      let largest = 0;
      for (let row = 0; row < width; row++) {
        const loading = basis[row * columns + component]!;
        if (Math.abs(loading) > Math.abs(largest)) largest = loading;
      }
      const sign = largest < 0 ? -1 : 1;
      for (let row = 0; row < width; row++) {
        axes[row * components + component] = sign * basis[row * columns + component]!;
      }
    }
    const projected = tf.tidy(() => tf.matMul(centred as never, tf.tensor(axes, [width, components]) as never));
    const values = Float32Array.from(projected.dataSync());
    projected.dispose();
    const spread = covariance.dataSync();
    let total = 0;
    for (let row = 0; row < width; row++) total += spread[row * width + row]!;
    const shares = new Float64Array(components);
    for (let row = 0; row < count; row++) {
      for (let component = 0; component < components; component++) {
        shares[component]! += values[row * components + component]! ** 2;
      }
    }
    return { values, shares: shares.map((sum) => (total === 0 ? 0 : sum / count / total)) };
  } finally {
    tf.dispose([covariance, centred]);
  }
}
