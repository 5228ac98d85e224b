// @vitest-environment happy-dom
import { MessageChannel } from 'node:worker_threads';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { reactive } from 'vue';

const load = () => import('../../renderer/lab');

let module: Awaited<ReturnType<typeof load>>;
const ports: { close(): void }[] = [];
const closed: Promise<void>[] = [];
/** The reasons with which a port was asked for. */
let reasons: string[];
let listeners: Parameters<typeof window.addEventListener>[];
beforeAll(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true }));
beforeEach(async () => {
  reasons = [];
  vi.stubGlobal('desktop', { askForCore: (reason: string) => reasons.push(reason) });
  vi.resetModules();
  const added = vi.spyOn(window, 'addEventListener');
  module = await load();
  listeners = [...added.mock.calls];
  added.mockRestore();
});
afterEach(async () => {
  for (const [type, listener] of listeners) window.removeEventListener(type, listener);
  ports.splice(0).forEach((port) => port.close());
  // What the module does about the closed port must not be seen by the next test.
  await Promise.all(closed.splice(0));
  vi.clearAllTimers();
  vi.unstubAllGlobals();
});

interface Question {
  readonly t: 'q';
  readonly i?: string;
  readonly m: string;
  readonly a: unknown[];
}

/** A core at the other end of a port; `answer` gives a result or throws what the core would send. */
function core(answer: (name: string, args: unknown[]) => unknown, answersHello = true) {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  closed.push(new Promise((resolve) => port2.once('close', () => resolve())));
  port1.on('message', (question: Question) => {
    if (question.t !== 'q' || question.i === undefined) return;
    const reply = { t: 's', i: question.i };
    if (question.m === 'hello' && answersHello) return port1.postMessage(reply);
    try {
      const r = answer(question.m, question.a);
      if (r !== HANGS) port1.postMessage({ ...reply, r });
    } catch (e) {
      port1.postMessage({ ...reply, e });
    }
  });
  // In Electron a port tells the end that closes it too, and at once.
  const close = port2.close.bind(port2);
  port2.close = () => {
    port2.emit('close', new Event('close'));
    close();
  };
  const event = new MessageEvent('message', { data: { type: 'core-port' } });
  Object.defineProperty(event, 'ports', { value: [port2] });
  window.dispatchEvent(event);
  return { tell: (m: string, ...a: unknown[]) => port1.postMessage({ t: 'q', m, a }) };
}
const HANGS = Symbol('never answered');

const ready = () => vi.waitFor(() => expect(module.connection.value).toBe('ready'));

function lose(): void {
  window.dispatchEvent(new MessageEvent('message', { data: { type: 'core-lost' } }));
}

describe('the client of the core', () => {
  it('keeps calls until the first port is there', async () => {
    const early = module.lab.runs();
    expect(module.connection.value).toBe('starting');
    core((name) => [name]);
    expect(await early).toEqual(['runs']);
    expect(module.connection.value).toBe('ready');
  });

  it('sends plain copies of reactive things, and typed arrays as they are', async () => {
    core((_, args) => args);
    const given = reactive({ classes: [1, 2], deep: { share: 0.5 } });
    expect(await module.lab.transferSet(given)).toEqual([{ classes: [1, 2], deep: { share: 0.5 } }]);
    const [, , sent] = (await module.lab.images('mnist', 'test', Int32Array.of(7))) as unknown as [
      string,
      string,
      Int32Array,
    ];
    expect(sent).toEqual(Int32Array.of(7));
  });

  it('makes a LabError again of what the core refused with', async () => {
    core(() => {
      throw {
        code: 'locked',
        message: 'Run 1 is busy. Stop it first.',
        what: 'Run 1 is busy.',
        remedy: 'Stop it first.',
      };
    });
    const error = await module.lab.stop('1').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'LabError', code: 'locked', what: 'Run 1 is busy.', remedy: 'Stop it first.' });
  });

  it('rejects what was asked of a core that is lost, and works again with the next one', async () => {
    core(() => HANGS);
    await ready();
    const asked = module.lab.runs().catch((thrown: unknown) => thrown);
    lose();
    expect(await asked).toMatchObject({ code: 'engine' });
    expect(module.connection.value).toBe('lost');
    expect(await module.lab.runs().catch((thrown: unknown) => thrown)).toMatchObject({ code: 'engine' });
    core(() => 'again');
    await ready();
    expect(await module.lab.runs()).toBe('again');
  });

  it('loses nothing with a port over which no core answers, and asks for another', async () => {
    expect(reasons).toEqual(['the page is there']);
    const silent: string[] = [];
    const question = module.lab.runs();
    core((name) => {
      silent.push(name);
      return HANGS;
    }, false);
    await vi.advanceTimersByTimeAsync(5000);
    expect(reasons.at(-1)).toBe('the core did not answer over its port within 5 s');
    expect(module.connection.value).toBe('starting');
    core((name) => [name]);
    expect(await question).toEqual(['runs']);
    expect(silent).toEqual(['hello']);
  });

  it('asks again for as long as no port comes, and no longer', async () => {
    await vi.advanceTimersByTimeAsync(10_000);
    expect(reasons.slice(1)).toEqual(Array(2).fill('no port came within 5 s'));
    core(() => 'answered');
    await ready();
    lose();
    expect(reasons.at(-1)).toBe('the core has stopped');
    await vi.advanceTimersByTimeAsync(5000);
    expect(reasons.at(-1)).toBe('no port came within 5 s');
    core(() => 'answered');
    await ready();
    const before = reasons.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(reasons).toHaveLength(before);
  });

  it('takes a second port once its core answers, and repeats nothing that the first was asked', async () => {
    core(() => HANGS);
    await ready();
    const first = module.lab.runs().catch((thrown: unknown) => thrown);
    core(() => 'second');
    expect(await first).toMatchObject({ code: 'engine' });
    expect(await module.lab.runs()).toBe('second');
    expect(module.connection.value).toBe('ready');
    expect(reasons).toEqual(['the page is there']);
  });

  it('passes on what the core tells, until nobody listens', async () => {
    const heard: unknown[] = [];
    const stops = [
      module.onEvaluated((run, epoch) => heard.push([run, epoch])),
      module.onEvents((events) => heard.push(events)),
      module.onRunsChanged(() => heard.push('runs changed')),
    ];
    const event = { type: 'status', run: '0001-a', status: 'running' };
    const news = { evaluated: [{ run: '0001-a', epoch: 3 }], events: [event], runsChanged: true };
    const { tell } = core(() => 'answered');
    tell('news', { evaluated: [], events: [], runsChanged: false });
    tell('news', news);
    await module.lab.runs();
    expect(heard).toEqual([['0001-a', 3], [event], 'runs changed']);
    for (const stop of stops) stop();
    tell('news', news);
    await module.lab.runs();
    expect(heard).toHaveLength(3);
  });

  it('takes no port from another frame', async () => {
    const event = new MessageEvent('message', { data: { type: 'core-port' }, source: {} as Window });
    const { port2 } = new MessageChannel();
    ports.push(port2);
    Object.defineProperty(event, 'ports', { value: [port2] });
    Object.defineProperty(event, 'source', { value: {} });
    window.dispatchEvent(event);
    expect(module.connection.value).toBe('starting');
  });
});
