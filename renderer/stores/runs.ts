/** The runs of the lab: the list, the chosen one, what runs now, and the commands. */
import { defineStore } from 'pinia';
import { computed, ref, shallowReactive, shallowRef, watch } from 'vue';
import type { RunEvent } from '../../src-core/contract/run';
import type { CheckpointReference, FolderTrouble, RunDetail, RunNotes, RunSummary } from '../../src-core/contract/rpc';
import { connection, lab, onEvaluated, onEvents, onRunsChanged } from '../lab';
import { Metrics } from './metrics';
import type { Progress } from './metrics';
import { useUi } from './ui';

function isUnderWay({ status }: RunSummary): boolean {
  return status === 'running' || status === 'paused';
}

export const useRuns = defineStore('runs', () => {
  const ui = useUi();
  const list = shallowRef<readonly RunSummary[]>([]);
  const loaded = ref(false);
  /** what is wrong with the lab folder */
  const trouble = shallowRef<FolderTrouble>();
  const selectedId = ref<string>();
  /** newest progress of each run that runs */
  const progress = shallowReactive(new Map<string, Progress>());
  const details = shallowReactive(new Map<string, RunDetail>());
  /** last epoch of a run whose test images were evaluated */
  const evaluatedEpoch = shallowReactive(new Map<string, number>());
  /** Rises with every change of any run's epochs; the buffers themselves are not reactive. */
  const version = ref(0);
  /** Rises with every message between epochs as well. */
  const liveVersion = ref(0);
  const buffers = new Map<string, Metrics>();

  const byId = computed(() => new Map(list.value.map((run) => [run.id, run])));
  const selected = computed(() => (selectedId.value === undefined ? undefined : byId.value.get(selectedId.value)));
  const running = computed(() => training.value ?? list.value.find(isUnderWay));
  /** the one that this window's core trains: the next one waits for it, while those of other processes go on beside it */
  const training = computed(() => list.value.find((run) => isUnderWay(run) && !run.elsewhere));
  /** the next one first */
  const queued = computed(() =>
    list.value
      .filter((run) => run.status === 'queued')
      .sort((first, second) => (first.place ?? 0) - (second.place ?? 0)),
  );

  function metrics(id: string): Metrics {
    let buffer = buffers.get(id);
    if (!buffer) buffers.set(id, (buffer = new Metrics()));
    return buffer;
  }

  function receive(events: readonly RunEvent[]): void {
    for (const event of events) {
      if (event.type === 'progress') {
        progress.set(event.run, event);
        metrics(event.run).appendProgress(event);
      } else if (event.type === 'epoch') {
        metrics(event.run).append(event.record);
        patch(event.run, {
          epoch: event.record.epoch,
          ...(event.record.testErrors === undefined ? {} : { testErrors: event.record.testErrors }),
        });
      } else if (event.type === 'held') {
        patch(event.run, { status: 'paused', failure: event.reason });
      } else {
        if (event.status !== 'running') progress.delete(event.run);
        patch(event.run, { status: event.status, ...(event.failure === undefined ? {} : { failure: event.failure }) });
      }
    }
    liveVersion.value++;
    if (events.some(({ type }) => type !== 'progress')) version.value++;
  }

  function patch(id: string, change: Partial<RunSummary>): void {
    if (!byId.value.has(id)) return;
    list.value = list.value.map((run) => (run.id === id ? { ...run, ...change } : run));
  }

  let refreshing: Promise<void> | undefined;
  let again = false;
  /** Reads the list anew; calls while it is being read lead to one more reading. */
  function refresh(): Promise<void> {
    if (refreshing) {
      again = true;
      return refreshing;
    }
    refreshing = (async () => {
      do {
        again = false;
        const found = await ui.attempt(() => lab.runs());
        // Asked after the list: one that was read while the folder was gone is not taken for an empty lab.
        trouble.value = await ui.attempt(() => lab.folderTrouble());
        if (found && !trouble.value?.gone) {
          list.value = found;
          loaded.value = true;
          if (selectedId.value !== undefined && !byId.value.has(selectedId.value)) selectedId.value = undefined;
        }
      } while (again);
      refreshing = undefined;
    })();
    return refreshing;
  }

  /** Reads a run's record and metrics. */
  async function load(id: string): Promise<RunDetail | undefined> {
    const detail = await ui.attempt(() => lab.run(id));
    if (detail) {
      details.set(id, detail);
      metrics(id).load(detail.metrics);
      version.value++;
      liveVersion.value++;
    }
    return detail;
  }

  function select(id: string | undefined): void {
    selectedId.value = id;
    const run = id === undefined ? undefined : byId.value.get(id);
    if (run && run.damage === undefined) void load(run.id);
  }

  async function start(spec: unknown): Promise<string | undefined> {
    const id = await ui.attempt(() => lab.startRun(spec));
    if (id !== undefined) {
      await refresh();
      select(id);
    }
    return id;
  }

  function command(action: () => Promise<unknown>): Promise<void> {
    return ui.attempt(action).then(refresh);
  }

  async function remove(ids: readonly string[]): Promise<void> {
    const titles = ids.map((id) => titleOf(id));
    const done = await ui.attempt(async () => {
      await lab.deleteRuns(ids);
      return true;
    });
    if (!done) return;
    list.value = list.value.filter((run) => !ids.includes(run.id));
    if (selectedId.value !== undefined && ids.includes(selectedId.value)) selectedId.value = undefined;
    ui.notify(ids.length === 1 ? `Deleted “${titles[0]}”.` : `Deleted ${ids.length} runs.`, {
      action: { label: 'Undo', run: () => void command(() => lab.undelete(ids)) },
    });
  }

  function titleOf(id: string): string {
    return byId.value.get(id)?.notes.title || id;
  }

  onEvents(receive);
  onRunsChanged(async () => {
    await refresh();
    // Only what is open is read again: its status and checkpoints may have changed.
    const open = selectedId.value;
    if (open !== undefined && details.has(open) && !trouble.value?.gone) void load(open);
  });
  onEvaluated((run, epoch) => evaluatedEpoch.set(run, epoch));
  watch(
    connection,
    (now) => {
      if (now === 'ready') void refresh();
      else progress.clear();
    },
    { immediate: true },
  );

  return {
    list,
    loaded,
    trouble,
    selectedId,
    selected,
    byId,
    running,
    training,
    queued,
    progress,
    details,
    evaluatedEpoch,
    version,
    liveVersion,
    metrics,
    refresh,
    load,
    select,
    receive,
    titleOf,
    start,
    remove,
    resume: (id: string, checkpoint?: string) => command(() => lab.resumeRun(id, checkpoint)),
    pause: (id: string) => command(() => lab.pause(id)),
    proceed: (id: string) => command(() => lab.proceed(id)),
    singleStep: (id: string) => command(() => lab.singleStep(id)),
    moveInQueue: (id: string, place: number) => command(() => lab.moveInQueue(id, place)),
    stop: (id: string) => command(() => lab.stop(id)),
    /** whether they were kept */
    async annotate(id: string, notes: Partial<RunNotes>): Promise<boolean> {
      const kept = await ui.attempt(async () => {
        await lab.annotate(id, notes);
        return true;
      });
      await refresh();
      return kept === true;
    },
    saveCheckpoint: (checkpoint: CheckpointReference, file: string) =>
      ui.attempt(async () => {
        await lab.saveCheckpoint(checkpoint, file);
        ui.notify(`Saved “${titleOf(checkpoint.run)}” to ${file}.`);
      }),
    saveArchive: (id: string, file: string) =>
      ui.attempt(async () => {
        await lab.saveArchive(id, file);
        ui.notify(`Saved “${titleOf(id)}” with its teachers to ${file}.`);
      }),
    /** The archive's run is chosen, and where it was here already, that one. */
    async openArchive(file: string): Promise<void> {
      const reading = ui.notify(`Reading ${file}…`);
      const imported = await ui.attempt(() => lab.importArchive(file));
      ui.dismiss(reading);
      if (!imported) return;
      await refresh();
      select(imported.id);
      const { length } = imported.added;
      if (length === 0) ui.notify(`“${titleOf(imported.id)}” of ${file} is in this lab already.`);
      else if (length === 1) ui.notify(`Opened ${file}: “${titleOf(imported.id)}” is a run of this lab now.`);
      else ui.notify(`Opened ${file}: ${length} runs, “${titleOf(imported.id)}” and those that it learnt from.`);
    },
    async loadCheckpoint(file: string): Promise<void> {
      const reading = ui.notify(`Reading ${file} and evaluating it…`);
      const id = await ui.attempt(() => lab.loadCheckpoint(file));
      ui.dismiss(reading);
      if (id === undefined) return;
      await refresh();
      select(id);
      ui.notify(`Loaded ${file} as a run of its own, “${titleOf(id)}”.`);
    },
  };
});
