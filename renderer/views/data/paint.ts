/** Grey digits on a canvas. */
export function paint(context: CanvasRenderingContext2D, grey: Uint8Array, side: number, x: number, y: number): void {
  const image = context.createImageData(side, side);
  for (let pixel = 0; pixel < side * side; pixel++) {
    const value = grey[pixel]!;
    image.data.set([value, value, value, 255], pixel * 4);
  }
  context.putImageData(image, x, y);
}
