/** The log file: what a person sends along with a report of a fault. */
import { shell } from 'electron';
import log from 'electron-log/main';
import { join } from 'node:path';

/** @param folder where main.log is written */
export function startLog(folder: string): void {
  log.transports.file.resolvePathFn = () => join(folder, 'main.log');
  log.transports.console.level = 'warn';
  log.errorHandler.startCatching({ showDialog: false });
}

export function note(text: string): void {
  log.info(text);
}

export function warn(text: string): void {
  log.warn(text);
}

/**
 * Opens the log in the system's viewer.
 * @returns why it could not, and where it lies; undefined when it could
 */
export async function showLog(): Promise<string | undefined> {
  const { path } = log.transports.file.getFile();
  const failure = await shell.openPath(path);
  if (failure === '') return undefined;
  warn(`The log could not be opened: ${failure}`);
  return `${failure.replace(/\.$/, '')}. It lies in ${path}`;
}
