/**
 * Networks as ONNX files (https://github.com/onnx/onnx, opset 17), written with protobufjs from the part of the public
 * schema that they need: onnx/onnx.proto, Apache-2.0, with its field numbers.
 */
import protobuf from 'protobufjs/light';

const IR_VERSION = 8;
const OPSET = 17;
const FLOAT = 1;

const field = (type: string, id: number) => ({ type, id });
const repeated = (type: string, id: number) => ({ rule: 'repeated', type, id });

const root = protobuf.Root.fromJSON({
  nested: {
    ModelProto: {
      fields: {
        irVersion: field('int64', 1),
        opsetImport: repeated('OperatorSetIdProto', 8),
        producerName: field('string', 2),
        producerVersion: field('string', 3),
        docString: field('string', 6),
        graph: field('GraphProto', 7),
        metadataProps: repeated('StringStringEntryProto', 14),
      },
    },
    OperatorSetIdProto: { fields: { domain: field('string', 1), version: field('int64', 2) } },
    StringStringEntryProto: { fields: { key: field('string', 1), value: field('string', 2) } },
    GraphProto: {
      fields: {
        node: repeated('NodeProto', 1),
        name: field('string', 2),
        initializer: repeated('TensorProto', 5),
        input: repeated('ValueInfoProto', 11),
        output: repeated('ValueInfoProto', 12),
      },
    },
    NodeProto: {
      fields: {
        input: repeated('string', 1),
        output: repeated('string', 2),
        name: field('string', 3),
        opType: field('string', 4),
        attribute: repeated('AttributeProto', 5),
      },
    },
    AttributeProto: {
      fields: {
        name: field('string', 1),
        i: field('int64', 3),
        ints: repeated('int64', 8),
        type: field('AttributeType', 20),
      },
    },
    AttributeType: { values: { UNDEFINED: 0, INT: 2, INTS: 7 } },
    TensorProto: {
      fields: {
        // Packed in proto3, one by one in proto2, which ONNX is.
        dims: { ...repeated('int64', 1), options: { packed: false } },
        dataType: field('int32', 2),
        name: field('string', 8),
        rawData: field('bytes', 9),
      },
    },
    ValueInfoProto: {
      fields: { name: field('string', 1), type: field('TypeProto', 2), docString: field('string', 3) },
    },
    TypeProto: { fields: { tensorType: field('TensorTypeProto', 1) } },
    TensorTypeProto: { fields: { elemType: field('int32', 1), shape: field('TensorShapeProto', 2) } },
    TensorShapeProto: { fields: { dim: repeated('Dimension', 1) } },
    Dimension: {
      oneofs: { value: { oneof: ['dimValue', 'dimParam'] } },
      fields: { dimValue: field('int64', 1), dimParam: field('string', 2) },
    },
  },
});

const ModelProto = root.lookupType('ModelProto');

export interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
}

export interface OnnxArray {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A value that goes in or comes out: float32, a word for a length that varies. */
export interface OnnxValue {
  readonly name: string;
  readonly shape: readonly (number | string)[];
  readonly about: string;
}

export interface OnnxGraph {
  readonly name: string;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly arrays: Readonly<Record<string, OnnxArray>>;
  /** in the order in which they are computed */
  readonly nodes: readonly OnnxNode[];
}

function valueInfo({ name, shape, about }: OnnxValue): object {
  const dim = shape.map((length) => (typeof length === 'number' ? { dimValue: length } : { dimParam: length }));
  return { name, docString: about, type: { tensorType: { elemType: FLOAT, shape: { dim } } } };
}

/** @param metadata words about the model */
export function encodeOnnx(graph: OnnxGraph, version: string, metadata: Readonly<Record<string, string>>): Uint8Array {
  const message = ModelProto.create({
    irVersion: IR_VERSION,
    opsetImport: [{ domain: '', version: OPSET }],
    producerName: 'Distill Lab',
    producerVersion: version,
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: graph.name,
      input: graph.inputs.map(valueInfo),
      output: graph.outputs.map(valueInfo),
      initializer: Object.entries(graph.arrays).map(([name, { shape, values }]) => ({
        name,
        dims: [...shape],
        dataType: FLOAT,
        rawData: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      })),
      node: graph.nodes.map(({ operator, inputs, output, attributes = {} }) => ({
        name: output,
        opType: operator,
        input: [...inputs],
        output: [output],
        attribute: Object.entries(attributes).map(([name, value]) =>
          typeof value === 'number' ? { name, i: value, type: 2 } : { name, ints: [...value], type: 7 },
        ),
      })),
    },
  });
  return ModelProto.encode(message).finish();
}
