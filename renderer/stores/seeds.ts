/** Runs that differ in nothing but their seed and name, and what their errors say together. */
import type { RunSpec } from '../../src-core/contract/spec';
import { mean, sampleDeviation } from '../../src-core/evaluation/spread';

export interface Grouped {
  readonly id: string;
  readonly spec: RunSpec;
  readonly errors?: number | undefined;
}

export interface SeedGroup {
  readonly runs: readonly Grouped[];
  /** over the runs that were evaluated; undefined for none */
  readonly mean?: number | undefined;
  /** of a sample (n − 1); undefined for fewer than two */
  readonly deviation?: number | undefined;
}

/** A value written the same way whatever the order of its fields. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, entry: unknown) =>
    entry && typeof entry === 'object' && !Array.isArray(entry)
      ? Object.fromEntries(Object.entries(entry).sort(([first], [second]) => (first < second ? -1 : 1)))
      : entry,
  );
}

export function groupBySeed(runs: readonly Grouped[]): SeedGroup[] {
  const groups = new Map<string, Grouped[]>();
  for (const run of runs) {
    const key = canonical({ ...run.spec, seed: 0, name: '' });
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return [...groups.values()].map((members) => {
    const errors = members.flatMap((run) => (run.errors === undefined ? [] : [run.errors]));
    if (errors.length === 0) return { runs: members };
    return { runs: members, mean: mean(errors), deviation: sampleDeviation(errors) };
  });
}

/** Every field of a spec under its dotted name. */
function flatten(value: unknown, path: string, into: Map<string, string>): Map<string, string> {
  if (value && typeof value === 'object' && !Array.isArray(value)) {
    for (const [key, entry] of Object.entries(value)) flatten(entry, path ? `${path}.${key}` : key, into);
  } else into.set(path, typeof value === 'string' ? value : JSON.stringify(value));
  return into;
}

/** @returns the fields in which the specs differ, each with one value a spec; "–" where a spec has no such field */
export function specDifferences(specs: readonly object[]): string[][] {
  const flat = specs.map((spec) => flatten(spec, '', new Map<string, string>()));
  const fields = new Set(flat.flatMap((spec) => [...spec.keys()]));
  return [...fields]
    .map((field) => [field, ...flat.map((spec) => spec.get(field) ?? '–')])
    .filter(([, ...values]) => new Set(values).size > 1);
}
