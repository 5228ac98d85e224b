/**
 * A study on Ray against the same study on this machine, two runs at once either way: `npm run bench -- ray` gives both
 * times in one sitting, in turn. Ray is a real one on the loopback address; the lab folder is shared, then fetched.
 * `-- ray EPOCHS RUNS` for other lengths than 20 epochs and 4 runs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rayPython, startRay } from '../scripts/real-ray.mjs';
import { parseStudy } from '../src-core/contract/study';
import { Lab } from '../src-core/lab';
import { RayCluster } from '../src-core/studies/ray-cluster';
import { RayTrainer } from '../src-core/studies/ray-trainer';
import { StudyRunner } from '../src-core/studies/study-runner';
import { say, tell, upTo } from './figures';

const WORKERS = 2;
const RUNS = Number(process.argv[4] ?? 4);

/** Runs of a minute and a half with one thread: a study's are longer, but for its "minutes" scale. */
const STUDY = parseStudy({
  name: 'bench',
  seeds: Array.from({ length: RUNS }, (_, at) => at + 1),
  groups: {
    baseline: {
      spec: {
        model: { kind: 'mlp', hidden: [800, 800] },
        optimiser: { kind: 'momentum', learningRate: 0.05 },
        training: { epochs: Number(process.argv[3] ?? 20) },
      },
    },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'dl-ray-'));
const program = fileURLToPath(new URL('..', import.meta.url));
const ray = await startRay(rayPython('The benchmark of studies on Ray'), join(folder, 'ray'), WORKERS);
try {
  const cluster = new RayCluster(ray.address);
  const seconds = async (name: string, engine: 'local' | 'shared' | 'fetched'): Promise<number> => {
    const lab = new Lab(join(folder, name));
    const trainer = (): RayTrainer =>
      new RayTrainer(lab, {
        cluster,
        program,
        sharedFolder: engine === 'shared' ? lab.folder : undefined,
        cpus: 1,
        gpus: 0,
      });
    const runner = new StudyRunner(lab, STUDY, { workers: WORKERS, ...(engine === 'local' ? {} : { trainer }) });
    const start = performance.now();
    await runner.run();
    const states = runner.status().map(({ state, failure }) => failure ?? state);
    if (states.some((state) => state !== 'finished')) throw new Error(states.join(', '));
    return (performance.now() - start) / 1000;
  };
  const local = await seconds('local', 'local');
  const shared = await seconds('shared', 'shared');
  const again = await seconds('again', 'local');
  const fetched = await seconds('fetched', 'fetched');
  const baseline = (local + again) / 2;
  say(`${RUNS} runs, ${WORKERS} at once: ${local.toFixed(1)} and ${again.toFixed(1)} s on this machine.`);
  const figure = (what: string, value: number) =>
    upTo(`${what} : this machine`, value / baseline, 1.1, (ratio) => ratio.toFixed(3));
  await tell('ray', [figure('Ray, folder shared', shared), figure('Ray, results fetched', fetched)]);
} finally {
  await ray.stop();
  rmSync(folder, { recursive: true, force: true });
}
