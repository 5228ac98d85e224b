// Provisions TensorFlow in a test's world, in a process that the test can kill. argv: a JSON description.
import { runChild } from '../../scripts/child.mjs';
import { explain } from '../../scripts/set-up-error.mjs';
import { createContext, ensureTensorFlow } from '../../scripts/tensorflow.mjs';

const { projectRoot, variants, env } = JSON.parse(process.argv[2]);
// The world's binding is no library: it "loads" when it is there.
const run = (command, args, options) =>
  args[0] === '-e' ? { code: 0, signal: null, stdout: '', stderr: '' } : runChild(command, args, options);
try {
  await ensureTensorFlow(createContext({ projectRoot, variants, env, run, platform: 'linux', arch: 'x64' }));
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
