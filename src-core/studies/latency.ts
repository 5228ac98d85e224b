/** How long one image takes, measured once a run and kept: a scorecard put together twice is the same. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, writeAtomically } from '../data/atomic-write';
import { drawUnshifted } from '../data/jitter';
import type { Run } from '../experiments/run-store';
import { METHOD } from '../contract/run';
import { expandStudy } from '../contract/study';
import type { Lab } from '../lab';
import type { ClaimedStudy } from './claim';
import { findCells } from './study-cells';

const WARM_UP = 50;
const IMAGES = 300;

function fileOf(folder: string): string {
  return join(folder, 'studies', 'milliseconds-an-image.json');
}

/** Milliseconds by run; what cannot be read is measured anew. */
export function readLatencies(folder: string): Record<string, number> {
  const file = fileOf(folder);
  if (!existsSync(file)) return {};
  try {
    const entries = Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>);
    return Object.fromEntries(entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
  } catch {
    return {};
  }
}

/** Median time of one test image through a run's last network, one at a time, in milliseconds. */
async function measureLatency(lab: Lab, run: Run): Promise<number> {
  const { test, side } = lab.dataset(run);
  const model = await lab.model(run, run.checkpoint().name);
  try {
    const times: number[] = [];
    for (let image = 0; image < WARM_UP + IMAGES; image++) {
      const pixels = drawUnshifted(test.images, side, [image], run.spec.data.normalisation);
      const start = performance.now();
      model.logits(pixels);
      times.push(performance.now() - start);
    }
    const measured = times.slice(WARM_UP).sort((first, second) => first - second);
    return measured[Math.floor(IMAGES / 2)]!;
  } finally {
    model.dispose();
  }
}

/** Measures what claims need of the finished runs that were not measured yet. Nothing else should run meanwhile. */
export async function measureLatencies(lab: Lab, { study, claims }: ClaimedStudy): Promise<void> {
  const timed = new Set(claims.filter(({ latency }) => latency).flatMap(({ groups }) => groups));
  const cells = expandStudy(study);
  const found = findCells(
    cells,
    lab.runs().filter((run): run is Run => 'spec' in run),
    METHOD,
  );
  const runs = cells.flatMap(({ key, group }) => {
    const run = found.get(key);
    return timed.has(group) && run?.status === 'finished' ? [run] : [];
  });
  const known = readLatencies(lab.folder);
  const left = runs.filter(({ id }) => known[id] === undefined);
  if (left.length === 0) return;
  for (const run of left) known[run.id] = await measureLatency(lab, run);
  makeFolder(join(lab.folder, 'studies'));
  await writeAtomically(fileOf(lab.folder), `${JSON.stringify(known, undefined, 2)}\n`);
}
