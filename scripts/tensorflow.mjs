// Native TensorFlow for this checkout: once per user and version in the cache, then a small binding in
// node_modules. Nothing here runs when both are in place.
import { readFileSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, isAbsolute, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as binding from './binding.mjs';
import { findProgram, runChild } from './child.mjs';
import { withLock } from './lock.mjs';
import { createProgress } from './progress.mjs';
import { SetUpError, installCommand } from './set-up-error.mjs';
import { fetchWheel, megabytes, tensorflowVersion, unpackWheel, variants } from './wheels.mjs';

/**
 * @typedef {object} Context everything provisioning reads from the world
 * @property {string} projectRoot
 * @property {NodeJS.ProcessEnv} env
 * @property {string} platform
 * @property {string} arch
 * @property {string} cacheFolder
 * @property {Record<string, import('./wheels.mjs').Variant>} variants
 * @property {typeof runChild} run
 * @property {import('./progress.mjs').Progress} progress
 */

/** @typedef {'cpu' | 'gpu'} Device */

/**
 * @typedef {object} BindingStamp what stands beside the binding in node_modules
 * @property {'wheel' | 'found' | 'upstream'} origin
 * @property {Device} [device]
 * @property {string} [folder] the binding's folder in the cache
 * @property {string} [gpuFailure] why a machine with a GPU was given the CPU variant
 * @property {number} bytes
 */

/**
 * @param {Partial<Context>} [given]
 * @returns {Context}
 */
export function createContext(given = {}) {
  const env = given.env ?? process.env;
  const home =
    env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME) ? env.XDG_CACHE_HOME : join(env.HOME || homedir(), '.cache');
  return {
    projectRoot: fileURLToPath(new URL('..', import.meta.url)),
    env,
    platform: process.platform,
    arch: process.arch,
    cacheFolder: join(home, 'distill-lab'),
    variants,
    run: runChild,
    progress: createProgress(),
    ...given,
  };
}

/**
 * @template Value
 * @param {string} path
 * @returns {Value | undefined}
 */
function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param {string} path */
function sizeOf(path) {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

/**
 * @param {Device} device
 * @param {Context} context
 */
function entryFolder(device, { cacheFolder, platform, arch }) {
  return join(cacheFolder, `tensorflow-${tensorflowVersion}-${device}-${platform}-${arch}`);
}

/**
 * @param {Device} device
 * @param {Context} context
 */
function variantOf(device, { variants: known, platform, arch }) {
  return known[`${platform}-${arch}-${device}`];
}

/**
 * Whether an entry is what its stamp says: made of the pinned wheels, every library there in full.
 * @param {Device} device
 * @param {Context} context
 */
function entryReady(device, context) {
  const entry = entryFolder(device, context);
  /** @type {{ wheels: string[], libraries: Record<string, number> } | undefined} */
  const stamp = readJson(join(entry, 'entry.json'));
  const wheels = variantOf(device, context)?.wheels.map(({ sha256 }) => sha256);
  return (
    stamp !== undefined &&
    stamp.wheels.join() === wheels?.join() &&
    Object.entries(stamp.libraries).every(([name, bytes]) => sizeOf(join(entry, name)) === bytes)
  );
}

/**
 * @param {Context} context
 * @returns {Device | undefined}
 */
function deviceAskedFor({ env }) {
  const asked = env.DISTILL_LAB_DEVICE?.trim();
  if (!asked) return undefined;
  if (asked === 'cpu' || asked === 'gpu') return asked;
  throw new SetUpError(`DISTILL_LAB_DEVICE is "${asked}".`, 'set it to cpu or gpu, or unset it');
}

/**
 * Reads stamps and sizes only: no program is started.
 * @param {Context} context
 */
export function isReady(context) {
  const paths = binding.bindingPaths(context);
  /** @type {BindingStamp | undefined} */
  const stamp = readJson(paths.stamp);
  if (!stamp || sizeOf(paths.binding) !== stamp.bytes) return false;
  if (stamp.origin !== 'wheel' || !stamp.device || !stamp.folder) return stamp.origin !== 'wheel';
  const asked = deviceAskedFor(context);
  if (asked && asked !== stamp.device) return false;
  const gpuAppeared =
    stamp.device === 'cpu' && !stamp.gpuFailure && variantOf('gpu', context) && findProgram('nvidia-smi', context.env);
  if (!asked && gpuAppeared) return false;
  return (
    stamp.folder === binding.bindingFolder(entryFolder(stamp.device, context), context) &&
    binding.bindingBuilt(stamp.folder) &&
    entryReady(stamp.device, context)
  );
}

/**
 * Takes a binding away that does not load, whatever its stamp says: set-up then makes it anew.
 * @param {Context} context
 */
export async function removeBroken(context) {
  const paths = binding.bindingPaths(context);
  if (sizeOf(paths.binding) === undefined || (await binding.tryBinding(paths.binding, context)).loads) return;
  context.progress.say('The TensorFlow binding is there and does not load: replacing it');
  await rm(paths.stamp, { force: true });
  await rm(paths.binding, { force: true });
}

/** @param {Context} context */
export async function ensureTensorFlow(context) {
  if (isReady(context)) return;
  try {
    await provision(context);
  } catch (error) {
    throw inPlainWords(error, context);
  }
}

/** @param {Context} context */
async function provision(context) {
  const paths = binding.bindingPaths(context);
  // A binding that this set-up did not put there and that works is left alone.
  if (
    sizeOf(paths.binding) &&
    sizeOf(paths.stamp) === undefined &&
    (await binding.tryBinding(paths.binding, context)).loads
  ) {
    return binding.writeBindingStamp(context, { origin: 'found' });
  }
  if (!variantOf('cpu', context) || isMusl(context)) return installFromUpstream(context, undefined);
  const { device, gpuFailure } = await chooseDevice(context);
  if (device === 'gpu') {
    try {
      context.progress.say(
        'An NVIDIA GPU: taking the CUDA 12 build of TensorFlow, not yet tried on a real GPU by this project (DISTILL_LAB_DEVICE=cpu avoids it)',
      );
      return await provisionFromWheels('gpu', context, undefined);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      context.progress.say(`The CUDA build cannot be used, so the CPU build it is. Reason: ${reason}`);
      // Gigabytes that the next set-up would not look at.
      await rm(`${entryFolder('gpu', context)}.download`, { recursive: true, force: true });
      return provisionFromWheels('cpu', context, reason);
    }
  }
  return provisionFromWheels('cpu', context, gpuFailure);
}

/** @param {Context} context */
function isMusl({ platform }) {
  if (platform !== 'linux' || process.platform !== 'linux' || !process.report) return false;
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return !header.glibcVersionRuntime;
}

/**
 * @param {Context} context
 * @returns {Promise<{ device: Device, gpuFailure?: string }>}
 */
async function chooseDevice(context) {
  const asked = deviceAskedFor(context);
  if (!variantOf('gpu', context)) {
    if (asked === 'gpu')
      context.progress.say(`There is no CUDA build for ${context.platform}-${context.arch}: taking the CPU build`);
    return { device: 'cpu' };
  }
  if (asked) return { device: asked };
  const program = findProgram('nvidia-smi', context.env);
  if (!program) return { device: 'cpu' };
  const ended = await context.run(program, ['-L'], { env: context.env, timeout: 30_000 });
  return ended.code === 0 ? { device: 'gpu' } : { device: 'cpu', gpuFailure: 'nvidia-smi does not answer' };
}

/**
 * @param {Device} device
 * @param {Context} context
 * @param {string | undefined} gpuFailure
 */
async function provisionFromWheels(device, context, gpuFailure) {
  const entry = entryFolder(device, context);
  const onWait = (/** @type {string} */ owner) =>
    context.progress.say(`Waiting for ${owner}, which is already preparing TensorFlow in ${entry}`);
  const provisioned = await withLock(`${entry}.lock`, onWait, async () => {
    await sweep(entry);
    const entryIsReady = entryReady(device, context);
    if (!entryIsReady) {
      const python = await findPython(context);
      if (!python) return false;
      // Before the download, not after it.
      if (!binding.findCompiler(context.env)) throw binding.compilerMissing(context);
      await buildEntry(device, python, context);
    }
    const folder = binding.bindingFolder(entry, context);
    const paths = binding.bindingPaths(context);
    const install = async () => {
      if (!binding.bindingBuilt(folder)) await binding.compileBinding(entry, context);
      await binding.installBinding(folder, context, {
        origin: 'wheel',
        device,
        folder,
        ...(gpuFailure && { gpuFailure }),
      });
      return binding.tryBinding(paths.binding, context);
    };
    const kept = binding.bindingBuilt(folder);
    let { loads, reason } = await install();
    if (!loads && kept) {
      // One that was kept may have been damaged since it was compiled.
      await rm(folder, { recursive: true, force: true });
      ({ loads, reason } = await install());
    }
    if (!loads) {
      await rm(paths.stamp, { force: true });
      await rm(paths.binding, { force: true });
      await rm(folder, { recursive: true, force: true });
      throw new SetUpError(
        `TensorFlow (${device}) was set up and does not load.`,
        `delete ${entry} and run this again`,
        reason,
      );
    }
    return true;
  });
  if (!provisioned) {
    const missing = findProgram('python3', context.env)
      ? /** @type {const} */ (['pip'])
      : /** @type {const} */ (['python', 'pip']);
    const compiler = binding.findCompiler(context.env) ? [] : /** @type {const} */ (['compiler']);
    await installFromUpstream(context, {
      what:
        missing.length === 1
          ? 'Python has no pip, which fetches TensorFlow'
          : 'There is no Python 3, whose pip fetches TensorFlow',
      remedy: installCommand([...missing, ...compiler], context),
    });
  }
}

/**
 * The CPU build of TensorFlow for a package, whatever this machine itself uses.
 * @param {Context} context
 * @returns {Promise<string>} the folder of its libraries and headers
 */
export async function ensureCpuLibraries(context) {
  const entry = entryFolder('cpu', context);
  const onWait = (/** @type {string} */ owner) =>
    context.progress.say(`Waiting for ${owner}, which is already preparing TensorFlow in ${entry}`);
  await withLock(`${entry}.lock`, onWait, async () => {
    await sweep(entry);
    if (entryReady('cpu', context)) return;
    const python = await findPython(context);
    if (!python) throw new SetUpError('There is no Python with pip.', installCommand(['python', 'pip'], context));
    await buildEntry('cpu', python, context);
  });
  return join(entry, 'tensorflow');
}

/**
 * Removes what killed set-ups left beside an entry. The lock is held: nobody works in these folders.
 * @param {string} entry
 */
async function sweep(entry) {
  const leftover = new RegExp(`^${basename(entry).replaceAll('.', '\\.')}\\.(partial|old)-`);
  for (const name of await readdir(dirname(entry))) {
    if (leftover.test(name)) await rm(join(dirname(entry), name), { recursive: true, force: true });
  }
  for (const folder of [entry, `${entry}.download`]) {
    for (const name of await readdir(folder).catch(() => [])) {
      if (/^(building|attempt)-/.test(name)) await rm(join(folder, name), { recursive: true, force: true });
    }
  }
}

/**
 * A Python that has pip.
 * @param {Context} context
 */
async function findPython(context) {
  for (const name of ['python3', 'python']) {
    const path = findProgram(name, context.env);
    if (path && (await context.run(path, ['-m', 'pip', '--version'], { env: context.env })).code === 0) return path;
  }
  return undefined;
}

/**
 * Download, unpack under a temporary name, rename.
 * @param {Device} device
 * @param {string} python
 * @param {Context} context
 */
async function buildEntry(device, python, context) {
  const entry = entryFolder(device, context);
  const variant = variantOf(device, context);
  if (!variant) throw new Error(`no TensorFlow is pinned for ${device}`);
  const downloads = `${entry}.download`;
  const partial = `${entry}.partial-${process.pid}`;
  await mkdir(downloads, { recursive: true });
  await checkSpace(variant, downloads, context);
  try {
    await mkdir(partial, { recursive: true });
    for (const wheel of variant.wheels) {
      const path = await fetchWheel(wheel, downloads, python, context);
      await unpackWheel(wheel, path, partial, python, context);
    }
    /** @type {Record<string, number>} */
    const libraries = {};
    for (const name of await readdir(partial, { recursive: true })) {
      if (/\.so(\.|$)/.test(name)) libraries[name] = (await stat(join(partial, name))).size;
    }
    const stamp = { device, wheels: variant.wheels.map(({ sha256 }) => sha256), libraries };
    await writeFile(join(partial, 'entry.json'), `${JSON.stringify(stamp, null, 2)}\n`);
    const old = `${entry}.old-${process.pid}`;
    if (sizeOf(entry) !== undefined) await rename(entry, old);
    await rename(partial, entry);
    await rm(old, { recursive: true, force: true });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  await rm(downloads, { recursive: true, force: true });
}

/**
 * @param {import('./wheels.mjs').Variant} variant
 * @param {string} folder
 * @param {Context} context
 */
async function checkSpace(variant, folder, context) {
  const missing = variant.wheels.filter(({ file }) => sizeOf(join(folder, file)) === undefined);
  const needed = variant.unpackedBytes + missing.reduce((sum, { bytes }) => sum + bytes, 0);
  const { bavail, bsize } = await statfs(folder);
  context.progress.detail(`${megabytes(bavail * bsize)} free in ${context.cacheFolder}, ${megabytes(needed)} needed`);
  if (bavail * bsize < needed) {
    throw new SetUpError(
      `${context.cacheFolder} has ${megabytes(bavail * bsize)} free and TensorFlow needs ${megabytes(needed)} while it is set up.`,
      'free some space, or name another disk in XDG_CACHE_HOME, and run this again',
    );
  }
}

/**
 * tfjs-node's own installer: the only way where there is no wheel for this, the last one elsewhere.
 * @param {Context} context
 * @param {{ what: string, remedy: string } | undefined} missing what stood in the way of the wheel
 */
async function installFromUpstream(context, missing) {
  const paths = binding.bindingPaths(context);
  if (missing) context.progress.say(`${missing.what}: trying tfjs-node's own installer instead`);
  const asked = deviceAskedFor(context);
  const device = asked ?? 'cpu';
  const stage = context.progress.stage("Running tfjs-node's own installer");
  await rm(paths.stamp, { force: true });
  const path = `${join(context.projectRoot, 'node_modules', '.bin')}${delimiter}${context.env.PATH ?? ''}`;
  const ended = await context.run(process.execPath, [join('scripts', 'install.js'), device, 'download'], {
    cwd: paths.packageFolder,
    env: { ...context.env, PATH: path },
    timeout: 15 * 60_000,
  });
  const there = ended.code === 0 && sizeOf(paths.binding) !== undefined;
  const { loads, reason } = there
    ? await binding.tryBinding(paths.binding, context)
    : { loads: false, reason: ended.stderr + ended.stdout };
  if (!loads) {
    throw new SetUpError(
      missing ? `${missing.what}; and tfjs-node's own installer failed too.` : "tfjs-node's own installer failed.",
      missing?.remedy ??
        `${installCommand(['python', 'compiler'], context)}   (a network that reaches storage.googleapis.com is needed too)`,
      reason,
    );
  }
  await binding.writeBindingStamp(context, { origin: 'upstream', device });
  stage.done();
}

/**
 * @param {unknown} error
 * @param {Context} context
 */
function inPlainWords(error, context) {
  const { code, path = context.cacheFolder } = /** @type {NodeJS.ErrnoException} */ (error);
  if (error instanceof SetUpError || !code) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new SetUpError(`The disk is full at ${path}.`, 'free some space and run this again');
  if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(code)) {
    return new SetUpError(
      `${path} cannot be written (${code}).`,
      'make it a folder that you may write to, or name another one: XDG_CACHE_HOME=/a/folder/of/yours npm start',
    );
  }
  return error;
}

/**
 * Whether the binding in node_modules loads, tried in a process of its own.
 * @param {Context} [context]
 * @returns {Promise<{ loads: boolean, reason: string }>} the reason in one line
 */
export async function tryTensorFlow(context = createContext()) {
  const { loads, reason } = await binding.tryBinding(binding.bindingPaths(context).binding, context);
  const words = /^\w*Error: (.+)$/m.exec(reason)?.[1] ?? reason.trim().split('\n').at(-1) ?? '';
  return { loads, reason: words };
}

/**
 * The state of all this, for `doctor`: plain JSON.
 * @param {Context} [context]
 */
export async function describeTensorFlow(context = createContext()) {
  const paths = binding.bindingPaths(context);
  /** @type {BindingStamp | undefined} */
  const stamp = readJson(paths.stamp);
  const device = stamp?.device ?? deviceAskedFor(context) ?? 'cpu';
  const entry = entryFolder(device, context);
  /** @param {string | undefined} path @param {string[]} args */
  const firstLine = async (path, args) => {
    if (!path) return null;
    const ended = await context.run(path, args, { env: context.env, timeout: 30_000 });
    return ended.code === 0 ? (ended.stdout.trim().split('\n')[0] ?? '') : null;
  };
  const compiler = binding.findCompiler(context.env);
  const python = findProgram('python3', context.env) ?? findProgram('python', context.env);
  const nvidia = findProgram('nvidia-smi', context.env);
  const present = {
    package: sizeOf(join(paths.packageFolder, 'package.json')) !== undefined,
    entry: entryReady(device, context),
    binding: sizeOf(paths.binding) !== undefined,
    ready: false,
  };
  present.ready = present.package && isReady(context);
  const found = {
    compiler: compiler ? { path: compiler.path, version: await firstLine(compiler.path, ['--version']) } : null,
    python: python
      ? {
          path: python,
          version: await firstLine(python, ['--version']),
          pip: await firstLine(python, ['-m', 'pip', '--version']),
        }
      : null,
    nvidiaSmi: nvidia ? { path: nvidia, gpus: await firstLine(nvidia, ['-L']) } : null,
  };
  /** @type {Array<{ what: string, remedy: string }>} */
  const problems = [];
  if (!present.package) problems.push({ what: 'node_modules is not installed', remedy: 'npm ci' });
  else if (!present.ready) {
    const missing =
      sizeOf(paths.binding) === undefined
        ? 'The TensorFlow binding is not in node_modules'
        : 'TensorFlow is not set up, or not in full';
    problems.push({ what: missing, remedy: 'node scripts/setup.mjs' });
    if (context.platform === 'linux') {
      if (!compiler) problems.push({ what: 'There is no C++ compiler', remedy: installCommand(['compiler'], context) });
      if (!python) problems.push({ what: 'There is no Python 3', remedy: installCommand(['python', 'pip'], context) });
      else if (!found.python?.pip)
        problems.push({ what: 'Python has no pip', remedy: installCommand(['pip'], context) });
    }
  }
  if (stamp?.gpuFailure) {
    problems.push({
      what: `The GPU is not used: ${stamp.gpuFailure}`,
      remedy: 'DISTILL_LAB_DEVICE=gpu node scripts/setup.mjs',
    });
  }
  return {
    version: stamp?.origin === 'wheel' || !stamp ? tensorflowVersion : null,
    device,
    origin: stamp?.origin ?? null,
    cacheFolder: context.cacheFolder,
    entry: relative(context.cacheFolder, entry),
    binding: paths.binding,
    present,
    ...found,
    problems,
  };
}
