// npm run bench: this lab against PyTorch; -- window: the window's speed and memory; -- workers: trainings at once.
import { fileURLToPath } from 'node:url';
import { endLike, runInForeground } from './child.mjs';
import { driveWindow } from './drive.mjs';
import { quietEnvironment, typescriptProgram } from './run-lab.mjs';
import { setUpOrExplain } from './setup.mjs';

const args = process.argv.slice(2);
if (args[0] === 'window') {
  await driveWindow('bench/window.ts', args.slice(1));
} else if (await setUpOrExplain()) {
  const env = quietEnvironment(process.env, args.includes('--verbose'));
  const program = typescriptProgram(
    fileURLToPath(new URL(`../bench/${args[0] === 'workers' ? 'workers' : 'training'}.ts`, import.meta.url)),
    env,
  );
  endLike(await runInForeground(process.execPath, [...program, ...args], { env }));
}
