import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { apply, diff, PatchError } from "../../../shared/patch.ts";

const overTheWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const json = fc.jsonValue({ maxDepth: 4 }).map(overTheWire);

describe("patches", () => {
  it("turn any value into any other, also after a trip as JSON", () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        const kept = JSON.stringify(before);
        expect(apply(before, overTheWire(diff(before, after)) as ReturnType<typeof diff>)).toEqual(after);
        expect(JSON.stringify(before)).toBe(kept);
      }),
      { numRuns: 500 },
    );
  });
  it("turn a value into a changed copy of itself", () => {
    const state = fc.record({
      rows: fc.array(fc.record({ id: fc.nat(5), name: fc.string(), price: fc.option(fc.string()) })),
      light: fc.constantFrom("up", "down"),
    });
    fc.assert(
      fc.property(state, state, (before, after) => {
        expect(apply(before, diff(before, after))).toEqual(after);
      }),
      { numRuns: 500 },
    );
  });
  it("are empty for equal values", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(diff(value, overTheWire(value))).toEqual([]);
      }),
    );
  });
  it("keep every untouched part as the same object", () => {
    const before = { servers: [{ id: "a", list: [1, 2] }, { id: "b" }], notices: [{ id: "n" }] };
    const after = { servers: [{ id: "a", list: [1, 3] }, { id: "b" }], notices: [{ id: "n" }] };
    const result = apply(before, diff(before, after)) as typeof before;
    expect(result).toEqual(after);
    expect(result.servers[1]).toBe(before.servers[1]);
    expect(result.notices).toBe(before.notices);
    expect(result.servers[0]).not.toBe(before.servers[0]);
  });
  it("treat a field set to undefined as left out, as JSON does", () => {
    expect(diff({ a: 1, b: undefined }, { a: 1 })).toEqual([]);
    expect(diff({ a: 1, b: 2 }, { a: 1, b: undefined })).toEqual([{ path: ["b"], drop: true }]);
    expect(diff([1], [undefined])).toEqual([{ path: [0], set: null }]);
  });
  it("never touch a prototype", () => {
    const evil = JSON.parse('{"__proto__":{"polluted":true},"a":1}');
    const result = apply({ a: 1 }, overTheWire(diff({ a: 1 }, evil)) as ReturnType<typeof diff>);
    expect(Object.keys(result as object).sort()).toEqual(["__proto__", "a"]);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
    expect(() => apply({}, [{ path: ["__proto__", "polluted"], set: true }])).toThrow(PatchError);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });
  it.each([
    [{ path: ["a", "b"], set: 1 }, { c: 1 }],
    [{ path: [3], set: 1 }, [1]],
    [{ path: [0], drop: true }, [1]],
    [{ path: [], cut: 3 }, [1]],
    [{ path: ["x"], set: 1 }, [1]],
    [{ path: [0], set: 1 }, { a: 1 }],
    [{ path: ["a"], set: 1 }, null],
  ] as const)("refuse an operation that does not fit: %j", (op, before) => {
    expect(() => apply(before, [op])).toThrow(PatchError);
  });
});
