import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { RepairId } from "../../../shared/words.ts";
import { type RepairStage, repairStage } from "./repair-stage.ts";

type Finished = (end: () => Promise<void>) => void;
async function stage(finished: Finished, options: Parameters<typeof repairStage>[0]): Promise<RepairStage> {
  const made = await repairStage(options);
  finished(() => made.dispose());
  return made;
}

/** The scenario's fault is named before; the repair runs; the light it explains is up after. */
async function cures(
  finished: Finished,
  scenario: string,
  cause: string,
  repair: RepairId,
  options: { before?: (on: RepairStage) => void; id?: "paper" | "live"; speed?: number } = {},
) {
  const on = await stage(finished, { scenario, speed: options.speed });
  await on.until(cause, (now) => now.cause?.id === cause, options.id);
  options.before?.(on);
  const run = await on.repair(repair, options.id);
  expect(run.outcome, JSON.stringify(run, null, 1)).toBe("cured");
  await on.until("no cause any more", (now) => now.cause?.id !== cause, options.id);
  return { on, run };
}

/** They spend their time waiting, so they may do it together: those first that take patience. */
describe.concurrent("each repair cures its fault on the simulated home server", { timeout: 120_000 }, () => {
  it("restart-relay: socat that nobody starts again", async ({ onTestFinished }) => {
    const { run } = await cures(onTestFinished, "relay-dead", "relay-dead", "restart-relay");
    expect(run.steps.map((step) => step.state)).toEqual(["done", "done", "done", "done"]);
  });
  it("change-client-id: the whole range but one is taken", async ({ onTestFinished }) => {
    const { on } = await cures(onTestFinished, "client-id-in-use", "client-id-in-use", "change-client-id", {
      before: (on) => on.simulator.stage.paper.plan.api.heldClientIds.delete(903),
    });
    expect(on.gateway().session.clientId).toBe(903);
  });
  it("resubscribe: a feed that forgot us", async ({ onTestFinished }) => {
    await cures(onTestFinished, "account-data-silent", "account-data-silent", "resubscribe", {
      before: (on) => {
        on.simulator.stage.paper.plan.api.accountSilent = false;
      },
    });
  });
  it("wait: a start that takes its time", async ({ onTestFinished }) => {
    await cures(onTestFinished, "booting", "booting", "wait", { speed: 2 });
  });
  it("resubscribe against a feed that stays silent, then the soft restart", async ({ onTestFinished }) => {
    const on = await stage(onTestFinished, { scenario: "account-data-silent" });
    await on.until("silent", (now) => now.cause?.id === "account-data-silent");
    const run = await on.repair("resubscribe");
    expect(run).toMatchObject({ outcome: "not-cured", next: "restart-soft" });
    expect((await on.repair("restart-soft")).outcome).toBe("cured");
  });
  it("restart-relay: where the image's loop lives, socat is not started twice", async ({ onTestFinished }) => {
    const on = await stage(onTestFinished, {});
    await on.until("up", (now) => now.light === "up");
    const run = await on.repair("restart-relay");
    expect(run.outcome, JSON.stringify(run)).toBe("cured");
    expect(run.steps[1]).toMatchObject({ state: "skipped" });
    expect(on.simulator.truth().gateways.paper?.usable).toBe(true);
  });
  it("restart-screen: x11vnc that died", async ({ onTestFinished }) => {
    const { on } = await cures(onTestFinished, "vnc-died", "vnc-died", "restart-screen");
    expect(on.gateway().lights.screen.state).toBe("up");
    expect(on.seen()).not.toContain(on.simulator.canary);
  });
  it("reconnect-account and reconnect-data", async ({ onTestFinished }) => {
    const { on } = await cures(onTestFinished, "broker-unreachable", "broker-unreachable", "reconnect-account");
    expect(on.simulator.truth().gateways.paper?.ibcCommands).toEqual(["RECONNECTACCOUNT"]);
    const data = await cures(onTestFinished, "farms-down", "farms-down", "reconnect-data");
    expect(data.on.simulator.truth().gateways.paper?.ibcCommands).toEqual(["RECONNECTDATA"]);
  });
  it("restart-soft: a wedge, and the settings are kept", async ({ onTestFinished }) => {
    const { on, run } = await cures(onTestFinished, "accept-queue-wedge", "accept-queue-wedge", "restart-soft");
    expect(on.simulator.truth().gateways.paper).toMatchObject({ ibcCommands: ["RESTART"], usable: true });
    expect(run.steps[0]?.detail).toContain("OK RESTART");
  });
  it("stop-and-start keeps what was changed in the window; restart-container loses it", async ({ onTestFinished }) => {
    const change = (on: RepairStage) => {
      const gateway = on.simulator.stage.paper.gateway;
      gateway?.applySettings({ ...gateway.settings, trustedIps: ["127.0.0.1", "172.18.0.9"] });
      if (gateway !== null) gateway.plan.acceptStopped = true;
      gateway?.apply();
    };
    const on = await stage(onTestFinished, {});
    await on.until("up", (now) => now.light === "up");
    change(on);
    const kept = await on.repair("stop-and-start");
    expect(kept.outcome, JSON.stringify(kept)).toBe("cured");
    expect(on.simulator.truth().gateways.paper?.settings?.trustedIps).toEqual(["127.0.0.1", "172.18.0.9"]);
    const gateway = on.simulator.stage.paper.gateway;
    gateway?.applySettings({ ...gateway.settings, trustedIps: ["127.0.0.1"] });
    const lost = await on.repair("restart-container");
    expect(lost.outcome, JSON.stringify(lost)).toBe("cured");
    expect(on.simulator.truth().gateways.paper?.settings?.trustedIps).toEqual(["127.0.0.1", "172.18.0.9"]);
  });
  it("restart-container: one that was stopped, and a live log-in with its countdown", async ({ onTestFinished }) => {
    await cures(onTestFinished, "container-exited", "container-exited", "restart-container");
    const on = await stage(onTestFinished, { scenario: "weekly-login-due", speed: 4 });
    await on.until("due", (now) => now.cause?.id === "weekly-login-due", "live");
    const plan = await on.plan("restart-container", "live");
    expect(plan).toMatchObject({ price: { secondFactor: true, losesUiSettings: true }, confirm: 2 });
    await on.start(plan);
    const asked = await on.until("second factor", (now) => now.run?.secondFactorUntil != null, "live");
    expect(asked.run?.outcome).toBe("running");
    expect(asked.session.state).toBe("parked");
    expect((await on.ended("live")).outcome).toBe("cured");
  });
  it("recreate-container: one that is gone, by the settings' folder", async ({ onTestFinished }) => {
    const on = await stage(onTestFinished, { scenario: "container-missing" });
    await on.until("missing", (now) => now.cause?.id === "container-missing");
    expect((await on.plan("recreate-container")).refused).toContain("compose.dir");
    const found = on.core.settings.current;
    const dir = `${on.dir}/home/projects/ib-paper`;
    const compose = { dir, service: "ib-gateway-paper", envFile: "$HOME/projects/secrets/mcp-ib-paper.env" };
    const servers = found.servers.map((server) => ({ ...server, gateways: server.gateways.map((one) => (one.id === "paper" ? { ...one, compose } : one)) }));
    expect(await on.core.settings.save({ ...found, servers })).toEqual({ faults: [] });
    await on.until("the new settings are in force", (now) => now.repairs.some((offer) => offer.id === "recreate-container" && offer.refused === null));
    const run = await on.repair("recreate-container");
    expect(run.outcome, JSON.stringify(run)).toBe("cured");
  });
  it("pull-image: a version that IBKR no longer takes", async ({ onTestFinished }) => {
    await cures(onTestFinished, "build-desupported", "build-desupported", "pull-image");
  });
  it("fresh-reinstall: a stale token on the volume; nothing of the env file is anywhere", async ({ onTestFinished }) => {
    const { on, run } = await cures(onTestFinished, "stale-autorestart", "stale-autorestart", "fresh-reinstall");
    expect(run.steps.every((step) => step.state === "done" || step.state === "skipped")).toBe(true);
    const { canary } = on.simulator;
    const incidents = await on.incidents();
    const detail = incidents.find((one) => one.kind === "repair")?.detail ?? "";
    // Who asked, what ran, how it ended, how long it took, what it cured.
    expect(detail).toMatch(
      /^asked by window test\nrepair fresh-reinstall\nagainst stale-autorestart\nPull the image: done, exit code 0\n {2}\$ cd .*docker compose .*pull /,
    );
    expect(detail).toMatch(/\n {2}\$ docker volume rm -f \S+\n[\s\S]*\n\d+ s\nIt worked: the light that was wrong is right again\.$/);
    await on.restart();
    for (const text of [on.seen(), JSON.stringify(incidents), JSON.stringify(run), ...on.simulator.truth().commands]) expect(text).not.toContain(canary);
    const files = readdirSync(on.dataDir, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(2);
    for (const { parentPath, name } of files) expect(readFileSync(join(parentPath, name)).includes(canary), name).toBe(false);
  });
  it("restart-mcp-workers: workers that are dead", async ({ onTestFinished }) => {
    await cures(onTestFinished, "mcp-down", "mcp-down", "restart-mcp-workers");
  });
});
