/** From the command line's words to a spec. */
import { readFileSync } from 'node:fs';
import { LabError, messageOf } from '../contract/errors';
import { specFields } from '../contract/fields';
import { withValue } from '../contract/paths';
import type { RunSpecInput } from '../contract/spec';
import { suggestion } from '../contract/suggest';
import { findRecipe } from '../experiments/data-recipes';
import { findPreset, PRESETS } from '../experiments/presets';

export interface SpecOptions {
  readonly set?: readonly string[];
  readonly seed?: string;
  readonly epochs?: string;
  readonly name?: string;
  /** a data recipe of the lab, by its name */
  readonly recipe?: string;
}

type Json = Record<string, unknown>;

/** A value as JSON where it is JSON, else as text: 0.1, true, [1,2], null, rounded. */
function parseValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `--set path=value`, checked against the schema's paths so that a mistyped one is named at once. */
function applySet(spec: Json, assignment: string): Json {
  const at = assignment.indexOf('=');
  if (at <= 0) {
    throw new LabError('bad-input', `--set ${assignment} has no value.`, 'Write it as --set path=value.');
  }
  const path = assignment.slice(0, at).trim();
  const known = [...new Set(specFields().map((field) => field.path))];
  const parents = known.flatMap((name) =>
    name
      .split('.')
      .slice(0, -1)
      .map((_, index, parts) => parts.slice(0, index + 1).join('.')),
  );
  if (!known.includes(path) && !parents.includes(path) && !path.startsWith('data.classShares.')) {
    throw new LabError('bad-input', `There is no field "${path}".`, suggestion(path, known));
  }
  return withValue(spec, path, parseValue(assignment.slice(at + 1)));
}

/**
 * A spec from a preset's name or a JSON file, with the flags laid over it.
 * @throws LabError `bad-input` with the nearest preset where neither exists
 */
export function readSpec(source: string, options: SpecOptions, lab: string): Json {
  const looksLikeFile = source.endsWith('.json') || source.includes('/');
  if (!looksLikeFile) return overlay(withRecipe(findPreset(source).spec, options, lab), options);
  let text: string;
  try {
    text = readFileSync(source, 'utf8');
  } catch (error) {
    const presets = PRESETS.map((preset) => preset.name).join(', ');
    throw new LabError('bad-input', `The spec ${source} cannot be read: ${messageOf(error)}.`, `Presets: ${presets}.`);
  }
  try {
    const spec: unknown = JSON.parse(text);
    if (isObject(spec)) return overlay(withRecipe(spec, options, lab), options);
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError('bad-input', `${source} is not JSON: ${messageOf(error)}.`);
  }
  throw new LabError('bad-input', `${source} does not hold a spec.`, 'A spec is a JSON object; see `train --help`.');
}

/** A spec whose data are those of a recipe of the lab, where one is named; the network reads its pixels as before. */
export function withRecipe(spec: RunSpecInput | Json, options: SpecOptions, lab: string): Json {
  const { data } = spec as Json;
  if (options.recipe === undefined) return spec as Json;
  return { ...spec, data: { ...(isObject(data) ? data : {}), ...findRecipe(lab, options.recipe) } };
}

/** A spec with --set, --seed, --epochs and --name laid over it. */
export function overlay(spec: RunSpecInput | Json, options: SpecOptions): Json {
  let result = spec as Json;
  if (options.seed !== undefined) result = withValue(result, 'seed', parseValue(options.seed));
  if (options.epochs !== undefined) {
    result = withValue(result, 'training.epochs', parseValue(options.epochs));
  }
  if (options.name !== undefined) result = withValue(result, 'name', options.name);
  for (const assignment of options.set ?? []) result = applySet(result, assignment);
  return result;
}

/** The spec's fields with units, ranges and defaults, for `--help`. */
export function fieldsHelp(): string {
  const lines = specFields().map(({ path, description, unit, range, default: preset, kind }) => {
    const notes = [unit, range, preset === undefined ? undefined : `default ${preset}`, kind && `only ${kind}`];
    return `  ${path.padEnd(28)} ${description}${description ? '; ' : ''}${notes.filter(Boolean).join('; ')}`;
  });
  return ['', 'Fields of a spec, for --set path=value:', ...lines].join('\n');
}

/** The presets, for `--help`. */
export function presetsHelp(): string {
  const lines = PRESETS.map(
    ({ name, note, needsTeacher }) => `  ${name.padEnd(20)} ${note}${needsTeacher ? ' (distill)' : ''}`,
  );
  return ['', 'Presets:', ...lines, ''].join('\n');
}
