// Runs an exported network with TensorFlow.js on its cpu backend, in plain JavaScript; prints its logits.
import * as tf from '@tensorflow/tfjs';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [, , folder = '', most = ''] = process.argv;
const { side } = JSON.parse(readFileSync(join(folder, 'about.json'), 'utf8'));
const name = readdirSync(folder).find((file) => file.endsWith('-model.json')) ?? '';
const { modelTopology, weightsManifest } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
const weights = weightsManifest.flatMap((/** @type {{ paths: string[] }} */ group) =>
  group.paths.map((path) => readFileSync(join(folder, path))),
);
await tf.setBackend('cpu');
const model = await tf.loadLayersModel({
  load: async () => ({
    modelTopology,
    weightSpecs: weightsManifest.flatMap(
      (/** @type {{ weights: tf.io.WeightsManifestEntry[] }} */ group) => group.weights,
    ),
    weightData: new Uint8Array(Buffer.concat(weights)).buffer,
  }),
});
const pixels = new Uint8Array(readFileSync(join(folder, 'images.bin'))).subarray(0, Number(most) * side * side);
const logits = /** @type {tf.Tensor} */ (
  model.predict(tf.tensor(Float32Array.from(pixels), [pixels.length / side ** 2, side, side, 1]), { batchSize: 500 })
);
writeFileSync(join(folder, 'tfjs.bin'), new Uint8Array((await logits.data()).buffer));
