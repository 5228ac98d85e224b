/** The test images as points by the network's last hidden layer: by principal components at once, by UMAP after a while. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import { messageOf } from '../../src-core/contract/errors';
import type { Embedding } from '../../src-core/contract/rpc';
import { lab } from '../lab';
import type { UmapNews, UmapOrder } from '../views/inspect/umap-worker';
import { useInspect } from './inspect';

export type MapKind = 'pca' | 'umap';

/** Images on a UMAP: all of them take a minute. */
const SAMPLE = 2000;
const SEED = 1;

export const useMap = defineStore('map', () => {
  const inspect = useInspect();
  /** whether the tab is there: nothing is computed for nobody */
  const watched = ref(false);
  const kind = ref<MapKind>('pca');
  const all = ref(false);
  const embedding = shallowRef<Embedding>();
  const failure = ref('');
  const reading = ref(false);
  /** of the UMAP under way, 0 to 1 */
  const share = ref<number>();
  const umap = shallowRef<Float32Array>();
  let worker: Worker | undefined;

  /** images on the map: rows of the logits, evenly taken from all */
  const rows = computed(() => {
    const count = embedding.value?.count ?? 0;
    if (kind.value === 'pca' || all.value || count <= SAMPLE)
      return Uint32Array.from({ length: count }, (_, row) => row);
    return Uint32Array.from({ length: SAMPLE }, (_, at) => Math.floor((at * count) / SAMPLE));
  });
  /** [rows, 2] */
  const points = computed((): Float32Array | undefined => {
    if (kind.value === 'umap') return umap.value;
    const found = embedding.value;
    if (!found) return undefined;
    const { values, count, components } = found;
    return Float32Array.from({ length: 2 * count }, (_, at) => values[Math.floor(at / 2) * components + (at % 2)] ?? 0);
  });

  function stop(): void {
    worker?.terminate();
    worker = undefined;
    share.value = undefined;
  }

  let turn = 0;
  async function read(): Promise<void> {
    const mine = ++turn;
    stop();
    embedding.value = undefined;
    umap.value = undefined;
    failure.value = '';
    const run = inspect.record?.id;
    const { checkpoint } = inspect;
    if (!watched.value || run === undefined || checkpoint === undefined) return;
    reading.value = true;
    try {
      const found = await lab.embedding({ run, checkpoint });
      if (mine !== turn) return;
      embedding.value = found;
      if (!found) failure.value = 'This network has no hidden layer.';
      if (kind.value === 'umap') begin();
    } catch (error) {
      if (mine === turn) failure.value = messageOf(error);
    } finally {
      if (mine === turn) reading.value = false;
    }
  }
  watch([watched, () => inspect.record?.id, () => inspect.checkpoint], read);

  /** Computes the map of neighbours beside the window. */
  function begin(): void {
    stop();
    umap.value = undefined;
    const found = embedding.value;
    if (!found) return;
    const { values, components } = found;
    const chosen = rows.value;
    const taken = new Float32Array(chosen.length * components);
    chosen.forEach((row, at) => taken.set(values.subarray(row * components, (row + 1) * components), at * components));
    share.value = 0;
    worker = new Worker(new URL('../views/inspect/umap-worker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<UmapNews>) => {
      if ('share' in data) share.value = data.share;
      else {
        stop();
        umap.value = data.map;
      }
    };
    worker.onerror = ({ message }) => {
      stop();
      failure.value = `The map could not be computed: ${message}`;
    };
    worker.postMessage({ values: taken, count: chosen.length, components, seed: SEED } satisfies UmapOrder);
  }

  function choose(next: MapKind, everything = all.value): void {
    if (
      next === kind.value &&
      everything === all.value &&
      (next === 'pca' || umap.value || share.value !== undefined)
    ) {
      return;
    }
    kind.value = next;
    all.value = everything;
    if (next === 'umap') begin();
    else stop();
  }

  return { watched, kind, all, embedding, failure, reading, share, rows, points, choose, stop, begin, SAMPLE };
});
