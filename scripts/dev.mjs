// npm run dev: the window with a renderer that reloads while it is edited; main, preload and core are built once.
import { runInForeground } from './child.mjs';
import { rendererConfig } from './build.mjs';
import { prepareWindow, windowArguments } from './window.mjs';

const program = await prepareWindow();
if (program) {
  const { createServer } = await import('vite');
  const server = await createServer({ ...(await rendererConfig()), base: '/', server: { host: '127.0.0.1' } });
  await server.listen();
  const env = { ...process.env, DISTILL_LAB_DEV_SERVER: server.resolvedUrls?.local[0] };
  await runInForeground(program.executable, [...program.args, ...windowArguments(process.argv.slice(2))], { env });
  await server.close();
}
