/** The spec under edit: what "Start" will start. */
import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { PresetSummary } from '../../src-core/contract/rpc';
import type { DataSpec, RunSpecInput } from '../../src-core/contract/spec';
import { withValue } from './paths';
import type { Tree } from './paths';
import { nameFor, roleOf } from './run-name';

/** A spec as the form holds it: a plain tree, perhaps incomplete or wrong until the core has checked it. */
export type Draft = Tree;

export const useDraft = defineStore('draft', () => {
  /** as the core has them; empty until they are read */
  const presets = shallowRef<readonly PresetSummary[]>([]);
  const spec = shallowRef<Draft>();
  /** the preset it came from */
  const preset = shallowRef<string>();
  /** what the run is for; undefined once a person has given it a name of its own */
  let role: string | undefined;

  function use(from: RunSpecInput, name?: string): void {
    role = roleOf(from);
    spec.value = structuredClone(from) as unknown as Draft;
    preset.value = name;
  }

  /** Takes an edited spec: its name follows the settings until one is typed, and again when it is cleared. */
  function edit(next: Draft): void {
    const before = spec.value?.['name'];
    if (next['name'] !== before) role = next['name'] === '' ? roleOf(next) : undefined;
    const named = role !== undefined && next['model'] !== undefined;
    spec.value = named ? { ...next, name: nameFor(role!, next) } : next;
  }

  function set(path: string, value: unknown): void {
    if (spec.value) edit(withValue(spec.value, path, value));
  }

  /** Keeps all else of the spec, if there is one. */
  function useData(data: DataSpec): void {
    edit({ ...spec.value, data: structuredClone(data) });
  }

  return { presets, spec, preset, use, edit, set, useData };
});
