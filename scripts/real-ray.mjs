// A real Ray of this machine's own for tests and benchmarks: on the loopback address, in a folder and on ports of its own.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { ensurePython } from './python-environment.mjs';

/** @returns {Promise<number>} a port that is free now */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

const START_MILLISECONDS = 60_000;

/**
 * @param {string} url
 * @param {number} cpus
 * @returns {Promise<boolean>}
 */
async function knowsCpus(url, cpus) {
  try {
    const answer = /** @type {any} */ (await (await fetch(url)).json());
    return answer.data.clusterStatus.loadMetricsReport.usage.CPU[1] === cpus;
  } catch {
    return false;
  }
}

/**
 * @param {string} purpose what needs it, as a subject
 * @returns {string} the Python in which Ray is installed
 * @throws {import('./python-environment.mjs').PythonUnavailable}
 */
export function rayPython(purpose) {
  return ensurePython({ name: 'test-ray', purpose, requirements: ['ray[default]==2.60.0'], imports: 'import ray' });
}

/**
 * Starts Ray, and waits until its dashboard knows its CPUs.
 * @param {string} python as `rayPython` gives it
 * @param {string} folder of Ray's own, with a short path: its sockets stand below it
 * @param {number} cpus
 * @returns {Promise<{ address: string, stop: () => Promise<void> }>}
 */
export async function startRay(python, folder, cpus) {
  const [gcs, dashboard, agent, agentGrpc] = await Promise.all(Array.from({ length: 4 }, freePort));
  const head = spawn(
    join(dirname(python), 'ray'),
    [
      ...['start', '--head', '--block', '--disable-usage-stats', `--num-cpus=${cpus}`, '--node-ip-address=127.0.0.1'],
      ...[`--port=${gcs}`, '--dashboard-host=127.0.0.1', `--dashboard-port=${dashboard}`, `--temp-dir=${folder}`],
      ...[`--dashboard-agent-listen-port=${agent}`, `--dashboard-agent-grpc-port=${agentGrpc}`],
    ],
    {
      stdio: 'ignore',
      detached: true,
      // What a job runs is this Node.
      env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
    },
  );
  const stop = async () => {
    head.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    try {
      if (head.pid !== undefined) process.kill(-head.pid, 'SIGKILL');
    } catch {
      // It has ended with all that it started.
    }
  };
  const until = Date.now() + START_MILLISECONDS;
  while (!(await knowsCpus(`http://127.0.0.1:${dashboard}/api/cluster_status`, cpus))) {
    if (Date.now() > until) {
      await stop();
      throw new Error('Ray did not start within a minute.');
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return {
    address: `127.0.0.1:${dashboard}`,
    stop,
  };
}
