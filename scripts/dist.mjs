// npm run dist: the application as something one installs. `npm run dist -- AppImage deb`: other targets than this
// system's own (a folder and, on Linux, a tar.gz), where electron-builder's downloads are reachable.
import { copyFile, cp, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { compileInto, quietFile } from './binding.mjs';
import { ensureBuilt } from './build.mjs';
import { endLike, runInForeground } from './child.mjs';
import { ensureDisplay } from './display.mjs';
import { electronToPackage, ensureElectron } from './electron.mjs';
import { licences } from './licences.mjs';
import { createProgress } from './progress.mjs';
import { quietEnvironment } from './run-lab.mjs';
import { SetUpError, explain } from './set-up-error.mjs';
import { setUpOrExplain } from './setup.mjs';
import { createContext, ensureCpuLibraries } from './tensorflow.mjs';
import { megabytes } from './wheels.mjs';

/** From the binding's place in the package to TensorFlow's: both move with the folder that one unpacks. */
const libraryPath = '$ORIGIN/../../../../../../tensorflow';

/**
 * TensorFlow's libraries without their symbols, the binding that finds them, and the licences: what electron-builder
 * takes from out/package.
 * @param {import('./tensorflow.mjs').Context} context
 */
async function stage(context) {
  const folder = join(context.projectRoot, 'out', 'package');
  await rm(folder, { recursive: true, force: true });
  const libraries = join(folder, 'tensorflow');
  const binding = join(folder, 'binding');
  await mkdir(libraries, { recursive: true });
  await mkdir(binding, { recursive: true });
  const tensorflow = await ensureCpuLibraries(context);
  const stripping = context.progress.stage('Taking TensorFlow’s libraries without their symbols');
  for (const name of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']) {
    const source = join(tensorflow, name);
    const ended = await context.run('strip', ['--strip-unneeded', '-o', join(libraries, name), source], {
      env: context.env,
    });
    if (ended.code !== 0) throw new SetUpError(`strip failed on ${source}.`, 'install binutils', ended.stderr);
  }
  stripping.done();
  await compileInto(binding, tensorflow, [libraryPath], context);
  await copyFile(join(binding, quietFile), join(libraries, quietFile));
  await rm(join(binding, quietFile));
  await cp(join(tensorflow, 'THIRD_PARTY_NOTICES.txt'), join(folder, 'LICENCES-tensorflow.txt'));
  await writeFile(join(folder, 'LICENCES.txt'), licences(context.projectRoot));
}

/** @param {string} folder */
function sizeOfFolder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath ?? entry.path, entry.name)).size, 0);
}

/**
 * @param {string[]} targets electron-builder's names; none: a folder and a tar.gz
 * @param {import('./tensorflow.mjs').Context} context
 */
async function build(targets, context) {
  const { build: buildPackage } = await import('electron-builder');
  const { folder, version } = await electronToPackage(context);
  // Its own level, 7, takes three times as long for a twentieth less.
  process.env.ELECTRON_BUILDER_COMPRESSION_LEVEL ??= '3';
  const made = context.progress.stage('Packing');
  const files = await buildPackage({
    projectDir: context.projectRoot,
    linux: targets.length > 0 ? targets : ['dir', 'tar.gz'],
    config: { electronDist: folder, electronVersion: version },
    publish: 'never',
  });
  made.done();
  return files;
}

/**
 * What the package weighs, part by part.
 * @param {string} unpacked
 * @param {string[]} files
 */
async function report(unpacked, files) {
  const resources = join(unpacked, 'resources');
  const tensorflow = sizeOfFolder(join(resources, 'tensorflow'));
  const application = sizeOfFolder(resources) - tensorflow;
  const runtime = sizeOfFolder(unpacked) - tensorflow - application;
  console.log(
    `Unpacked: TensorFlow ${megabytes(tensorflow)}, Electron ${megabytes(runtime)}, the application with MNIST ${megabytes(application)}`,
  );
  for (const file of files) console.log(`${file}: ${megabytes((await stat(file)).size)}`);
}

/**
 * Unpacks the archive as a stranger would, and trains in it.
 * @param {string} archive
 * @param {import('./tensorflow.mjs').Context} context
 */
async function tryArchive(archive, context) {
  const { display, end } = await ensureDisplay();
  try {
    const env = {
      ...quietEnvironment(process.env, false),
      ...(display ? { DISPLAY: display } : {}),
      DISTILL_LAB_ARCHIVE: archive,
    };
    const playwright = join(context.projectRoot, 'node_modules', '@playwright', 'test', 'cli.js');
    return await runInForeground(
      process.execPath,
      [playwright, 'test', '--config=test/e2e/package/playwright.config.ts'],
      {
        env,
        cwd: context.projectRoot,
      },
    );
  } finally {
    end();
  }
}

const context = createContext({ progress: createProgress() });
if (await setUpOrExplain()) {
  try {
    if (context.platform !== 'linux' || context.arch !== 'x64') {
      throw new SetUpError(
        `Packages are made on Linux x64; this is ${context.platform}-${context.arch}.`,
        'read docs/packages.md for what is configured and not tried',
      );
    }
    // The libraries that Electron needs are looked for here, where a missing one can be installed.
    await ensureElectron(context);
    await ensureBuilt(context.progress);
    await stage(context);
    const files = await build(process.argv.slice(2), context);
    const archives = files.filter((file) => !file.endsWith('.blockmap'));
    await report(join(context.projectRoot, 'dist', 'linux-unpacked'), archives);
    const archive = archives.find((file) => file.endsWith('.tar.gz'));
    if (archive) endLike(await tryArchive(archive, context));
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 1;
  }
}
