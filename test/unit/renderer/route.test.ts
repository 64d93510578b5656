import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatRoute, parseRoute, VIEWS } from "../../../renderer/route.ts";

describe("route", () => {
  it("reads back what it writes, whatever the ids hold", () => {
    const id = fc.string({ minLength: 1, maxLength: 64, unit: "grapheme" });
    fc.assert(
      fc.property(fc.constantFrom(...VIEWS), id, id, (view, server, gateway) => {
        const route = { view, server, gateway };
        expect(parseRoute(formatRoute(route))).toEqual(route);
      }),
    );
  });
  it("takes anything else for the overview", () => {
    const start = { view: "overview", server: null, gateway: null };
    for (const hash of ["", "#", "#token=abc", "#/nowhere", "/screen", "#screen/home"]) expect(parseRoute(hash)).toEqual(start);
    expect(parseRoute("#/screen/%E0%A4%A/x")).toEqual({ view: "screen", server: null, gateway: "x" });
    expect(parseRoute("#/log")).toEqual({ ...start, view: "log" });
  });
});
