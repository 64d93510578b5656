import { constants, createDeflate, type Deflate } from "node:zlib";
import type { Canvas, Rect } from "./canvas.ts";
import type { PixelFormat } from "./pixel-format.ts";
import { pixelWriter } from "./pixel-format.ts";

const TILE = 64;

/** Raw pixels of a part of the picture. */
export function rawPixels(canvas: Canvas, rect: Rect, format: PixelFormat, compact = false): Buffer {
  const pen = pixelWriter(format, compact);
  const out = Buffer.alloc(rect.w * rect.h * pen.size);
  let at = 0;
  const places = pen.places;
  if (places !== null) {
    // Whole bytes a colour: what every viewer of today asks for.
    const [red, green, blue] = places;
    for (let y = rect.y; y < rect.y + rect.h; y += 1) {
      const row = y * canvas.width;
      for (let x = row + rect.x; x < row + rect.x + rect.w; x += 1) {
        const colour = canvas.pixels[x] ?? 0;
        out[at + red] = colour >> 16;
        out[at + green] = colour >> 8;
        out[at + blue] = colour;
        at += pen.size;
      }
    }
    return out;
  }
  for (let y = rect.y; y < rect.y + rect.h; y += 1)
    for (let x = rect.x; x < rect.x + rect.w; x += 1) {
      pen.write(out, at, canvas.pixels[y * canvas.width + x] ?? 0);
      at += pen.size;
    }
  return out;
}

function oneColour(canvas: Canvas, rect: Rect): number | null {
  const first = canvas.pixels[rect.y * canvas.width + rect.x] ?? 0;
  for (let y = rect.y; y < rect.y + rect.h; y += 1)
    for (let x = rect.x; x < rect.x + rect.w; x += 1) if (canvas.pixels[y * canvas.width + x] !== first) return null;
  return first;
}

/** ZRLE (RFC 6143 §7.7.6) with solid and raw tiles; one zlib stream a client, as the protocol wants. */
export class ZrleEncoder {
  readonly #deflate: Deflate = createDeflate({ level: 3 });
  #chunks: Buffer[] = [];

  constructor() {
    this.#deflate.on("data", (chunk: Buffer) => this.#chunks.push(chunk));
    this.#deflate.on("error", () => undefined);
  }

  /** One at a time: the next call must wait for the last one's end. */
  encode(canvas: Canvas, rect: Rect, format: PixelFormat): Promise<Buffer> {
    const pen = pixelWriter(format, true);
    for (let y = rect.y; y < rect.y + rect.h; y += TILE)
      for (let x = rect.x; x < rect.x + rect.w; x += TILE) {
        const tile = { x, y, w: Math.min(TILE, rect.x + rect.w - x), h: Math.min(TILE, rect.y + rect.h - y) };
        const colour = oneColour(canvas, tile);
        if (colour === null) this.#deflate.write(Buffer.concat([Buffer.from([0]), rawPixels(canvas, tile, format, true)]));
        else {
          const solid = Buffer.alloc(1 + pen.size);
          solid[0] = 1;
          pen.write(solid, 1, colour);
          this.#deflate.write(solid);
        }
      }
    return new Promise((resolve) => {
      this.#deflate.flush(constants.Z_SYNC_FLUSH, () => {
        const body = Buffer.concat(this.#chunks);
        this.#chunks = [];
        const head = Buffer.alloc(4);
        head.writeUInt32BE(body.length);
        resolve(Buffer.concat([head, body]));
      });
    });
  }

  dispose(): void {
    this.#deflate.destroy();
  }
}
