/** A TensorFlow.js layers model: model.json and the weights beside it. What its layers mean is for others to say. */
import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';
import { LabError, messageOf } from '../contract/errors';
import { readWhole } from './read-file';
import type { TensorArray } from './safetensors';

const LARGEST_JSON = 16 * 2 ** 20;
const MOST_VALUES = 2 ** 28;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const LayerSchema = v.object({ class_name: v.string(), config: v.record(v.string(), v.unknown()) });
const Topology = v.object({
  class_name: v.string(),
  config: v.union([v.object({ layers: v.array(LayerSchema) }), v.array(LayerSchema)]),
});
const ModelSchema = v.object({
  // tf.io of old wraps it once more.
  modelTopology: v.union([Topology, v.object({ model_config: Topology })]),
  weightsManifest: v.array(
    v.object({
      paths: v.array(v.string()),
      weights: v.array(
        v.object({
          name: v.string(),
          shape: v.array(count),
          dtype: v.string(),
          quantization: v.optional(v.unknown()),
        }),
      ),
    }),
  ),
});

export type TfjsLayer = v.InferOutput<typeof LayerSchema>;

export interface TfjsModel {
  /** in their order */
  readonly layers: readonly TfjsLayer[];
  readonly tensors: Readonly<Record<string, TensorArray>>;
}

/**
 * @param file model.json; its weights lie beside it
 * @throws LabError `damaged-file` for anything but a Sequential model with all its float32 weights, or `storage`
 */
export async function readTfjsModel(file: string): Promise<TfjsModel> {
  const text = await readWhole(file);
  try {
    if (text.length > LARGEST_JSON) throw new Error('it is too large for a description');
    let json: unknown;
    try {
      json = JSON.parse(text.toString('utf8'));
    } catch {
      throw new Error('it is not JSON');
    }
    const parsed = v.safeParse(ModelSchema, json, { abortEarly: true });
    if (!parsed.success)
      throw new Error(`it has no ${v.getDotPath(parsed.issues[0]) ?? 'model'} as a layers model has`);
    const { modelTopology, weightsManifest } = parsed.output;
    const topology = 'model_config' in modelTopology ? modelTopology.model_config : modelTopology;
    if (topology.class_name !== 'Sequential')
      throw new Error(`it is a ${topology.class_name} model, not a Sequential one`);
    const layers = 'layers' in topology.config ? topology.config.layers : topology.config;

    const tensors: Record<string, TensorArray> = {};
    for (const { paths, weights } of weightsManifest) {
      const parts: Buffer[] = [];
      for (const path of paths) {
        // A file beside it, and nowhere else.
        if (path !== basename(path) || path === '' || path.startsWith('.')) {
          throw new Error(`it names the weights’ file “${path.slice(0, 80)}”, which is not beside it`);
        }
        parts.push(await readWhole(join(dirname(file), path)));
      }
      const bytes = Buffer.concat(parts);
      let start = 0;
      for (const { name, shape, dtype, quantization } of weights) {
        if (dtype !== 'float32' || quantization !== undefined) throw new Error(`“${name}” is no plain float32`);
        const values = shape.reduce((product, length) => product * length, 1);
        if (values > MOST_VALUES || start + 4 * values > bytes.length)
          throw new Error(`its weights end within “${name}”`);
        const copy = new Uint8Array(bytes.subarray(start, start + 4 * values));
        tensors[name] = { shape, values: new Float32Array(copy.buffer) };
        start += 4 * values;
      }
      if (start !== bytes.length) throw new Error(`${bytes.length - start} bytes of its weights belong to no layer`);
    }
    return { layers, tensors };
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError('damaged-file', `${file} cannot be used: ${messageOf(error)}.`, '', { cause: error });
  }
}
