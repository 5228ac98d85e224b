/** The only file that imports ipcMain: every message of a window is checked here, its sender and its contents. */
import type { IpcMainEvent, IpcMainInvokeEvent, WebContents } from 'electron';
import { ipcMain } from 'electron';
import * as v from 'valibot';
import type { Channel, Payload, Results } from './contract';
import { WANTED_CHANNEL, WantedReason, payloads } from './contract';
import { PAGE } from './protocol';

/** A message counts only if it comes from the top frame of a page of ours. */
function comesFromApp({ senderFrame }: IpcMainInvokeEvent | IpcMainEvent): boolean {
  if (senderFrame === null || senderFrame.parent !== null) return false;
  const [sender, page] = [new URL(senderFrame.url), new URL(PAGE)];
  return sender.protocol === page.protocol && sender.host === page.host;
}

/**
 * Answers a channel of the contract.
 * @param answer called only with a payload of the right shape
 */
export function handle<Name extends Channel>(
  channel: Name,
  answer: (payload: Payload<Name>, sender: WebContents) => Results[Name] | Promise<Results[Name]>,
): void {
  ipcMain.handle(channel, (event, payload: unknown) => {
    if (!comesFromApp(event)) throw new Error(`${channel}: refused, not sent by the window's own page`);
    const parsed = v.safeParse(payloads[channel], payload);
    if (!parsed.success) throw new Error(`${channel}: refused, ${parsed.issues[0].message}`);
    return answer(parsed.output as Payload<Name>, event.sender);
  });
}

/** Calls back each time a window's page, which listens, asks for a port to the core. */
export function onCoreWanted(callback: (reason: string) => void): void {
  ipcMain.on(WANTED_CHANNEL, (event, reason: unknown) => {
    if (comesFromApp(event) && v.is(WantedReason, reason)) callback(reason);
  });
}
