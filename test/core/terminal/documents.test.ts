/** The commands of the tutorial and of the how-to page, run in the order in which they stand there, as a reader would. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeSafetensors } from '../../../src-core/data/safetensors';
import { normals } from '../numbers';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'distill-lab-documents-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A shell's words, where quotes are all that it would read. */
function words(command: string): string[] {
  return Array.from(command.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, plain]) => quoted ?? plain!);
}

/** Commands in boxes, without those that take minutes or a cluster. */
function commandsOf(file: string): string[] {
  const text = readFileSync(join(root, 'docs', file), 'utf8');
  const boxes = [...text.matchAll(/^```\n([\s\S]*?)^```$/gm)].flatMap(([, box]) => box!.split('\n'));
  return boxes.flatMap((line) => {
    const command = /^npm run lab -- (.+)$/.exec(line)?.[1];
    return command === undefined || command.startsWith('reproduce ') ? [] : [command];
  });
}

function run(command: string, lab: string): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve) => {
    const env = {
      ...process.env,
      TSX_TSCONFIG_PATH: join(root, 'tsconfig.json'),
      TF_CPP_MIN_LOG_LEVEL: '2',
      NO_COLOR: '1',
    };
    const program = ['--import', import.meta.resolve('tsx'), join(root, 'src-core', 'cli.ts')];
    const child = execFile(
      process.execPath,
      [...program, ...words(command), '--lab', lab],
      { cwd: folder, env },
      (_, out, err) => resolve({ code: child.exitCode, said: out + err }),
    );
    child.stdin?.end();
  });
}

/** What the how-to page takes for granted. */
function prepare(): void {
  const pixel = (label: number, at: number): number => ((at % 8 < 4 ? 0 : 1) === label ? 200 : 10);
  const lines = Array.from({ length: 60 }, (_, row) => {
    return [row % 2, ...Array.from({ length: 64 }, (_, at) => pixel(row % 2, at) + (row % 7))].join(',');
  });
  writeFileSync(join(folder, 'shapes.csv'), lines.join('\n'));
  const array = (...shape: number[]) => ({
    shape,
    values: normals(
      shape.reduce((product, length) => product * length, 1),
      3,
      0.05,
    ),
  });
  const layers = {
    'fc1.weight': array(16, 784),
    'fc1.bias': array(16),
    'fc2.weight': array(10, 16),
    'fc2.bias': array(10),
  };
  writeFileSync(join(folder, 'colleague.safetensors'), encodeSafetensors(layers));
  const spec = {
    data: { share: 0.02 },
    model: { kind: 'mlp', hidden: [16] },
    optimiser: { kind: 'momentum', learningRate: 0.05 },
    training: { epochs: 1 },
  };
  writeFileSync(
    join(folder, 'grid.json'),
    JSON.stringify({ name: 'grid', seeds: [1, 2], groups: { small: { spec } } }),
  );
}

describe.each(['tutorial.md', 'how-to.md'])('%s', (file) => {
  it('does what it says', async () => {
    prepare();
    const commands = commandsOf(file);
    expect(commands.length).toBeGreaterThan(8);
    for (const command of commands) {
      const { code, said } = await run(command, join(folder, file.replace('.md', '')));
      expect(code, `${command}\n${said.slice(-600)}`).toBe(0);
    }
  }, 240_000);
});
