/** The runs that are compared, and the pair among them. */
import { defineStore } from 'pinia';
import { computed, ref, shallowReactive, watch } from 'vue';
import type { LabelledLogits, RunDetail, RunSummary } from '../../src-core/contract/rpc';
import type { RunSpec } from '../../src-core/contract/spec';
import { MNIST } from '../../src-core/contract/dataset';
import { discordant, mcnemarExact, pairedBootstrap, pairedGroups } from '../../src-core/evaluation/comparison';
import { confusionMatrix } from '../../src-core/evaluation/confusion';
import { errorFlags, errorInterval } from '../../src-core/evaluation/errors';
import { predictions } from '../../src-core/evaluation/logits';
import { lab } from '../lab';
import { useDataset } from './dataset';
import { useRuns } from './runs';
import { groupBySeed, specDifferences } from './seeds';
import { useUi } from './ui';

const BOOTSTRAP_SEED = 1;
/** More curves than that cannot be told apart. */
export const MOST_COMPARED = 8;

export type Role = 'teacher' | 'student' | 'baseline';

export interface Result {
  readonly run: RunSummary;
  readonly role: Role;
  /** test images in all */
  readonly total: number;
  /** 95 %, exact, in errors; undefined where the run was not evaluated */
  readonly interval?: { readonly low: number; readonly high: number } | undefined;
}

/** What a spec says of a network from elsewhere. */
function known({ data: { dataset, normalisation }, model }: RunSpec): object {
  return { data: { dataset, normalisation }, model: { kind: model.kind, hidden: model.hidden } };
}

export const useCompare = defineStore('compare', () => {
  const runs = useRuns();
  const ui = useUi();
  const dataset = useDataset();
  const chosen = ref<string[]>([]);
  const first = ref<string>();
  const second = ref<string>();
  /** predictions, and what stood in the run when they were read */
  const logits = shallowReactive(new Map<string, { readonly stamp: string; readonly values: LabelledLogits }>());
  const reading = ref(false);

  const readable = computed(() => [...runs.list].reverse().filter((run) => run.damage === undefined));
  /** The data set of what is chosen: only runs on the same test images stand side by side. */
  const datasetName = computed(() => {
    const run = chosen.value.map((id) => runs.byId.get(id)).find((known) => known !== undefined);
    return run && (run.dataset ?? MNIST);
  });
  const usable = computed(() =>
    readable.value.filter((run) => datasetName.value === undefined || (run.dataset ?? MNIST) === datasetName.value),
  );
  const taught = computed(() => new Set(runs.list.flatMap(({ teachers }) => teachers)));

  function roleOf(run: RunSummary): Role {
    if (taught.value.has(run.id)) return 'teacher';
    return run.objective === 'hard' ? 'baseline' : 'student';
  }

  /** The newest student, a network like it on hard labels, and its teacher; else the newest two runs. */
  const suggested = computed(() => {
    const evaluated = readable.value.filter((run) => run.testErrors !== undefined);
    const student = evaluated.find((run) => run.teachers.length > 0);
    if (!student) {
      const [newest, ...others] = evaluated.length < 2 ? readable.value : evaluated;
      if (!newest) return [];
      return [newest, ...others.filter(({ dataset: of }) => of === newest.dataset)].slice(0, 2).map(({ id }) => id);
    }
    const baseline = evaluated.find(
      (run) =>
        run.objective === 'hard' &&
        run.dataset === student.dataset &&
        run.model === student.model &&
        !taught.value.has(run.id),
    );
    const teachers = student.teachers.filter((id) => runs.byId.get(id)?.damage === undefined && runs.byId.has(id));
    return [student.id, ...(baseline ? [baseline.id] : []), ...teachers].slice(0, MOST_COMPARED);
  });

  const results = computed(() => {
    const total = dataset.labels.test?.length ?? 0;
    return chosen.value.flatMap((id): Result[] => {
      const run = runs.byId.get(id);
      if (!run) return [];
      const { testErrors } = run;
      const interval = testErrors === undefined || testErrors > total ? undefined : errorInterval(testErrors, total);
      return [{ run, role: roleOf(run), total, interval }];
    });
  });

  const details = computed(() =>
    chosen.value.flatMap((id): RunDetail[] => {
      const detail = runs.details.get(id);
      return detail ? [detail] : [];
    }),
  );
  const groups = computed(() =>
    groupBySeed(
      // Networks from elsewhere are alike in nothing that is known.
      details.value
        .filter(({ record }) => !record.imported)
        .map(({ record }) => ({
          id: record.id,
          spec: record.spec,
          errors: runs.byId.get(record.id)?.testErrors,
        })),
    ),
  );
  const differences = computed(() =>
    specDifferences(details.value.map(({ record: { spec, imported } }) => (imported ? known(spec) : spec))),
  );

  const pair = computed(() => {
    const a = first.value === undefined ? undefined : logits.get(first.value)?.values;
    const b = second.value === undefined ? undefined : logits.get(second.value)?.values;
    if (!a || !b || a === b || a.count !== b.count || a.classes !== b.classes) return undefined;
    const readA = predictions(a);
    const readB = predictions(b);
    const flagsA = errorFlags(readA, a.labels);
    const flagsB = errorFlags(readB, b.labels);
    const counts = discordant(flagsA, flagsB);
    const sets = pairedGroups(flagsA, flagsB);
    const matrixA = confusionMatrix(readA, a.labels, a.classes);
    const matrixB = confusionMatrix(readB, b.labels, b.classes);
    return {
      a,
      readA,
      readB,
      counts,
      groups: sets,
      p: mcnemarExact(counts.onlyFirstWrong, counts.onlySecondWrong),
      bootstrap: pairedBootstrap(flagsA, flagsB, { seed: BOOTSTRAP_SEED }),
      /** second minus first */
      difference: Int32Array.from(matrixA, (count, at) => matrixB[at]! - count),
      /** both wrong, with the same wrong answer */
      inherited: sets.bothWrong.filter((row) => readA[row] === readB[row]),
    };
  });

  /** Rows of a class that one of the pair reads as `predicted` and the other does not. */
  function differing(label: number, predicted: number): Uint32Array {
    const now = pair.value;
    if (!now) return new Uint32Array();
    const found: number[] = [];
    now.a.labels.forEach((truth, row) => {
      if (truth === label && (now.readA[row] === predicted) !== (now.readB[row] === predicted)) found.push(row);
    });
    return Uint32Array.from(found);
  }

  watch(
    () => runs.byId,
    (known) => {
      if (chosen.value.some((id) => !known.has(id))) chosen.value = chosen.value.filter((id) => known.has(id));
    },
  );
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

  /** Changes when a run has a newer evaluation. */
  function stampOf(id: string | undefined): string {
    const run = id === undefined ? undefined : runs.byId.get(id);
    return run ? `${run.id} ${run.epoch} ${run.testErrors} ${runs.evaluatedEpoch.get(run.id)}` : '';
  }

  let turn = 0;
  /** What is shown stays until what is newer has been read. */
  async function read(): Promise<void> {
    const mine = ++turn;
    reading.value = true;
    for (const id of [first.value, second.value]) {
      const stamp = stampOf(id);
      if (id === undefined || stamp === '' || logits.get(id)?.stamp === stamp) continue;
      if (runs.byId.get(id)?.testErrors === undefined) continue;
      const values = await ui.attempt(() => lab.logits({ run: id, checkpoint: 'last' }, 'test'));
      if (mine !== turn) return;
      if (values) logits.set(id, { stamp, values });
    }
    for (const id of logits.keys()) if (id !== first.value && id !== second.value) logits.delete(id);
    reading.value = false;
  }
  watch(() => [stampOf(first.value), stampOf(second.value)].join('\n'), read);

  return {
    datasetName,
    usable,
    suggested,
    chosen,
    results,
    roleOf,
    first,
    second,
    details,
    groups,
    differences,
    pair,
    differing,
    reading,
  };
});
