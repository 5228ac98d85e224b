/** The window: what it may do, where it was, and where it may not go. */
import { BrowserWindow, nativeTheme, screen, session } from 'electron';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEV_SERVER, PAGE } from './protocol';

interface Place {
  readonly x?: number;
  readonly y?: number;
  readonly width: number;
  readonly height: number;
}

const FIRST_SIZE: Place = { width: 1280, height: 860 };

/** The size and place of last time, if some screen still shows it. */
function remembered(file: string): Place {
  try {
    const { x, y, width, height } = JSON.parse(readFileSync(file, 'utf8')) as Required<Place>;
    if (![x, y, width, height].every(Number.isFinite)) return FIRST_SIZE;
    const { workArea } = screen.getDisplayMatching({ x, y, width, height });
    const shown = x < workArea.x + workArea.width - 50 && x + width > workArea.x + 50 && y >= workArea.y - 10;
    return shown && y < workArea.y + workArea.height - 50 ? { x, y, width, height } : { width, height };
  } catch {
    return FIRST_SIZE;
  }
}

/** Before any page is loaded: no page gets a permission, in any window. */
export function denyPermissions(): void {
  session.defaultSession.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.defaultSession.setPermissionCheckHandler(() => false);
}

/**
 * Opens the window.
 * @param stateFolder where its size is remembered
 */
export function openWindow(stateFolder: string): BrowserWindow {
  const placeFile = join(stateFolder, 'window.json');
  const window = new BrowserWindow({
    ...remembered(placeFile),
    minWidth: 800,
    minHeight: 560,
    title: 'Distill Lab',
    show: false,
    // The colours of the page's own background: no flash of white before it is drawn.
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#1b1d21' : '#ffffff',
    webPreferences: {
      preload: join(__dirname, '..', 'preload', 'preload.cjs'),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
    },
  });
  window.once('ready-to-show', () => window.show());
  window.on('close', () => {
    try {
      writeFileSync(placeFile, JSON.stringify(window.getNormalBounds()));
    } catch {
      // Only its place is forgotten.
    }
  });
  const { webContents } = window;
  webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
  webContents.on('will-navigate', (event, url) => {
    // A page under development loads itself anew where it cannot be changed as it stands.
    if (url !== DEV_SERVER) event.preventDefault();
  });
  webContents.on('will-attach-webview', (event) => event.preventDefault());
  void window.loadURL(PAGE);
  return window;
}
