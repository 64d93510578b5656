import { describe, expect, it } from "vitest";
import { createPictureTally } from "../../../electron/core/screen/picture-tally.ts";

type Paint = (x: number, y: number) => number;
const rows = (width: number, height: number, paint: Paint) => {
  const pixels = Buffer.alloc(width * height * 4);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) pixels.writeUInt32LE(paint(x, y), (y * width + x) * 4);
  return pixels;
};
const painted = (width: number, height: number, paint: Paint) => {
  const tally = createPictureTally({ width, height });
  tally.add({ x: 0, y: 0, width }, rows(width, height, paint));
  return tally.isPainted();
};
const box =
  (left: number, top: number, wide: number, high: number): Paint =>
  (x, y) =>
    x >= left && x < left + wide && y >= top && y < top + high ? 0xffffff - ((x * 31 + y) % 7) : 0;

describe("what counts as painted", () => {
  it("is not one colour, nor a pointer wherever it is", () => {
    expect(painted(400, 300, () => 0x336699)).toBe(false);
    // The fourth byte of a pixel says nothing.
    expect(painted(400, 300, (x) => 0x336699 + (x % 2) * 0x1000000)).toBe(false);
    expect(painted(400, 300, box(190, 140, 16, 24))).toBe(false);
    expect(painted(400, 300, box(0, 0, 64, 64))).toBe(false);
    expect(painted(400, 300, box(336, 236, 64, 64))).toBe(false);
  });
  it("is whatever is wider or higher than a pointer", () => {
    expect(painted(400, 300, box(100, 100, 65, 1))).toBe(true);
    expect(painted(400, 300, box(100, 100, 1, 65))).toBe(true);
    // Two small things apart from each other.
    expect(painted(400, 300, (x, y) => (y === 5 && (x === 10 || x === 390) ? 1 : 0))).toBe(true);
    // A photograph: more colours than are told apart.
    expect(painted(400, 300, (x, y) => x * 400 + y)).toBe(true);
  });
  it("is half of a picture that is hardly larger than a pointer", () => {
    expect(painted(40, 30, box(0, 0, 12, 12))).toBe(false);
    expect(painted(40, 30, box(0, 0, 30, 20))).toBe(true);
    expect(painted(1, 1, () => 5)).toBe(false);
  });
  it("is found in rectangles in any order, and nothing is taken for what did not come", () => {
    const tally = createPictureTally({ width: 400, height: 300 });
    expect(tally.isPainted()).toBe(false);
    tally.add(
      { x: 200, y: 150, width: 200 },
      rows(200, 150, () => 0x808080),
    );
    expect(tally.isPainted()).toBe(false);
    tally.add(
      { x: 0, y: 0, width: 10 },
      rows(10, 10, () => 1),
    );
    expect(tally.isPainted()).toBe(false);
    tally.add(
      { x: 300, y: 10, width: 10 },
      rows(10, 10, () => 1),
    );
    expect(tally.isPainted()).toBe(true);
  });
});
