import { describe, expect, it } from "vitest";
import { CAUSES } from "../../shared/words.ts";
import { FAULTS, faultOf } from "./faults.ts";

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
});
