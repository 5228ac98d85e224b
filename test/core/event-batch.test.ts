import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { News } from '../../src-core/contract/rpc';
import type { EpochRecord, RunEvent } from '../../src-core/contract/run';
import { EventBatch } from '../../src-core/event-batch';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

interface Message extends News {
  /** milliseconds since the window was there */
  readonly at: number;
}

/** A window that keeps what it is told, and answers as it is made to. */
function windowThat(answers: () => Promise<void>) {
  const messages: Message[] = [];
  const began = performance.now();
  const batch = new EventBatch({
    news: (news) => {
      messages.push({ ...news, at: performance.now() - began });
      return answers();
    },
  });
  const events = () => messages.flatMap((message) => message.events);
  return { batch, messages, events };
}

const atOnce = () => Promise.resolve();

function progress(step: number, run = '0001-a'): RunEvent {
  const pace = { loss: 1, learningRate: 0.1, stepMilliseconds: 5, imagesPerSecond: 1, secondsLeft: 1 };
  return { type: 'progress', run, epoch: 1, epochs: 100, step, totalSteps: 1000, ...pace };
}

function epoch(number: number, run = '0001-a'): RunEvent {
  return { type: 'epoch', run, record: { epoch: number } as EpochRecord };
}

function epochsIn(events: readonly RunEvent[]): number[] {
  return events.flatMap((event) => (event.type === 'epoch' ? [event.record.epoch] : []));
}

/** The most messages within any second. */
function mostInASecond(messages: readonly Message[]): number {
  return Math.max(...messages.map(({ at }) => messages.filter((m) => m.at >= at && m.at < at + 1000).length));
}

describe('what a window is told', () => {
  it('comes at once when all was quiet', async () => {
    const { batch, messages } = windowThat(atOnce);
    batch.add(epoch(1));
    await vi.advanceTimersByTimeAsync(0);
    expect(messages).toEqual([{ at: 0, events: [epoch(1)], evaluated: [], runsChanged: false }]);
  });

  it('comes in at most 20 messages a second, whatever happens meanwhile, and loses no epoch', async () => {
    const { batch, messages, events } = windowThat(atOnce);
    for (let step = 1; step <= 3000; step++) {
      batch.add(progress(step));
      if (step % 10 === 0) {
        batch.add(epoch(step / 10));
        batch.addEvaluated('0001-a', step / 10);
        batch.addRunsChanged();
      }
      await vi.advanceTimersByTimeAsync(1);
    }
    await vi.advanceTimersByTimeAsync(1000);
    expect(mostInASecond(messages)).toBe(20);
    expect(epochsIn(events())).toEqual(Array.from({ length: 300 }, (_, at) => at + 1));
    expect(events().findLast(({ type }) => type === 'progress')).toEqual(progress(3000));
    expect(messages.findLast(({ evaluated }) => evaluated.length > 0)?.evaluated).toEqual([
      { run: '0001-a', epoch: 300 },
    ]);
    expect(messages.at(-1)!.runsChanged).toBe(true);
  });

  it('waits for a window that is slow, and keeps for it every epoch and each run’s newest progress', async () => {
    let answer = (): void => undefined;
    const { batch, messages } = windowThat(() => new Promise((resolve) => (answer = resolve)));
    batch.add(progress(0));
    await vi.advanceTimersByTimeAsync(0);
    for (let step = 1; step <= 1000; step++) {
      batch.add(progress(step));
      batch.add(progress(step, '0002-b'));
      if (step % 100 === 0) batch.add(epoch(step / 100));
      await vi.advanceTimersByTimeAsync(10);
    }
    batch.addEvaluated('0001-a', 9);
    batch.addEvaluated('0001-a', 10);
    expect(messages).toHaveLength(1);
    answer();
    await vi.advanceTimersByTimeAsync(0);
    expect(messages).toHaveLength(2);
    const { events, evaluated } = messages[1]!;
    expect(epochsIn(events)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(events.filter(({ type }) => type === 'progress')).toEqual([progress(1000), progress(1000, '0002-b')]);
    expect(evaluated).toEqual([{ run: '0001-a', epoch: 10 }]);
  });

  it('keeps its order: the progress after an epoch does not come before it', async () => {
    const { batch, events } = windowThat(atOnce);
    const told = [epoch(1), progress(11), { type: 'status', run: '0001-a', status: 'finished' } as const];
    for (const event of [progress(10), ...told]) batch.add(event);
    await vi.advanceTimersByTimeAsync(0);
    expect(events()).toEqual(told);
  });

  it('goes on after a window that failed, and ends with one that is gone', async () => {
    const { batch, events } = windowThat(() => Promise.reject(new Error('cannot draw')));
    batch.add(epoch(1));
    await vi.advanceTimersByTimeAsync(0);
    batch.add(epoch(2));
    await vi.advanceTimersByTimeAsync(50);
    expect(epochsIn(events())).toEqual([1, 2]);
    batch.add(epoch(3));
    batch.close();
    batch.add(epoch(4));
    await vi.advanceTimersByTimeAsync(1000);
    expect(epochsIn(events())).toEqual([1, 2]);
  });
});
