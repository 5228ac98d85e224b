/** The one way to put something into a file of the user's choice: the desktop asks where, and writes it. */
import { useUi } from '../stores/ui';
import { csv } from './csv';

const TYPES = {
  csv: 'Comma-separated values',
  png: 'PNG image',
  svg: 'SVG image',
} as const;

/** Such as "test-errors" of "Test errors, log scale"; letters of any language stay. */
export function fileStem(text: string): string {
  return (
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 80) || 'export'
  );
}

/** Pixels of a picture for each of its own units: sharp on any screen. */
const SCALE = 2;

async function rasterise(svg: string): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width * SCALE, image.height * SCALE);
  canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: 'image/png' });
}

/** An error that crossed the shell's door names the door first. */
function withoutDoor(error: unknown): Error {
  const text = error instanceof Error ? error.message : String(error);
  return new Error(text.replace(/^Error invoking remote method '[^']*': (?:Error: )?/, ''));
}

/** Functions that save; each resolves when the file is written, or the dialog was cancelled. */
export function useSave() {
  const ui = useUi();

  function save(stem: string, type: keyof typeof TYPES, make: () => Blob | Promise<Blob>): Promise<void> {
    return ui
      .attempt(async () => {
        const contents = new Uint8Array(await (await make()).arrayBuffer());
        const path = await window.desktop
          ?.saveFile({
            title: `Save ${TYPES[type]}`,
            defaultPath: `${stem}.${type}`,
            filters: [{ name: TYPES[type], extensions: [type] }],
            contents,
          })
          .catch((error: unknown) => {
            throw withoutDoor(error);
          });
        if (path !== undefined) ui.notify(`Saved ${path}`);
      })
      .then(() => undefined);
  }

  return {
    /** @param rows the header first */
    csv: (stem: string, rows: () => readonly (readonly (string | number)[])[]) =>
      save(stem, 'csv', () => new Blob([csv(rows())])),
    svg: (stem: string, svg: () => string) => save(stem, 'svg', () => new Blob([svg()])),
    /** @param picture an SVG, or a canvas as it is */
    png: (stem: string, picture: () => string | OffscreenCanvas | Promise<OffscreenCanvas>) =>
      save(stem, 'png', async () => {
        const drawn = await picture();
        return typeof drawn === 'string' ? rasterise(drawn) : drawn.convertToBlob({ type: 'image/png' });
      }),
  };
}
