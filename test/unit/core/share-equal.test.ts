import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shareEqual } from "../../../electron/core/share-equal.ts";

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));

describe("sharing equal parts", () => {
  it("gives what came after, whatever was before, and changes neither", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (before, after) => {
        const [was, is] = [json(before), json(after)];
        expect(json(shareEqual(was, is))).toEqual(json(after));
        expect([json(was), json(is)]).toEqual([json(before), json(after)]);
      }),
    );
  });
  it("gives the very object for an equal value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const before = json(value);
        expect(shareEqual(before, json(value))).toBe(before);
      }),
    );
  });
  it("keeps every part that did not change", () => {
    const before = { a: [{ n: 1 }, { n: 2 }], b: { c: { d: 1 } }, gone: 1 };
    const after = shareEqual(before, { a: [{ n: 1 }, { n: 3 }], b: { c: { d: 1 } }, left: undefined }) as typeof before;
    expect(after).toEqual({ a: [{ n: 1 }, { n: 3 }], b: { c: { d: 1 } } });
    expect(after.a[0]).toBe(before.a[0]);
    expect(after.b).toBe(before.b);
  });
});
