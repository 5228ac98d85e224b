/** The arrows of docs/architecture.md, proved by planting what they forbid. */
import { ESLint } from 'eslint';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const eslint = new ESLint({ cwd: root });

/** What the arrows say to one import in a file. */
async function complaints(
  file: string,
  imported: string,
  statement = `import thing from '${imported}';`,
): Promise<string[]> {
  const [result] = await eslint.lintText(`${statement}\nexport default thing;\n`, { filePath: join(root, file) });
  const { messages } = result!;
  return messages.filter(({ ruleId }) => ruleId === 'no-restricted-imports').map(({ message }) => message);
}

/** A folder in src-core, what a file there may import, and what it may not. */
const ROOMS: readonly (readonly [room: string, lawful: readonly string[], forbidden: readonly string[]])[] = [
  [
    'contract/planted.ts',
    ['./spec', 'valibot'],
    ['../random', '../evaluation/errors', '../data/idx', 'node:fs', '@tensorflow/tfjs-node-gpu', 'electron', 'vue'],
  ],
  [
    'evaluation/planted.ts',
    ['./errors', '../contract/errors', '../random'],
    ['../tensorflow/engine', '@tensorflow/tfjs-node-gpu', 'node:fs', '../data/dataset', '../models/layout', 'valibot'],
  ],
  [
    'tensorflow/planted.ts',
    ['./engine', '../contract/errors', '../random', 'node:os', '@tensorflow/tfjs-node-gpu'],
    [
      '../models/model',
      '../data/dataset',
      '../training/train',
      '../distillation/hard',
      '../evaluation/errors',
      'electron',
    ],
  ],
  [
    'data/planted.ts',
    ['./idx', '../contract/errors', '../random', 'node:fs', 'fflate'],
    [
      '../tensorflow/engine',
      '../models/layout',
      '../training/train',
      '../evaluation/logits',
      '../experiments/presets',
      'vue',
    ],
  ],
  [
    'models/planted.ts',
    ['./layout', '../contract/spec', '../random', '../tensorflow/engine'],
    ['../data/dataset', '../training/train', '../distillation/hard', '../experiments/run-store', 'node:fs'],
  ],
  [
    'distillation/planted.ts',
    ['./hard', '../contract/spec', '../tensorflow/engine'],
    ['../models/model', '../data/batches', '../training/train', '../evaluation/logits', 'node:fs'],
  ],
  [
    'training/planted.ts',
    [
      './schedule',
      '../data/batches',
      '../models/model',
      '../distillation/hard',
      '../evaluation/errors',
      '../tensorflow/engine',
    ],
    ['../experiments/run-store', '../lab', '../cli', '../terminal/output', 'electron', 'commander'],
  ],
  [
    'experiments/planted.ts',
    ['./presets', '../training/train', '../evaluation/errors', '../../package.json', 'node:fs'],
    ['../lab', '../cli', '../terminal/output', 'electron', 'vue', 'commander', '../../renderer/lab'],
  ],
  [
    'terminal/planted.ts',
    ['./output', '../lab', '../contract/errors', '../experiments/presets', '../evaluation/figures', 'ansis', 'node:fs'],
    ['../cli', '../host', '../training/train', '../models/model', 'electron', 'vue', 'commander', '../../renderer/lab'],
  ],
  [
    'studies/planted.ts',
    ['./claim', '../lab', '../contract/study', '../evaluation/verdict', '../experiments/run-store', 'node:fs'],
    ['../cli', '../terminal/output', '../training/train', '../tensorflow/engine', 'electron', 'vue', 'commander'],
  ],
  [
    'lab.ts',
    ['./experiments/run-store', './contract/spec', 'node:util'],
    ['./cli', './terminal/output', 'commander', 'electron', 'vue', '../renderer/lab'],
  ],
];

describe.each(ROOMS)('src-core/%s', (room, lawful, forbidden) => {
  const file = join('src-core', room);

  it.each(lawful)('may import %s', async (imported) => {
    expect(await complaints(file, imported)).toEqual([]);
  });

  it.each(forbidden)('may not import %s', async (imported) => {
    expect(await complaints(file, imported)).toEqual([expect.stringContaining('The arrows of docs/architecture.md')]);
  });

  it('may not import it for its types, nor hand it on', async () => {
    const [imported] = forbidden as [string];
    for (const statement of [
      `import type thing from '${imported}';`,
      `import thing from '${imported}'; export * from '${imported}';`,
    ]) {
      expect(await complaints(file, imported, statement)).not.toEqual([]);
    }
  });
});

describe('every room', () => {
  it('has its arrows', () => {
    const folders = readdirSync(join(root, 'src-core'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const guarded = new Set(ROOMS.map(([room]) => dirname(room)));
    expect(folders.map(({ name }) => name).filter((name) => !guarded.has(name))).toEqual([]);
  });
});

/** Everything that a file of ours imports when it runs, and what they import: files, packages and node's own. */
function reached(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const imports = readFileSync(file, 'utf8').matchAll(
    /^(?:import|export)\s[^;]*?from\s+'([^']+)';|import\('([^']+)'\)/gm,
  );
  for (const [statement, from, dynamic] of imports) {
    const imported = (from ?? dynamic)!;
    if (statement.startsWith('import type') || statement.startsWith('export type')) continue;
    if (!imported.startsWith('.')) seen.add(imported);
    else reached(`${resolve(dirname(file), imported)}.ts`, seen);
  }
  return seen;
}

describe.each(['contract', 'evaluation'])('src-core/%s, which the window loads too', (room) => {
  const folder = join(root, 'src-core', room);
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));

  it('reaches neither TensorFlow nor anything of the machine', () => {
    const all = new Set(files.flatMap((name) => [...reached(join(folder, name))]));
    const ours = [...all].filter((name) => existsSync(name)).map((name) => relative(join(root, 'src-core'), name));
    const elsewhere = ours.filter((name) => !/^(contract|evaluation)\//.test(name));
    expect(elsewhere).toEqual(room === 'contract' ? [] : ['random.ts']);
    expect([...all].filter((name) => /tensorflow|tfjs|^node:/.test(name))).toEqual([]);
  });
});
