/** What a run was computed with, for its record. */
import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import packageJson from '../../package.json';
import type { RunEnvironment } from '../contract/run';
import { METHOD } from '../contract/run';
import { describeDevice } from '../tensorflow/engine';

/** Commit of the checkout that this code runs from; null in a packaged application or without git. */
async function gitCommit(): Promise<string | null> {
  try {
    const folder = dirname(fileURLToPath(import.meta.url));
    const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD'], { cwd: folder });
    return stdout.trim();
  } catch {
    return null;
  }
}

export async function describeEnvironment(): Promise<RunEnvironment> {
  return {
    lab: packageJson.version,
    ...describeDevice(),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    gitCommit: await gitCommit(),
    method: METHOD,
  };
}
