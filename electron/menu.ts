/** The menu: its entries are commands that the window carries out. */
import type { MenuItemConstructorOptions } from 'electron';
import { Menu } from 'electron';

/**
 * @param send hands a command's name to the window
 * @param showLog opens the log file
 */
export function installMenu(send: (command: string) => void, showLog: () => void): void {
  const command = (label: string, name: string, accelerator?: string): MenuItemConstructorOptions => ({
    label,
    click: () => send(name),
    ...(accelerator === undefined ? {} : { accelerator }),
  });
  const template: MenuItemConstructorOptions[] = [
    ...(process.platform === 'darwin' ? [{ role: 'appMenu' as const }] : []),
    {
      label: '&File',
      submenu: [
        command('New run', 'new-run', 'CmdOrCtrl+N'),
        command('Load checkpoint or model…', 'load-checkpoint', 'CmdOrCtrl+O'),
        command('Save checkpoint…', 'save-checkpoint', 'CmdOrCtrl+S'),
        { type: 'separator' },
        command('Open run archive…', 'open-archive', 'CmdOrCtrl+Shift+O'),
        command('Save run archive…', 'save-archive', 'CmdOrCtrl+Shift+S'),
        { type: 'separator' },
        { role: 'quit' },
      ],
    },
    { role: 'editMenu' },
    {
      label: '&View',
      submenu: [
        command('Data', 'view-data', 'CmdOrCtrl+1'),
        command('Train', 'view-train', 'CmdOrCtrl+2'),
        command('Inspect', 'view-inspect', 'CmdOrCtrl+3'),
        command('Compare', 'view-compare', 'CmdOrCtrl+4'),
        command('Paper', 'view-paper', 'CmdOrCtrl+5'),
        command('Search runs', 'search-runs', 'CmdOrCtrl+F'),
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
      ],
    },
    {
      label: '&Run',
      submenu: [
        command('Pause or go on', 'pause-or-proceed', 'CmdOrCtrl+P'),
        // Ctrl+Right would be taken from text fields.
        command('Single step', 'single-step', 'F10'),
        command('Stop', 'stop', 'CmdOrCtrl+.'),
        command('Resume', 'resume', 'CmdOrCtrl+R'),
      ],
    },
    {
      label: '&Help',
      submenu: [command('Keyboard shortcuts', 'shortcuts', 'F1'), { label: 'Show log', click: showLog }],
    },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
