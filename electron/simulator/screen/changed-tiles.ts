import type { Canvas, Rect } from "./canvas.ts";

const TILE = 64;

/** The tiles in which two pictures of one size differ; neighbours in a row are joined. */
export function changedTiles(before: Canvas, after: Canvas): Rect[] {
  const found: Rect[] = [];
  const { width, height } = after;
  for (let y = 0; y < height; y += TILE) {
    const h = Math.min(TILE, height - y);
    let run: { x: number; w: number } | null = null;
    for (let x = 0; x < width; x += TILE) {
      const w = Math.min(TILE, width - x);
      if (differs(before, after, { x, y, w, h })) run = run === null ? { x, w } : { x: run.x, w: run.w + w };
      else if (run !== null) {
        found.push({ x: run.x, y, w: run.w, h });
        run = null;
      }
    }
    if (run !== null) found.push({ x: run.x, y, w: run.w, h });
  }
  return found;
}

function differs(before: Canvas, after: Canvas, rect: Rect): boolean {
  for (let y = rect.y; y < rect.y + rect.h; y += 1) {
    const from = y * after.width + rect.x;
    for (let at = from; at < from + rect.w; at += 1) if (before.pixels[at] !== after.pixels[at]) return true;
  }
  return false;
}
