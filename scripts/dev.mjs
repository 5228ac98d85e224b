// npm run dev: the window with a page that changes while it is edited; when its shell or its core is edited, the window
// is built and opened anew, and asks first if a run is being trained.
import { fileURLToPath } from 'node:url';
import { ensureBuilt, rendererConfig } from './build.mjs';
import { runInForeground } from './child.mjs';
import { createProgress } from './progress.mjs';
import { prepareWindow, windowArguments } from './window.mjs';

/** An editor may write several files, and each more than once. */
const SETTLED_MILLISECONDS = 300;

const program = await prepareWindow();
if (program) {
  const { createServer } = await import('vite');
  const server = await createServer({ ...(await rendererConfig()), base: '/', server: { host: '127.0.0.1' } });
  await server.listen();
  const progress = createProgress();
  const args = [...program.args, ...windowArguments(process.argv.slice(2))];
  const env = { ...process.env, DISTILL_LAB_DEV_SERVER: server.resolvedUrls?.local[0] };

  let edited = () => {};
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const folders = ['electron', 'src-core'].map((name) => fileURLToPath(new URL(`../${name}/`, import.meta.url)));
  server.watcher.add(folders).on('all', (_event, path) => {
    if (!folders.some((folder) => path.startsWith(folder))) return;
    clearTimeout(timer);
    timer = setTimeout(() => edited(), SETTLED_MILLISECONDS);
  });

  for (let again = true; again;) {
    again = false;
    const ending = new AbortController();
    edited = () => {
      progress.say('The shell or the core was edited: the window is built and opened anew');
      again = true;
      ending.abort();
    };
    await runInForeground(program.executable, args, { env, ending: ending.signal });
    while (again) {
      const next = new Promise((resolve) => (edited = () => resolve(undefined)));
      try {
        await ensureBuilt(progress);
        break;
      } catch (error) {
        progress.say(error instanceof Error ? error.message : String(error));
        progress.say('It is built again after the next edit; Ctrl-C ends');
        await next;
      }
    }
  }
  clearTimeout(timer);
  await server.close();
}
