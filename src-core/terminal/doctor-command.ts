/** `doctor`: what is installed, what is missing, and the command that mends it. Needs nothing to be in order. */
import { dim, green, red } from 'ansis';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { describeTensorFlow } from '../../scripts/tensorflow.mjs';
import { messageOf } from '../contract/errors';
import type { Output } from './output';
import { EXIT_CODES } from './output';

interface Finding {
  readonly what: string;
  readonly found: string;
  readonly remedy?: string;
}

async function engine(): Promise<Finding> {
  try {
    const { describeDevice } = await import('../tensorflow/engine');
    const { tensorflow, device, processor, threads } = describeDevice();
    return {
      what: 'TensorFlow loads',
      found: `${tensorflow} on ${device.toUpperCase()}: ${processor}, ${threads} threads`,
    };
  } catch (error) {
    return { what: 'TensorFlow loads', found: messageOf(error), remedy: 'node scripts/setup.mjs' };
  }
}

async function mnist(): Promise<Finding> {
  try {
    const { loadMnist, mnistFolder } = await import('../data/mnist');
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

/** @returns the exit code: 0 when nothing is missing */
export async function doctorCommand(output: Output, lab: string): Promise<number> {
  const tensorflow = await describeTensorFlow();
  const findings: Finding[] = [
    { what: 'Node', found: process.versions.node },
    await engine(),
    await mnist(),
    labFolder(lab),
    ...tensorflow.problems.map(({ what, remedy }) => ({ what: 'Set-up', found: what, remedy })),
  ];
  const healthy = findings.every(({ remedy }) => remedy === undefined);
  output.value({ healthy, findings, tensorflow });
  for (const { what, found, remedy } of findings) {
    output.text(`${remedy === undefined ? green('✓') : red('✕')} ${what.padEnd(17)} ${found}`);
    if (remedy !== undefined) output.text(`  ${''.padEnd(17)} mend it: ${remedy}`);
  }
  output.text(dim(`Libraries: ${tensorflow.cacheFolder}`));
  return healthy ? 0 : EXIT_CODES.engine;
}
