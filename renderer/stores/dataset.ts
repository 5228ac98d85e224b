/** The data set that is looked at: its counts, labels, and pages of images kept for a while; and which there are. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import { MNIST } from '../../src-core/contract/dataset';
import { messageOf } from '../../src-core/contract/errors';
import type { DatasetEntry, DatasetSummary } from '../../src-core/contract/rpc';
import { classText, shortClassText } from '../format';
import { connection, lab } from '../lab';
import { useUi } from './ui';

export type Part = 'train' | 'test';

const PAGE = 1000;
/** About 38 MB of 28 × 28 images. */
const BYTES_KEPT = 48 * PAGE * 28 ** 2;

export const useDataset = defineStore('dataset', () => {
  const ui = useUi();
  const name = ref(MNIST);
  const summary = shallowRef<DatasetSummary>();
  const labels = shallowRef<Partial<Record<Part, Uint8Array>>>({});
  /** why it cannot be read */
  const failure = ref('');
  /** rises when pages arrive: what draws images watches it */
  const version = ref(0);
  /** every data set of the lab; empty until they are read */
  const list = shallowRef<readonly DatasetEntry[]>([]);
  /** those of it that can be read */
  const usable = computed(() => list.value.flatMap((one) => ('classNames' in one ? [one] : [])));
  const pages = new Map<string, Uint8Array>();
  let bytesKept = 0;
  const underWay = new Map<string, Promise<void>>();
  const pixels = computed(() => (summary.value ? summary.value.side ** 2 : 0));

  let opening: Promise<void> | undefined;
  /** Reads summary and labels once; what went wrong stands in `failure`, and the next call tries again. */
  function open(): Promise<void> {
    opening ??= read();
    return opening;
  }

  async function read(): Promise<void> {
    const asked = name.value;
    try {
      const [found, train, test] = await Promise.all([
        lab.dataset(asked),
        lab.labels(asked, 'train'),
        lab.labels(asked, 'test'),
      ]);
      if (asked !== name.value) return;
      labels.value = { train, test };
      summary.value = found;
      failure.value = '';
    } catch (error) {
      if (asked !== name.value) return;
      failure.value = messageOf(error);
      opening = undefined;
    }
  }
  // A core that has started again may be able to.
  watch(connection, (now) => {
    if (now === 'ready' && failure.value) void open();
  });

  /** Looks at another data set. */
  function show(next: string): Promise<void> {
    if (next !== name.value) {
      name.value = next;
      summary.value = undefined;
      labels.value = {};
      failure.value = '';
      opening = undefined;
      version.value++;
    }
    return open();
  }

  async function readList(): Promise<void> {
    const found = await ui.attempt(() => lab.datasets());
    if (found) list.value = found;
  }

  /** Forgets what is kept of a data set that was deleted. */
  function forget(gone: string): void {
    for (const [key, bytes] of pages) {
      if (!key.startsWith(`${gone}/`)) continue;
      pages.delete(key);
      bytesKept -= bytes.length;
    }
    if (gone === name.value) void show(MNIST);
  }

  function loadPage(part: Part, page: number): Promise<void> {
    const of = name.value;
    const key = `${of}/${part}/${page}`;
    const length = labels.value[part]?.length ?? 0;
    if (pages.has(key) || page * PAGE >= length) return Promise.resolve();
    let promise = underWay.get(key);
    if (!promise) {
      const positions = Int32Array.from({ length: Math.min(PAGE, length - page * PAGE) }, (_, at) => page * PAGE + at);
      promise = ui
        .attempt(() => lab.images(of, part, positions))
        .then((bytes) => {
          underWay.delete(key);
          if (!bytes) return;
          pages.set(key, bytes);
          bytesKept += bytes.length;
          for (const [oldest, kept] of pages) {
            if (bytesKept <= BYTES_KEPT || oldest === key) break;
            pages.delete(oldest);
            bytesKept -= kept.length;
          }
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
    const key = `${name.value}/${part}/${Math.floor(position / PAGE)}`;
    const page = pages.get(key);
    if (!page || pixels.value === 0) {
      void ensure(part, [position]);
      return undefined;
    }
    // Most recently used last.
    pages.delete(key);
    pages.set(key, page);
    const start = (position % PAGE) * pixels.value;
    return page.subarray(start, start + pixels.value);
  }

  const names = computed(() => summary.value?.classNames ?? []);
  /** A class where there is room: "9", "Ankle boot". */
  const className = (label: number): string => classText(names.value, label);
  /** A class in a table's margin: its name where that is short, else its number. */
  const shortClassName = (label: number): string => shortClassText(names.value, label);

  return {
    name,
    summary,
    labels,
    failure,
    version,
    list,
    usable,
    open,
    show,
    readList,
    forget,
    ensure,
    image,
    className,
    shortClassName,
  };
});

/** The data set that a view looks at while it stands. */
export function useDatasetOf(name: () => string | undefined): ReturnType<typeof useDataset> {
  const dataset = useDataset();
  watch(
    name,
    (wanted) => {
      if (wanted !== undefined) void dataset.show(wanted);
    },
    { immediate: true },
  );
  return dataset;
}
