/** The window guards itself: against pages outside, hostile names, damaged files, and a lab folder that goes away. */
import type { Locator, Page } from '@playwright/test';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { App } from './app';
import { environment, expect, launch, program, quit, test } from './app';
import {
  SMALL,
  answerDialogs,
  keepFailure,
  menu,
  prepareRun,
  recordOf,
  runIds,
  runInList,
  runList,
  start,
  train,
  untilDone,
  view,
} from './steps';

const SMALLEST = { ...SMALL, Hidden: '8', Epochs: '1' };

function messages(page: Page): Locator {
  return page.getByRole('region', { name: 'Messages' });
}

/** Closes the window as its cross does; resolves when the application has ended. */
async function closeWindow({ electron, process: child }: App): Promise<void> {
  const ended = once(child, 'exit');
  await electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.close()).catch(() => undefined);
  await ended;
}

test.describe('the page', () => {
  test('has of the shell what the contract lists, and cannot change it', async ({ app: { page, electron } }) => {
    // A page from the same place without preload and scripts: what it lacks was added by us.
    const plain = await electron.evaluate(async ({ BrowserWindow }) => {
      const window = new BrowserWindow({ show: false, webPreferences: { sandbox: true } });
      await window.loadURL('app://lab/nothing').catch(() => undefined);
      const names = (await window.webContents.executeJavaScript('Object.getOwnPropertyNames(window)')) as string[];
      window.destroy();
      return names;
    });
    const names = await page.evaluate(() => Object.getOwnPropertyNames(window));
    const ours = names.filter((name) => !plain.includes(name) && !/^__(VUE|playwright|pw)/i.test(name));
    expect(ours).toEqual(['desktop']);
    const changed = await page.evaluate(() => {
      const { desktop } = window as unknown as { desktop: Record<string, unknown> };
      const outcomes = ['saveFile', 'another'].map((name) => Reflect.set(desktop, name, 'changed'));
      const replaced = Reflect.set(window, 'desktop', {});
      const kinds = Object.entries(desktop).map(([name, value]) => `${name}: ${typeof value}`);
      return { outcomes, replaced, kinds: kinds.sort() };
    });
    expect(changed).toEqual({
      outcomes: [false, false],
      replaced: false,
      kinds: [
        'askForCore: function',
        'canSetUp: function',
        'chooseFolder: function',
        'onArchive: function',
        'onCommand: function',
        'onSetUpLine: function',
        'openExternal: function',
        'openFile: function',
        'platform: string',
        'saveFile: function',
        'setUp: function',
      ],
    });
  });

  test('reaches nothing outside, by whatever way; a page without the guards does', async ({ app }) => {
    const { page, electron } = app;
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url!);
      response.setHeader('access-control-allow-origin', '*');
      response.end('outside');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const outside = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    /** Tries every way out that a page knows. */
    const attempts = `(async (outside) => {
      const blocked = [];
      document.addEventListener('securitypolicyviolation', (event) => {
        if (event.blockedURI.startsWith(outside)) blocked.push(event.effectiveDirective);
      });
      const add = (tag, properties) => document.body.append(Object.assign(document.createElement(tag), properties));
      await fetch(outside + '/fetch').catch(() => undefined);
      add('img', { src: outside + '/image' });
      add('script', { src: outside + '/script' });
      add('link', { rel: 'stylesheet', href: outside + '/style' });
      add('iframe', { src: outside + '/frame' });
      add('video', { src: outside + '/video' });
      add('object', { data: outside + '/object' });
      navigator.sendBeacon(outside + '/beacon');
      try { new EventSource(outside + '/events'); } catch {}
      try { new WebSocket(outside.replace('http', 'ws') + '/socket'); } catch {}
      await new Promise((resolve) => setTimeout(resolve, 500));
      window.open(outside + '/opened');
      const form = Object.assign(document.createElement('form'), { action: outside + '/form', method: 'post' });
      const link = Object.assign(document.createElement('a'), { href: outside + '/download', download: 'x' });
      document.body.append(form, link);
      form.submit();
      await new Promise((resolve) => setTimeout(resolve, 300));
      link.click();
      await new Promise((resolve) => setTimeout(resolve, 300));
      location.href = outside + '/navigation';
      await new Promise((resolve) => setTimeout(resolve, 500));
      return blocked.sort();
    })(${JSON.stringify(outside)})`;
    try {
      await electron.evaluate(({ BrowserWindow }) => {
        const refused: string[] = [];
        Object.assign(globalThis, { refused });
        const { webContents } = BrowserWindow.getAllWindows()[0]!;
        webContents.on('will-navigate', (event, url) => {
          refused.push(`${event.defaultPrevented ? 'refused' : 'let go'}: ${new URL(url).pathname}`);
        });
      });
      const address = page.url();
      const blocked = await page.evaluate<string[]>(attempts);
      expect(blocked).toEqual([
        'connect-src',
        'connect-src',
        'connect-src',
        'form-action',
        'frame-src',
        'img-src',
        'media-src',
        'object-src',
        'script-src-elem',
        'style-src-elem',
      ]);
      const refused = await electron.evaluate(() => (globalThis as unknown as { refused: string[] }).refused);
      expect(refused).toContain('refused: /navigation');
      expect(refused.filter((what) => what.startsWith('let go'))).toEqual([]);
      expect(page.url()).toBe(address);
      expect(await electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1);
      expect(asked).toEqual([]);

      // The same attempts in a page without policy and guards arrive: what kept them from it above was ours.
      await electron.evaluate(
        async ({ BrowserWindow }, [bare, script]) => {
          const window = new BrowserWindow({ show: false, webPreferences: { sandbox: true, partition: 'bare' } });
          window.webContents.setWindowOpenHandler(() => ({
            action: 'allow',
            overrideBrowserWindowOptions: { show: false },
          }));
          window.webContents.session.on('will-download', (event) => event.preventDefault());
          await window.loadURL(bare!);
          await Promise.race([
            window.webContents.executeJavaScript(script!, true).catch(() => undefined),
            new Promise((resolve) => setTimeout(resolve, 3000)),
          ]);
          for (const other of BrowserWindow.getAllWindows()) {
            if (other.webContents.getURL().startsWith('http')) other.destroy();
          }
        },
        [`${outside}/bare`, attempts],
      );
      for (const way of ['/fetch', '/image', '/script', '/style', '/frame', '/beacon', '/opened', '/form']) {
        expect(asked).toContain(way);
      }
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

test.describe('instances', () => {
  test('a second launch on the same lab ends by itself and raises the window; another lab has its own', async ({
    app,
    folder,
  }) => {
    const { executable, args } = program();
    const shown = () => app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.isVisible());
    await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.hide());
    expect(await shown()).toBe(false);
    // Written another way, it is the same folder.
    mkdirSync(app.lab, { recursive: true });
    const again = join(folder, 'lab', '..', 'lab');
    const second = spawn(executable, [...args, `--lab=${again}`], { env: environment(folder), stdio: 'ignore' });
    expect(await once(second, 'exit')).toEqual([0, null]);
    await expect.poll(shown).toBe(true);

    const other = await launch(join(folder, 'another lab'), folder);
    try {
      await expect(other.page.getByText('No runs yet.')).toBeVisible();
      expect(app.process.exitCode).toBe(null);
    } finally {
      await quit(other);
    }
  });

  test('the window comes back where and as large as it was closed, if a screen still shows that', async ({
    app,
    folder,
  }) => {
    const bounds = ({ electron }: App) =>
      electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.getBounds());
    const place = { x: 80, y: 60, width: 1010, height: 705 };
    const put = ({ electron }: App, where: typeof place) =>
      electron.evaluate(({ BrowserWindow }, to) => BrowserWindow.getAllWindows()[0]!.setBounds(to), where);
    await put(app, place);
    await expect.poll(() => bounds(app)).toEqual(place);
    await closeWindow(app);

    const second = await launch(app.lab, folder);
    try {
      expect(await bounds(second)).toEqual(place);
      await put(second, { ...place, x: -5000 });
      await expect.poll(async () => (await bounds(second)).x).toBe(-5000);
      await closeWindow(second);
    } finally {
      await quit(second);
    }

    const third = await launch(app.lab, folder);
    try {
      const { x, width, height } = await bounds(third);
      expect({ width, height }).toEqual({ width: place.width, height: place.height });
      expect(x).toBeGreaterThanOrEqual(0);
    } finally {
      await quit(third);
    }
  });
});

/** Names that would run as HTML, as a script, as a template of the page or of JavaScript. */
const HOSTILE = {
  name: `"><script>window.injected='name'</script>`,
  title: `<img src=x onerror="window.injected='title'">`,
  tag: '<svg onload=window.injected=1>',
  template: '${window.injected=2}',
  note: `javascript:window.injected='note' {{constructor.constructor('window.injected=3')()}}`,
  folder: `0009-<img src=x onerror="window.injected='folder'">`,
  file: `<img src=x onerror="window.injected='file'">.safetensors`,
};

test.describe('hostile and damaged', () => {
  test.describe.configure({ mode: 'serial' });
  let folder: string;
  let app: App;

  test.beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'distill-lab-e2e-'));
    app = await launch(join(folder, 'lab'), folder);
    await app.electron.context().tracing.start({ screenshots: true, snapshots: true });
  });
  test.afterEach(({ browserName: _unused }, info) => keepFailure(app, info));
  test.afterAll(async () => {
    await quit(app);
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  });

  /** Nothing that was named became part of the page, let alone ran. */
  async function harmless(page: Pick<Page, 'evaluate'>): Promise<void> {
    // Images that fail and scripts would have run by the time that this is answered, twice over.
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)));
    const found = await page.evaluate(() => ({
      injected: (window as { injected?: unknown }).injected,
      elements: [...document.querySelectorAll('[onerror], [onload], [src="x"], a[href^="javascript:"]')].length,
      scripts: [...document.scripts].filter((script) => script.textContent.includes('injected')).length,
    }));
    expect(found).toEqual({ injected: undefined, elements: 0, scripts: 0 });
  }

  const runs = () => join(app.lab, 'runs');

  test('hostile names are text wherever they stand', async () => {
    const { page } = app;
    const main = page.getByRole('main');
    const list = runList(page);
    await prepareRun(page, 'baseline 800', { ...SMALLEST, Name: HOSTILE.name });
    await start(page);
    await untilDone(page);
    await expect(main.getByRole('heading', { name: HOSTILE.name, exact: true })).toBeVisible();
    await expect(list.getByText(HOSTILE.name, { exact: true })).toBeVisible();
    await harmless(page);

    // A copy in a folder of a hostile name, and a damaged one.
    const [id] = runIds(app.lab);
    cpSync(join(runs(), id!), join(runs(), HOSTILE.folder), { recursive: true });
    mkdirSync(join(runs(), HOSTILE.folder.replace('0009', '0010')));
    const damaged = list.getByText(HOSTILE.folder.replace('0009', '0010'), { exact: true });
    await damaged.click();
    await expect(main).toContainText(HOSTILE.folder.replace('0009', '0010'));
    await expect(main).toContainText('cannot be read');
    await harmless(page);

    await list.getByText(HOSTILE.name, { exact: true }).first().click();
    const edit = async (name: string, entry: RegExp, text: string): Promise<void> => {
      const row = list.getByRole('row').filter({ has: page.getByText(name, { exact: true }) });
      await row.first().hover();
      await row
        .first()
        .getByRole('button', { name: `Actions for ${name}`, exact: true })
        .click();
      await page.getByRole('menuitem', { name: entry }).click();
      const input = page.locator('#run-edit');
      await input.fill(text);
      await input.press('Enter');
      await expect(input).toBeHidden();
    };
    await edit(HOSTILE.name, /^Rename/, HOSTILE.title);
    await edit(HOSTILE.title, /^Tags/, `${HOSTILE.tag}, ${HOSTILE.template}`);
    await edit(HOSTILE.title, /^Note/, HOSTILE.note);
    const row = list.getByRole('row').filter({ has: page.getByText(HOSTILE.title, { exact: true }) });
    await expect(row).toContainText(`${HOSTILE.tag}, ${HOSTILE.template}`);
    await expect(row.getByRole('gridcell').first()).toHaveAttribute('title', new RegExp(/javascript:window/));
    await harmless(page);

    // Saved under a hostile name, and loaded again: the messages name the file, the run bears its name.
    await row.getByRole('gridcell').first().click();
    const file = join(folder, HOSTILE.file);
    await answerDialogs(app, file);
    await menu(app, 'Save checkpoint…');
    await expect(messages(page)).toContainText(`Saved “${HOSTILE.title}” to ${file}.`);
    await menu(app, 'Load checkpoint or model…');
    await expect(messages(page)).toContainText(`Loaded ${file} as a run of its own, “${HOSTILE.name}”.`);
    await harmless(page);

    await view(page, 'Train').click();
    await expect(main.getByRole('heading', { name: HOSTILE.name, exact: true })).toBeVisible();
    await harmless(page);
    await view(page, 'Inspect').click();
    await expect(main.getByText(/^\(\d+ wrong out of 10000\)$/)).toBeVisible();
    await expect(main).toContainText(HOSTILE.name);
    await harmless(page);
    for (const tab of ['Bias', 'Calibration', 'Weights', 'Draw']) {
      await page.getByRole('tab', { name: tab }).click();
      await harmless(page);
    }
    await view(page, 'Compare').click();
    const choice = page.getByRole('region', { name: 'Runs to compare' });
    await expect(choice.getByRole('checkbox')).toHaveCount(3);
    for (const box of await choice.getByRole('checkbox').all()) await box.check();
    await expect(page.getByText(/exact McNemar test/)).toBeVisible();
    await expect(main).toContainText(HOSTILE.title);
    await harmless(page);
    await view(page, 'Data').click();
    await harmless(page);

    // Were one of them made part of the page, it would be seen.
    await page.evaluate((html) => {
      const element = Object.assign(document.createElement('div'), { innerHTML: html });
      document.body.append(element);
    }, HOSTILE.title);
    await expect(harmless(page)).rejects.toThrow(/elements/);
    await page.evaluate(() => document.querySelector('body > div:last-child')!.remove());
    await harmless(page);
  });

  test('a report of it is text too, without the policy that it carries', async () => {
    const { page, electron } = app;
    await view(page, 'Compare').click();
    await page
      .getByRole('main')
      .getByRole('button', { name: /report/i })
      .click();
    await expect(page.getByText(/reports.*\.html/).first()).toBeVisible();
    const said = (await page
      .getByText(/reports.*\.html/)
      .first()
      .textContent())!;
    const report = readFileSync(join(app.lab, 'reports', /runs-[\d-]+\.html/.exec(said)![0]), 'utf8');
    const naked = report.replace(/<meta http-equiv="content-security-policy"[^>]*>/i, '');
    expect(naked.length).toBeLessThan(report.length);
    const copy = join(folder, 'naked.html');
    writeFileSync(copy, naked);
    const evaluate = (script: string) =>
      electron.evaluate(
        async ({ BrowserWindow }, [address, code]) => {
          const window = new BrowserWindow({ show: false, webPreferences: { sandbox: true, partition: 'report' } });
          await window.loadURL(address!);
          const result: unknown = await window.webContents.executeJavaScript(code!);
          window.destroy();
          return result;
        },
        [pathToFileURL(copy).href, script],
      );
    expect(await evaluate('document.body.innerText')).toContain(HOSTILE.name);
    await harmless({ evaluate: (code: unknown) => evaluate(`(${String(code)})()`) } as Page);
  });

  test('damaged runs are listed with what is wrong, and the others work', async () => {
    const { page, lab } = app;
    const main = page.getByRole('main');
    const [id] = runIds(lab);
    const copy = (name: string): string => {
      cpSync(join(runs(), id!), join(runs(), name), { recursive: true });
      return join(runs(), name);
    };
    const truncated = copy('0021-truncated');
    writeFileSync(join(truncated, 'run.json'), readFileSync(join(truncated, 'run.json')).subarray(0, 700));
    const changed = copy('0022-changed');
    rmSync(join(changed, 'notes.json'), { force: true });
    const record = recordOf(lab, '0022-changed');
    writeFileSync(
      join(changed, 'run.json'),
      JSON.stringify({ ...record, status: 'stopped', spec: { ...record.spec, name: 'changed' } }),
    );
    const weights = join(changed, 'checkpoints', 'epoch-0001.safetensors');
    const bytes = readFileSync(weights);
    bytes[bytes.length - 5]! ^= 1;
    writeFileSync(weights, bytes);
    const unmeasured = copy('0023-unmeasured');
    rmSync(join(unmeasured, 'notes.json'), { force: true });
    rmSync(join(unmeasured, 'metrics.jsonl'));
    const record23 = { ...record, spec: { ...record.spec, name: 'unmeasured' } };
    writeFileSync(join(unmeasured, 'run.json'), JSON.stringify(record23));

    await view(page, 'Train').click();
    const row = (name: string) => runList(page).getByRole('row').filter({ hasText: name });
    // Its notes can be read, and name it as before: the folder tells it apart.
    await expect(row('damaged')).toHaveCount(2);
    await row('damaged').first().click();
    await expect(main).toContainText('Run 0021-truncated cannot be read:');
    await expect(main).toContainText(/Restore the file, or delete/);

    await row('changed').getByRole('gridcell').first().click();
    await main.getByRole('button', { name: 'Resume' }).click();
    await expect(main.getByRole('alert')).toContainText(
      /epoch-0001\.safetensors cannot be used: its contents have changed since it was written/,
    );

    await row('unmeasured').getByRole('gridcell').first().click();
    await expect(main).toContainText('The first epoch is not over yet.');
    await main.getByRole('button', { name: 'Inspect' }).click();
    await expect(main.getByText(/^\(\d+ wrong out of 10000\)$/)).toBeVisible();

    await train(page, 'baseline 800', { ...SMALLEST, Name: 'whole' });
    await expect(runInList(page, 'whole')).toBeVisible();
  });

  test('a damaged checkpoint file is refused in words, and leaves no run', async () => {
    const { page, lab } = app;
    const before = runIds(lab);
    const bytes = readFileSync(join(folder, HOSTILE.file));
    const flipped = Uint8Array.from(bytes);
    flipped[flipped.length - 9]! ^= 1;
    const cases: [string, Uint8Array, RegExp][] = [
      ['cut.safetensors', bytes.subarray(0, bytes.length - 100), /cut\.safetensors/],
      ['flipped.safetensors', flipped, /flipped\.safetensors is not a checkpoint .* values have changed/],
      ['text.safetensors', Buffer.from('<script>window.injected=1</script>'), /text\.safetensors/],
      ['empty.safetensors', new Uint8Array(), /empty\.safetensors/],
    ];
    for (const [name, contents, words] of cases) {
      const file = join(folder, name);
      writeFileSync(file, contents);
      await answerDialogs(app, file);
      await menu(app, 'Load checkpoint or model…');
      const toast = messages(page).locator('.error').filter({ hasText: words });
      await expect(toast).toBeVisible();
      await expect(toast).not.toContainText(/undefined|TypeError|RangeError|Unexpected/);
      await toast.getByRole('button', { name: 'Dismiss' }).click();
    }
    await harmless(page);
    expect(runIds(lab)).toEqual(before);
  });
});

test.describe('the lab folder', () => {
  const banner = (page: Page) => page.getByRole('alert');

  /** A run under way whose epochs pass quickly, with one recorded. */
  async function training({ page, lab }: App): Promise<string> {
    await prepareRun(page, 'baseline 800', { ...SMALL, Hidden: '8', Epochs: '2000', Name: 'held' });
    await start(page);
    await expect(page.getByText(/^After epoch \d+: hard loss/)).toBeVisible();
    return runIds(lab).at(-1)!;
  }

  /** The run is held in words; mended, it goes on where it was, without a gap or an epoch told twice. */
  async function goesOn({ page, lab }: App, id: string): Promise<void> {
    const main = page.getByRole('main');
    const epochs = () =>
      readFileSync(join(lab, 'runs', id, 'metrics.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { epoch: number }).epoch);
    const before = epochs().length;
    await main.getByRole('button', { name: 'Go on' }).click();
    await expect.poll(() => epochs().length).toBeGreaterThan(before + 1);
    await main.getByRole('button', { name: 'Stop' }).click();
    await expect(main.getByRole('button', { name: 'Resume' })).toBeVisible();
    const all = epochs();
    expect(all).toEqual(Array.from(all, (_, index) => index + 1));
    expect(recordOf(lab, id)).toMatchObject({ status: 'stopped' });
    expect(recordOf(lab, id).failure).toBeUndefined();
  }

  test('vanishes or becomes a file while a run trains: said at once, the runs stay, and the run goes on', async ({
    app,
  }) => {
    const { page, lab } = app;
    const main = page.getByRole('main');
    const id = await training(app);
    const away = `${lab} away`;
    renameSync(lab, away);
    await expect(
      banner(page)
        .filter({ hasText: /it is not there \(any more\).*Put the folder back/ })
        .first(),
    ).toBeVisible();
    await expect(runInList(page, 'held')).toBeVisible();
    await expect(main.getByRole('button', { name: 'Go on' })).toBeVisible();
    await expect(main.getByText(/^After epoch \d+: hard loss/)).toBeVisible();
    expect(existsSync(lab)).toBe(false);

    writeFileSync(lab, 'a file');
    await expect(
      banner(page)
        .filter({ hasText: /a file stands where a folder should/ })
        .first(),
    ).toBeVisible();
    await expect(runInList(page, 'held')).toBeVisible();
    // A new run is refused, and its settings stay.
    await main.getByRole('button', { name: 'New run' }).click();
    await page.getByRole('form').getByLabel('Name', { exact: true }).fill('kept settings');
    await main.getByRole('button', { name: /^(Start|Add to the queue)/ }).click();
    await expect(messages(page)).toContainText(/a file stands where a folder should/);
    await expect(page.getByRole('form').getByLabel('Name', { exact: true })).toHaveValue('kept settings');

    rmSync(lab);
    renameSync(away, lab);
    await expect(banner(page)).toHaveCount(0);
    await runInList(page, 'held').getByRole('gridcell').first().click();
    await goesOn(app, id);
  });

  test.describe('on a file system of its own', () => {
    const asRoot = process.platform === 'linux' && process.getuid?.() === 0;
    let mounted: string | undefined;
    const mount = (...args: string[]) => spawnSync('mount', args, { encoding: 'utf8' });

    test.beforeEach(() => {
      const point = mkdtempSync(join(tmpdir(), 'distill-lab-disk-'));
      const { status, stderr } = asRoot
        ? mount('-t', 'tmpfs', '-o', 'size=96m', 'distill-lab-test', point)
        : { status: 1, stderr: 'only root on Linux may' };
      if (status === 0) mounted = point;
      else rmSync(point, { recursive: true });
      test.skip(status !== 0, `no file system could be mounted: ${stderr}`);
    });
    test.afterEach(() => {
      if (mounted === undefined) return;
      expect(spawnSync('umount', ['--lazy', mounted]).status).toBe(0);
      rmSync(mounted, { recursive: true });
      mounted = undefined;
    });

    test('fills up, then becomes read-only, while a run trains: said, held, and it goes on', async ({ folder }) => {
      const app = await launch(join(mounted!, 'lab'), folder);
      const { page } = app;
      const main = page.getByRole('main');
      try {
        const id = await training(app);
        const filler = join(mounted!, 'filler');
        try {
          for (;;) appendFileSync(filler, Buffer.alloc(65_536));
        } catch {
          // Now it is full.
        }
        await expect(banner(page).filter({ hasText: /the disk is full, or nearly so.*Free some space/ })).toBeVisible();
        await expect(banner(page).filter({ hasText: /the disk is full \(ENOSPC\)/ })).toBeVisible();
        await expect(main.getByRole('button', { name: 'Go on' })).toBeVisible();
        // A second try is held as well.
        await main.getByRole('button', { name: 'Go on' }).click();
        await expect(runInList(page, 'held').getByRole('img', { name: 'paused' })).toBeVisible();
        rmSync(filler);
        await expect(banner(page).filter({ hasText: /nearly so/ })).toHaveCount(0);
        await goesOn(app, id);

        await main.getByRole('button', { name: 'Resume' }).click();
        await expect(main.getByRole('button', { name: 'Pause' })).toBeVisible();
        await expect(main.getByText(/ms\/step/)).toBeVisible();
        expect(mount('-o', 'remount,ro', mounted!).status).toBe(0);
        await expect(
          banner(page)
            .filter({ hasText: /the file system is read-only/ })
            .first(),
        ).toBeVisible();
        await expect(main.getByRole('button', { name: 'Go on' })).toBeVisible();
        // What a person typed is not lost with a note that cannot be kept.
        await runInList(page, 'held').hover();
        await page.getByRole('button', { name: 'Actions for held' }).click();
        await page.getByRole('menuitem', { name: /^Note/ }).click();
        await page.locator('#run-edit').fill('long thought about');
        await page.locator('#run-edit').press('Enter');
        await expect(messages(page)).toContainText(/the file system is read-only/);
        await expect(page.locator('#run-edit')).toHaveValue('long thought about');
        expect(mount('-o', 'remount,rw', mounted!).status).toBe(0);
        await page.locator('#run-edit').press('Enter');
        await expect(page.locator('#run-edit')).toBeHidden();
        await goesOn(app, id);
      } finally {
        await quit(app);
      }
    });
  });
});
