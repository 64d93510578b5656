import { randomFillSync } from "node:crypto";
import { expect, test } from "vitest";
import { pooledRandomFill } from "../../../electron/core/host-link/ssh/random-pool.ts";

/** Counts up, so that each byte that is handed out can be recognised. */
function counting(): { fill: typeof randomFillSync; calls: number[] } {
  const calls: number[] = [];
  let next = 1;
  const fill = new Proxy(randomFillSync, {
    apply(_target, _self, [into, offset = 0, size = into.length - offset]: [Uint8Array, number?, number?]) {
      calls.push(size);
      for (let i = 0; i < size; i++) into[offset + i] = next++ % 251;
      return into;
    },
  });
  return { fill, calls };
}

test("hands out each byte once, in its place, and fetches more when they are used up", () => {
  const { fill, calls } = counting();
  const pooled = pooledRandomFill(fill);
  const seen: number[] = [];
  for (let i = 0; i < 1_200; i++) {
    const into = new Uint8Array(40).fill(255);
    expect(pooled(into, 5, 16)).toBe(into);
    expect([...into.subarray(0, 5), ...into.subarray(21)].every((byte) => byte === 255)).toBe(true);
    seen.push(...into.subarray(5, 21));
  }
  expect(calls).toEqual([8192, 8192, 8192]);
  expect(seen).toEqual(Array.from({ length: 1_200 * 16 }, (_, i) => (i + 1) % 251));
});

test("leaves everything else to Node, errors too", () => {
  const { fill, calls } = counting();
  const pooled = pooledRandomFill(fill);
  pooled(new Uint8Array(100), 0, 65);
  pooled(new Uint8Array(7));
  pooled(Buffer.alloc(9), 2);
  expect(calls).toEqual([65, 7, 7]);
  expect(() => pooledRandomFill()(new Uint8Array(4), 2, 8)).toThrow(RangeError);
  expect(() => pooledRandomFill()(new Uint8Array(4), -1, 2)).toThrow(RangeError);
});

test("is random", () => {
  const pooled = pooledRandomFill();
  const [a, b] = [pooled(Buffer.alloc(16), 0, 16), pooled(Buffer.alloc(16), 0, 16)];
  expect(a.equals(b)).toBe(false);
  expect(a.equals(Buffer.alloc(16))).toBe(false);
});
