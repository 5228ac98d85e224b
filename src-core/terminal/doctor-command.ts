/** `doctor`: what is installed, what is missing, and the command that mends it. */
import { dim, green, red } from 'ansis';
import { examine } from '../doctor';
import type { Output } from './output';
import { EXIT_CODES } from './output';

async function describeEngine(): Promise<string> {
  const { describeDevice } = await import('../tensorflow/engine');
  const { tensorflow, device, processor, threads } = describeDevice();
  return `${tensorflow} on ${device.toUpperCase()}: ${processor}, ${threads} threads`;
}

/** @returns the exit code: 0 when nothing is missing */
export async function doctorCommand(output: Output, lab: string): Promise<number> {
  const { findings, tensorflow } = await examine(lab, describeEngine);
  const healthy = findings.every(({ remedy }) => remedy === undefined);
  output.value({ healthy, findings, tensorflow });
  for (const { what, found, remedy } of findings) {
    output.text(`${remedy === undefined ? green('✓') : red('✕')} ${what.padEnd(17)} ${found}`);
    if (remedy !== undefined) output.text(`  ${''.padEnd(17)} mend it: ${remedy}`);
  }
  output.text(dim(`Libraries: ${tensorflow.cacheFolder}`));
  return healthy ? 0 : EXIT_CODES.engine;
}
