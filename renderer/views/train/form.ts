/** The spec's fields as a form: which belong to the chosen kinds, what goes in, and why something may not. */
import { specFields } from '../../../src-core/contract/fields';
import type { FieldDescription } from '../../../src-core/contract/fields';
import { valueAt } from '../../../src-core/contract/paths';

export const GROUPS = [
  { id: 'run', title: 'Run' },
  { id: 'objective', title: 'Objective' },
  { id: 'model', title: 'Model' },
  { id: 'data', title: 'Data' },
  { id: 'optimiser', title: 'Optimiser' },
  { id: 'schedule', title: 'Schedule' },
  { id: 'training', title: 'Training' },
] as const;

const FIELDS = specFields();

/** Runs are chosen from a list, not written. */
export const TEACHERS = 'objective.teachers';

/** Data sets too. */
export const DATASET = 'data.dataset';

function groupOf(path: string): string {
  return path.includes('.') ? path.slice(0, path.indexOf('.')) : 'run';
}

/** The value of a field, or its default. */
export function shownValue(spec: unknown, field: FieldDescription): unknown {
  const value = valueAt(spec, field.path);
  if (value !== undefined) return value;
  return field.default === undefined ? undefined : (JSON.parse(field.default) as unknown);
}

/** The fields of a group that exist for the kinds which the spec chooses. */
export function fieldsOf(spec: unknown, group: string): FieldDescription[] {
  return FIELDS.filter((field) => {
    if (groupOf(field.path) !== group) return false;
    if (field.kind === undefined) return true;
    const kind = FIELDS.find((other) => other.path === `${group}.kind`)!;
    return shownValue(spec, kind) === field.kind;
  });
}

export function labelOf(path: string): string {
  const name = path.slice(path.lastIndexOf('.') + 1);
  if (path === 'objective.softWeight') return 'Soft weight w';
  if (path === 'objective.temperature') return 'Temperature T';
  if (path === 'data.jitter.pixels') return 'Jitter';
  if (path === 'data.jitter.distribution') return 'Jitter drawn';
  const words = name.replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Such as ["a", "b"] where only some words are allowed. */
export function optionsOf(field: FieldDescription): string[] | undefined {
  const { range } = field;
  if (range === undefined || isText(field)) return undefined;
  // One word alone is what the default is.
  return range.includes(' | ') || JSON.stringify(range) === field.default ? range.split(' | ') : undefined;
}

/** What may go in, as it stands beside the field. */
export function rangeOf(field: FieldDescription): string | undefined {
  if (optionsOf(field)) return undefined;
  return field.default === 'null' ? `${field.range}, or none` : field.range;
}

/** How a value is written where the range does not show it. */
export function exampleOf(field: FieldDescription): string | undefined {
  return field.path === 'data.classShares' ? '{"3": 0.1}' : undefined;
}

interface Bounds {
  readonly min: number;
  readonly max: number;
}

function boundsIn(range: string | undefined): Bounds | undefined {
  const match = /^(-?[\d.e-]+) to (-?[\d.e-]+)$/.exec(range ?? '');
  return match ? { min: Number(match[1]), max: Number(match[2]) } : undefined;
}

/** Such as "0 to 8 entries, each 1 to 8192". */
function listRange(field: FieldDescription): { range: string; count: Bounds; each: string | undefined } | undefined {
  const [, range, each] = /^(.+? to .+?) entries(?:, each (.+))?$/.exec(field.range ?? '') ?? [];
  return range === undefined ? undefined : { range, count: boundsIn(range)!, each };
}

export function isText(field: FieldDescription): boolean {
  return field.path === 'name' || field.path === DATASET;
}

/** A value as it is written in a box: lists with commas, "none" for null, objects as JSON. */
export function written(value: unknown): string {
  if (value === null) return 'none';
  if (Array.isArray(value)) return value.join(', ');
  if (typeof value === 'object') return JSON.stringify(value);
  return value === undefined ? '' : String(value);
}

/** What was written, as a value; the core judges it. Words that are no value stay words, so that it can name them. */
export function read(field: FieldDescription, text: string): unknown {
  const trimmed = text.trim();
  if (isText(field)) return text;
  if (listRange(field))
    return trimmed === ''
      ? []
      : trimmed.split(/[\s,]+/).map((item) => (Number.isNaN(Number(item)) ? item : Number(item)));
  if (trimmed === 'none') return null;
  if (trimmed === '') return undefined;
  if (trimmed === 'true' || trimmed === 'false') return trimmed === 'true';
  if (trimmed.startsWith('{')) {
    try {
      return JSON.parse(trimmed) as unknown;
    } catch {
      return trimmed;
    }
  }
  return Number.isNaN(Number(trimmed)) ? trimmed : Number(trimmed);
}

function refusalOf(value: unknown, range: string | undefined): string {
  const bounds = boundsIn(range);
  if (!bounds) return '';
  if (typeof value !== 'number') return `must be a number, ${range}`;
  return value < bounds.min || value > bounds.max ? `must be in ${range}` : '';
}

/** Why a value cannot be taken, by the range its field states; empty when it can, as far as the range tells. */
export function refusal(field: FieldDescription, value: unknown): string {
  if (value === undefined || value === null) return '';
  const list = listRange(field);
  if (!list) return refusalOf(value, field.range);
  if (!Array.isArray(value)) return `must be a list, ${list.range} entries`;
  if (value.length < list.count.min || value.length > list.count.max) return `must have ${list.range} entries`;
  const reasons = value.map((entry) => refusalOf(entry, list.each));
  const at = reasons.findIndex((reason) => reason !== '');
  return at < 0 ? '' : `${String(value[at])} ${reasons[at]}`;
}
