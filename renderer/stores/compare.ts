/** The runs that are compared, and the pair among them. */
import { defineStore } from 'pinia';
import { computed, ref, shallowReactive, watch } from 'vue';
import type { LabelledLogits, RunDetail } from '../../src-core/contract/rpc';
import { discordant, mcnemarExact, pairedBootstrap, pairedGroups } from '../../src-core/evaluation/comparison';
import { confusionMatrix } from '../../src-core/evaluation/confusion';
import { errorFlags } from '../../src-core/evaluation/errors';
import { predictions } from '../../src-core/evaluation/logits';
import { lab } from '../lab';
import { useRuns } from './runs';
import { groupBySeed, specDifferences } from './seeds';
import { useUi } from './ui';

const BOOTSTRAP_SEED = 1;

export const useCompare = defineStore('compare', () => {
  const runs = useRuns();
  const ui = useUi();
  const chosen = ref<string[]>([]);
  const first = ref<string>();
  const second = ref<string>();
  const logits = shallowReactive(new Map<string, LabelledLogits>());
  const reading = ref(false);

  const details = computed(() =>
    chosen.value.flatMap((id): RunDetail[] => {
      const detail = runs.details.get(id);
      return detail ? [detail] : [];
    }),
  );
  const groups = computed(() =>
    groupBySeed(
      details.value.map(({ record }) => ({
        id: record.id,
        spec: record.spec,
        errors: runs.list.find(({ id }) => id === record.id)?.testErrors,
      })),
    ),
  );
  const differences = computed(() => specDifferences(details.value.map(({ record }) => record.spec)));

  const pair = computed(() => {
    const a = first.value === undefined ? undefined : logits.get(first.value);
    const b = second.value === undefined ? undefined : logits.get(second.value);
    if (!a || !b || a === b || a.count !== b.count || a.classes !== b.classes) return undefined;
    const readA = predictions(a);
    const readB = predictions(b);
    const flagsA = errorFlags(readA, a.labels);
    const flagsB = errorFlags(readB, b.labels);
    const counts = discordant(flagsA, flagsB);
    const groups = pairedGroups(flagsA, flagsB);
    const matrixA = confusionMatrix(readA, a.labels, a.classes);
    const matrixB = confusionMatrix(readB, b.labels, b.classes);
    return {
      a,
      readA,
      readB,
      counts,
      groups,
      p: mcnemarExact(counts.onlyFirstWrong, counts.onlySecondWrong),
      bootstrap: pairedBootstrap(flagsA, flagsB, { seed: BOOTSTRAP_SEED }),
      /** second minus first */
      difference: Int32Array.from(matrixA, (count, at) => matrixB[at]! - count),
      /** both wrong, with the same wrong answer */
      inherited: groups.bothWrong.filter((row) => readA[row] === readB[row]),
    };
  });

  watch(
    chosen,
    (now) => {
      for (const id of now) if (!runs.details.has(id)) void runs.load(id);
      if (first.value === undefined || !now.includes(first.value)) first.value = now.find((id) => id !== second.value);
      if (second.value === undefined || !now.includes(second.value)) {
        second.value = now.find((id) => id !== first.value);
      }
    },
    { deep: true },
  );

  watch([first, second], async (ids) => {
    reading.value = true;
    for (const id of ids) {
      if (id === undefined || logits.has(id)) continue;
      const found = await ui.attempt(() => lab.logits({ run: id, checkpoint: 'last' }, 'test'));
      if (found) logits.set(id, found);
    }
    reading.value = false;
  });

  // A run that trained on is read again.
  watch(
    () => runs.list,
    () => {
      for (const id of logits.keys()) {
        if (id !== first.value && id !== second.value) logits.delete(id);
      }
    },
  );

  return { chosen, first, second, details, groups, differences, pair, reading };
});
