/** Ray's Jobs interface (Ray 2.x, "Ray Jobs REST API"), as far as a study needs it. */
import http from 'node:http';
import https from 'node:https';
import * as v from 'valibot';
import { LabError, messageOf } from '../contract/errors';

const REQUEST_MILLISECONDS = 30_000;

/** What a job is given, and what it runs. */
export interface JobRequest {
  /** its name: a second job of the same name is refused by Ray */
  readonly id: string;
  /** words of the command; no shell reads more into them */
  readonly words: readonly string[];
  readonly cpus: number;
  readonly gpus: number;
  readonly environment: Readonly<Record<string, string>>;
  /** a package that `upload` gave, unpacked into the job's working folder */
  readonly workingFolder?: string;
  readonly metadata: Readonly<Record<string, string>>;
}

const JobSchema = v.object({
  status: v.picklist(['PENDING', 'RUNNING', 'STOPPED', 'SUCCEEDED', 'FAILED']),
  message: v.nullish(v.string(), ''),
  driver_exit_code: v.nullish(v.number()),
});

export interface Job {
  readonly status: 'PENDING' | 'RUNNING' | 'STOPPED' | 'SUCCEEDED' | 'FAILED';
  readonly message: string;
  /** of its command; null where it did not come to its end, or its node is gone */
  readonly exitCode: number | null;
}

/** A word as POSIX shells read it back, whatever it holds: Ray gives a job's command to one. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

export function isLive({ status }: Job): boolean {
  return status === 'PENDING' || status === 'RUNNING';
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function isGood({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

function json({ text }: Answer): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export class RayCluster {
  /** such as "http://head:8265" */
  readonly address: string;

  /**
   * @param address of the cluster's dashboard
   * @param token where the dashboard asks for one
   * @throws LabError `bad-input` for an address that is none
   */
  constructor(
    address: string,
    private readonly token?: string,
  ) {
    let url: URL | undefined;
    try {
      url = new URL(/^https?:\/\//.test(address) ? address : `http://${address}`);
    } catch {
      // Said below.
    }
    if (!url || url.username !== '' || url.search !== '') {
      throw new LabError(
        'bad-input',
        `${address} is no address of a Ray cluster.`,
        'It is that of the dashboard, such as http://127.0.0.1:8265.',
      );
    }
    this.address = url.origin + url.pathname.replace(/\/+$/, '');
  }

  /**
   * Not by `fetch`: its headers are a browser's, and Ray takes no jobs from browsers.
   * @throws LabError `engine` when nobody answers
   */
  private async request(method: 'GET' | 'POST' | 'PUT', path: string, body?: string | Uint8Array): Promise<Answer> {
    try {
      return await new Promise<Answer>((resolve, reject) => {
        const url = new URL(`${this.address}${path}`);
        const headers = {
          ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
          ...(typeof body === 'string' ? { 'content-type': 'application/json' } : {}),
          ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
        };
        const send = url.protocol === 'https:' ? https : http;
        const request = send.request(url, { method, headers, timeout: REQUEST_MILLISECONDS }, (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', reject);
          response.on('end', () => {
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') });
          });
        });
        request.on('timeout', () => request.destroy(new Error('no answer')));
        request.on('error', reject);
        request.end(body);
      });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new LabError(
        'engine',
        `Ray at ${this.address} cannot be reached (${code ?? messageOf(error)}).`,
        'Is it running, and is this the address of its dashboard? Training on this machine needs no cluster.',
        { cause: error },
      );
    }
  }

  /** What an answer that is no success means. */
  private refusal({ status, text }: Answer): LabError {
    if (status === 401 || status === 403) {
      return new LabError(
        'engine',
        `Ray at ${this.address} ${this.token === undefined ? 'asks for a token' : 'does not take this token'}.`,
        'Put the cluster’s token into the environment variable RAY_AUTH_TOKEN.',
      );
    }
    // A traceback ends in what went wrong.
    const last = text.trim().split('\n').at(-1)?.slice(0, 300).replace(/\.$/, '') ?? '';
    return new LabError('engine', `Ray at ${this.address} answered ${status}: ${last || 'nothing'}.`);
  }

  private read<Schema extends v.GenericSchema>(answer: Answer, schema: Schema): v.InferOutput<Schema> {
    if (!isGood(answer)) throw this.refusal(answer);
    const parsed = v.safeParse(schema, json(answer));
    if (parsed.success) return parsed.output;
    throw new LabError(
      'engine',
      `${this.address} does not answer as Ray does.`,
      'Is this the address of a Ray dashboard, of a version with the Jobs interface (2.9 or later)?',
    );
  }

  /**
   * Asks whether it is there.
   * @returns its version
   * @throws LabError `engine` that names the address and the way out
   */
  async version(): Promise<string> {
    const schema = v.object({ ray_version: v.string() });
    return this.read(await this.request('GET', '/api/version'), schema).ray_version;
  }

  /** How many CPUs its nodes have together; undefined where it does not say. */
  async cpus(): Promise<number | undefined> {
    const schema = v.object({
      data: v.object({
        clusterStatus: v.object({
          loadMetricsReport: v.object({ usage: v.object({ CPU: v.tuple([v.number(), v.number()]) }) }),
        }),
      }),
    });
    const answer = await this.request('GET', '/api/cluster_status');
    const parsed = v.safeParse(schema, isGood(answer) ? json(answer) : undefined);
    return parsed.success ? parsed.output.data.clusterStatus.loadMetricsReport.usage.CPU[1] : undefined;
  }

  /** Hands a job in; Ray starts it when its CPUs and GPUs are free. */
  async submit({ id, words, cpus, gpus, environment, workingFolder, metadata }: JobRequest): Promise<void> {
    const body = {
      submission_id: id,
      // Nothing is left of the shell: signals reach the program itself.
      entrypoint: `exec ${words.map(quoted).join(' ')}`,
      entrypoint_num_cpus: cpus,
      entrypoint_num_gpus: gpus,
      metadata,
      runtime_env: { env_vars: environment, ...(workingFolder === undefined ? {} : { working_dir: workingFolder }) },
    };
    const response = await this.request('POST', '/api/jobs/', JSON.stringify(body));
    if (isGood(response)) return;
    // Handed in before, by whoever was cut off: it is the same job.
    if (response.status >= 400 && (await this.job(id).catch(() => undefined))) return;
    throw this.refusal(response);
  }

  /** @returns undefined where there is no such job */
  async job(id: string): Promise<Job | undefined> {
    const response = await this.request('GET', `/api/jobs/${encodeURIComponent(id)}`);
    if (response.status === 404) return undefined;
    const { status, message, driver_exit_code: exitCode } = this.read(response, JobSchema);
    return { status, message, exitCode: exitCode ?? null };
  }

  /** Asks a job to end: its program gets a signal, and a minute to write its checkpoint. */
  async stop(id: string): Promise<void> {
    const response = await this.request('POST', `/api/jobs/${encodeURIComponent(id)}/stop`);
    if (!isGood(response) && response.status !== 404) throw this.refusal(response);
  }

  /** All that a job has written so far. */
  async logs(id: string): Promise<string> {
    const response = await this.request('GET', `/api/jobs/${encodeURIComponent(id)}/logs`);
    return this.read(response, v.object({ logs: v.nullish(v.string(), '') })).logs;
  }

  /**
   * Keeps a zip in the cluster for jobs to work in.
   * @param name by its contents: what is there already is not sent again
   * @returns its address for `workingFolder`
   */
  async upload(name: string, zip: Uint8Array): Promise<string> {
    const path = `/api/packages/gcs/${name}.zip`;
    const there = await this.request('GET', path);
    if (!isGood(there)) {
      const response = await this.request('PUT', path, zip);
      if (!isGood(response)) throw this.refusal(response);
    }
    return `gcs://${name}.zip`;
  }
}
