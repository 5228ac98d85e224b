/** From what a person says of a cluster to what trains a study's runs there: checked, and asked whether it is there. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LabError } from '../contract/errors';
import type { ClusterChoice } from '../contract/rpc';
import type { Lab } from '../lab';
import { RayCluster } from './ray-cluster';
import type { RayOptions } from './ray-trainer';
import { RayTrainer } from './ray-trainer';
import type { Trainer } from './trainer';

/** Jobs of a study in a cluster at once. */
export const MOST_JOBS = 1024;

const LEAST_POLL_MILLISECONDS = 1000;
/** Questions a second, of all runs together, that a dashboard is asked at most. */
const POLLS_A_SECOND = 100;

/** Between two looks at one job, where so many are looked at. */
export function pollMilliseconds(workers: number): number {
  return Math.max(LEAST_POLL_MILLISECONDS, (1000 * workers) / POLLS_A_SECOND);
}

export interface RayConnection {
  readonly address: string;
  readonly version: string;
  /** of all nodes together */
  readonly cpus: number;
  /** runs at once */
  readonly workers: number;
  readonly trainer: () => Trainer;
}

/** The folder of this checkout, above this file; undefined in a package. */
function checkout(): string | undefined {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'scripts', 'lab.mjs'))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

function amount(value: number | undefined, name: string, least: number, standard: number): number {
  if (value === undefined) return standard;
  if (value >= least && value <= MOST_JOBS) return value;
  throw new LabError('bad-input', `${name} for each run must be a number, ${least} to ${MOST_JOBS}.`);
}

/**
 * @param choice whose runs at once are as many as the cluster has CPUs for, if it does not say
 * @throws LabError `bad-input` that names the field, `engine` when nobody answers or a token is wanted
 */
export async function connectRay(lab: Lab, choice: ClusterChoice): Promise<RayConnection> {
  const cpus = amount(choice.cpus, 'CPUs', 0.1, 1);
  const gpus = amount(choice.gpus, 'GPUs', 0, 0);
  if (choice.fetch && choice.nodeLab) {
    throw new LabError('bad-input', 'Nodes share the lab folder, or results are fetched: not both.');
  }
  const program = choice.nodeProgram || checkout();
  if (!program) {
    throw new LabError('bad-input', 'The nodes need the lab.', 'Say in which folder they have its checkout.');
  }
  const cluster = new RayCluster(choice.address, choice.token || process.env['RAY_AUTH_TOKEN'] || undefined);
  const version = await cluster.version();
  const all = (await cluster.cpus()) ?? 1;
  const workers = choice.workers ?? Math.min(MOST_JOBS, Math.max(1, Math.floor(all / cpus)));
  const options: RayOptions = {
    cluster,
    program,
    sharedFolder: choice.fetch ? undefined : choice.nodeLab || lab.folder,
    cpus,
    gpus,
    every: pollMilliseconds(workers),
  };
  return {
    address: cluster.address,
    version,
    cpus: all,
    workers,
    trainer: () => new RayTrainer(lab, options),
  };
}
