/** A second port to the core of a running application. */
import type { Page } from '@playwright/test';

export type CorePort = (name: string, ...args: unknown[]) => Promise<unknown>;

/**
 * The core's functions over a port of the benchmark's own, asked for as a window asks for its port: its measurements
 * shall not contain the clicking.
 */
export async function corePort(page: Page): Promise<CorePort> {
  const key = `port${Date.now()}`;
  await page.evaluate(
    `new Promise((resolve) => {
      const listen = (event) => {
        if (event.data?.type !== 'core-port') return;
        event.stopImmediatePropagation();
        window.removeEventListener('message', listen, true);
        const port = event.ports[0];
        const waiting = new Map();
        let next = 0;
        port.onmessage = ({ data }) => {
          if (data.t === 'q') return data.i && port.postMessage({ t: 's', i: data.i });
          const { resolve, reject } = waiting.get(data.i);
          data.e ? reject(new Error(data.e.message)) : resolve(data.r);
        };
        window['${key}'] = (m, a) => new Promise((resolve, reject) => {
          const i = String(next++);
          waiting.set(i, { resolve, reject });
          port.postMessage({ t: 'q', i, m, a });
        });
        resolve();
      };
      window.addEventListener('message', listen, true);
      window.desktop.askForCore('the benchmark wants a port of its own');
    })`,
  );
  return (name, ...args) => page.evaluate(`window['${key}'](${JSON.stringify(name)}, ${JSON.stringify(args)})`);
}
