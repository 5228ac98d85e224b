/** The menu: each shortcut does in the window what it is there for, and "Show log" opens the log. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from './app';
import { expect, test } from './app';
import { answerDialogs, menu, prepareRun, runIds, SMALL, start, stepsHeld, stepsShown, view } from './steps';

/** Presses keys where Chromium takes them from the system, so that what the page leaves comes to the menu. */
async function press({ electron }: App, accelerator: string): Promise<void> {
  await electron.evaluate(({ BrowserWindow }, keys) => {
    const keyCode = keys.at(-1)!;
    const modifiers = keys.slice(0, -1).map((key) => (key === 'Shift' ? 'shift' : 'control'));
    const { webContents } = BrowserWindow.getAllWindows()[0]!;
    for (const type of ['rawKeyDown', 'keyUp'] as const) {
      webContents.sendInputEvent({ type, keyCode, modifiers } as Electron.KeyboardInputEvent);
    }
  }, accelerator.split('+'));
}

/** Those of our own entries; the editing ones and the like are Electron's. */
function accelerators({ electron }: App): Promise<string[]> {
  return electron.evaluate(({ Menu }) =>
    Menu.getApplicationMenu()!.items.flatMap(({ submenu }) =>
      submenu!.items.flatMap(({ accelerator, role }) => (accelerator && !role ? [String(accelerator)] : [])),
    ),
  );
}

test('every shortcut of the menu does its work', async ({ app, folder }) => {
  const { page, lab } = app;
  const main = page.getByRole('main');
  const said = page.getByRole('region', { name: 'Messages' });
  const pressed: string[] = [];
  const shortcut = async (accelerator: string): Promise<void> => {
    pressed.push(accelerator);
    await press(app, accelerator);
  };

  for (const [at, name] of (['Data', 'Train', 'Inspect', 'Compare', 'Paper'] as const).entries()) {
    await shortcut(`CmdOrCtrl+${at + 1}`);
    await expect(view(page, name)).toHaveAttribute('aria-current', 'page');
  }
  await shortcut('F1');
  await expect(said).toContainText('F10: single step');
  await shortcut('CmdOrCtrl+F');
  await expect(page.getByRole('searchbox', { name: 'Search runs' })).toBeFocused();

  await prepareRun(page, 'baseline 800', { ...SMALL, Epochs: '400' });
  await start(page);
  await expect(main.getByText(/^After epoch \d+/)).toBeVisible();
  await shortcut('CmdOrCtrl+P');
  await expect(main.getByRole('button', { name: 'Go on' })).toBeVisible();
  const held = await stepsHeld(page);
  await shortcut('F10');
  await expect.poll(() => stepsShown(page)).toBe(held + 1);
  await press(app, 'CmdOrCtrl+P');
  await expect(main.getByRole('button', { name: 'Pause' })).toBeVisible();
  await shortcut('CmdOrCtrl+.');
  await expect(main.getByRole('button', { name: 'Resume' })).toBeVisible();
  await shortcut('CmdOrCtrl+R');
  await expect(main.getByRole('button', { name: 'Pause' })).toBeVisible();
  await press(app, 'CmdOrCtrl+.');
  await expect(main.getByRole('button', { name: 'Resume' })).toBeVisible();

  await answerDialogs(app, join(folder, 'kept.safetensors'));
  await shortcut('CmdOrCtrl+S');
  await expect(said).toContainText('kept.safetensors.');
  await shortcut('CmdOrCtrl+O');
  await expect(said).toContainText('as a run of its own');
  expect(runIds(lab)).toHaveLength(2);
  await answerDialogs(app, join(folder, 'kept.distill'));
  await shortcut('CmdOrCtrl+Shift+S');
  await expect(said).toContainText('with its teachers to');
  await shortcut('CmdOrCtrl+Shift+O');
  await expect(said).toContainText('is in this lab already');
  await shortcut('CmdOrCtrl+N');
  await expect(main.getByRole('heading', { name: 'New run' })).toBeVisible();

  expect(pressed.sort()).toEqual((await accelerators(app)).sort());
});

test('its log entry opens the log of this window', async ({ app, folder }) => {
  await app.electron.evaluate(({ shell }) => {
    const opened: string[] = [];
    Object.assign(globalThis, { opened });
    shell.openPath = (path) => {
      opened.push(path);
      return Promise.resolve('');
    };
  });
  await menu(app, 'Show log');
  const opened = await app.electron.evaluate(() => (globalThis as unknown as { opened: string[] }).opened);
  expect(opened).toHaveLength(1);
  expect(opened[0]!.startsWith(join(folder, '.config', 'distill-lab'))).toBe(true);
  expect(readFileSync(opened[0]!, 'utf8')).toContain(`lab ${app.lab}`);

  await app.electron.evaluate(({ shell, dialog }) => {
    const said: string[] = [];
    Object.assign(globalThis, { said });
    shell.openPath = () => Promise.resolve('no application is there for it');
    dialog.showMessageBox = (...args: unknown[]) => {
      const { message, detail } = args.at(-1) as Electron.MessageBoxOptions;
      said.push(`${message} ${detail}`);
      return Promise.resolve({ response: 0, checkboxChecked: false });
    };
  });
  await menu(app, 'Show log');
  const said = () => app.electron.evaluate(() => (globalThis as unknown as { said: string[] }).said);
  await expect
    .poll(said)
    .toEqual([`The log could not be opened. no application is there for it. It lies in ${opened[0]!}`]);
});
