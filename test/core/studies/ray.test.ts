/** Jobs of a cluster, against a server that answers as Ray's Jobs interface does; see exchange/ray.test.ts for the real one. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Lab } from '../../../src-core/lab';
import type { Run } from '../../../src-core/experiments/run-store';
import { RayCluster, quoted } from '../../../src-core/studies/ray-cluster';
import { RayTrainer } from '../../../src-core/studies/ray-trainer';
import { expectLabError, rejectionOf, thrownBy } from '../lab-error';
import { eventsOf } from '../small-lab';

const folder = mkdtempSync(join(tmpdir(), 'distill-lab-ray-jobs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const lab = new Lab(join(folder, 'lab'));

interface FakeJob {
  status: 'PENDING' | 'RUNNING' | 'STOPPED' | 'SUCCEEDED' | 'FAILED';
  exitCode: number | null;
  logs: string;
  body: { entrypoint: string; runtime_env: { env_vars: Record<string, string> }; [key: string]: unknown };
}

const jobs = new Map<string, FakeJob>();
const submitted: string[] = [];
/** what happens once a job is handed in */
let begin: (job: FakeJob, attempt: number) => Promise<void>;
let answer: ((path: string) => { status: number; text: string } | undefined) | undefined;
let token: string | undefined;

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const reply = (status: number, body: unknown): void => {
      response.writeHead(status);
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    };
    const { url = '', method } = request;
    const odd = answer?.(url);
    if (odd) return reply(odd.status, odd.text);
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) return reply(401, 'no');
    // As Ray does it.
    if (request.headers['sec-fetch-mode']) return reply(405, 'method not allowed for browser traffic');
    if (url === '/api/version') return reply(200, { version: '4', ray_version: '2.60.0' });
    if (url === '/api/jobs/' && method === 'POST') {
      const body = JSON.parse(Buffer.concat(parts).toString()) as FakeJob['body'] & { submission_id: string };
      const id = body.submission_id;
      if (jobs.has(id)) return reply(500, `Traceback\nValueError: Job with submission_id ${id} already exists.`);
      const job: FakeJob = { status: 'RUNNING', exitCode: null, logs: '', body };
      jobs.set(id, job);
      submitted.push(id);
      void begin(job, submitted.length);
      return reply(200, { submission_id: id });
    }
    const [, id, what] = /^\/api\/jobs\/([^/]+)(?:\/(\w+))?$/.exec(url) ?? [];
    const job = id === undefined ? undefined : jobs.get(decodeURIComponent(id));
    if (!job) return reply(404, `Job ${id} does not exist`);
    if (what === 'stop') {
      job.status = 'STOPPED';
      return reply(200, { stopped: true });
    }
    if (what === 'logs') return reply(200, { logs: job.logs });
    return reply(200, { status: job.status, message: 'so it is', driver_exit_code: job.exitCode });
  });
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
afterAll(() => server.close());
const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

let run: Run;
beforeEach(async () => {
  run = await lab.create({
    data: { share: 0.01 },
    model: { kind: 'mlp', hidden: [8] },
    optimiser: { kind: 'momentum', learningRate: 0.05 },
    training: { epochs: 2 },
  });
  begin = async (job) => {
    await eventsOf(await lab.activate(lab.open(run.id)));
    job.status = 'SUCCEEDED';
    job.exitCode = 0;
  };
});
afterEach(() => {
  jobs.clear();
  submitted.length = 0;
  answer = undefined;
  token = undefined;
});

const trainer = (given?: string): RayTrainer =>
  new RayTrainer(lab, {
    cluster: new RayCluster(address, given),
    program: '/opt/the lab',
    sharedFolder: '/mnt/lab',
    cpus: 2,
    gpus: 0.5,
    every: 10,
  });

describe('a run as a job', () => {
  it('is the lab’s own command with its CPUs, GPUs and name, and tells its epochs', async () => {
    const epochs: number[] = [];
    await trainer().train(run.id, (event) => {
      if (event.type === 'epoch') epochs.push(event.record.epoch);
    });
    expect(epochs).toEqual([1, 2]);
    expect(lab.open(run.id).status).toBe('finished');
    const { body } = [...jobs.values()][0]!;
    expect(body).toMatchObject({ entrypoint_num_cpus: 2, entrypoint_num_gpus: 0.5, metadata: { run: run.id } });
    expect(body.entrypoint).toBe(
      `exec 'node' '/opt/the lab/scripts/lab.mjs' 'resume' '${run.id}' '--lab' '/mnt/lab' '--json'`,
    );
    expect(body.runtime_env.env_vars).toMatchObject({ TF_NUM_INTRAOP_THREADS: '2', RAY_JOB_STOP_WAIT_TIME_S: '60' });
  });

  it('that is lost with its node is handed in again, under another name', async () => {
    const whole = begin;
    begin = async (job, attempt) => {
      if (attempt === 3) return whole(job, attempt);
      // A killed program has no code of its own, a lost node none at all.
      job.status = 'FAILED';
      job.exitCode = attempt === 1 ? -9 : null;
    };
    await trainer().train(run.id, () => undefined);
    expect(submitted).toHaveLength(3);
    expect(new Set(submitted).size).toBe(3);
  });

  it('is given up where it is lost again and again', async () => {
    begin = async (job) => void (job.status = 'FAILED');
    const error = await rejectionOf(trainer().train(run.id, () => undefined));
    expect((error as Error).message).toContain('lost with its node 4 times');
    expect(submitted).toHaveLength(4);
  });

  it('that says why it cannot train is not tried again', async () => {
    begin = async (job) => {
      job.status = 'FAILED';
      job.exitCode = 9;
      job.logs = 'chatter\n{"error":{"code":"engine","message":"TensorFlow is missing on this node."}}\n';
    };
    const error = await rejectionOf(trainer().train(run.id, () => undefined));
    expect((error as Error).message).toBe('TensorFlow is missing on this node.');
    expect(submitted).toHaveLength(1);
  });

  it('is never there twice: one that another sitting handed in is watched to its end', async () => {
    let end: () => void = () => undefined;
    const whole = begin;
    begin = async (job, attempt) => {
      await new Promise<void>((resolve) => (end = resolve));
      await whole(job, attempt);
    };
    const both = [trainer().train(run.id, () => undefined)];
    await expect.poll(() => submitted.length).toBe(1);
    both.push(trainer().train(run.id, () => undefined));
    await new Promise((resolve) => setTimeout(resolve, 50));
    end();
    await Promise.all(both);
    expect(submitted).toHaveLength(1);
  });

  it('is stopped with the study', async () => {
    begin = async () => undefined;
    const one = trainer();
    const ended = one.train(run.id, () => undefined);
    await expect.poll(() => submitted.length).toBe(1);
    one.stop();
    await ended;
    expect([...jobs.values()][0]!.status).toBe('STOPPED');
    expect(submitted).toHaveLength(1);
  });

  it('of a data set of one’s own is not sent to nodes that share no folder', async () => {
    const own = { ...run.spec, data: { ...run.spec.data, dataset: 'own' } };
    const one = new RayTrainer(
      {
        folder: lab.folder,
        open: () => ({ ...run, id: run.id, spec: own, metrics: () => [], record: run.record }),
      } as unknown as Lab,
      { cluster: new RayCluster(address), program: '/', sharedFolder: undefined, cpus: 1, gpus: 0, every: 10 },
    );
    expectLabError(await rejectionOf(one.train(run.id, () => undefined)), 'incompatible', 'data set own');
  });
});

describe('a cluster', () => {
  it('is told its token, and says where it comes from when it is missing or wrong', async () => {
    token = 'secret';
    expect(await new RayCluster(address, 'secret').version()).toBe('2.60.0');
    expectLabError(
      await rejectionOf(new RayCluster(address).version()),
      'engine',
      'asks for a token',
      'RAY_AUTH_TOKEN',
    );
    const wrong = await rejectionOf(new RayCluster(address, 'guess').version());
    expect(expectLabError(wrong, 'engine', 'does not take this token').message).not.toContain('guess');
  });

  it('that is not there, or is no cluster, is named with the way out', async () => {
    expectLabError(
      await rejectionOf(new RayCluster('127.0.0.1:1').version()),
      'engine',
      'http://127.0.0.1:1',
      'ECONNREFUSED',
    );
    answer = () => ({ status: 200, text: '<html>' });
    expectLabError(await rejectionOf(new RayCluster(address).version()), 'engine', 'does not answer as Ray does');
    answer = () => ({ status: 500, text: 'Traceback\nValueError: too much.' });
    expectLabError(await rejectionOf(new RayCluster(address).version()), 'engine', '500: ValueError: too much.');
    for (const wrong of ['http://', 'http://user:word@head:8265', 'head:8265?x=1']) {
      expectLabError(
        thrownBy(() => new RayCluster(wrong)),
        'bad-input',
        'no address',
      );
    }
    expect(new RayCluster('head:8265/').address).toBe('http://head:8265');
  });
});

it('quotes words so that a shell reads them back as they are', () => {
  fc.assert(
    fc.property(
      fc.string().filter((word) => !word.includes('\0')),
      (word) => {
        expect(execFileSync('/bin/sh', ['-c', `printf %s ${quoted(word)}`]).toString()).toBe(word);
      },
    ),
    { numRuns: 50 },
  );
  expect(execFileSync('/bin/sh', ['-c', `printf %s ${quoted(`a'b"$(id)\`id\`;&|\\\n*`)}`]).toString()).toBe(
    `a'b"$(id)\`id\`;&|\\\n*`,
  );
});
