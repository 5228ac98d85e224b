// tfjs-node's C++ binding: compiled against the provisioned TensorFlow, put into node_modules, tried.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram } from './child.mjs';
import { SetUpError, installCommand } from './set-up-error.mjs';

const nativeFolder = fileURLToPath(new URL('native', import.meta.url));
const bindingFile = 'tfjs_binding.node';
export const quietFile = 'libdistill_lab_quiet.so';

/** @param {import('./tensorflow.mjs').Context} context */
export function bindingPaths(context) {
  const packageFolder = join(context.projectRoot, 'node_modules', '@tensorflow', 'tfjs-node-gpu');
  const installFolder = join(packageFolder, 'lib', 'napi-v8');
  return {
    packageFolder,
    installFolder,
    binding: join(installFolder, bindingFile),
    stamp: join(installFolder, 'distill-lab.json'),
  };
}

/**
 * Where an entry keeps the binding. The name changes with everything that goes into it: the package's version
 * and sources, ours, and the entry's own place, which is written into the file as its library path.
 * @param {string} entry
 * @param {import('./tensorflow.mjs').Context} context
 */
export function bindingFolder(entry, context) {
  const { packageFolder } = bindingPaths(context);
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));
  const hash = createHash('sha256').update(entry).update(compileRecipe);
  for (const folder of [join(packageFolder, 'binding'), nativeFolder]) {
    for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(join(folder, name)));
  }
  return join(entry, `tfjs-node-gpu-${version}-${hash.digest('hex').slice(0, 12)}`);
}

/** @param {string} folder */
export function bindingBuilt(folder) {
  return existsSync(join(folder, bindingFile)) && existsSync(join(folder, quietFile));
}

/** @param {NodeJS.ProcessEnv} env */
export function findCompiler(env) {
  if (env.CXX?.trim()) {
    const [command = '', ...args] = env.CXX.trim().split(/\s+/);
    const path = findProgram(command, env);
    return path && { path, args };
  }
  const path = ['g++', 'c++', 'clang++'].map((name) => findProgram(name, env)).find(Boolean);
  return path && { path, args: /** @type {string[]} */ ([]) };
}

const compileRecipe = 'c++17 O3 napi8';

/**
 * Compiles into an empty folder.
 * @param {string} folder where the binding and the library beside it come to stand
 * @param {string} tensorflow the folder of TensorFlow's libraries and headers
 * @param {string[]} libraryPaths where the binding looks for libraries when it is loaded
 * @param {import('./tensorflow.mjs').Context} context
 */
export async function compileInto(folder, tensorflow, libraryPaths, context) {
  const compiler = findCompiler(context.env);
  if (!compiler) throw compilerMissing(context);
  const { packageFolder } = bindingPaths(context);
  const stage = context.progress.stage('Compiling the TensorFlow binding');
  /** @param {string[]} args */
  const compile = async (args) => {
    const ended = await context.run(compiler.path, [...compiler.args, ...args], { env: context.env });
    if (ended.code === 0) return;
    throw new SetUpError(
      `${compiler.path} could not compile the TensorFlow binding (exit code ${ended.code ?? ended.signal}).`,
      `${installCommand(['compiler'], context)}   (or name another compiler in CXX)`,
      ended.stderr,
    );
  };
  await compile([
    '-x',
    'c',
    '-O2',
    '-fPIC',
    '-shared',
    '-Wl,-z,initfirst',
    join(nativeFolder, 'quiet-start.c'),
    '-o',
    join(folder, quietFile),
  ]);
  await compile([
    ...['-std=c++17', '-O3', '-ffp-contract=off', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-DBUILDING_NODE_EXTENSION'],
    ...[
      '-I',
      join(context.projectRoot, 'node_modules', 'node-api-headers', 'include'),
      '-I',
      join(tensorflow, 'include'),
    ],
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(packageFolder, 'binding', name)),
    ...['quiet-end.cc', 'signals.cc', 'operations.cc'].map((name) => join(nativeFolder, name)),
    ...['-pthread', '-o', join(folder, bindingFile)],
    ...[
      '-L',
      tensorflow,
      '-l:libtensorflow_cc.so.2',
      '-l:libtensorflow_framework.so.2',
      '-L',
      folder,
      `-l:${quietFile}`,
    ],
    ...libraryPaths.map((path) => `-Wl,-rpath,${path}`),
  ]);
  stage.done();
}

/**
 * @param {string} entry
 * @param {import('./tensorflow.mjs').Context} context
 */
export async function compileBinding(entry, context) {
  const tensorflow = join(entry, 'tensorflow');
  const target = bindingFolder(entry, context);
  const build = join(entry, `building-${process.pid}`);
  await mkdir(build, { recursive: true });
  try {
    await compileInto(build, tensorflow, [tensorflow, target], context);
    await rm(target, { recursive: true, force: true });
    await rename(build, target);
  } finally {
    await rm(build, { recursive: true, force: true });
  }
}

/** @param {import('./tensorflow.mjs').Context} context */
export function compilerMissing(context) {
  const named = context.env.CXX?.trim();
  return new SetUpError(
    named
      ? `CXX names a compiler that is not here: ${named}.`
      : 'There is no C++ compiler, which links TensorFlow with Node.',
    named ? 'unset CXX' : installCommand(['compiler'], context),
  );
}

/**
 * Tries a binding in a process of its own: one that does not load may end the process that tries it.
 * @param {string} path
 * @param {import('./tensorflow.mjs').Context} context
 * @returns {Promise<{ loads: boolean, reason: string }>}
 */
export async function tryBinding(path, context) {
  const program =
    'const module = { exports: {} }; process.dlopen(module, process.argv[1]); console.log(module.exports.TF_Version)';
  // Nothing hidden: it may be the reason. In the desktop application this executable is Electron's.
  const env = { ...context.env, TF_CPP_MIN_LOG_LEVEL: '0', ELECTRON_RUN_AS_NODE: '1' };
  const ended = await context.run(process.execPath, ['-e', program, path], { env, timeout: 120_000 });
  return { loads: ended.code === 0, reason: ended.stderr || `it ended with ${ended.code ?? ended.signal}` };
}

/**
 * Puts the entry's binding into node_modules, under a temporary name first: a process that starts meanwhile
 * finds the old file or the new one.
 * @param {string} folder
 * @param {import('./tensorflow.mjs').Context} context
 * @param {object} stamp
 */
export async function installBinding(folder, context, stamp) {
  const { binding, installFolder } = bindingPaths(context);
  await mkdir(installFolder, { recursive: true });
  const temporary = `${binding}.${process.pid}`;
  await copyFile(join(folder, bindingFile), temporary);
  await rename(temporary, binding);
  await writeBindingStamp(context, stamp);
}

/**
 * @param {import('./tensorflow.mjs').Context} context
 * @param {object} stamp
 */
export async function writeBindingStamp(context, stamp) {
  const paths = bindingPaths(context);
  const text = JSON.stringify({ ...stamp, bytes: statSync(paths.binding).size }, null, 2);
  await writeFile(`${paths.stamp}.${process.pid}`, `${text}\n`);
  await rename(`${paths.stamp}.${process.pid}`, paths.stamp);
}
