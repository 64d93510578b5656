import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CAUSES } from "../../shared/words.ts";
import { FAULTS, faultOf } from "./faults.ts";
import { PARTS, TESTS } from "./parts.ts";

describe("the lab's faults", () => {
  it("reach every cause there is", () => {
    expect(CAUSES.filter((cause) => !FAULTS.some((fault) => fault.cause === cause))).toEqual([]);
    expect(new Set(FAULTS.map((fault) => fault.id)).size).toBe(FAULTS.length);
  });

  it("are found by their names, and names that are nearly theirs are corrected", () => {
    expect(faultOf("wedge").cause).toBe("accept-queue-wedge");
    expect(() => faultOf("wedg")).toThrow("Did you mean wedge?");
    expect(() => faultOf("relay-dead")).toThrow("Did you mean relay-gone");
    expect(() => faultOf("vnc")).toThrow("vnc-");
    expect(() => faultOf("quite-something-else-altogether")).toThrow(/^There is no fault "[^"]*"\. All of them/);
  });

  it("are all in the whole run, and so is every test, each once", () => {
    const parts = Object.values(PARTS);
    expect(parts.flatMap((part) => part.faults.map((fault) => fault.id)).sort()).toEqual(FAULTS.map((fault) => fault.id).sort());
    const tests = Object.values(TESTS).flatMap((group) => group.flatMap((test) => (test.when === "quick" ? [] : [test.name])));
    expect(parts.flatMap((part) => part.tests.map((test) => test.name)).sort()).toEqual(tests.sort());
    expect(readdirSync(join(import.meta.dirname, "whole")).sort()).toEqual(
      Object.keys(PARTS)
        .map((name) => `${name}.test.ts`)
        .sort(),
    );
  });
});
