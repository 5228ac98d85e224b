// npm run bench: set-up, then the benchmark, whose own first step is PyTorch's environment.
import { fileURLToPath } from 'node:url';
import { endLike, runInForeground } from './child.mjs';
import { quietEnvironment, typescriptProgram } from './run-lab.mjs';
import { setUpOrExplain } from './setup.mjs';

if (await setUpOrExplain()) {
  const env = quietEnvironment(process.env, process.argv.includes('--verbose'));
  const program = typescriptProgram(fileURLToPath(new URL('../bench/training.ts', import.meta.url)), env);
  endLike(await runInForeground(process.execPath, [...program, ...process.argv.slice(2)], { env }));
}
