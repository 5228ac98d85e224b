// Runs a TypeScript program that drives the built application, on a display of its own where there is none.
import { fileURLToPath } from 'node:url';
import { endLike, runInForeground } from './child.mjs';
import { ensureDisplay } from './display.mjs';
import { quietEnvironment, typescriptProgram } from './run-lab.mjs';
import { prepareWindow } from './window.mjs';

/**
 * @param {string} file relative to the checkout
 * @param {string[]} args
 */
export async function driveWindow(file, args) {
  const verbose = args.includes('--verbose');
  const program = await prepareWindow({ verbose });
  if (!program) return;
  const { display, end } = await ensureDisplay();
  try {
    const env = {
      ...quietEnvironment(process.env, verbose),
      ...(display ? { DISPLAY: display } : {}),
      DISTILL_LAB_PROGRAM: JSON.stringify(program),
    };
    const node = typescriptProgram(fileURLToPath(new URL(`../${file}`, import.meta.url)), env);
    endLike(await runInForeground(process.execPath, [...node, ...args], { env }));
  } finally {
    end();
  }
}
