/** Grey values drawn as they are: white ink on black, no smoothing, whatever the theme. */

let scratch: OffscreenCanvas | undefined;
let pixels: ImageData | undefined;

export function paintDigit(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  image: Uint8Array,
  side: number,
  left: number,
  top: number,
  size: number,
): void {
  if (!scratch || !pixels || pixels.width !== side) {
    scratch = new OffscreenCanvas(side, side);
    pixels = new ImageData(side, side);
  }
  for (let at = 0, to = 0; at < image.length; at++, to += 4) {
    pixels.data[to] = pixels.data[to + 1] = pixels.data[to + 2] = image[at]!;
    pixels.data[to + 3] = 255;
  }
  scratch.getContext('2d')!.putImageData(pixels, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(scratch, left, top, size, size);
}

/** A canvas as sharp as the screen: its pixels set, its unit a CSS pixel. */
export function sharpContext(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
): CanvasRenderingContext2D | null {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
