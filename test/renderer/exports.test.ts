// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { csv } from '../../renderer/exports/csv';
import { standaloneSvg } from '../../renderer/exports/inline-svg';
import { fileStem, useSave } from '../../renderer/exports/save';
import { useUi } from '../../renderer/stores/ui';
import { heatmapSvg } from '../../renderer/views/inspect/heatmap-svg';

describe('comma-separated values', () => {
  it('quote what must be quoted, and leave numbers exact and gaps empty', () => {
    expect(
      csv([
        ['plain', 'a,b', 'say "no"', 'two\nlines'],
        [0.1, -2.5e-7, NaN, Infinity],
      ]),
    ).toBe('plain,"a,b","say ""no""","two\nlines"\n0.1,-2.5e-7,,\n');
  });

  it('start no formula in a spreadsheet, while numbers stay numbers', () => {
    expect(csv([['=HYPERLINK("x")', '+1', '@a', '-b', -1]])).toBe(`"'=HYPERLINK(""x"")",'+1,'@a,'-b,-1\n`);
  });
});

describe('the confusion matrix as SVG', () => {
  const colours = { surface: '#fff', ink: '#111', accent: '#0f7b8a' };
  const values = [9, 1, 0, 5];
  const texts = (mode: 'errors' | 'counts' | 'share') => {
    const svg = heatmapSvg({ values, classes: 2, mode }, 'Run <b>&', colours);
    const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml');
    expect(parsed.querySelector('parsererror')).toBeNull();
    return [...parsed.querySelectorAll('text')].map(({ textContent }) => textContent);
  };

  it('says what the cells on the screen say', () => {
    expect(texts('errors')).toEqual(['Run <b>&', 'predicted', 'true', '0', '0', '1', '1', '1']);
    expect(texts('counts')).toEqual(['Run <b>&', 'predicted', 'true', '0', '0', '9', '1', '1', '1', '0', '5']);
    expect(texts('share')).toEqual(['Run <b>&', 'predicted', 'true', '0', '0', '90.0', '10.0', '1', '1', '0', '100.0']);
  });
});

describe('a drawing of the page as SVG', () => {
  it('stands alone: with colours, size and background, without the page’s names', () => {
    document.body.innerHTML =
      '<svg viewBox="-10 0 100 50" class="c" data-v-1=""><rect class="bar" style="fill: rgb(1, 2, 3)" width="4" height="5"/></svg>';
    const text = standaloneSvg(document.querySelector('svg')!, '#eeeeee', 200);
    const svg = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
    expect(svg.getAttribute('width')).toBe('200');
    expect(svg.getAttribute('height')).toBe('100');
    const [sheet, bar] = [...svg.querySelectorAll('rect')];
    expect(sheet!.getAttribute('fill')).toBe('#eeeeee');
    expect(sheet!.getAttribute('x')).toBe('-10');
    expect(bar!.getAttribute('fill')).toBe('rgb(1, 2, 3)');
    expect(text).not.toMatch(/class=|data-v/);
  });
});

describe('saving', () => {
  beforeEach(() => setActivePinia(createPinia()));

  function desktop(saveFile: Desktop['saveFile']): void {
    Object.assign(window, { desktop: { saveFile } });
  }

  it('offers a fitting name and hands the bytes over', async () => {
    const saveFile = vi.fn<Desktop['saveFile']>().mockResolvedValue('/home/a/errors.csv');
    desktop(saveFile);
    await useSave().csv(fileStem('Test errors, by epoch'), () => [['x'], [1]]);
    const [options] = saveFile.mock.calls[0]!;
    expect(options.defaultPath).toBe('test-errors-by-epoch.csv');
    expect(new TextDecoder().decode(options.contents)).toBe('x\n1\n');
    expect(useUi().notices.map(({ text }) => text)).toEqual(['Saved /home/a/errors.csv']);
  });

  it('says nothing when it was cancelled, and why when it failed', async () => {
    desktop(() => Promise.resolve(undefined));
    await useSave().svg('a', () => '<svg/>');
    expect(useUi().notices).toEqual([]);
    desktop(() =>
      Promise.reject(
        new Error("Error invoking remote method 'save-file': Error: a.svg could not be saved: the disk is full."),
      ),
    );
    await useSave().svg('a', () => '<svg/>');
    expect(useUi().notices.map(({ kind, text }) => [kind, text])).toEqual([
      ['error', 'a.svg could not be saved: the disk is full.'],
    ]);
  });

  it('makes names that any file system takes', () => {
    expect(fileStem('../Fehler: <größte>/№ 1')).toBe('fehler-größte-1');
    expect(fileStem('***')).toBe('export');
  });
});
