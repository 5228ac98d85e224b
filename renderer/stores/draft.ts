/** The spec under edit: what "Start" will start. */
import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { PresetSummary } from '../../src-core/contract/rpc';
import type { DataRecipe } from '../../src-core/contract/data-recipe';
import { recipeOf } from '../../src-core/contract/data-recipe';
import type { RunSpecInput } from '../../src-core/contract/spec';
import { withValue } from '../../src-core/contract/paths';
import type { Tree } from '../../src-core/contract/paths';
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
  /** The transfer set was prepared in the Data view: presets leave it as it is. */
  const ownData = ref(false);

  /** A preset, whose data give way to those prepared in the Data view. */
  function usePreset(from: RunSpecInput, name: string): void {
    const fresh = structuredClone(from) as unknown as Draft;
    const data = { ...(fresh['data'] as Draft | undefined), ...recipeOf((spec.value?.['data'] ?? {}) as Draft) };
    role = roleOf(from);
    preset.value = name;
    spec.value = fresh;
    if (ownData.value) edit({ ...fresh, data });
  }

  /** The settings of another run, all of them. */
  function use(from: RunSpecInput): void {
    role = roleOf(from);
    spec.value = structuredClone(from) as unknown as Draft;
    preset.value = undefined;
    ownData.value = false;
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
  function useData(recipe: DataRecipe): void {
    edit({ ...spec.value, data: { ...(spec.value?.['data'] as Draft | undefined), ...structuredClone(recipe) } });
    ownData.value = true;
  }

  return { presets, spec, preset, ownData, usePreset, use, edit, set, useData };
});
