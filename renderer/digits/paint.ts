/** Grey values drawn as they are: white ink on black, no smoothing, whatever the theme. */

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** A digit's grey values, [side × side], and where it begins, in the canvas's unit. */
export interface PlacedDigit {
  readonly image: Uint8Array;
  readonly left: number;
}

/** Digits side by side, as wide as the widest row so far. */
let scratch: OffscreenCanvas | undefined;
let pixels: ImageData | undefined;

/** Draws digits of one size on one line. They reach the canvas as one picture: each that is handed over costs. */
export function paintDigits(
  context: Context,
  digits: readonly PlacedDigit[],
  side: number,
  top: number,
  size: number,
): void {
  if (digits.length === 0) return;
  const width = digits.length * side;
  if (!scratch || !pixels || pixels.height !== side || pixels.width < width) {
    scratch = new OffscreenCanvas(width, side);
    pixels = new ImageData(width, side);
  }
  const { data, width: stride } = pixels;
  digits.forEach(({ image }, at) => {
    for (let row = 0, from = 0; row < side; row++) {
      let to = 4 * (row * stride + at * side);
      for (let column = 0; column < side; column++, from++, to += 4) {
        data[to] = data[to + 1] = data[to + 2] = image[from]!;
        data[to + 3] = 255;
      }
    }
  });
  scratch.getContext('2d')!.putImageData(pixels, 0, 0, 0, 0, width, side);
  context.imageSmoothingEnabled = false;
  digits.forEach(({ left }, at) => context.drawImage(scratch!, at * side, 0, side, side, left, top, size, size));
}

export function paintDigit(
  context: Context,
  image: Uint8Array,
  side: number,
  left: number,
  top: number,
  size: number,
): void {
  paintDigits(context, [{ image, left }], side, top, size);
}

/** A canvas as sharp as the screen, empty: its pixels set, its unit a CSS pixel. */
export function sharpContext(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
): CanvasRenderingContext2D | null {
  const ratio = window.devicePixelRatio || 1;
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  const context = canvas.getContext('2d');
  // A canvas whose size is set gets new memory, the same size included.
  if (canvas.width === across && canvas.height === down) {
    context?.setTransform(1, 0, 0, 1, 0, 0);
    context?.clearRect(0, 0, across, down);
  } else {
    canvas.width = across;
    canvas.height = down;
  }
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}
