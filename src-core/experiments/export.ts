/** A run's weights, curves and predictions as files that other programs read. */
import packageJson from '../../package.json';
import { LabError } from '../contract/errors';
import type { EpochRecord } from '../contract/run';
import { encodeNpz } from '../data/npz';
import { encodeSafetensors } from '../data/safetensors';
import { confidence, predictions, probabilities } from '../evaluation/logits';
import type { Logits } from '../evaluation/logits';
import type { NamedArray } from '../models/model';
import type { NetworkLayer } from '../models/network';
import { networkOf } from '../models/network';
import { onnxOf } from './export-onnx';
import { tfjsOf } from './export-tfjs';
import type { Run } from './run-store';

/** What a run can become: weights for other programs, networks that they run as they are, tables. */
export const EXPORT_FORMATS = ['onnx', 'tfjs', 'safetensors', 'npz', 'csv'] as const;

export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Of an ONNX file's probabilities. */
const TEMPERATURES = { least: 0.1, most: 1000 } as const;

export interface ExportedFile {
  readonly name: string;
  readonly bytes: Uint8Array | string;
}

/** The parameters alone, without the optimiser's slots. */
function parametersOf(run: Run, tensors: Readonly<Record<string, NamedArray>>): Record<string, MutableArray> {
  const names = Object.keys(tensors).filter((name) => name.split('/').length === 2);
  return Object.fromEntries(names.map((name) => [name, { ...tensors[name]!, shape: [...tensors[name]!.shape] }]));
}

type MutableArray = { shape: number[]; values: Float32Array };

/** One line an epoch, every figure of metrics.jsonl a column. */
function metricsCsv(records: readonly EpochRecord[]): string {
  const columns = [...new Set(records.flatMap((record) => Object.keys(record)))] as (keyof EpochRecord)[];
  const lines = records.map((record) => columns.map((column) => record[column] ?? '').join(','));
  return `${[columns.join(','), ...lines].join('\n')}\n`;
}

/** One line a test image: label, prediction, confidence and the probability of every class, at T = 1. */
function predictionsCsv(logits: Logits, labels: Uint8Array): string {
  const { count, classes } = logits;
  const predicted = predictions(logits);
  const certain = confidence(logits);
  const p = probabilities(logits, 1);
  const header = ['image', 'label', 'prediction', 'confidence', ...Array.from({ length: classes }, (_, c) => `p${c}`)];
  const lines = [header.join(',')];
  for (let row = 0; row < count; row++) {
    const rest = Array.from(p.subarray(row * classes, (row + 1) * classes), (value) => value.toPrecision(7));
    lines.push([row, labels[row], predicted[row], certain[row]!.toPrecision(7), ...rest].join(','));
  }
  return `${lines.join('\n')}\n`;
}

function checkTemperature(format: ExportFormat, temperature: number): void {
  const { least, most } = TEMPERATURES;
  if (!(temperature >= least && temperature <= most)) {
    throw new LabError(
      'bad-input',
      `A temperature is a number from ${least} to ${most}.`,
      'Leave it out for logits alone.',
    );
  }
  if (format !== 'onnx') {
    throw new LabError('bad-input', `A ${format} file has no temperature.`, 'Export onnx, or leave it out.');
  }
}

/**
 * @param logits the checkpoint's test logits, for CSV
 * @param labels of the test images, for CSV
 * @param temperature of probabilities beside the logits, for ONNX; none without it
 * @throws LabError `bad-input` for a temperature out of range, `damaged-file`
 */
export async function exportRun(
  run: Run,
  checkpointReference: string,
  format: ExportFormat,
  logits: Logits,
  labels: Uint8Array,
  temperature?: number,
): Promise<ExportedFile[]> {
  const checkpoint = run.checkpoint(checkpointReference);
  const stem = `${run.id}-${checkpoint.name}`;
  if (temperature !== undefined) checkTemperature(format, temperature);
  if (format === 'csv') {
    return [
      { name: `${stem}-metrics.csv`, bytes: metricsCsv(run.metrics()) },
      { name: `${stem}-predictions.csv`, bytes: predictionsCsv(logits, labels) },
    ];
  }
  const tensors = parametersOf(run, (await run.readCheckpoint(checkpoint)).tensors);
  const { model, data } = run.spec;
  const metadata = {
    run: run.id,
    epoch: String(checkpoint.epoch),
    model: run.record.model.summary,
    normalisation: data.normalisation,
  };
  const about = { name: run.record.model.summary, version: packageJson.version, metadata };
  const network = (): NetworkLayer[] => networkOf(model, run.record.model, data.normalisation);
  if (format === 'onnx') {
    const bytes = onnxOf(network(), tensors, run.record.model, about, temperature);
    return [{ name: `${stem}.onnx`, bytes }];
  }
  if (format === 'tfjs') {
    const { json, weights } = tfjsOf(network(), tensors, run.record.model, about, `${stem}-weights.bin`);
    // The file that refers to the other comes last: where it stands, both do.
    return [
      { name: `${stem}-weights.bin`, bytes: weights },
      { name: `${stem}-model.json`, bytes: json },
    ];
  }
  const bytes = format === 'npz' ? encodeNpz(tensors) : encodeSafetensors(tensors, metadata);
  return [{ name: `${stem}.${format}`, bytes }];
}
