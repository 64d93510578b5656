import { describe, expect, it } from "vitest";
import { diagnose } from "../../../electron/core/diagnosis/diagnose.ts";
import type { ExecResult, HostLink, StreamEnd } from "../../../electron/core/host-link/host-link.ts";
import { baselineOf } from "../../../electron/core/repair/cure.ts";
import { runProgram } from "../../../electron/core/repair/run-program.ts";
import type { Running } from "../../../electron/core/repair/running.ts";
import type { Step } from "../../../electron/core/repair/steps.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import * as e from "../diagnosis/evidence-builder.ts";

const STEP: Extract<Step, { kind: "exec" }> = { kind: "exec", title: "t", argv: ["docker", "restart", "x"], shown: "", deadlineMs: 90_000 };

/** A link whose program is lost after ten seconds; what is read back is told by the test. */
function stage(readBack: readonly string[]) {
  const clock = new FakeClock();
  const evidence = e.evidence(e.NOW);
  const streams: (readonly string[])[] = [];
  const reads = [...readBack];
  let lose: (end: StreamEnd) => void = () => undefined;
  const link: HostLink = {
    kind: "ssh",
    state: { kind: "up", since: 0, latencyMs: 1 },
    onState: () => () => undefined,
    start: () => undefined,
    reconnectNow: () => undefined,
    hurry: () => () => undefined,
    quietSince: null,
    ping: () => undefined,
    dial: () => Promise.reject(new Error("not here")),
    exec: async (argv): Promise<ExecResult> => {
      const stdout = argv.some((word) => word.includes("absent")) ? (reads.length > 1 ? (reads.shift() ?? "") : (reads[0] ?? "")) : "";
      return { code: 0, signal: null, stdout, stderr: "", truncated: false };
    },
    stream: async (argv, options) => {
      streams.push(argv);
      lose = options.onEnd;
      return { write: () => undefined, close: () => undefined };
    },
    dispose: async () => undefined,
  };
  const said: string[] = [];
  const running: Running = {
    job: "run-0",
    subject: "gw",
    signal: new AbortController().signal,
    ending: true,
    baseline: baselineOf(evidence, diagnose(evidence, e.NOW), e.NOW),
    say: (line) => said.push(line),
    ports: {
      clock,
      link,
      evidence: () => evidence,
      diagnosis: () => diagnose(evidence, e.NOW),
      refresh: async () => undefined,
      onChange: () => () => undefined,
      park: async () => () => undefined,
      resubscribe: () => undefined,
      changeClientId: () => undefined,
      mcpPost: async () => "",
    },
  };
  const outcome = async () => {
    const ended = runProgram(STEP, running).then(
      (detail) => detail,
      (error: unknown) => String(error),
    );
    await clock.advance(10_000);
    lose({ code: null, reason: "link-lost" });
    await clock.advance(200_000);
    return await ended;
  };
  return { outcome, streams, said };
}

describe("a program whose connection was lost", () => {
  it.each([
    ["that has ended is read back", ["ended 0\nx\n"], "exit code 0 (read back after the connection dropped)"],
    ["that runs is waited for", ["running\n", "running\n", "ended 3\nno such container\n"], "StepFailed: It ended with exit code 3: no such container."],
    ["that runs longer than it may", ["running\n"], "StepFailed: It has not ended in its time; it may still be going on on the server."],
    ["that was ended", ["gone\n"], "StepFailed: The step was ended on the server before it was done; it was not repeated."],
    [
      "that never began",
      ["absent 86400\n"],
      "StepFailed: The connection dropped before the step began: nothing was done. Start the repair again if it is still wanted.",
    ],
    [
      "that never began, on a server that does not say when it was started",
      ["absent \n"],
      "StepFailed: The connection dropped before the step began: nothing was done.",
    ],
    [
      "on a server that was restarted meanwhile",
      ["absent 4\n"],
      "StepFailed: The server was restarted meanwhile; what the step had done is not known. It was not repeated.",
    ],
    ["of which nothing sensible is read", ["what?\n"], "StepFailed: The outcome could not be read (exit code 0): what?"],
  ])("%s", async (_name, readBack, verdict) => {
    const on = stage(readBack);
    expect(await on.outcome()).toContain(verdict);
    expect(on.streams).toHaveLength(1);
    expect(on.said[0]).toContain("The connection to the server dropped");
  });
});
