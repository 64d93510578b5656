import { describe, expect, it } from "vitest";
import { createThrift } from "../../../electron/cli/thrift.ts";

function thrift(execArgv: readonly string[]) {
  const set: string[] = [];
  const state = { busy: false };
  const look = createThrift(() => state.busy, { execArgv, setFlags: (flags) => set.push(flags) });
  const now = (busy: boolean) => {
    state.busy = busy;
    look();
    return set.splice(0);
  };
  return { now };
}

describe("thrift", () => {
  it("brings the optimising compilers back while there is work for them, each way once", () => {
    const { now } = thrift(["--max-lazy", "--no-opt"]);
    expect([now(false), now(true), now(true), now(false), now(true)]).toEqual([
      [],
      ["--opt", "--maglev"],
      [],
      ["--no-opt", "--no-maglev"],
      ["--opt", "--maglev"],
    ]);
  });
  it("leaves a process alone that did not start that way", () => {
    expect(thrift([]).now(true)).toEqual([]);
  });
});
