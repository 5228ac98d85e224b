/** Loads native TensorFlow, once, and says what it runs on. */
import { createRequire } from 'node:module';
import { availableParallelism, cpus } from 'node:os';
import nodeUtil from 'node:util';
import type * as TensorFlow from '@tensorflow/tfjs-node-gpu';
import { LabError, messageOf } from '../contract/errors';

export type Tensor = TensorFlow.Tensor;
export type Tensor4D = TensorFlow.Tensor4D;

/** What tfjs-node's backend offers beneath the public API, as far as the lab uses it. */
export interface NativeBackend {
  readonly binding: NativeBinding;
  executeSingleOutput(name: string, attributes: readonly OpAttribute[], inputs: readonly Tensor[]): Tensor;
  executeMultipleOutputs(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly Tensor[],
    outputs: number,
  ): Tensor[];
}

interface NativeBinding {
  readonly TF_Version: string;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  isUsingGpuDevice(): boolean;
  getNumOfTensors(): number;
}

export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** tfjs-node 4.22 calls two helpers that Node 23 removed. */
function restoreNodeUtil(): void {
  const util = nodeUtil as unknown as Record<string, unknown>;
  util['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
  util['isArray'] ??= Array.isArray;
}

function load(): typeof TensorFlow {
  // TensorFlow writes to the terminal from C++ unless told not to before it is loaded.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  restoreNodeUtil();
  try {
    // A plain import would differ between Node's and a bundler's view of this CommonJS package.
    const module = createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu') as typeof TensorFlow;
    module.enableProdMode();
    return module;
  } catch (error) {
    throw new LabError(
      'engine',
      `Native TensorFlow could not be loaded: ${messageOf(error).split('\n')[0]}.`,
      'Run `npm run lab -- doctor`: it names what is missing and the command that mends it.',
      { cause: error },
    );
  }
}

/** TensorFlow.js on native TensorFlow. Importing this module loads it, or throws a LabError `engine`. */
export const tf = load();

/** The native backend. */
export const backend = tf.backend() as unknown as NativeBackend;

/** What the lab computes on. */
export interface DeviceReport {
  /** version of the TensorFlow library, such as "2.21.0" */
  readonly tensorflow: string;
  readonly device: 'cpu' | 'gpu';
  /** model name of the processor */
  readonly processor: string;
  /** threads that TensorFlow may use on the processor */
  readonly threads: number;
}

export function describeDevice(): DeviceReport {
  return {
    tensorflow: backend.binding.TF_Version,
    device: backend.binding.isUsingGpuDevice() ? 'gpu' : 'cpu',
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    threads: Number(process.env['TF_NUM_INTRAOP_THREADS']) || availableParallelism(),
  };
}
