/** Stands for renderer/lab.ts: calls are answered by the test, and events come when it says so. */
import type { Pinia } from 'pinia';
import { createPinia, disposePinia, setActivePinia } from 'pinia';
import { ref } from 'vue';
import { vi } from 'vitest';
import type { RunEvent } from '../../src-core/contract/run';
import type { RunSummary } from '../../src-core/contract/rpc';

export const answers: Record<string, (...args: never[]) => unknown> = {};
export const calls: [name: string, ...args: unknown[]][] = [];
export const connection = ref<'starting' | 'ready' | 'lost'>('starting');

const listeners = { events: vi.fn(), runsChanged: vi.fn(), evaluated: vi.fn() };

export const tell = {
  events: (events: readonly RunEvent[]) => listeners.events.mock.calls.forEach(([call]) => call(events)),
  runsChanged: () => listeners.runsChanged.mock.calls.forEach(([call]) => call()),
  evaluated: (run: string, epoch: number) => listeners.evaluated.mock.calls.forEach(([call]) => call(run, epoch)),
};

/** What the module exports. */
export const double = {
  connection,
  onEvents: listeners.events,
  onRunsChanged: listeners.runsChanged,
  onEvaluated: listeners.evaluated,
  lab: new Proxy(
    {},
    {
      get:
        (_, name: string) =>
        async (...args: never[]) => {
          calls.push([name, ...args]);
          return answers[name]?.(...args);
        },
    },
  ),
};

let pinia: Pinia | undefined;

/** Before each test: no answers, no core, and stores of its own. */
export function reset(): void {
  if (pinia) disposePinia(pinia);
  setActivePinia((pinia = createPinia()));
  for (const name of Object.keys(answers)) Reflect.deleteProperty(answers, name);
  calls.length = 0;
  connection.value = 'starting';
  for (const listener of Object.values(listeners)) listener.mockReset();
}

export function summary(id: string, changes: Partial<RunSummary> = {}): RunSummary {
  return {
    id,
    notes: { title: `run ${id}`, tags: [], note: '', star: false },
    status: 'finished',
    createdAt: '2024-01-02T03:04:05.000Z',
    model: '784-800-10',
    objective: 'hard',
    seed: 1,
    epoch: 2,
    epochs: 2,
    teachers: [],
    ...changes,
  };
}

/** Lets every answer that is there arrive. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
}
