import { describe, expect, it } from "vitest";
import { parseArguments, UsageError } from "../../../electron/cli/arguments.ts";

const run = (...words: string[]) => {
  const parsed = parseArguments(words);
  if (parsed.kind !== "run") throw new Error(parsed.kind);
  return parsed.arguments;
};

describe("command line", () => {
  it("takes --simulate with and without a scenario", () => {
    expect(run("serve").simulate).toBeNull();
    expect(run("serve", "--simulate").simulate).toBe("healthy");
    expect(run("serve", "--simulate", "--no-open")).toMatchObject({ simulate: "healthy", open: false });
    expect(run("serve", "--simulate", "incident").simulate).toBe("incident");
  });
  it("gives doctor 20 s unless told", () => {
    expect(run("doctor").deadlineMs).toBe(20_000);
    expect(run("doctor", "--deadline", "5", "--json")).toMatchObject({ deadlineMs: 5_000, json: true });
  });
  it.each([
    [["frobnicate"], "frobnicate"],
    [["doctor", "--deadline", "0"], "--deadline"],
    [["doctor", "--deadline", "abc"], "--deadline"],
    [["serve", "--port", "70000"], "--port"],
    [["watch", "--port", "1"], "--port"],
    [["doctor", "--nonsense"], "nonsense"],
    [["doctor", "extra"], "extra"],
    [["repair"], "Which repair"],
    [["repair", "explode", "--gateway", "paper"], "explode"],
    [["repair", "wait"], "--gateway"],
  ])("%j is refused by name", (words, named) => {
    expect(() => parseArguments(words)).toThrow(UsageError);
    expect(() => parseArguments(words)).toThrow(named);
  });
  it("never takes a secret in argv", () => {
    for (const word of ["--password", "--vnc-password", "--passphrase"]) expect(() => parseArguments(["doctor", word, "x"])).toThrow(UsageError);
  });
});
