import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { jobArgv } from "../../../electron/core/repair/job.ts";
import type { CallContext } from "../../../shared/contract.ts";
import { type RepairStage, repairStage } from "./repair-stage.ts";

const stages: RepairStage[] = [];
async function stage(options: Parameters<typeof repairStage>[0] = {}): Promise<RepairStage & { readonly starts: () => number }> {
  const made = await repairStage(options);
  stages.push(made);
  await made.until("up, or its fault named", (now) => now.light === "up" || now.cause !== null);
  let starts = 0;
  made.simulator.stage.home.engine.onEvent((event) => {
    if (event.action === "start" && event.attributes.name === "mcp-ib-gateway-paper") starts++;
  });
  return Object.assign(made, { starts: () => starts });
}
afterEach(async () => {
  await Promise.all(stages.splice(0).map((one) => one.dispose()));
});
const running = (on: RepairStage, step: number) => on.until(`step ${step}`, (now) => now.run?.steps[step]?.state === "running");
/** The server's own doing: what a program there has begun is seen in its calls. */
const dockerCalled = async (on: RepairStage, before: number) => {
  while (on.simulator.truth().dockerCalls <= before) await new Promise((resolve) => setTimeout(resolve, 5));
};

const kept = (on: RepairStage) => (existsSync(join(on.dataDir, "repairs")) ? readdirSync(join(on.dataDir, "repairs")) : []);
/** What repairs keep in the server's folder for temporary files. */
const leftOnServer = (on: RepairStage) => readdirSync(join(on.dir, "tmp")).filter((name) => name.startsWith("gatelight-"));

describe("never twice", () => {
  it("a double click and a second window", async () => {
    const on = await stage();
    const [plan, other] = [await on.plan("restart-container"), await on.plan("restart-container")];
    const results = await Promise.allSettled([on.start(plan), on.start(plan), on.start(other)]);
    expect(results.map((one) => one.status)).toEqual(["fulfilled", "rejected", "rejected"]);
    expect(results.flatMap((one) => (one.status === "rejected" ? [String(one.reason)] : []))).toEqual([
      expect.stringContaining("no longer valid"),
      expect.stringContaining("Another repair is running"),
    ]);
    expect((await on.ended()).outcome).toBe("cured");
    await expect(on.start(plan)).rejects.toThrow("no longer valid");
    await expect(on.start(other)).rejects.toThrow("no longer valid");
    expect(on.starts()).toBe(1);
    expect((await on.incidents()).filter((one) => one.kind === "repair")).toHaveLength(1);
  });

  it("while a Gatelight on another computer is at the same container: nothing is done, and it is told", async () => {
    const on = await stage();
    const gate = join(on.dir, "gate");
    const script = `echo on; while [ ! -e ${gate} ]; do sleep 0.05; done`;
    const [program = "", ...args] = jobArgv({ id: `${randomUUID()}-0`, subject: "mcp-ib-gateway-paper", stdin: "" }, ["sh", "-c", script]);
    const other = spawn(program, args, { env: { ...process.env, TMPDIR: join(on.dir, "tmp") }, stdio: ["ignore", "pipe", "inherit"] });
    const ended = new Promise((resolve) => other.once("exit", resolve));
    await new Promise((resolve) => other.stdout.once("data", resolve));
    await on.start(await on.plan("restart-container"));
    expect(await on.ended()).toMatchObject({ outcome: "failed", verdict: "Another Gatelight is repairing this container now; nothing was done here." });
    expect(on.starts()).toBe(0);
    writeFileSync(gate, "");
    expect(await ended).toBe(0);
    expect((await on.repair("restart-container")).outcome).toBe("cured");
    expect(on.starts()).toBe(1);
  });

  it("a connection that drops while the step runs: its outcome is read back", async () => {
    const on = await stage({ speed: 4 });
    const before = on.simulator.truth().dockerCalls;
    await on.start(await on.plan("restart-container"));
    await dockerCalled(on, before);
    await on.simulator.stage.ssh.unlisten();
    expect(on.starts()).toBe(0);
    while (on.starts() === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await on.simulator.stage.ssh.listen(0);
    const run = await on.ended();
    expect(run.outcome, JSON.stringify(run, null, 1)).toBe("cured");
    expect(run.steps[0]?.detail).toContain("read back after the connection dropped");
    expect(on.starts()).toBe(1);
  });

  it("a connection that drops before the step begins: nothing was done, and it is not tried again", async () => {
    const on = await stage();
    const plan = await on.plan("restart-container");
    const started = on.start(plan);
    await on.simulator.stage.ssh.unlisten();
    await started;
    await on.until("the link is down", (now) => now.lights.server.state !== "up");
    await on.simulator.stage.ssh.listen(0);
    const run = await on.ended();
    expect(run).toMatchObject({ outcome: "failed", verdict: expect.stringContaining("nothing was done") });
    expect(on.starts()).toBe(0);
  });

  it("Gatelight quit in the middle: the step goes on by itself, and the next Gatelight follows it to its proof", async () => {
    const on = await stage({ speed: 5 });
    const before = on.simulator.truth().dockerCalls;
    const id = await on.start(await on.plan("restart-container"));
    await dockerCalled(on, before);
    await on.quit();
    expect(kept(on)).toEqual([`${id}.json`]);
    expect(readFileSync(join(on.dataDir, "repairs", `${id}.json`), "utf8")).not.toContain("argv");
    await on.restart();
    await on.until("followed on", (now) => now.run?.id === id);
    expect((await on.plan("restart-container")).refused).toContain("Another repair is running: Restart the container");
    const run = await on.ended();
    expect(run.outcome, JSON.stringify(run, null, 1)).toBe("cured");
    expect(run.steps[0]).toMatchObject({ state: "done", detail: "was interrupted; outcome read back: exit code 0" });
    expect(on.starts()).toBe(1);
    expect(kept(on)).toEqual([]);
    expect(leftOnServer(on)).toEqual([]);
    const incidents = (await on.incidents()).filter((one) => one.kind === "repair");
    expect(incidents).toMatchObject([
      { title: "Restart the container: cured", detail: expect.stringContaining("was interrupted; outcome read back: exit code 0") },
    ]);
    expect(incidents[0]?.detail).toContain("asked by window test");
  });

  it("Gatelight quit in the middle of the first of two acts: the second is not done by itself", async () => {
    const on = await stage({ speed: 1 });
    const before = on.simulator.truth().dockerCalls;
    const id = await on.start(await on.plan("pull-image"));
    await dockerCalled(on, before);
    await on.restart();
    const run = await on.ended();
    expect(run).toMatchObject({ id, outcome: "failed", verdict: "Gatelight was ended in the middle of it. Not done any more: Create the container anew." });
    expect(run.steps[0]).toMatchObject({ detail: "was interrupted; outcome read back: exit code 0" });
    expect(on.starts()).toBe(0);
    expect(leftOnServer(on)).toEqual([]);
    // A third Gatelight finds nothing to follow.
    await on.restart();
    await on.until("up", (now) => now.lights.api.state === "up");
    expect(on.gateway().run).toBeNull();
  });

  it("Gatelight killed before the first step began: nothing was done, and it is said", async () => {
    const on = await stage();
    const id = await on.start(await on.plan("restart-container"));
    const file = join(on.dataDir, "repairs", `${id}.json`);
    const before = readFileSync(file, "utf8");
    expect((await on.ended()).outcome).toBe("cured");
    await on.quit();
    writeFileSync(file, before);
    await on.restart();
    await on.until("taken up", (now) => now.run?.id === id);
    expect(await on.ended()).toMatchObject({
      outcome: "failed",
      verdict: "Gatelight was ended before it began: nothing was done. Not done any more: Restart the container.",
    });
    expect(on.starts()).toBe(1);
    expect(kept(on)).toEqual([]);
  });

  it("Gatelight quit in a wait: the proof is still waited for", async () => {
    const on = await stage();
    await on.start(await on.plan("restart-soft"));
    await running(on, 1);
    await on.restart();
    const run = await on.ended();
    expect(run.outcome, JSON.stringify(run, null, 1)).toBe("cured");
    expect(on.simulator.truth().gateways.paper?.ibcCommands).toEqual(["RESTART"]);
  });

  it("Docker's daemon goes in the middle, in a step and in a wait", async () => {
    const on = await stage();
    const { engine } = on.simulator.stage.home;
    const plan = await on.plan("restart-container");
    const started = on.start(plan);
    engine.setFault("down");
    await started;
    expect(await on.ended()).toMatchObject({ outcome: "failed", verdict: expect.stringContaining("Cannot connect to the Docker daemon") });
    expect(on.starts()).toBe(0);
    await on.until("refused meanwhile", (now) => now.cause?.id === "docker-down");
    expect((await on.plan("restart-container")).refused).toContain("Docker does not answer");
    engine.setFault(null);
    await on.until("up again", (now) => now.lights.api.state === "up" && now.cause?.id !== "docker-down");
    await on.start(await on.plan("restart-soft"));
    await running(on, 1);
    engine.setFault("down");
    await on.until("Docker down", (now) => now.lights.container.state !== "up" || now.cause?.id === "docker-down");
    engine.setFault(null);
    expect((await on.ended()).outcome).toBe("cured");
  });

  it("cancelled in a wait: what was begun goes on, the session comes back, and the next repair may run", async () => {
    const on = await stage({ speed: 2 });
    await on.start(await on.plan("restart-soft"));
    const waiting = await running(on, 1);
    expect(waiting.run).toMatchObject({ cancellable: true, cancelLeaves: "What was begun goes on by itself; only the waiting for it ends." });
    await on.core.handlers["repair.cancel"]({ server: "home", gateway: "paper" }, context);
    expect(await on.ended()).toMatchObject({
      outcome: "cancelled",
      verdict: "Cancelled. What was begun goes on by itself; only the waiting for it ends.",
      cancellable: false,
      next: null,
      steps: [{ state: "done" }, { state: "failed" }, { state: "skipped" }],
    });
    expect(on.simulator.truth().gateways.paper?.ibcCommands).toEqual(["RESTART"]);
    await on.until("the session is back", (now) => now.session.state === "ready" && now.light === "up");
  });

  it("cancelled in a download: it ends there, and what is not done any more is said", async () => {
    const on = await stage({ speed: 0.5 });
    const before = on.simulator.truth().dockerCalls;
    await on.start(await on.plan("pull-image"));
    await dockerCalled(on, before);
    expect((await running(on, 0)).run?.cancellable).toBe(true);
    await on.core.handlers["repair.cancel"]({ server: "home", gateway: "paper" }, context);
    expect(await on.ended()).toMatchObject({
      outcome: "cancelled",
      verdict: "Cancelled. It ends in the middle; the gateway has not been touched. Not done any more: Create the container anew.",
    });
    expect(on.starts()).toBe(0);
    await on.until("the session is back", (now) => now.session.state === "ready");
  });

  it("settings saved in the middle are taken up after the end", async () => {
    const on = await stage({ speed: 4 });
    await on.start(await on.plan("restart-soft"));
    await running(on, 1);
    const { current } = on.core.settings;
    const servers = current.servers.map((server) => ({ ...server, name: "renamed.lan" }));
    expect(await on.core.settings.save({ ...current, servers })).toEqual({ faults: [] });
    expect((await on.ended()).outcome).toBe("cured");
    while (on.core.store.current.servers[0]?.name !== "renamed.lan") await new Promise((resolve) => setTimeout(resolve, 20));
    const [incident] = (await on.incidents()).filter((one) => one.kind === "repair");
    expect(incident).toMatchObject({ title: "Restart without second factor: cured", detail: expect.stringContaining("asked by window test") });
  });
});

const context: CallContext = { signal: new AbortController().signal, link: "test" };

describe("refused in the wrong place", () => {
  it("while a second factor waits, and while another program heals", async () => {
    const waiting = await stage({ scenario: "second-factor-pending", speed: 1 });
    await waiting.until("pending", (now) => now.cause?.id === "second-factor-pending", "live");
    const plan = await waiting.plan("restart-container", "live");
    expect(plan.refused).toContain("second factor is waiting");
    await expect(waiting.start(plan)).rejects.toThrow("second factor is waiting");
    const healing = await stage({ scenario: "competing-healer", speed: 1 });
    await healing.until("healer", (now) => now.cause?.id === "competing-healer", "live");
    expect((await healing.plan("restart-container", "live")).refused).toMatch(/two healers would fight|second factor is waiting/);
  });
  it("unless the gateway's name is typed, or a live one confirmed twice", async () => {
    const on = await stage();
    await expect(on.start(await on.plan("recreate-container"), { typedName: "paper" })).rejects.toThrow("Type the gateway's name, Paper");
    await expect(on.start(await on.plan("restart-container", "live"), { confirmations: 1 })).rejects.toThrow("two confirmations");
    expect(on.simulator.truth().gateways.live?.ibcCommands).toEqual([]);
    expect(on.starts()).toBe(0);
  });
});
