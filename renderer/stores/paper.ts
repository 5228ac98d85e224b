/** The scorecard that is shown, the study that is trained, and the commands for both. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import { messageOf } from '../../src-core/contract/errors';
import type { StudyRunOptions, StudyState } from '../../src-core/contract/rpc';
import type { ClaimCell, ClaimResult, Scale, Scorecard, StudyName } from '../../src-core/contract/scorecard';
import { SCALES, STUDIES } from '../../src-core/contract/scorecard';
import { connection, lab, onEvents, onRunsChanged } from '../lab';
import { useCluster } from './cluster';
import { useRuns } from './runs';
import { useUi } from './ui';

/** So long after one scorecard the next is asked for at the earliest: putting it together takes the core's time. */
const PAUSE_MILLISECONDS = 1000;

export const usePaper = defineStore('paper', () => {
  const runs = useRuns();
  const ui = useUi();
  const cluster = useCluster();
  const study = ref<StudyName>('paper-section-3');
  const scale = ref<Scale>('minutes');
  const scorecard = shallowRef<Scorecard>();
  /** why there is no scorecard */
  const failure = ref<string>();
  /** of the core's study, whichever is shown */
  const state = shallowRef<StudyState>();
  /** the claim that is open */
  const open = ref<string>();
  /** whether the view is there: nothing is put together for nobody */
  const watched = ref(false);

  let chosen = false;
  /** Shows another; a person's choice stays. */
  function choose(name: StudyName, size: Scale): void {
    chosen = true;
    [study.value, scale.value] = [name, size];
  }

  /** Shows what has the most runs, unless somebody has chosen. */
  function suggest(): void {
    if (chosen) return;
    const counts = new Map<string, number>();
    for (const run of runs.list) if (run.study !== undefined) counts.set(run.study, (counts.get(run.study) ?? 0) + 1);
    const [most] = [...counts].sort(([, first], [, second]) => second - first);
    if (!most) return;
    for (const name of STUDIES) {
      const size = SCALES.find((each) => `${name}-${each}` === most[0]);
      if (size) choose(name, size);
    }
  }

  let turn = 0;
  let reading = false;
  let again = false;
  /** Reads the scorecard anew; calls while it is being read lead to one more reading. */
  async function read(): Promise<void> {
    if (!watched.value || connection.value !== 'ready') return;
    if (reading) {
      again = true;
      return;
    }
    reading = true;
    do {
      again = false;
      const mine = ++turn;
      const [asked, size] = [study.value, scale.value];
      try {
        const found = await lab.scorecard(asked, size);
        if (mine === turn && asked === study.value && size === scale.value) {
          scorecard.value = found;
          failure.value = undefined;
        }
      } catch (error) {
        if (asked === study.value && size === scale.value) {
          failure.value = messageOf(error);
          scorecard.value = undefined;
        }
      }
      if (again && asked === study.value && size === scale.value) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
      }
    } while (again && watched.value);
    reading = false;
  }

  async function readState(): Promise<void> {
    const found = await ui.attempt(() => lab.study());
    // What was trained before this window opened is what its owner wants to see.
    if (!state.value && found) choose(found.study, found.scale);
    state.value = found;
  }

  /** Of the study that is shown. */
  const own = computed(() =>
    state.value?.study === study.value && state.value.scale === scale.value ? state.value : undefined,
  );
  const busy = computed(() => own.value?.state === 'running' || own.value?.state === 'pausing');
  /** a study that is not shown is trained */
  const elsewhere = computed(() =>
    !own.value && (state.value?.state === 'running' || state.value?.state === 'pausing') ? state.value : undefined,
  );

  const live = computed(() => new Map(own.value?.cells.map((cell) => [cell.key, cell])));

  /** A cell as it stands now: newer than the scorecard where the run list or the core knows more. */
  function cellNow(cell: ClaimCell): ClaimCell {
    const newer = live.value.get(cell.key) ?? cell;
    const run = newer.run === undefined ? undefined : runs.byId.get(newer.run);
    if (run?.status === 'running' || run?.status === 'paused') return { ...newer, state: 'running', epoch: run.epoch };
    return newer;
  }

  function claimCells(claim: ClaimResult): readonly ClaimCell[] {
    return claim.cells.map(cellNow);
  }

  /** all cells of the scorecard, each once */
  const cells = computed(() => {
    const all = new Map<string, ClaimCell>();
    for (const claim of scorecard.value?.claims ?? []) for (const cell of claim.cells) all.set(cell.key, cell);
    return [...all.values()].map(cellNow);
  });

  watch([study, scale], () => {
    scorecard.value = undefined;
    failure.value = undefined;
    void read();
  });
  watch(watched, () => void read());
  // The view may be there before the list of runs is.
  watch([watched, () => runs.list.length], () => {
    if (watched.value) suggest();
  });
  // What a scorecard is made of: which runs there are, and how each stands.
  watch(
    () => runs.list.map(({ id, status }) => `${id} ${status}`).join('\n'),
    () => void read(),
  );
  watch(
    connection,
    (now) => {
      if (now !== 'ready') return;
      void readState();
      void read();
    },
    { immediate: true },
  );
  onRunsChanged(() => void readState());
  onEvents((events) => {
    // Time left is the core's to say.
    if (busy.value && events.some(({ type }) => type === 'epoch')) void readState();
  });

  /** @param claim all when left out */
  async function run(claim?: string, options: StudyRunOptions = {}): Promise<void> {
    const [asked, size] = [study.value, scale.value];
    const { choice } = cluster;
    await ui.attempt(() => lab.runStudy(asked, size, claim, choice ? { ...options, cluster: choice } : options));
    await readState();
  }

  async function addSeed(claim: string): Promise<void> {
    const [asked, size] = [study.value, scale.value];
    const seed = await ui.attempt(() => lab.addSeed(asked, size, claim));
    if (seed === undefined) return;
    ui.notify(`Seed ${seed} added.`);
    await run(claim);
    await read();
  }

  async function pause(): Promise<void> {
    await ui.attempt(() => lab.pauseStudy());
    await readState();
  }

  /** Asks for a file, which the core writes. */
  async function exportScorecard(type: 'html' | 'json'): Promise<void> {
    const [asked, size] = [study.value, scale.value];
    const file = await window.desktop?.saveFile({
      title: 'Save the scorecard',
      defaultPath: `${asked}-${size}.${type}`,
      filters: [{ name: type === 'html' ? 'Web page' : 'JSON', extensions: [type] }],
    });
    if (file === undefined) return;
    await ui.attempt(async () => {
      await lab.exportScorecard(asked, size, file);
      ui.notify(`Saved ${file}`);
    });
  }

  function inspect(id: string): void {
    runs.select(id);
    ui.view = 'inspect';
  }

  return {
    study,
    scale,
    choose,
    scorecard,
    failure,
    state,
    open,
    watched,
    own,
    busy,
    elsewhere,
    cells,
    claimCells,
    run,
    addSeed,
    pause,
    exportScorecard,
    inspect,
  };
});
