import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../../electron/core/clock.ts";
import { diagnose } from "../../../electron/core/diagnosis/diagnose.ts";
import type { HostLink } from "../../../electron/core/host-link/host-link.ts";
import { createLocalLink } from "../../../electron/core/host-link/local/local-link.ts";
import { baselineOf } from "../../../electron/core/repair/cure.ts";
import { jobArgv, keepsJobs, readJob, removeJob } from "../../../electron/core/repair/job.ts";
import { followProgram, runProgram } from "../../../electron/core/repair/run-program.ts";
import { CLOSING, type Running } from "../../../electron/core/repair/running.ts";
import type { Step } from "../../../electron/core/repair/steps.ts";
import * as e from "../../unit/diagnosis/evidence-builder.ts";
import { waitFor } from "../host-link/support.ts";

let dir = "";
let link: HostLink;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gl-job-"));
  // The server's folder for temporary files is this machine's.
  vi.stubEnv("TMPDIR", dir);
  link = createLocalLink();
  link.start();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await link.dispose();
  rmSync(dir, { recursive: true, force: true });
});
const started = async (id: string, script: string, subject = "gw") => {
  const lines: string[] = [];
  const end = Promise.withResolvers<number | null>();
  await link.stream(jobArgv({ id, subject, stdin: "" }, ["sh", "-c", script]), {
    deadlineMs: 10_000,
    apart: true,
    onLine: (line) => lines.push(line),
    onEnd: ({ code }) => end.resolve(code),
  });
  return { lines, end: end.promise };
};
const ended = async (id: string) => {
  await waitFor(async () => (await readJob(link, id)).kind === "ended", "its end");
  return await readJob(link, id);
};

const running = (job: string, signal: AbortSignal, said: string[]): Running => {
  const evidence = e.evidence(e.NOW);
  return {
    job,
    subject: "gw",
    signal,
    ending: false,
    baseline: baselineOf(evidence, diagnose(evidence, e.NOW), e.NOW),
    say: (line) => said.push(line),
    ports: {
      clock: systemClock,
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
};
const step = (script: string): Extract<Step, { kind: "exec" }> => ({
  kind: "exec",
  title: "t",
  argv: ["sh", "-c", script],
  shown: "",
  deadlineMs: 30_000,
  stdin: "word",
});

describe("a program on this machine outlives Gatelight", () => {
  it("in a process group of its own, to its end, though the link is disposed of", async () => {
    const id = `${randomUUID()}-0`;
    const gate = join(dir, "gate");
    const { lines } = await started(id, `ps -o pgid= -p $$; while [ ! -e ${gate} ]; do echo tick; sleep 0.05; done; echo after; exit 5`);
    await waitFor(() => lines.includes("tick"), "its output");
    const own = (await link.exec(["sh", "-c", 'ps -o pgid= -p "$1"', "sh", String(process.pid)], { deadlineMs: 5_000 })).stdout.trim();
    expect(lines[0]?.trim()).not.toBe(own);
    await link.dispose();
    link = createLocalLink();
    link.start();
    expect((await readJob(link, id)).kind).toBe("running");
    writeFileSync(gate, "");
    const state = await ended(id);
    expect(state).toMatchObject({ kind: "ended", code: 5 });
    expect(state.lines.at(-1)).toBe("after");
  });

  it.each([
    [0, "was interrupted; outcome read back: exit code 0", null],
    [7, null, "was interrupted; outcome read back: It ended with exit code 7: after."],
  ])("a step that a closing Gatelight left is followed by the next: exit code %i", async (code, detail, failure) => {
    const id = `${randomUUID()}-0`;
    const gate = join(dir, "gate");
    const one = step(`read -r word; echo "got $word" >> ${gate}.log; while [ ! -e ${gate} ]; do sleep 0.05; done; echo after; exit ${code}`);
    const quit = new AbortController();
    const first = runProgram(one, running(id, quit.signal, []));
    await waitFor(() => existsSync(`${gate}.log`), "its beginning");
    quit.abort(CLOSING);
    await expect(first).rejects.toThrow("cancelled");
    writeFileSync(gate, "");
    const said: string[] = [];
    const next = followProgram(one, running(id, new AbortController().signal, said));
    if (detail !== null) expect(await next).toBe(detail);
    else await expect(next).rejects.toThrow(failure ?? "");
    expect(said).toEqual(["after"]);
    expect(readFileSync(`${gate}.log`, "utf8")).toBe("got word\n");
    expect(readdirSync(dir).filter((name) => name.startsWith("gatelight-"))).toEqual([]);
  });
  it("one that never began, or whose outcome is gone, is not known; one that was killed is told", async () => {
    const never = `${randomUUID()}-0`;
    expect(await followProgram(step("exit 0"), running(never, new AbortController().signal, []))).toBe("was interrupted; what came of it is not known");
    const killed = `${randomUUID()}-0`;
    mkdirSync(join(dir, `gatelight-${killed}`));
    writeFileSync(join(dir, `gatelight-${killed}`, "pid"), "4194305");
    await expect(followProgram(step("exit 0"), running(killed, new AbortController().signal, []))).rejects.toThrow("ended on the server before it was done");
  });
  it("needs a shell", () => {
    expect([keepsJobs(link, "linux"), keepsJobs(link, "darwin"), keepsJobs(link, "win32")]).toEqual([true, true, false]);
  });
});

describe("one job at a time at a container", () => {
  const names = (prefix: string) => readdirSync(dir).filter((name) => name.startsWith(prefix));
  const wait = (gate: string) => `while [ ! -e ${join(dir, gate)} ]; do sleep 0.05; done`;

  it("whoever comes second is told, and runs nothing; another container's is not held up; the next may run", async () => {
    const first = await started(`${randomUUID()}-0`, `echo on; ${wait("gate")}`);
    await waitFor(() => first.lines.includes("on"), "its output");
    const second = await started(`${randomUUID()}-0`, "echo twice");
    expect([await second.end, second.lines]).toEqual([94, []]);
    expect(await (await started(`${randomUUID()}-0`, "exit 3", "other")).end).toBe(3);
    expect(names("gatelight-lock-")).toEqual(["gatelight-lock-gw"]);
    await expect(runProgram(step("echo twice"), running(`${randomUUID()}-0`, new AbortController().signal, []))).rejects.toThrow(
      "Another Gatelight is repairing this container now; nothing was done here.",
    );
    writeFileSync(join(dir, "gate"), "");
    expect(await first.end).toBe(0);
    expect(await (await started(`${randomUUID()}-0`, "exit 4")).end).toBe(4);
    expect(names("gatelight-lock-")).toEqual([]);
    expect(names("gatelight-")).toHaveLength(3);
  });
  it("of many that come at once, one runs", async () => {
    const gate = wait("gate");
    const all = await Promise.all(Array.from({ length: 8 }, () => started(`${randomUUID()}-0`, `echo ran >> ${join(dir, "ran")}; ${gate}`)));
    const ends: (number | null)[] = [];
    for (const one of all) one.end.then((code) => ends.push(code));
    await waitFor(() => ends.length === 7, "seven are turned away");
    writeFileSync(join(dir, "gate"), "");
    await waitFor(() => ends.length === 8, "the one has ended");
    expect(ends).toEqual([...Array.from({ length: 7 }, () => 94), 0]);
    expect(readFileSync(join(dir, "ran"), "utf8")).toBe("ran\n");
  });
  it.each<[string, () => void]>([
    ["a job that was killed", () => killedJob("gatelight-dead")],
    ["a job whose folder is gone", () => symlinkSync(join(dir, "nowhere"), join(dir, "gatelight-lock-gw"))],
    ["a link to somewhere else", () => symlinkSync("/proc/self", join(dir, "gatelight-lock-gw"))],
    ["a file", () => writeFileSync(join(dir, "gatelight-lock-gw"), "mine")],
    ["a folder", () => mkdirSync(join(dir, "gatelight-lock-gw"))],
  ])("is not held up by what is left of %s", async (_name, leave) => {
    leave();
    expect(await (await started(`${randomUUID()}-0`, "exit 5")).end).toBe(5);
  });
  const killedJob = (name: string) => {
    mkdirSync(join(dir, name));
    writeFileSync(join(dir, name, "pid"), "4194305");
    symlinkSync(join(dir, name), join(dir, "gatelight-lock-gw"));
  };
});

describe("what repairs have left behind on the server", () => {
  const OLD = new Date(Date.now() - 3 * 86_400_000);
  const left = (name: string, pid: string | null = "4194305", at = OLD) => {
    const path = join(dir, name);
    mkdirSync(path);
    if (pid !== null) writeFileSync(join(path, "pid"), pid);
    writeFileSync(join(path, "out"), "x");
    utimesSync(path, at, at);
    return name;
  };
  const sweep = async () => removeJob(link, `${randomUUID()}-0`);

  it("is swept when it is old, ours and over; nothing else is touched", async () => {
    const id = () => randomUUID();
    const gone = [left(`gatelight-${id()}-0`), left(`gatelight-${id()}-12`), left(`gatelight-${id()}-3`, null), left(`gatelight-${id()}-4`, "")];
    const elsewhere = mkdtempSync(join(dir, "elsewhere-"));
    writeFileSync(join(elsewhere, "file"), "mine");
    const stays = [
      left(`gatelight-${id()}-0`, "4194305", new Date(Date.now() - 86_400_000)),
      left(`gatelight-${id()}-0`, String(process.pid)),
      left(`gatelight-${id()}-123`),
      left(`gatelight-${id()}`),
      left(`gatelight-${id().toUpperCase().replace(/\d/g, "A")}-0`),
      left(`gatelight-${id()}-0; touch owned`),
      left(`gatelight-${id()}-$(touch owned)`),
      left(`gatelight-${id()}-0\nx`),
      left(`gatelight-${"?".repeat(8)}-????-????-????-${"?".repeat(12)}-0`),
      left("gatelight-* -0"),
    ];
    const link0 = `gatelight-${id()}-0`;
    symlinkSync(elsewhere, join(dir, link0));
    const file = `gatelight-${id()}-0`;
    writeFileSync(join(dir, file), "a file");
    utimesSync(join(dir, file), OLD, OLD);
    utimesSync(elsewhere, OLD, OLD);
    await sweep();
    const now = readdirSync(dir);
    expect(now.sort()).toEqual([...stays, link0, file, elsewhere.slice(dir.length + 1)].sort());
    for (const name of gone) expect(now).not.toContain(name);
    expect(readFileSync(join(elsewhere, "file"), "utf8")).toBe("mine");
  });
  it("at most fifty at once, and nobody else's", async () => {
    for (let n = 0; n < 60; n += 1) left(`gatelight-${randomUUID()}-0`);
    await sweep();
    expect(readdirSync(dir)).toHaveLength(10);
    await sweep();
    expect(readdirSync(dir)).toEqual([]);
    if (process.getuid?.() !== 0) return;
    const foreign = left(`gatelight-${randomUUID()}-0`);
    expect((await link.exec(["chown", "-R", "65534", join(dir, foreign)], { deadlineMs: 5_000 })).code).toBe(0);
    utimesSync(join(dir, foreign), OLD, OLD);
    await sweep();
    expect(readdirSync(dir)).toEqual([foreign]);
  });
});
