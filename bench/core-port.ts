/** A second port to the core of a running application. */
import type { Page } from '@playwright/test';

export type CorePort = (name: string, ...args: unknown[]) => Promise<unknown>;

/** What the window says once its core has TensorFlow. */
export const TENSORFLOW = /TensorFlow 2\.\d+/;

/** Takes the next port that comes, if one is wanted. Added before the page's own listener, which then never sees it. */
const TAKE_PORT = `
  window.addEventListener('message', (event) => {
    if (event.data?.type !== 'core-port' || !window.benchWantsPort) return;
    event.stopImmediatePropagation();
    window.benchWantsPort(event.ports[0]);
    delete window.benchWantsPort;
  });
`;

/**
 * The core's functions over a port of the benchmark's own, asked for as a window asks for its port: its measurements
 * shall not contain the clicking. Loads the page anew.
 */
export async function corePort(page: Page): Promise<CorePort> {
  await page.addInitScript(TAKE_PORT);
  await page.reload();
  await page.getByText(TENSORFLOW).first().waitFor();
  await page.evaluate(
    `new Promise((resolve) => {
      window.benchWantsPort = (port) => {
        const waiting = new Map();
        let next = 0;
        port.onmessage = ({ data }) => {
          if (data.t === 'q') return data.i && port.postMessage({ t: 's', i: data.i });
          const { resolve, reject } = waiting.get(data.i);
          // What is kept is counted as the window's memory.
          waiting.delete(data.i);
          data.e ? reject(new Error(data.e.message)) : resolve(data.r);
        };
        port.addEventListener('close', () =>
          waiting.forEach(({ reject }) => reject(new Error('The port to the core was closed.'))),
        );
        window.benchCore = (m, a) => new Promise((resolve, reject) => {
          const i = String(next++);
          waiting.set(i, { resolve, reject });
          port.postMessage({ t: 'q', i, m, a });
        });
        resolve();
      };
      window.desktop.askForCore('the benchmark wants a port of its own');
    })`,
  );
  return (name, ...args) => page.evaluate(`window.benchCore(${JSON.stringify(name)}, ${JSON.stringify(args)})`);
}
