import { mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProgress } from '../../scripts/progress.mjs';
import { ensureElectron } from '../../scripts/electron.mjs';
import { createContext } from '../../scripts/tensorflow.mjs';
import { createWorld, type World } from './world.js';

let world: World;
let started: string[];
beforeEach(() => {
  world = createWorld();
  started = [];
});
afterEach(() => world.remove());

/** A set-up on Linux whose system has all libraries, and on which nothing else can be started. */
function context(override?: string) {
  return createContext({
    projectRoot: world.projectRoot,
    env: { ...world.env, ...(override === undefined ? {} : { ELECTRON_OVERRIDE_DIST_PATH: override }) },
    platform: 'linux',
    arch: 'x64',
    progress: createProgress({ stream: { isTTY: false, write: () => true } as unknown as NodeJS.WriteStream }),
    run: (command, args) => {
      started.push([command, ...args].join(' '));
      const code = command === 'ldd' ? 0 : 1;
      return Promise.resolve({ code, signal: null, stdout: '', stderr: `${command} is not here` });
    },
  });
}

/** A runtime as Electron's archives hold it. */
function runtime(...path: string[]): string {
  const folder = join(world.root, ...path);
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  write('electron', 'program');
  write('icudtl.dat', 'data');
  write('version', '99.0.0');
  write('resources/default_app.asar', '');
  return folder;
}

/** The runtime that npm's package has downloaded. */
function downloadedByNpm(): string {
  const folder = runtime('checkout', 'node_modules', 'electron', 'dist');
  writeFileSync(join(folder, '..', 'package.json'), '{ "version": "99.0.0" }');
  return folder;
}

describe('the Electron runtime', () => {
  it('is the one that ELECTRON_OVERRIDE_DIST_PATH names, before npm’s own', async () => {
    const npm = downloadedByNpm();
    expect((await ensureElectron(context())).executable).toBe(join(npm, 'electron'));
    const own = runtime('my electron');
    const { executable, args } = await ensureElectron(context(own));
    expect(executable).toBe(join(own, 'electron'));
    expect(args.at(-1)).toBe(world.projectRoot);
    expect(started.filter((command) => !command.startsWith('ldd '))).toEqual([]);
  });

  it('starts this checkout where it brings no application of its own, from links to its files', async () => {
    const own = runtime('my electron');
    rmSync(join(own, 'resources', 'default_app.asar'));
    const { executable, args } = await ensureElectron(context(own));
    expect(args).not.toContain(world.projectRoot);
    const folder = dirname(executable);
    expect(folder).not.toBe(own);
    expect(realpathSync(join(folder, 'icudtl.dat'))).toBe(realpathSync(join(own, 'icudtl.dat')));
    expect(realpathSync(join(folder, 'resources', 'app'))).toBe(realpathSync(world.projectRoot));
  });

  it('is refused by name where the folder named holds none, though npm’s own is there', async () => {
    downloadedByNpm();
    const empty = join(world.root, 'empty');
    mkdirSync(empty);
    for (const folder of [empty, join(world.root, 'nowhere')]) {
      await expect(ensureElectron(context(folder))).rejects.toMatchObject({
        message: `ELECTRON_OVERRIDE_DIST_PATH names ${folder}, which holds no electron.`,
        remedy: 'set it to the folder of an Electron runtime, or unset it',
      });
    }
    expect(started).toEqual([]);
  });
});
