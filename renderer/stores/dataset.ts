/** The data set: its counts, labels, and pages of images kept for a while. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import { messageOf } from '../../src-core/contract/errors';
import type { DatasetSummary } from '../../src-core/contract/rpc';
import { connection, lab } from '../lab';
import { useUi } from './ui';

export type Part = 'train' | 'test';

const PAGE = 1000;
/** About 38 MB of 28 × 28 images. */
const PAGES_KEPT = 48;

export const useDataset = defineStore('dataset', () => {
  const ui = useUi();
  const summary = shallowRef<DatasetSummary>();
  const labels = shallowRef<Partial<Record<Part, Uint8Array>>>({});
  /** why it cannot be read */
  const failure = ref('');
  /** rises when pages arrive: what draws images watches it */
  const version = ref(0);
  const pages = new Map<string, Uint8Array>();
  const underWay = new Map<string, Promise<void>>();
  const pixels = computed(() => (summary.value ? summary.value.side ** 2 : 0));

  let opening: Promise<void> | undefined;
  /** Reads summary and labels once; what went wrong stands in `failure`, and the next call tries again. */
  function open(): Promise<void> {
    opening ??= read();
    return opening;
  }

  async function read(): Promise<void> {
    try {
      const [found, train, test] = await Promise.all([lab.dataset(), lab.labels('train'), lab.labels('test')]);
      labels.value = { train, test };
      summary.value = found;
      failure.value = '';
    } catch (error) {
      failure.value = messageOf(error);
      opening = undefined;
    }
  }
  // A core that has started again may be able to.
  watch(connection, (now) => {
    if (now === 'ready' && failure.value) void open();
  });

  function loadPage(part: Part, page: number): Promise<void> {
    const key = `${part}/${page}`;
    const length = labels.value[part]?.length ?? 0;
    if (pages.has(key) || page * PAGE >= length) return Promise.resolve();
    let promise = underWay.get(key);
    if (!promise) {
      const positions = Int32Array.from({ length: Math.min(PAGE, length - page * PAGE) }, (_, at) => page * PAGE + at);
      promise = ui
        .attempt(() => lab.images(part, positions))
        .then((bytes) => {
          underWay.delete(key);
          if (!bytes) return;
          pages.set(key, bytes);
          if (pages.size > PAGES_KEPT) pages.delete(pages.keys().next().value!);
          version.value++;
        });
      underWay.set(key, promise);
    }
    return promise;
  }

  /** The images at these positions are there when it resolves. */
  async function ensure(part: Part, positions: Iterable<number>): Promise<void> {
    await open();
    const wanted = new Set<number>();
    for (const position of positions) wanted.add(Math.floor(position / PAGE));
    await Promise.all([...wanted].map((page) => loadPage(part, page)));
  }

  /** Grey values of an image, [side × side], if it is there; else it is on its way and `version` will rise. */
  function image(part: Part, position: number): Uint8Array | undefined {
    const key = `${part}/${Math.floor(position / PAGE)}`;
    const page = pages.get(key);
    if (!page) {
      void ensure(part, [position]);
      return undefined;
    }
    // Most recently used last.
    pages.delete(key);
    pages.set(key, page);
    const start = (position % PAGE) * pixels.value;
    return page.subarray(start, start + pixels.value);
  }

  return { summary, labels, failure, version, open, ensure, image };
});
