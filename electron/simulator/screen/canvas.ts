import { BOLD, type GlyphRow, REGULAR, SMALL } from "./glyph-data.ts";

export type FontName = "regular" | "bold" | "small";
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

interface Glyph {
  readonly advance: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Coverage 0 to 15. */
  readonly cover: Uint8Array;
}

function load(rows: readonly GlyphRow[]): ReadonlyMap<string, Glyph> {
  return new Map(
    rows.map(([char, advance, left, top, width, height, text]) => {
      const packed = Buffer.from(text, "base64");
      const cover = new Uint8Array(width * height);
      for (let at = 0; at < cover.length; at += 1) {
        const byte = packed[at >> 1] ?? 0;
        cover[at] = at % 2 === 0 ? byte >> 4 : byte & 15;
      }
      return [char, { advance, left, top, width, height, cover }] as const;
    }),
  );
}

const FONTS: Readonly<Record<FontName, ReadonlyMap<string, Glyph>>> = { regular: load(REGULAR), bold: load(BOLD), small: load(SMALL) };
/** Height of a line of text. */
export const LINE = 18;

export function textWidth(text: string, font: FontName = "regular"): number {
  let width = 0;
  for (const char of text) width += (FONTS[font].get(char) ?? FONTS[font].get("?"))?.advance ?? 0;
  return Math.ceil(width);
}

/** A picture in memory: one 0xRRGGBB a pixel. */
export class Canvas {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint32Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.pixels = new Uint32Array(width * height);
  }

  fill(rect: Rect, colour: number): void {
    const left = Math.max(0, rect.x);
    const right = Math.min(this.width, rect.x + rect.w);
    for (let y = Math.max(0, rect.y); y < Math.min(this.height, rect.y + rect.h); y += 1) {
      if (right > left) this.pixels.fill(colour, y * this.width + left, y * this.width + right);
    }
  }

  frame(rect: Rect, colour: number): void {
    this.fill({ ...rect, h: 1 }, colour);
    this.fill({ ...rect, y: rect.y + rect.h - 1, h: 1 }, colour);
    this.fill({ ...rect, w: 1 }, colour);
    this.fill({ ...rect, x: rect.x + rect.w - 1, w: 1 }, colour);
  }

  /** A box with a border and softly rounded corners. */
  box(rect: Rect, background: number, border: number): void {
    this.fill({ x: rect.x + 1, y: rect.y, w: rect.w - 2, h: rect.h }, background);
    this.fill({ x: rect.x, y: rect.y + 1, w: rect.w, h: rect.h - 2 }, background);
    this.fill({ x: rect.x + 2, y: rect.y, w: rect.w - 4, h: 1 }, border);
    this.fill({ x: rect.x + 2, y: rect.y + rect.h - 1, w: rect.w - 4, h: 1 }, border);
    this.fill({ x: rect.x, y: rect.y + 2, w: 1, h: rect.h - 4 }, border);
    this.fill({ x: rect.x + rect.w - 1, y: rect.y + 2, w: 1, h: rect.h - 4 }, border);
    for (const [x, y] of [
      [rect.x + 1, rect.y + 1],
      [rect.x + rect.w - 2, rect.y + 1],
      [rect.x + 1, rect.y + rect.h - 2],
      [rect.x + rect.w - 2, rect.y + rect.h - 2],
    ] as const)
      this.blend(x, y, border, 0.6);
  }

  /** A soft shadow around a window. */
  shadow(rect: Rect, size: number): void {
    for (let step = 1; step <= size; step += 1) {
      const strength = 0.16 * (1 - step / (size + 1)) ** 2;
      for (let x = rect.x - step; x < rect.x + rect.w + step; x += 1) {
        this.blend(x, rect.y - step, 0, strength);
        this.blend(x, rect.y + rect.h + step - 1, 0, strength);
      }
      for (let y = rect.y - step + 1; y < rect.y + rect.h + step - 1; y += 1) {
        this.blend(rect.x - step, y, 0, strength);
        this.blend(rect.x + rect.w + step - 1, y, 0, strength);
      }
    }
  }

  disc(cx: number, cy: number, radius: number, colour: number): void {
    for (let y = Math.floor(cy - radius - 1); y <= cy + radius + 1; y += 1)
      for (let x = Math.floor(cx - radius - 1); x <= cx + radius + 1; x += 1) {
        const distance = Math.hypot(x + 0.5 - cx, y + 0.5 - cy);
        this.blend(x, y, colour, Math.max(0, Math.min(1, radius + 0.5 - distance)));
      }
  }

  /** A thin anti-aliased stroke. */
  stroke(x1: number, y1: number, x2: number, y2: number, width: number, colour: number): void {
    const length = Math.hypot(x2 - x1, y2 - y1) || 1;
    for (let y = Math.floor(Math.min(y1, y2) - width - 1); y <= Math.max(y1, y2) + width + 1; y += 1)
      for (let x = Math.floor(Math.min(x1, x2) - width - 1); x <= Math.max(x1, x2) + width + 1; x += 1) {
        const along = Math.max(0, Math.min(1, ((x + 0.5 - x1) * (x2 - x1) + (y + 0.5 - y1) * (y2 - y1)) / length ** 2));
        const distance = Math.hypot(x + 0.5 - (x1 + along * (x2 - x1)), y + 0.5 - (y1 + along * (y2 - y1)));
        this.blend(x, y, colour, Math.max(0, Math.min(1, width / 2 + 0.5 - distance)));
      }
  }

  /** @param y top of the line @param limit right edge; what exceeds it is cut with dots @returns x after the text */
  text(text: string, x: number, y: number, colour: number, font: FontName = "regular", limit = this.width): number {
    const glyphs = FONTS[font];
    let shown = text;
    if (x + textWidth(text, font) > limit) {
      while (shown.length > 0 && x + textWidth(`${shown}...`, font) > limit) shown = shown.slice(0, -1);
      shown = `${shown}...`;
    }
    let pen = x;
    for (const char of shown) {
      const glyph = glyphs.get(char) ?? glyphs.get("?");
      if (glyph === undefined) continue;
      const left = Math.round(pen) + glyph.left;
      for (let at = 0; at < glyph.cover.length; at += 1) {
        const cover = glyph.cover[at] ?? 0;
        if (cover > 0) this.blend(left + (at % glyph.width), y + glyph.top + Math.floor(at / glyph.width), colour, cover / 15);
      }
      pen += glyph.advance;
    }
    return pen;
  }

  blend(x: number, y: number, colour: number, amount: number): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height || amount <= 0) return;
    const at = y * this.width + x;
    const below = this.pixels[at] ?? 0;
    const red = (below >> 16) & 255;
    const green = (below >> 8) & 255;
    const blue = below & 255;
    this.pixels[at] =
      (Math.round(red + (((colour >> 16) & 255) - red) * amount) << 16) |
      (Math.round(green + (((colour >> 8) & 255) - green) * amount) << 8) |
      Math.round(blue + ((colour & 255) - blue) * amount);
  }
}
