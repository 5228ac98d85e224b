/** A data set prepared once and used by many runs: which images, shifted and noisy how, under a name. */
import * as v from 'valibot';
import { LabError } from './errors';
import type { DataSpec } from './spec';
import { parseDataSpec } from './spec';

const FIELDS = [
  'dataset',
  'classes',
  'share',
  'classShares',
  'validation',
  'selectionSeed',
  'jitter',
  'noise',
] as const;

/** The part of a data spec that is prepared; how the network reads its pixels is the model's. */
export type DataRecipe = Pick<DataSpec, (typeof FIELDS)[number]>;

export interface NamedRecipe {
  readonly name: string;
  readonly data: DataRecipe;
}

export interface RecipeList {
  /** by name */
  readonly recipes: readonly NamedRecipe[];
  /** files that hold none, with the reason */
  readonly damaged: readonly { readonly file: string; readonly reason: string }[];
}

/** Those fields of a data spec, whole or as a form holds it, that belong to a recipe. */
export function recipeOf(data: DataSpec): DataRecipe;
export function recipeOf(data: Readonly<Record<string, unknown>>): Record<string, unknown>;
export function recipeOf(data: object): object {
  return Object.fromEntries(Object.entries(data).filter(([name]) => (FIELDS as readonly string[]).includes(name)));
}

/** It is a file's name on every system: letters, digits and a few marks, none of which leads anywhere. */
const NAME = /^[\p{L}\p{N}](?:[\p{L}\p{N} ._()%+-]{0,58}[\p{L}\p{N})%])?$/u;

/**
 * @returns the name as it is kept
 * @throws LabError `bad-input`
 */
export function checkRecipeName(name: string): string {
  const trimmed = name.trim().normalize('NFC');
  if (NAME.test(trimmed)) return trimmed;
  throw new LabError(
    'bad-input',
    trimmed === '' ? 'A recipe needs a name.' : 'This cannot be a recipe’s name.',
    'Use at most 60 letters, digits, spaces and . _ - + % ( ), a letter or digit first.',
  );
}

const FileSchema = v.object({
  format: v.literal(1, 'it is not a format that this version of the lab reads'),
  data: v.record(v.string(), v.unknown(), 'it holds no data recipe'),
});

/** @throws Error that says what is wrong, without the file's name */
export function parseRecipeFile(input: unknown): DataRecipe {
  const result = v.safeParse(FileSchema, input, { abortEarly: true });
  if (!result.success) {
    const { message, path } = result.issues[0];
    throw new Error(path ? message : 'it holds no data recipe');
  }
  return recipeOf(parseDataSpec(recipeOf(result.output.data)));
}
