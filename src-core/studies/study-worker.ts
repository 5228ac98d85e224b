/** A process that trains runs of a study, one at a time, as its parent names them. Gone with its parent. */
import { messageOf } from '../contract/errors';
import type { RunEvent } from '../contract/run';
import type { ActiveRun } from '../experiments/training-run';
import { Lab } from '../lab';

/** From the parent. */
export type WorkerOrder = { readonly train: string } | { readonly stop: true };

/** To the parent: what happens in a run, and that the order to train it is carried out. */
export type WorkerNews = { readonly event: RunEvent } | { readonly done: string; readonly failure?: string };

const lab = new Lab(process.argv[2]!);
let active: ActiveRun | undefined;
let stopping = false;

function tell(news: WorkerNews): void {
  if (process.connected) process.send!(news);
}

function stop(): void {
  stopping = true;
  active?.session.stop();
}

async function train(id: string): Promise<void> {
  try {
    active = await lab.activate(lab.open(id));
    if (stopping) active.session.stop();
    for await (const event of active.events()) tell({ event });
    tell({ done: id });
  } catch (error) {
    tell({ done: id, failure: messageOf(error) });
  } finally {
    active = undefined;
    if (!process.connected) process.exit();
  }
}

process.on('message', (order: WorkerOrder) => {
  if ('train' in order) void train(order.train);
  else stop();
});
// A killed parent leaves its runs at a checkpoint, from which the study goes on.
process.on('disconnect', () => (active ? stop() : process.exit()));
// Ctrl-C reaches every process of a terminal; the parent says what is to happen.
process.on('SIGINT', () => undefined);
