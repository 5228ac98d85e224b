/** What is installed, what is missing, and the command that mends it. Needs nothing to be in order. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { describeTensorFlow, tryTensorFlow } from '../scripts/tensorflow.mjs';
import { LabError, messageOf } from './contract/errors';
import { loadMnist, mnistFolder } from './data/mnist';

export interface Finding {
  readonly what: string;
  readonly found: string;
  /** absent where all is well */
  readonly remedy?: string;
}

export interface Examination {
  readonly findings: readonly Finding[];
  readonly tensorflow: Awaited<ReturnType<typeof describeTensorFlow>>;
}

const SET_UP = 'node scripts/setup.mjs';

/** The engine's line. A binding that is damaged may end the process that loads it: another one tries it first. */
async function engine(load: () => Promise<string>): Promise<Finding> {
  const what = 'TensorFlow loads';
  try {
    const { loads, reason } = await tryTensorFlow();
    return loads
      ? { what, found: await load() }
      : { what, found: `TensorFlow does not load: ${reason}`, remedy: SET_UP };
  } catch (error) {
    return { what, found: error instanceof LabError ? error.what : messageOf(error), remedy: SET_UP };
  }
}

function mnist(): Finding {
  try {
    const { train, test } = loadMnist(mnistFolder());
    return {
      what: 'MNIST',
      found: `${train.labels.length} training and ${test.labels.length} test images, checksums right`,
    };
  } catch (error) {
    return { what: 'MNIST', found: messageOf(error), remedy: 'npm ci' };
  }
}

function labFolder(folder: string): Finding {
  let existing = folder;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  try {
    if (!statSync(existing).isDirectory()) throw new Error('a file');
    accessSync(existing, constants.W_OK);
    return { what: 'Lab folder', found: existing === folder ? folder : `${folder} (made at the first run)` };
  } catch {
    return {
      what: 'Lab folder',
      found: `${folder} is not a folder that can be written`,
      remedy: 'give another with --lab DIR',
    };
  }
}

/**
 * @param lab the lab folder
 * @param load loads TensorFlow into this process and says what it is; called only where it can be loaded
 */
export async function examine(lab: string, load: () => Promise<string>): Promise<Examination> {
  const tensorflow = await describeTensorFlow();
  const problems = tensorflow.problems.map(({ what, remedy }): Finding => ({ what: 'Set-up', found: what, remedy }));
  // Without a binding there is nothing to try, and the set-up's line says it.
  const engines = tensorflow.present.binding ? [await engine(load)] : [];
  return {
    findings: [{ what: 'Node', found: process.versions.node }, ...engines, mnist(), labFolder(lab), ...problems],
    tensorflow,
  };
}
