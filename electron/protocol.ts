/** app:// serves the built window, and nothing else, under a policy that lets it load nothing from elsewhere. */
import { app, protocol } from 'electron';
import { readFile } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';

/** Where `npm run dev` serves the page; never in a packaged application. */
export const DEV_SERVER = app.isPackaged ? undefined : process.env['DISTILL_LAB_DEV_SERVER'];

/** The page that a window shows. */
export const PAGE = DEV_SERVER ?? 'app://lab/index.html';

const FOLDER = join(__dirname, '..', 'renderer');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** Vue's :style and the component library set styles through the CSSOM, which no policy for style sheets concerns. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Before the application is ready. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true } }]);
}

async function respond(address: string): Promise<Response> {
  const { host, pathname } = new URL(address);
  const file = join(FOLDER, decodeURIComponent(pathname === '/' ? '/index.html' : pathname));
  const type = TYPES[extname(file)];
  if (host !== 'lab' || type === undefined || !file.startsWith(FOLDER + sep)) {
    return new Response('not found', { status: 404 });
  }
  try {
    const headers = {
      'content-type': type,
      'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff',
    };
    return new Response(new Uint8Array(await readFile(file)), { headers });
  } catch {
    return new Response('not found', { status: 404 });
  }
}

/** Once the application is ready. */
export function serveApp(): void {
  protocol.handle('app', ({ url }) => respond(url).catch(() => new Response('bad request', { status: 400 })));
}
