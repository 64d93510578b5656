import { crc32, deflateSync } from "node:zlib";

/** Straight colours, a byte each: alpha, red, green, blue, row by row from the top left (the order of a StatusNotifierItem's IconPixmap). */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly argb: Uint8Array;
}
export interface Place {
  readonly x: number;
  readonly y: number;
}

const NEAR = 3;

/**
 * Reads that part of a frame buffer as Xvfb's -fbdir keeps it (X11/XWDFile.h: a head of big-endian 32-bit words, colours of 12 bytes, rows).
 * @throws Error where it is not of 32 bits a pixel
 */
export function readFrameBuffer(file: Buffer, area: Place & { readonly width: number; readonly height: number }): Picture {
  const word = (index: number) => file.readUInt32BE(index * 4);
  if (word(1) !== 7 || word(11) !== 32) throw new Error(`a frame buffer of version ${word(1)} and ${word(11)} bits`);
  const [headSize, bigEndian, stride, colours] = [word(0), word(7) === 1, word(12), word(19)];
  const argb = new Uint8Array(area.width * area.height * 4);
  for (let y = 0; y < area.height; y++)
    for (let x = 0; x < area.width; x++) {
      const at = headSize + colours * 12 + (area.y + y) * stride + (area.x + x) * 4;
      const pixel = bigEndian ? file.readUInt32BE(at) : file.readUInt32LE(at);
      argb.set([255, (pixel >> 16) & 255, (pixel >> 8) & 255, pixel & 255], (y * area.width + x) * 4);
    }
  return { width: area.width, height: area.height, argb };
}

/** Where every opaque pixel of `small` stands in `large`, or `null`. What is half transparent depends on the ground and is passed over. */
export function findPicture(large: Picture, small: Picture): Place | null {
  const opaque: number[] = [];
  for (let at = 0; at < small.argb.length; at += 4) if (small.argb[at] === 255) opaque.push(at / 4);
  if (opaque.length === 0) throw new Error("nothing opaque to look for");
  const fits = (left: number, top: number) =>
    opaque.every((index) => {
      const there = ((top + Math.floor(index / small.width)) * large.width + left + (index % small.width)) * 4;
      return [1, 2, 3].every((channel) => Math.abs((large.argb[there + channel] ?? 0) - (small.argb[index * 4 + channel] ?? 0)) <= NEAR);
    });
  for (let y = 0; y <= large.height - small.height; y++) for (let x = 0; x <= large.width - small.width; x++) if (fits(x, y)) return { x, y };
  return null;
}

/** How many pixels are not the same in both. */
export function difference(one: Picture, other: Picture): number {
  if (one.width !== other.width || one.height !== other.height) return Number.POSITIVE_INFINITY;
  let count = 0;
  for (let at = 0; at < one.argb.length; at += 4) if ([0, 1, 2, 3].some((channel) => one.argb[at + channel] !== other.argb[at + channel])) count++;
  return count;
}

/** For people to look at. */
export function toPng({ width, height, argb }: Picture): Buffer {
  const rows = Buffer.alloc(height * (1 + width * 4));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [alpha = 0, red = 0, green = 0, blue = 0] = argb.subarray((y * width + x) * 4);
      rows.set([red, green, blue, alpha], y * (1 + width * 4) + 1 + x * 4);
    }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 6, 0, 0, 0], 8);
  const chunk = (name: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  return Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}
