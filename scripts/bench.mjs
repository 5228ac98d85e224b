// npm run bench: this lab against PyTorch; -- window: the window's speed and memory; -- workers: trainings at once; -- ray:
// a study on Ray against this machine; -- ray-scale: 5,000 runs on 200 nodes, on paper.
import { fileURLToPath } from 'node:url';
import { endLike, runInForeground } from './child.mjs';
import { driveWindow } from './drive.mjs';
import { quietEnvironment, typescriptProgram } from './run-lab.mjs';
import { setUpOrExplain } from './setup.mjs';

const args = process.argv.slice(2);
const FILES = ['workers', 'ray', 'ray-scale'];

if (args[0] === 'window') {
  await driveWindow('bench/window.ts', args.slice(1));
} else if (await setUpOrExplain()) {
  const env = quietEnvironment(process.env, args.includes('--verbose'));
  const program = typescriptProgram(
    fileURLToPath(new URL(`../bench/${FILES.includes(args[0] ?? '') ? args[0] : 'training'}.ts`, import.meta.url)),
    env,
  );
  endLike(await runInForeground(process.execPath, [...program, ...args], { env }));
}
