/** The spec under edit: what "Start" will start. */
import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { DataSpec, RunSpecInput } from '../../src-core/contract/spec';

/** A spec as the form holds it: a plain tree, perhaps incomplete or wrong until the core has checked it. */
export type Draft = Readonly<Record<string, unknown>>;

export function valueAt(draft: unknown, path: string): unknown {
  let value = draft;
  for (const key of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[key];
  return value;
}

/** A copy in which one value differs; `undefined` leaves the field out. */
export function withValue(draft: Draft, path: string, value: unknown): Draft {
  const [head, ...rest] = path.split('.') as [string, ...string[]];
  const { [head]: old, ...others } = draft;
  if (rest.length === 0) return value === undefined ? others : { ...draft, [head]: value };
  const inner = typeof old === 'object' && old !== null && !Array.isArray(old) ? (old as Draft) : {};
  return { ...draft, [head]: withValue(inner, rest.join('.'), value) };
}

export const useDraft = defineStore('draft', () => {
  const spec = shallowRef<Draft>();
  /** the preset it came from */
  const preset = shallowRef<string>();

  function use(from: RunSpecInput, name?: string): void {
    spec.value = structuredClone(from) as unknown as Draft;
    preset.value = name;
  }

  function set(path: string, value: unknown): void {
    if (spec.value) spec.value = withValue(spec.value, path, value);
  }

  /** Keeps all else of the spec, if there is one. */
  function useData(data: DataSpec): void {
    spec.value = { ...spec.value, data: structuredClone(data) };
  }

  return { spec, preset, use, set, useData };
});
