/** Whatever trains a study's runs, one at a time: a process of this machine, or a job of a cluster. */
import type { RunEvent } from '../contract/run';

export interface Trainer {
  /** whether it can train another run */
  readonly alive: boolean;
  /** Trains a run to its end, or to where `stop` meets it; rejects with why it could not. */
  train(run: string, listener: (event: RunEvent) => void): Promise<void>;
  /** The run under way writes a checkpoint and ends. */
  stop(): void;
  /** Nothing more will be trained. */
  end(): void;
}
