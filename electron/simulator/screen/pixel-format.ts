/** How a client wants its pixels (RFC 6143 §7.4). */
export interface PixelFormat {
  readonly bytes: 1 | 2 | 4;
  readonly bigEndian: boolean;
  readonly max: readonly [number, number, number];
  readonly shift: readonly [number, number, number];
}

/** 32 bit little-endian 0x00RRGGBB: what the picture is kept in. */
export const NATIVE: PixelFormat = { bytes: 4, bigEndian: false, max: [255, 255, 255], shift: [16, 8, 0] };

export function encodePixelFormat(): Buffer {
  const out = Buffer.alloc(16);
  out.set([32, 24, 0, 1]);
  out.writeUInt16BE(255, 4);
  out.writeUInt16BE(255, 6);
  out.writeUInt16BE(255, 8);
  out.set([16, 8, 0], 10);
  return out;
}

/** @returns `null` for colour maps and sizes that no client of ours needs */
export function parsePixelFormat(data: Buffer): PixelFormat | null {
  const bits = data.readUInt8(0);
  if (data.readUInt8(3) === 0 || (bits !== 8 && bits !== 16 && bits !== 32)) return null;
  const max = [data.readUInt16BE(4), data.readUInt16BE(6), data.readUInt16BE(8)] as const;
  const shift = [data.readUInt8(10), data.readUInt8(11), data.readUInt8(12)] as const;
  if (shift.some((value) => value > 31) || max.some((value) => value === 0)) return null;
  return { bytes: bits === 8 ? 1 : bits === 16 ? 2 : 4, bigEndian: data.readUInt8(2) !== 0, max, shift };
}

export interface PixelWriter {
  /** Bytes a pixel. */
  readonly size: number;
  /** Offsets of red, green and blue where each is one whole byte, else `null`. */
  readonly places: readonly [number, number, number] | null;
  write(out: Buffer, at: number, colour: number): void;
}

/** @param compact CPIXEL of ZRLE: 32-bit pixels whose colours fit into three bytes lose the fourth */
export function pixelWriter(format: PixelFormat, compact: boolean): PixelWriter {
  const { max, shift, bigEndian, bytes } = format;
  const value = (colour: number) =>
    ((Math.round((((colour >> 16) & 255) * max[0]) / 255) << shift[0]) |
      (Math.round((((colour >> 8) & 255) * max[1]) / 255) << shift[1]) |
      (Math.round(((colour & 255) * max[2]) / 255) << shift[2])) >>>
    0;
  const whole = bytes === 4 && max.every((top) => top === 255) && shift.every((by) => by % 8 === 0);
  const place = (by: number, size: number, from: number) => (bigEndian ? size - 1 - (by - from) / 8 : (by - from) / 8);
  const places = (size: number, from: number): PixelWriter["places"] =>
    whole ? [place(shift[0], size, from), place(shift[1], size, from), place(shift[2], size, from)] : null;
  const bits = (max[0] << shift[0]) | (max[1] << shift[1]) | (max[2] << shift[2]);
  const low = bits >>> 24 === 0;
  const high = (bits & 255) === 0;
  if (compact && bytes === 4 && (low || high)) {
    return {
      size: 3,
      places: places(3, low ? 0 : 8),
      write(out, at, colour) {
        const all = low ? value(colour) : value(colour) >>> 8;
        if (bigEndian) out.writeUIntBE(all & 0xffffff, at, 3);
        else out.writeUIntLE(all & 0xffffff, at, 3);
      },
    };
  }
  return {
    size: bytes,
    places: places(4, 0),
    write(out, at, colour) {
      if (bytes === 1) out.writeUInt8(value(colour) & 255, at);
      else if (bigEndian) out.writeUIntBE(bytes === 2 ? value(colour) & 0xffff : value(colour), at, bytes);
      else out.writeUIntLE(bytes === 2 ? value(colour) & 0xffff : value(colour), at, bytes);
    },
  };
}
