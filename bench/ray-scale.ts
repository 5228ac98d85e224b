/**
 * What a large study costs a cluster, on paper: `npm run bench -- ray-scale [RUNS] [NODES]` simulates it second by second,
 * with what was measured of one Ray head (see docs/ray.md), and says which part is busy first. Nodes are lost at random,
 * and their runs go on from their last checkpoints.
 */
import { Random } from '../src-core/random';
import { pollMilliseconds } from '../src-core/studies/ray-connection';
import { renderTable } from '../src-core/terminal/table';

/** Of one Ray 2.60 head on two cores of an AMD EPYC, measured by `npm run bench -- ray`'s cluster. */
const MEASURED = {
  /** the dashboard, one job's state after the other */
  pollMilliseconds: 2.5,
  /** one job handed in, until Ray has taken it */
  submitMilliseconds: 14,
  /** from there to the first training step: a process, Node, TensorFlow, MNIST */
  startSeconds: 6,
};

/** Of the paper's student on one core: 20 epochs, checkpoints of weights and velocity, two kept and the best. */
const RUN = { seconds: 600, epochs: 20, checkpointMegabytes: 10.2, kept: 3, files: 12 };

const HOURS_BETWEEN_LOSSES = 500;

interface Cluster {
  readonly runs: number;
  readonly nodes: number;
  readonly slotsPerNode: number;
}

interface Cost {
  readonly hours: number;
  readonly requests: number;
  readonly busiest: number;
  /** share of the dashboard's time, in the busiest minute */
  readonly dashboard: number;
  readonly lost: number;
  readonly repeatedHours: number;
  readonly files: number;
  readonly gigabytes: number;
  /** megabytes a second into the shared folder, over the whole time */
  readonly writing: number;
  /** of base64 through the head where nothing is shared */
  readonly fetchedGigabytes: number;
}

interface Slot {
  readonly node: number;
  /** second at which its run ends; −1 for none */
  ends: number;
  left: number;
  begun: number;
}

function simulate({ runs, nodes, slotsPerNode }: Cluster): Cost {
  const random = new Random(1, 'ray scale');
  const most = Math.min(1024, nodes * slotsPerNode);
  const every = pollMilliseconds(most) / 1000;
  const slots: Slot[] = Array.from({ length: most }, (_, at) => ({
    node: Math.floor(at / slotsPerNode) % nodes,
    ends: -1,
    left: 0,
    begun: 0,
  }));
  const epoch = RUN.seconds / RUN.epochs;
  /** runs that wait, each by what is left of it */
  const waiting = Array.from({ length: runs }, () => RUN.seconds * (0.75 + 0.5 * random.uniform()));
  let [second, done, requests, busiest, dashboard, lost, repeated, writes] = [0, 0, 0, 0, 0, 0, 0, 0];
  const minute: number[] = [];
  for (; done < runs; second++) {
    let busy = 0;
    let asked = 0;
    // A dashboard that is busy with submissions takes no more of them.
    let submissions = Math.floor(1000 / MEASURED.submitMilliseconds);
    for (const slot of slots) {
      if (slot.ends >= 0 && second >= slot.ends) {
        slot.ends = -1;
        done += 1;
        writes += RUN.epochs;
      }
      if (slot.ends < 0 && waiting.length > 0 && submissions > 0) {
        submissions -= 1;
        slot.left = waiting.pop()!;
        slot.begun = second + MEASURED.startSeconds;
        slot.ends = slot.begun + slot.left;
        // Is there such a job already? Then it is handed in.
        busy += MEASURED.pollMilliseconds + MEASURED.submitMilliseconds;
        asked += 2;
      }
    }
    const running = slots.filter(({ ends }) => ends >= 0).length;
    asked += running / every;
    busy += (running / every) * MEASURED.pollMilliseconds;
    if (random.uniform() < nodes / (3600 * HOURS_BETWEEN_LOSSES)) {
      const node = random.below(nodes);
      for (const slot of slots) {
        if (slot.node !== node || slot.ends < 0) continue;
        lost += 1;
        const trained = Math.max(0, second - slot.begun);
        repeated += trained % epoch;
        waiting.push(slot.left - trained + (trained % epoch));
        slot.ends = -1;
      }
    }
    requests += asked;
    busiest = Math.max(busiest, asked);
    minute.push(busy / 1000);
    if (minute.length > 60) minute.shift();
    dashboard = Math.max(dashboard, minute.reduce((sum, share) => sum + share, 0) / 60);
  }
  return {
    hours: second / 3600,
    requests,
    busiest,
    dashboard,
    lost,
    repeatedHours: repeated / 3600,
    files: runs * RUN.files,
    gigabytes: (runs * RUN.kept * RUN.checkpointMegabytes) / 1000,
    writing: (writes * RUN.checkpointMegabytes) / second,
    fetchedGigabytes: (runs * RUN.kept * RUN.checkpointMegabytes * 4) / 3 / 1000,
  };
}

const [runs, nodes] = [Number(process.argv[3] ?? 5000), Number(process.argv[4] ?? 200)];
const columns = [1, 4, 8].map((slotsPerNode) => ({ slotsPerNode, cost: simulate({ runs, nodes, slotsPerNode }) }));
const row = (what: string, of: (cost: Cost) => number, digits = 0): string[] => [
  what,
  ...columns.map(({ cost }) => of(cost).toLocaleString('en-GB', { maximumFractionDigits: digits })),
];
process.stdout.write(
  `${renderTable(
    [
      { title: `${runs} runs on ${nodes} nodes, runs on each` },
      ...columns.map(({ slotsPerNode }) => ({ title: String(slotsPerNode), align: 'right' as const })),
    ],
    [
      row('hours', ({ hours }) => hours, 1),
      row('requests to the dashboard', ({ requests }) => requests),
      row('requests in the busiest second', ({ busiest }) => busiest),
      row('dashboard busy in the busiest minute, %', ({ dashboard }) => 100 * dashboard, 1),
      row('runs that lost their node', ({ lost }) => lost),
      row('hours trained twice for it', ({ repeatedHours }) => repeatedHours, 1),
      row('files in the lab folder', ({ files }) => files),
      row('GB in the lab folder', ({ gigabytes }) => gigabytes),
      row('MB a second written to it', ({ writing }) => writing),
      row('GB through the head where results are fetched', ({ fetchedGigabytes }) => fetchedGigabytes),
    ],
  ).join('\n')}\n`,
);
