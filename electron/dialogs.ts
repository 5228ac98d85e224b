/** Native dialogs: files, folders, and the question before quitting. */
import type { BrowserWindow } from 'electron';
import { dialog } from 'electron';
import { rename, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { FileOptions, SaveOptions } from './contract';

/** Leaves out what is not given: dialogs do not take `undefined` for an absent option. */
function given({ title, defaultPath, filters }: FileOptions) {
  return {
    ...(title === undefined ? {} : { title }),
    ...(defaultPath === undefined ? {} : { defaultPath }),
    ...(filters === undefined ? {} : { filters: filters.map(({ name, extensions }) => ({ name, extensions })) }),
  };
}

/** @returns the file's path; undefined when it was cancelled */
export async function openFile(window: BrowserWindow, options: FileOptions): Promise<string | undefined> {
  const { filePaths } = await dialog.showOpenDialog(window, { ...given(options), properties: ['openFile'] });
  return filePaths[0];
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'its folder may not be written to',
  EPERM: 'its folder may not be written to',
  EROFS: 'its folder may not be written to',
  ENOENT: 'its folder does not exist',
  ENOSPC: 'the disk is full',
};

/** Writes a file whole or not at all. */
async function write(path: string, contents: Uint8Array): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(draft, contents);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = REASONS[code ?? ''] ?? message;
    throw new Error(`${basename(path)} could not be saved: ${reason}. Choose another place.`, { cause: error });
  }
}

/** @returns the file's path, once its contents, if they were given, are written; undefined when it was cancelled */
export async function saveFile(window: BrowserWindow, options: SaveOptions): Promise<string | undefined> {
  const { canceled, filePath } = await dialog.showSaveDialog(window, given(options));
  if (canceled || !filePath) return undefined;
  if (options.contents) await write(filePath, options.contents);
  return filePath;
}

/** @returns the folder's path; undefined when it was cancelled */
export async function chooseFolder(window: BrowserWindow, options: FileOptions): Promise<string | undefined> {
  const { filePaths } = await dialog.showOpenDialog(window, {
    ...given(options),
    properties: ['openDirectory', 'createDirectory'],
  });
  return filePaths[0];
}

/** Says what a menu entry could not do. */
export async function sayFailure(window: BrowserWindow, message: string, detail: string): Promise<void> {
  await dialog.showMessageBox(window, { type: 'error', message, detail, buttons: ['Close'] });
}

/** Asks what becomes of the training under way; true to quit once its epoch is finished. */
export async function confirmQuit(window: BrowserWindow): Promise<boolean> {
  const { response } = await dialog.showMessageBox(window, {
    type: 'question',
    message: 'A run is being trained.',
    detail: 'Its epoch can be finished in the background; Distill Lab then quits, and the run can be resumed.',
    buttons: ['Finish the epoch, then quit', 'Cancel'],
    defaultId: 0,
    cancelId: 1,
  });
  return response === 0;
}
