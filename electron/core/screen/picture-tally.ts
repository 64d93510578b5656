/** No pointer is larger than this (pixels a side); some servers paint it into the picture. */
const POINTER = 64;
/** Colours that are told apart; what comes after them counts as one. */
const MAX_COLOURS = 256;

/** Where a colour was seen: how often, and within which box. */
interface Seen {
  count: number;
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface PictureTally {
  /** @param pixels of 32 bits, row by row, as many as that rectangle has */
  add(rectangle: { readonly x: number; readonly y: number; readonly width: number }, pixels: Buffer): void;
  /** Whether more than a pointer's worth of it differs from its commonest colour. */
  isPainted(): boolean;
}

/** Counts the colours of a picture that comes in rectangles. @param size of the whole, pixels */
export function createPictureTally(size: { readonly width: number; readonly height: number }): PictureTally {
  const colours = new Map<number, Seen>();
  const others: Seen = nowhere();
  return {
    add({ x, y, width }, pixels) {
      let last = -1;
      let seen = others;
      for (let at = 0, column = x, row = y; at + 4 <= pixels.length; at += 4) {
        const colour = pixels.readUInt32LE(at) & 0xffffff;
        if (colour !== last) {
          last = colour;
          seen = colours.get(colour) ?? (colours.size < MAX_COLOURS ? nowhere() : others);
          if (seen !== others) colours.set(colour, seen);
        }
        seen.count++;
        if (column < seen.left) seen.left = column;
        if (column > seen.right) seen.right = column;
        if (row < seen.top) seen.top = row;
        if (row > seen.bottom) seen.bottom = row;
        if (++column === x + width) {
          column = x;
          row++;
        }
      }
    },
    isPainted() {
      const all = [...colours.values(), others].filter((one) => one.count > 0);
      const ground = all.reduce((most, one) => (one.count > most.count ? one : most), nowhere());
      const rest = all.filter((one) => one !== ground);
      if (rest.length === 0) return false;
      const wide = Math.max(...rest.map((one) => one.right)) - Math.min(...rest.map((one) => one.left)) + 1;
      const high = Math.max(...rest.map((one) => one.bottom)) - Math.min(...rest.map((one) => one.top)) + 1;
      // On a picture that is hardly larger than a pointer, half of it is something painted.
      return wide > Math.min(POINTER, size.width / 2) || high > Math.min(POINTER, size.height / 2);
    },
  };
}

const nowhere = (): Seen => ({ count: 0, left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity });
