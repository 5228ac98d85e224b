/** The name that a run has until a person gives it one: what it is for, its size, and the classes it does not see. */
import { MNIST } from '../../src-core/contract/dataset';
import { valueAt } from '../../src-core/contract/paths';

/** of MNIST */
const CLASSES = 10;

/** Such as "1200" for 1200 and 1200 units, "64-32" for others. */
function size(spec: unknown): string {
  if (valueAt(spec, 'model.kind') === 'cnn') return 'CNN';
  const hidden = valueAt(spec, 'model.hidden');
  if (!Array.isArray(hidden) || hidden.length === 0) return 'linear';
  return [...new Set(hidden)].length === 1 ? String(hidden[0]) : hidden.join('-');
}

function plural(classes: readonly unknown[]): string {
  const names = classes.map((label) => `${String(label)}s`);
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** Of another data set than MNIST its name; of MNIST the classes, where they are not all. */
function imagesSeen(spec: unknown): string {
  const dataset = valueAt(spec, 'data.dataset');
  if (typeof dataset === 'string' && dataset !== MNIST) return ` on ${dataset}`;
  const kept = valueAt(spec, 'data.classes');
  if (!Array.isArray(kept) || kept.length === 0 || kept.length >= CLASSES) return '';
  const missing = Array.from({ length: CLASSES }, (_, label) => label).filter((label) => !kept.includes(label));
  return missing.length < kept.length ? `, no ${plural(missing)}` : `, only ${plural(kept)}`;
}

function ending(spec: unknown): string {
  return size(spec) + imagesSeen(spec);
}

function distils(spec: unknown): boolean {
  const kind = valueAt(spec, 'objective.kind');
  return kind !== undefined && kind !== 'hard';
}

/**
 * What a spec's name says besides its settings, such as "blog teacher".
 * @returns undefined for a name that does not end in the settings: it is a person's own
 */
export function roleOf(spec: unknown): string | undefined {
  const name = valueAt(spec, 'name');
  if (name === undefined || name === '') return distils(spec) ? 'student' : 'network';
  const end = ending(spec);
  if (typeof name !== 'string' || !(name === end || name.endsWith(` ${end}`))) return undefined;
  return name.slice(0, -end.length).trim();
}

/** The name of a spec whose role is known. */
export function nameFor(role: string, spec: unknown): string {
  const words = role.split(' ');
  const last = words.at(-1)!;
  if (distils(spec) && (last === 'teacher' || last === 'baseline')) words.splice(-1, 1, 'student');
  if (!distils(spec) && last === 'student') words.splice(-1, 1, 'baseline');
  return `${words.join(' ')} ${ending(spec)}`.trim();
}
