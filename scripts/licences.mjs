// npm run licences: the licences of everything that is shipped, in one text.
import { existsSync, readFileSync, readdirSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Packages that are built into the window and its core: what stands in devDependencies and is shipped all the same. */
const built = [
  'ansis',
  'birpc',
  'chart.js',
  'electron-log',
  'fast-png',
  'fflate',
  'pinia',
  'reka-ui',
  'umap-js',
  '@tanstack/vue-virtual',
  'valibot',
  'vue',
  'write-file-atomic',
];

/**
 * A package's folder as Node would find it from another package's.
 * @param {string} name
 * @param {string} from
 * @param {string} root
 */
function folderOf(name, from, root) {
  for (let folder = from; folder.startsWith(root); folder = join(folder, '..')) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
  }
  return undefined;
}

/**
 * @param {string} checkout
 * @returns {string} a heading and the licence's text for each package, by name
 * @throws Error that names a package without a licence
 */
export function licences(checkout) {
  const root = resolve(checkout);
  /** @type {Map<string, string>} */
  const found = new Map();
  /** @param {string} folder */
  const visit = (folder) => {
    const { name, version, license, dependencies, optionalDependencies } = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    );
    const key = `${name} ${version}`;
    if (found.has(key)) return;
    const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
    if (!license && files.length === 0) throw new Error(`${key} names no licence.`);
    const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
    found.set(key, [`${key}: ${typeof license === 'string' ? license : 'see below'}`, ...texts].join('\n\n'));
    for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const next = folderOf(dependency, folder, root);
      if (next) visit(next);
    }
  };
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const name of [...Object.keys(dependencies), ...built]) {
    const folder = folderOf(name, root, root);
    if (!folder) throw new Error(`${name} is not installed: run npm ci`);
    visit(folder);
  }
  const line = '─'.repeat(80);
  const texts = [...found].sort(([first], [second]) => first.localeCompare(second)).map(([, text]) => text);
  return `Distill Lab contains the packages below. TensorFlow's and Chromium's licences lie in files of their own.\n\n${texts.join(`\n\n${line}\n\n`)}\n`;
}

if (process.argv[1] && fileURLToPath(import.meta.url) === realpathSync(process.argv[1])) {
  process.stdout.write(licences(fileURLToPath(new URL('..', import.meta.url))));
}
