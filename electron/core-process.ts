/** The core's process: started, watched, and started again when it crashes. Nothing that it computes passes here. */
import type { MessagePortMain, UtilityProcess } from 'electron';
import { MessageChannelMain, utilityProcess } from 'electron';
import { join } from 'node:path';

/** The first restart is at once; one that crashes again soon waits longer, so that a broken core does not spin. */
const RESTART_MILLISECONDS = [200, 1000, 2500] as const;
/** A core that lived so long has recovered. */
const STEADY_MILLISECONDS = 30_000;
/** So long the core may take to close. */
const CLOSE_MILLISECONDS = 2000;

export interface CoreListeners {
  /** what it writes to its output */
  output(text: string): void;
  /** it ended without being asked; it starts again by itself */
  lost(reason: string): void;
  /** it listens, for the first time or again: windows need a port */
  ready(): void;
}

interface CoreMessage {
  readonly type: 'ready' | 'busy' | 'finished' | 'tensorflow-tried';
  readonly busy?: boolean;
}

export class CoreProcess {
  private child: UtilityProcess | undefined;
  private started = 0;
  private crashes = 0;
  private quitting = false;
  private restarting = false;
  private finished: (() => void) | undefined;
  private training = false;
  private listening = false;
  /** a core that ended before this was ended by TensorFlow: the next one does without it */
  private tensorflowTried = false;
  private withoutTensorFlow = false;

  /** @param lab the lab folder */
  constructor(
    private readonly lab: string,
    private readonly listeners: CoreListeners,
  ) {
    this.start();
  }

  /** Whether a run is being trained or waits for its turn. */
  get busy(): boolean {
    return this.training;
  }

  private start(): void {
    this.started = Date.now();
    this.tensorflowTried = false;
    const flags = this.withoutTensorFlow ? ['--without-tensorflow'] : [];
    const child = utilityProcess.fork(join(__dirname, 'host.cjs'), ['--lab', this.lab, ...flags], {
      serviceName: 'Distill Lab core',
      stdio: 'pipe',
      env: { TF_CPP_MIN_LOG_LEVEL: '2', ...process.env },
    });
    child.stdout?.on('data', (data: Buffer) => this.listeners.output(data.toString()));
    child.stderr?.on('data', (data: Buffer) => this.listeners.output(data.toString()));
    child.on('message', (message: CoreMessage) => {
      if (message.type === 'ready') {
        this.listening = true;
        this.listeners.ready();
      } else if (message.type === 'busy') this.training = message.busy === true;
      else if (message.type === 'tensorflow-tried') this.tensorflowTried = true;
      else this.finished?.();
    });
    child.once('exit', (code) => this.ended(code));
    this.child = child;
  }

  private ended(code: number): void {
    this.child = undefined;
    this.listening = false;
    this.training = false;
    this.finished?.();
    if (this.quitting) return;
    if (Date.now() - this.started > STEADY_MILLISECONDS) this.crashes = 0;
    this.withoutTensorFlow ||= !this.tensorflowTried && !this.restarting;
    const delay = RESTART_MILLISECONDS[Math.min(this.crashes, RESTART_MILLISECONDS.length - 1)]!;
    this.crashes += 1;
    this.listeners.lost(
      this.restarting ? 'The core is started anew.' : `The core ended unexpectedly (exit code ${code}).`,
    );
    this.restarting = false;
    setTimeout(() => {
      if (this.quitting) return;
      this.start();
    }, delay);
  }

  /** A port to the core, for one window; undefined while it does not listen: what is sent to it then gets lost. */
  connect(): MessagePortMain | undefined {
    if (!this.child || !this.listening) return undefined;
    const { port1, port2 } = new MessageChannelMain();
    this.child.postMessage({ type: 'connect' }, [port1]);
    return port2;
  }

  /** Starts another core in the place of one that trains nothing: it loads TensorFlow as it is now. */
  restart(): void {
    this.crashes = 0;
    this.withoutTensorFlow = false;
    this.restarting = true;
    this.child?.kill();
  }

  /** Stops what is trained at its epoch's end; resolves when its checkpoint is written. */
  async finishEpoch(): Promise<void> {
    if (!this.child || !this.training) return;
    const done = new Promise<void>((resolve) => (this.finished = resolve));
    this.child.postMessage({ type: 'finish-epoch' });
    await done;
  }

  /** Ends the core for good, once it has put its house in order; one that does not is killed. */
  async end(): Promise<void> {
    this.quitting = true;
    const { child } = this;
    if (!child) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const late = setTimeout(() => child.kill(), CLOSE_MILLISECONDS);
    child.postMessage({ type: 'close' });
    await ended;
    clearTimeout(late);
  }
}
