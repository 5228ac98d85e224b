/** `window.desktop`, and the core's port handed on: a context bridge cannot carry one. */
import { contextBridge, ipcRenderer } from 'electron';
import type { Channel, FileOptions, Payload, Results, SaveOptions } from './contract';
import {
  ARCHIVE_CHANNEL,
  COMMAND_CHANNEL,
  LOST_CHANNEL,
  PORT_CHANNEL,
  SET_UP_CHANNEL,
  WANTED_CHANNEL,
} from './contract';

function invoke<Name extends Channel>(channel: Name, payload: Payload<Name>): Promise<Results[Name]> {
  return ipcRenderer.invoke(channel, payload) as Promise<Results[Name]>;
}

/** Calls back with each text that comes over a channel; returns the function that ends it. */
function listen(channel: string, callback: (text: string) => void): () => void {
  const listener = (_event: unknown, text: string): void => callback(text);
  ipcRenderer.on(channel, listener);
  return () => void ipcRenderer.off(channel, listener);
}

contextBridge.exposeInMainWorld('desktop', {
  platform: process.platform,
  openFile: (options: FileOptions) => invoke('open-file', options),
  saveFile: (options: SaveOptions) => invoke('save-file', options),
  chooseFolder: (options: FileOptions) => invoke('choose-folder', options),
  openExternal: (url: string) => invoke('open-external', url),
  /** Asks for a port to the core, which comes as a message of type "core-port"; the reason goes into the log. */
  askForCore: (reason: string) => ipcRenderer.send(WANTED_CHANNEL, reason),
  canSetUp: () => invoke('can-set-up', undefined),
  setUp: () => invoke('set-up', undefined),
  onSetUpLine: (callback: (line: string) => void) => listen(SET_UP_CHANNEL, callback),
  /** the name of each menu command */
  onCommand: (callback: (name: string) => void) => listen(COMMAND_CHANNEL, callback),
  /** the path of each run archive that is to be opened */
  onArchive: (callback: (file: string) => void) => listen(ARCHIVE_CHANNEL, callback),
});

ipcRenderer.on(PORT_CHANNEL, (event) => window.postMessage({ type: PORT_CHANNEL }, '*', [...event.ports]));
ipcRenderer.on(LOST_CHANNEL, (_event, reason: string) => window.postMessage({ type: LOST_CHANNEL, reason }, '*'));
