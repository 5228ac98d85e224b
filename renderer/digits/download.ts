/** Puts something into a file of the user's choice: the desktop asks where. */
function offer(name: string, blob: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** A cell that would start a formula in a spreadsheet is quoted with an apostrophe before it. */
function csvCell(value: string | number): string {
  const text = typeof value === 'string' && /^[=+\-@]/.test(value) ? `'${value}` : String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function offerCsv(name: string, rows: readonly (readonly (string | number)[])[]): void {
  offer(name, new Blob([rows.map((row) => row.map(csvCell).join(',')).join('\n') + '\n'], { type: 'text/csv' }));
}

export function offerSvg(name: string, svg: string): void {
  offer(name, new Blob([svg], { type: 'image/svg+xml' }));
}

/** Draws an SVG at twice its size. */
export async function offerPng(name: string, svg: string): Promise<void> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width * 2, image.height * 2);
  canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height);
  offer(name, await canvas.convertToBlob({ type: 'image/png' }));
}
