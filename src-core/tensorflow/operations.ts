/**
 * TensorFlow operations that tfjs wraps differently or not at all, one function each, without gradients.
 * Shapes are in brackets; every tensor is float32 unless said.
 */
import type { OpAttribute, Tensor } from './engine';
import { backend, tf } from './engine';

const { binding } = backend;

export const FLOAT: OpAttribute = { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
const FLOAT_DTYPE: OpAttribute = { name: 'dtype', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };

export function flagAttribute(name: string, value: boolean): OpAttribute {
  return { name, type: binding.TF_ATTR_BOOL, value };
}

const ONLY_FLOAT = [FLOAT];

const MATMUL_ATTRIBUTES = [false, true].map((transposeA) => [
  FLOAT,
  flagAttribute('transpose_a', transposeA),
  flagAttribute('transpose_b', false),
]);

/** a·b of two matrices, or aᵀ·b. `MatMul` is faster than the `BatchMatMulV2` of `tf.matMul`. */
export function matMul(a: Tensor, b: Tensor, transposeA = false): Tensor {
  return backend.executeSingleOutput('MatMul', MATMUL_ATTRIBUTES[+transposeA]!, [a, b]);
}

const MATMUL_TRANSPOSED = [FLOAT, flagAttribute('transpose_a', false), flagAttribute('transpose_b', true)];
const BATCH_MATMUL_TRANSPOSED = [FLOAT, flagAttribute('adj_x', false), flagAttribute('adj_y', true)];

/** Products over fewer are quicker with `MatMul`: half the time at [128, 10]·[800, 10]ᵀ. */
const FEW = 64;

/** a·bᵀ of two matrices. `BatchMatMulV2` is the quicker one by about a tenth at [128, 1200]·[1200, 1200]ᵀ. */
export function matMulTransposed(a: Tensor, b: Tensor): Tensor {
  return a.shape[1]! < FEW
    ? backend.executeSingleOutput('MatMul', MATMUL_TRANSPOSED, [a, b])
    : backend.executeSingleOutput('BatchMatMulV2', BATCH_MATMUL_TRANSPOSED, [a, b]);
}

/** x [rows, units] + bias [units]. */
export function biasAdd(x: Tensor, bias: Tensor): Tensor {
  return backend.executeSingleOutput('BiasAdd', ONLY_FLOAT, [x, bias]);
}

/** Sum over all but the last axis: the gradient of a bias. */
export function biasAddGradient(gradient: Tensor): Tensor {
  return backend.executeSingleOutput('BiasAddGrad', ONLY_FLOAT, [gradient]);
}

export function relu(x: Tensor): Tensor {
  return backend.executeSingleOutput('Relu', ONLY_FLOAT, [x]);
}

/** The gradient where the ReLU's output (or input) is above 0, else 0. */
export function reluGradient(gradient: Tensor, output: Tensor): Tensor {
  return backend.executeSingleOutput('ReluGrad', ONLY_FLOAT, [gradient, output]);
}

export function multiply(a: Tensor, b: Tensor): Tensor {
  return backend.executeSingleOutput('Mul', ONLY_FLOAT, [a, b]);
}

export function add(a: Tensor, b: Tensor): Tensor {
  return backend.executeSingleOutput('AddV2', ONLY_FLOAT, [a, b]);
}

/**
 * Cross-entropy of softmax(logits) against target distributions.
 * @param logits [batch, classes]
 * @param targets [batch, classes], rows sum to 1
 * @returns the loss of each row [batch] and its gradient with respect to the logits, softmax(logits) − targets
 */
export function softmaxCrossEntropy(logits: Tensor, targets: Tensor): [loss: Tensor, gradient: Tensor] {
  const [loss, gradient] = backend.executeMultipleOutputs(
    'SoftmaxCrossEntropyWithLogits',
    ONLY_FLOAT,
    [logits, targets],
    2,
  );
  return [loss!, gradient!];
}

const MEAN_ATTRIBUTES: OpAttribute[] = [
  FLOAT,
  { name: 'Tidx', type: binding.TF_ATTR_TYPE, value: binding.TF_INT32 },
  flagAttribute('keep_dims', false),
];

/** The mean of a vector, a scalar. */
export function meanOfVector(vector: Tensor): Tensor {
  return backend.executeSingleOutput('Mean', MEAN_ATTRIBUTES, [vector, tf.scalar(0, 'int32')]);
}

/** A resource handle: where a variable lives on the device. It holds no value that JavaScript can read. */
export type Handle = Tensor;

/** A new variable, shared with nobody: names are unique in the process. */
export function createVariable(shape: readonly number[], name: string): Handle {
  return backend.executeSingleOutput(
    'VarHandleOp',
    [
      FLOAT_DTYPE,
      { name: 'shape', type: binding.TF_ATTR_SHAPE, value: shape },
      { name: 'shared_name', type: binding.TF_ATTR_STRING, value: name },
      { name: 'container', type: binding.TF_ATTR_STRING, value: '' },
    ],
    [],
  );
}

export function assignVariable(handle: Handle, value: Tensor): void {
  backend.executeMultipleOutputs('AssignVariableOp', [FLOAT_DTYPE], [handle, value], 0);
}

/** The variable's value, without a copy: dispose of it before the next update, or the update copies first. */
export function readVariable(handle: Handle): Tensor {
  return backend.executeSingleOutput('ReadVariableOp', [FLOAT_DTYPE], [handle]);
}

export function destroyVariable(handle: Handle): void {
  backend.executeMultipleOutputs('DestroyResourceOp', [flagAttribute('ignore_lookup_error', true)], [handle], 0);
}
