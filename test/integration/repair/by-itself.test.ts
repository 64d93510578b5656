import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../../../electron/core/clock.ts";
import type { CallContext } from "../../../shared/contract.ts";
import { type RepairStage, repairStage } from "./repair-stage.ts";

const stages: RepairStage[] = [];
async function stage(options: Parameters<typeof repairStage>[0]): Promise<RepairStage> {
  const made = await repairStage(options);
  stages.push(made);
  return made;
}
afterEach(async () => {
  await Promise.all(stages.splice(0).map((one) => one.dispose()));
});
const CONTEXT: CallContext = { signal: new AbortController().signal, link: "test" };
const REF = { server: "home", gateway: "paper" };
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The system's clock, pushed on by hand. */
function pushedClock(): Clock & { push(ms: number): void } {
  let ahead = 0;
  return {
    now: () => systemClock.now() + ahead,
    after: systemClock.after,
    push(ms) {
      ahead += ms;
    },
  };
}
const repairs = async (on: RepairStage) => (await on.incidents()).filter((one) => one.kind === "repair");

describe("the watchdog", () => {
  it("restarts a dead relay once it has been certain for a minute, tells it, and keeps its budget over a restart", async () => {
    const clock = pushedClock();
    const watchdog = { enabled: true, repairs: ["restart-relay" as const], maxPerDay: 1 };
    const on = await stage({ clock, change: (gateway) => (gateway.id === "paper" ? { watchdog } : {}) });
    await on.until("up", (now) => now.light === "up");
    await on.simulator.play("relay-dead");
    await on.until("dead", (now) => now.cause?.id === "relay-dead" && now.cause.confidence === "certain");
    for (let passed = 0; passed < 40_000; passed += 10_000) {
      clock.push(10_000);
      await pause(1_200);
    }
    expect(on.gateway().run).toBeNull();
    clock.push(10_000);
    await pause(1_200);
    clock.push(10_000);
    await on.until("the watchdog's repair", (now) => now.run !== null);
    const run = await on.ended();
    expect(run, JSON.stringify(run)).toMatchObject({ repair: "restart-relay", outcome: "cured" });
    const notice = () => on.core.store.current.notices.find((one) => one.id === "watchdog/home/paper");
    await on.until("the notice", () => notice()?.title === "Gatelight has repaired Paper by itself");
    expect(notice()?.tell).toEqual(REF);
    expect((await repairs(on))[0]).toMatchObject({ detail: expect.stringMatching(/^asked by the watchdog\nrepair restart-relay\n/), cause: "relay-dead" });

    // One a day, also for a Gatelight that was started anew.
    await on.restart();
    await on.simulator.play("relay-dead");
    await on.until("dead again", (now) => now.cause?.id === "relay-dead" && now.cause.confidence === "certain");
    for (let passed = 0; passed < 70_000; passed += 14_000) {
      clock.push(14_000);
      await pause(1_000);
    }
    expect(on.gateway().cause?.id).toBe("relay-dead");
    expect(await repairs(on)).toHaveLength(1);
  }, 120_000);
});

describe("the account left to TWS", () => {
  const container = (on: RepairStage) => on.simulator.stage.home.engine.containers.get("mcp-ib-gateway-paper");
  it("with the gateway stopped: taken back and started at the end, though settings changed and Gatelight was started anew meanwhile", async () => {
    const clock = pushedClock();
    const on = await stage({ clock });
    await on.until("up", (now) => now.light === "up");
    await on.core.handlers["session.release"]({ ...REF, minutes: 30, stopGateway: true }, CONTEXT);
    expect(container(on)?.status).toBe("exited");
    await on.until("released, and no fault", (now) => now.session.state === "released" && now.light === "off" && now.cause === null);
    await expect.poll(async () => (await on.plan("restart-container")).refused, { timeout: 5_000 }).toContain("left to others");
    const { current } = on.core.settings;
    await on.core.settings.save({ ...current, servers: current.servers.map((server) => ({ ...server, name: "renamed.lan" })) });
    while (on.core.store.current.servers[0]?.name !== "renamed.lan") await pause(20);
    expect((await on.until("still released", (now) => now.session.state === "released")).session.releasedUntil).toBeGreaterThan(clock.now() + 29 * 60_000);
    await on.restart();
    await on.until("still released after a restart, and no fault", (now) => now.session.state === "released" && now.light === "off" && now.cause === null);
    expect(container(on)?.status).toBe("exited");
    clock.push(30 * 60_000);
    await on.until("taken back", (now) => now.session.state === "ready" && now.lights.api.state === "up");
    expect(container(on)?.status).toBe("running");
    expect(existsSync(join(on.dataDir, "hand-over.json"))).toBe(false);
  });
  it("without stopping it, and asked back early", async () => {
    const on = await stage({});
    await on.until("up", (now) => now.light === "up");
    await on.core.handlers["session.release"]({ ...REF, minutes: null, stopGateway: false }, CONTEXT);
    await on.until("released", (now) => now.session.state === "released");
    expect(on.simulator.truth().gateways.paper?.open).toBe(0);
    await on.core.handlers["session.resume"](REF, CONTEXT);
    await on.until("back", (now) => now.session.state === "ready");
    expect(container(on)?.status).toBe("running");
  });
});
