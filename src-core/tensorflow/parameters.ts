/** Trainable parameters, held as TensorFlow resource variables so that one operation updates each in place. */
import type { Tensor } from './engine';
import { tf } from './engine';
import type { Handle } from './operations';
import { assignVariable, createVariable, destroyVariable, readVariable } from './operations';

let created = 0;

/** A float32 array that lives on the device. */
export class Variable {
  private readonly handle: Handle;
  private disposed = false;

  /**
   * @param name its name in checkpoints, such as "hidden1/weight"
   * @param shape its lengths
   * @param values row-major initial values; the variable owns the array from now on
   */
  constructor(
    readonly name: string,
    readonly shape: readonly number[],
    values: Float32Array,
  ) {
    created += 1;
    this.handle = tf.keep(createVariable(shape, `${name}#${created}`));
    this.assign(values);
  }

  get size(): number {
    return this.shape.reduce((product, length) => product * length, 1);
  }

  /** The resource, for operations that update it in place. */
  get resource(): Handle {
    return this.handle;
  }

  /** Sets all values. The array is the variable's from now on: TensorFlow may update it in place. */
  assign(values: Float32Array): void {
    if (values.length !== this.size) {
      throw new RangeError(`${this.name} has ${this.size} values, not ${values.length}`);
    }
    const value = tf.tensor(values, [...this.shape], 'float32');
    assignVariable(this.handle, value);
    value.dispose();
  }

  /** The value as a tensor, without a copy; dispose of it before the next update. */
  read(): Tensor {
    return readVariable(this.handle);
  }

  /** A copy of the values. */
  values(): Float32Array {
    const tensor = this.read();
    const values = Float32Array.from(tensor.dataSync());
    tensor.dispose();
    return values;
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    destroyVariable(this.handle);
    this.handle.dispose();
  }
}
