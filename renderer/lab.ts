/** The one RPC client: the core's functions over the port that the shell hands to the window. */
import { createBirpc } from 'birpc';
import { readonly, shallowRef } from 'vue';
import { LabError } from '../src-core/contract/errors';
import type { LabErrorCode } from '../src-core/contract/errors';
import type { CoreFunctions, News, Remote, WindowFunctions } from '../src-core/contract/rpc';
import { CoreLost } from './core-lost';

type Connection = 'starting' | 'ready' | 'lost';
type Caller = (name: string, args: unknown[]) => Promise<unknown>;

/** A core that has not answered its first call by then is asked again, over another port. */
const PATIENCE_MILLISECONDS = 5000;

const state = shallowRef<Connection>('starting');
/** "starting" until a core answers, "lost" between a core that ended and the next one that answers. */
export const connection = readonly(state);

class Listeners<Args extends unknown[]> {
  readonly #callbacks = new Set<(...args: Args) => void>();

  add = (callback: (...args: Args) => void): (() => void) => {
    this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  };

  call(...args: Args): void {
    for (const callback of this.#callbacks) callback(...args);
  }
}

const events = new Listeners<[News['events']]>();
const runsChanged = new Listeners<[]>();
const evaluated = new Listeners<[run: string, epoch: number]>();

/** Each returns the function that ends the listening. */
export const onEvents = events.add;
export const onRunsChanged = runsChanged.add;
export const onEvaluated = evaluated.add;

interface Line {
  readonly call: Caller;
  readonly close: (error: Error) => void;
}

/** The one that calls take. */
let line: Line | undefined;
/** One whose core has not answered yet: nothing but its greeting was sent over it, so that nothing is lost with it. */
let candidate: Line | undefined;
let patience: ReturnType<typeof setTimeout> | undefined;
let waiting: ((caller: Caller) => void)[] = [];

/** A structured clone keeps of a thrown object less than it had: whatever arrives becomes a LabError again. */
function labError(error: unknown): LabError {
  if (error instanceof LabError) return error;
  const { code, message, what, remedy } = (error ?? {}) as Partial<LabError>;
  return new LabError((code ?? 'engine') as LabErrorCode, what ?? message ?? String(error), what ? (remedy ?? '') : '');
}

/** A reactive proxy cannot be cloned: plain copies of what is no typed array. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
}

/** Asks the shell for a port, and again for as long as no core answers. */
function ask(reason: string): void {
  clearTimeout(patience);
  patience = setTimeout(() => {
    const seconds = PATIENCE_MILLISECONDS / 1000;
    const after = candidate ? 'the core did not answer over its port' : 'no port came';
    ask(`${after} within ${seconds} s`);
  }, PATIENCE_MILLISECONDS);
  window.desktop?.askForCore(reason);
}

/** Gives up what is named of the line in use and the candidate, and asks for another port. */
function lose(reason: string, ...lost: (Line | undefined)[]): void {
  if (lost.includes(candidate)) candidate = undefined;
  if (line && lost.includes(line)) {
    line = undefined;
    state.value = 'lost';
  }
  for (const one of lost) one?.close(new CoreLost());
  ask(reason);
}

/** Calls take this port once its core has answered; until then they wait, or take the one before. */
function connect(port: MessagePort): void {
  candidate?.close(new CoreLost());
  const functions: WindowFunctions = {
    news: (news) => {
      for (const { run, epoch } of news.evaluated) evaluated.call(run, epoch);
      if (news.events.length > 0) events.call(news.events);
      if (news.runsChanged) runsChanged.call();
    },
  };
  const rpc = createBirpc<CoreFunctions, WindowFunctions>(functions, {
    post: (message) => port.postMessage(message),
    on: (listener) => port.addEventListener('message', (event) => listener(event.data)),
    // A run of many epochs may end before a call returns: no call is too long, only a core can be lost.
    timeout: -1,
  });
  let givenUp = false;
  const own: Line = {
    call: (name, args) => rpc.$call(name as keyof CoreFunctions, ...(args as never)),
    close: (error) => {
      givenUp = true;
      rpc.$close(error);
      port.close();
    },
  };
  candidate = own;
  // In Electron a port that is closed from here tells of it too, before `close` returns: only the other end's is news.
  port.addEventListener('close', () => {
    if (!givenUp) lose('the port was closed', own);
  });
  port.start();
  // Closed meanwhile: another port or a new request has taken its place.
  rpc.hello().then(
    () => accept(own),
    () => undefined,
  );
}

function accept(own: Line): void {
  if (candidate !== own) return;
  candidate = undefined;
  clearTimeout(patience);
  line?.close(new CoreLost());
  line = own;
  state.value = 'ready';
  const queue = waiting;
  waiting = [];
  for (const go of queue) go(own.call);
}

window.addEventListener('message', (event: MessageEvent<{ type?: string } | undefined>) => {
  if (event.source !== null && event.source !== window) return;
  const [port] = event.ports;
  if (event.data?.type === 'core-port' && port) connect(port);
  else if (event.data?.type === 'core-lost') lose('the core has stopped', line, candidate);
});
ask('the page is there');

async function invoke(name: string, args: unknown[]): Promise<unknown> {
  if (!line && state.value === 'lost') throw new CoreLost();
  const caller = line?.call ?? (await new Promise<Caller>((resolve) => waiting.push(resolve)));
  try {
    return await caller(name, args.map(plain));
  } catch (error) {
    throw state.value === 'lost' ? new CoreLost() : labError(error);
  }
}

export const lab = new Proxy({} as Remote<CoreFunctions>, {
  get: (_, name: string) =>
    // A promise of this object must not take it for a promise.
    name === 'then' ? undefined : (...args: unknown[]) => invoke(name, args),
});
