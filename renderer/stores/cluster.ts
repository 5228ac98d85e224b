/** Where a study's runs are trained: on this machine, or by a Ray cluster whose address is kept between sittings. */
import { defineStore } from 'pinia';
import { computed, ref, watch } from 'vue';
import type { ClusterChoice } from '../../src-core/contract/rpc';

const KEPT = 'cluster';

interface Kept {
  readonly address: string;
  readonly shared: boolean;
  readonly nodeLab: string;
  readonly nodeProgram: string;
}

function read(): Partial<Kept> {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? '{}') as Partial<Kept>;
  } catch {
    // Nothing was kept, or nothing can be.
    return {};
  }
}

export const useCluster = defineStore('cluster', () => {
  const kept = read();
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  /** this machine, until somebody says otherwise in this sitting */
  const used = ref(false);
  const address = ref(text(kept.address));
  /** in memory alone */
  const token = ref('');
  const shared = ref(kept.shared !== false);
  const nodeLab = ref(text(kept.nodeLab));
  const nodeProgram = ref(text(kept.nodeProgram));

  watch([address, shared, nodeLab, nodeProgram], () => {
    const now: Kept = {
      address: address.value,
      shared: shared.value,
      nodeLab: nodeLab.value,
      nodeProgram: nodeProgram.value,
    };
    try {
      localStorage.setItem(KEPT, JSON.stringify(now));
    } catch {
      // It is asked for again next time.
    }
  });

  /** what a study is told; undefined for this machine */
  const choice = computed((): ClusterChoice | undefined => {
    if (!used.value) return undefined;
    return {
      address: address.value.trim(),
      ...(token.value === '' ? {} : { token: token.value }),
      ...(shared.value ? {} : { fetch: true }),
      ...(shared.value && nodeLab.value.trim() !== '' ? { nodeLab: nodeLab.value.trim() } : {}),
      ...(nodeProgram.value.trim() === '' ? {} : { nodeProgram: nodeProgram.value.trim() }),
    };
  });
  /** why nothing can be asked of it yet */
  const lacks = computed(() => (used.value && address.value.trim() === '' ? 'Give the address of the cluster.' : ''));

  return { used, address, token, shared, nodeLab, nodeProgram, choice, lacks };
});
