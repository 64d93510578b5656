import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quoteArgv } from "../../../electron/core/host-link/quote-argv.ts";

const SCRIPT = 'for a; do printf "%s\\0" "$a"; done';
/** What a real shell makes of the command line. */
const through = (argv: readonly string[]) =>
  execFileSync("sh", ["-c", quoteArgv(["sh", "-c", SCRIPT, "x", ...argv])], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
    .split("\0")
    .slice(0, -1);

describe("quoteArgv", () => {
  it("gives any arguments to a real sh unharmed", { timeout: 60_000 }, () => {
    const word = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 20 }),
      fc.string({ unit: fc.constantFrom("'", '"', "\\", "$", "`", " ", "\n", "*", "~", "#", "!", ";", "&", "|", "-", "(", "a", "=", "{", "}"), maxLength: 20 }),
    );
    const safe = word.filter((text) => !text.includes("\0") && text.isWellFormed());
    fc.assert(
      fc.property(fc.array(safe, { maxLength: 8 }), (argv) => {
        expect(through(argv)).toEqual(argv);
      }),
      { numRuns: 150 },
    );
  });

  it("leaves plain words readable and refuses what no program can be given", () => {
    expect(quoteArgv(["docker", "inspect", "--format", "{{json .State}}", "a-b_c.d"])).toBe("docker inspect --format '{{json .State}}' a-b_c.d");
    expect(() => quoteArgv(["a\0b"])).toThrow(TypeError);
    expect(() => quoteArgv([])).toThrow(TypeError);
  });
});
