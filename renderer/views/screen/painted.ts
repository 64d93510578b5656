const SIDE = 48;

/** Whether the canvas shows more than one colour. Sampled small: the whole picture is never read back. */
export function isPainted(canvas: HTMLCanvasElement | null): boolean {
  if (canvas === null || canvas.width === 0 || canvas.height === 0) return false;
  const small = document.createElement("canvas");
  small.width = SIDE;
  small.height = SIDE;
  const context = small.getContext("2d", { willReadFrequently: true });
  if (context === null) return false;
  context.drawImage(canvas, 0, 0, SIDE, SIDE);
  return hasTwoColours(new Uint32Array(context.getImageData(0, 0, SIDE, SIDE).data.buffer));
}

export function hasTwoColours(pixels: Uint32Array): boolean {
  const first = pixels[0];
  return pixels.some((pixel) => pixel !== first);
}
