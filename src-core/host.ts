/** Entry in the desktop app: ports in, RPC over each, events out. Talks to a minimal port, never to Electron's types. */
import { createBirpc } from 'birpc';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { LabError, messageOf } from './contract/errors';
import type { RunEvent } from './contract/run';
import type { CoreFunctions, WindowFunctions } from './contract/rpc';
import type { CoreListener } from './core-functions';
import { Core } from './core-functions';
import { EventBatch } from './event-batch';

interface Port {
  on(event: 'message', listener: (message: { data: unknown; ports: readonly Port[] }) => void): void;
  on(event: 'close', listener: () => void): void;
  postMessage(message: unknown): void;
  start(): void;
}

const parent = (process as unknown as { parentPort: Port }).parentPort;
const asked = process.argv.indexOf('--lab');
const folder = (asked >= 0 ? process.argv[asked + 1] : undefined) ?? join(homedir(), 'distill-lab');
const withoutTensorFlow = process.argv.includes('--without-tensorflow');

interface Connection {
  readonly batch: EventBatch;
}

const connections = new Set<Connection>();

const listener: CoreListener = {
  event: (event: RunEvent) => connections.forEach(({ batch }) => batch.add(event)),
  runsChanged: () => connections.forEach(({ batch }) => batch.addRunsChanged()),
  evaluated: (run, epoch) => connections.forEach(({ batch }) => batch.addEvaluated(run, epoch)),
  busy: (busy) => parent.postMessage({ type: 'busy', busy }),
  tensorflowTried: () => parent.postMessage({ type: 'tensorflow-tried' }),
};
const core = new Core(folder, listener, { withoutTensorFlow });

/** A structured clone of an error keeps its message alone: what a window reads is sent as a plain object. */
function plainError(error: unknown): object {
  if (!(error instanceof LabError)) console.error(error);
  const { code, what, remedy } = error instanceof LabError ? error : { code: 'engine', what: '', remedy: '' };
  return { code, message: messageOf(error), ...(what === '' ? {} : { what, remedy }) };
}

/** The functions, each of which rejects with a plain object. */
function guarded(): CoreFunctions {
  const entries = Object.entries(core.functions()).map(([name, call]) => [
    name,
    async (...args: never[]): Promise<unknown> => {
      try {
        return await (call as (...args: never[]) => unknown)(...args);
      } catch (error) {
        throw plainError(error);
      }
    },
  ]);
  return Object.fromEntries(entries) as CoreFunctions;
}

function connect(port: Port): void {
  const rpc = createBirpc<WindowFunctions, CoreFunctions>(guarded(), {
    post: (message) => port.postMessage(message),
    on: (listener) => port.on('message', ({ data }) => listener(data)),
    // A window that is busy drawing answers late; one that is gone closes its port.
    timeout: -1,
  });
  const connection: Connection = { batch: new EventBatch(rpc) };
  connections.add(connection);
  port.on('close', () => {
    connections.delete(connection);
    connection.batch.close();
    rpc.$close();
  });
  port.start();
}

parent.on('message', ({ data, ports }) => {
  const { type } = data as { type: string };
  if (type === 'connect' && ports[0]) connect(ports[0]);
  if (type === 'close') close();
  if (type === 'finish-epoch') {
    void core.finishEpochAndStop().finally(() => parent.postMessage({ type: 'finished' }));
  }
});

function close(): never {
  try {
    core.close();
  } catch (error) {
    console.error(error);
  }
  process.exit(0);
}

parent.postMessage({ type: 'ready' });
