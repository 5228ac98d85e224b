/** The desktop application's boot order; what each part does stands in its own file. */
import type { BrowserWindow } from 'electron';
import { app, shell } from 'electron';
import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  ARCHIVE_CHANNEL,
  COMMAND_CHANNEL,
  EXTERNAL_HOSTS,
  LOST_CHANNEL,
  PORT_CHANNEL,
  SET_UP_CHANNEL,
} from './contract';
import { CoreProcess } from './core-process';
import { chooseFolder, confirmQuit, openFile, sayFailure, saveFile } from './dialogs';
import { handle, onCoreWanted } from './ipc';
import { note, showLog, startLog, warn } from './log';
import { installMenu } from './menu';
import { registerScheme, serveApp } from './protocol';
import { SetUp } from './set-up';
import { denyPermissions, openWindow } from './window';

/** The lab folder asked for with --lab=DIR, with what links there are resolved: one folder, one instance. */
function labFolder(): string {
  const asked = app.commandLine.getSwitchValue('lab');
  const path = resolve(asked || join(homedir(), 'distill-lab'));
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

const lab = labFolder();
app.setName('Distill Lab');
// An instance is known by its data folder: each lab folder has one of its own.
const labKey = createHash('sha256').update(lab).digest('hex').slice(0, 16);
const stateFolder = join(app.getPath('appData'), 'distill-lab', labKey);
mkdirSync(stateFolder, { recursive: true });
app.setPath('userData', stateFolder);
startLog(join(stateFolder, 'logs'));
registerScheme();

let window: BrowserWindow | undefined;
let core: CoreProcess | undefined;
let pageListens = false;
let leaving: 'no' | 'asking' | 'finishing' | 'yes' = 'no';

function send(channel: string, ...args: unknown[]): void {
  if (window && !window.isDestroyed()) window.webContents.send(channel, ...args);
}

/** The run archive among a program's arguments. */
function archiveIn(args: readonly string[], folder: string): string | undefined {
  const file = args.slice(1).find((arg) => arg.endsWith('.distill') && !arg.startsWith('-'));
  return file === undefined ? undefined : resolve(folder, file);
}

/** Waits until there is a page to open it. */
let archive = archiveIn(process.argv, process.cwd());

function handArchive(): void {
  if (!pageListens || archive === undefined) return;
  send(ARCHIVE_CHANNEL, archive);
  archive = undefined;
}

function openArchive(file: string | undefined): void {
  archive = file ?? archive;
  handArchive();
}

/** Hands the window a port, once both its page and the core listen: whichever is last calls this. One too many is harmless. */
function handPort(): void {
  if (!pageListens || !window || window.isDestroyed()) return;
  const port = core?.connect();
  if (!port) return;
  note('The window is given a port to the core');
  window.webContents.postMessage(PORT_CHANNEL, null, [port]);
}

function raise(): void {
  if (!window || window.isDestroyed()) return;
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}

/** Quits at once when nothing is trained; otherwise asks once. */
async function leave(): Promise<void> {
  if (leaving !== 'no' || !window) return;
  if (core?.busy) {
    leaving = 'asking';
    if (!(await confirmQuit(window))) {
      leaving = 'no';
      return;
    }
    leaving = 'finishing';
    note('Finishing the epoch before quitting');
    if (!window.isDestroyed()) window.hide();
    await core.finishEpoch();
  }
  leaving = 'finishing';
  if (!window.isDestroyed()) window.hide();
  await core?.end();
  leaving = 'yes';
  app.quit();
}

function openLabWindow(): void {
  window = openWindow(stateFolder);
  window.on('close', (event) => {
    if (leaving === 'yes') return;
    event.preventDefault();
    void leave();
  });
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    warn(`The window's process ended: ${reason}`);
    pageListens = false;
    if (leaving === 'no') window?.webContents.reload();
  });
}

const setUp = new SetUp(join(__dirname, '..', '..', 'scripts', 'setup.mjs'), (line) => {
  note(`set-up: ${line}`);
  send(SET_UP_CHANNEL, line);
});

/** Sets TensorFlow up; a core that can use it then takes the place of the one that could not. */
async function mend(): Promise<string | undefined> {
  const failure = await setUp.run();
  if (failure !== undefined) warn(failure);
  // Once the window has its answer.
  else setImmediate(() => core?.busy || core?.restart());
  return failure;
}

/** In the shell, not in the page: the log is wanted most when the page does not answer. */
async function openLog(): Promise<void> {
  const failure = await showLog();
  if (failure !== undefined && window) await sayFailure(window, 'The log could not be opened.', failure);
}

function answerWindow(): void {
  handle('open-file', (options) => openFile(window!, options));
  handle('save-file', (options) => saveFile(window!, options));
  handle('choose-folder', (options) => chooseFolder(window!, options));
  handle('can-set-up', () => setUp.possible);
  handle('set-up', mend);
  handle('open-external', async (address) => {
    const url = new URL(address);
    if (url.protocol !== 'https:' || !EXTERNAL_HOSTS.includes(url.host)) {
      throw new Error(`${address} is not a page that the lab opens.`);
    }
    await shell.openExternal(url.href);
    return undefined;
  });
  onCoreWanted((reason) => {
    note(`The page asks for the core: ${reason}`);
    pageListens = true;
    handPort();
    handArchive();
  });
}

async function start(): Promise<void> {
  await app.whenReady();
  note(`Distill Lab, Electron ${process.versions.electron}, lab ${lab}`);
  serveApp();
  denyPermissions();
  core = new CoreProcess(lab, {
    output: (text) => note(`core: ${text.trimEnd()}`),
    lost: (reason) => {
      warn(reason);
      send(LOST_CHANNEL, reason);
    },
    ready: () => {
      note('The core listens');
      handPort();
    },
  });
  answerWindow();
  installMenu(
    (name) => send(COMMAND_CHANNEL, name),
    () => void openLog(),
  );
  openLabWindow();
}

if (app.requestSingleInstanceLock()) {
  app.on('second-instance', (_event, args, folder) => {
    raise();
    openArchive(archiveIn(args, folder));
  });
  // macOS names the file in an event of its own.
  app.on('open-file', (event, file) => {
    event.preventDefault();
    openArchive(file);
  });
  app.on('before-quit', (event) => {
    if (leaving === 'yes') return;
    event.preventDefault();
    void leave();
  });
  app.on('window-all-closed', () => app.quit());
  app.on('will-quit', () => setUp.end());
  void start();
} else {
  app.quit();
}
