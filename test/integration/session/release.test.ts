import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Simulator, startSimulator } from "../../../electron/simulator/simulator.ts";
import { shiftedBy } from "../../support/shift-clock.ts";
import { openTestCore, type TestCore } from "../../support/test-core.ts";

/** "Release the session" through the contract: the whole Core against the simulated home server. */
let dir: string;
let simulator: Simulator;
let gatelight: TestCore;
const paper = { server: "home", gateway: "paper" };
const context = { link: "test", signal: new AbortController().signal };

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "gl-release-"));
  simulator = await startSimulator({ dir, clockOffsetMs: shiftedBy });
  gatelight = await openTestCore(simulator.settings, { vncPassword: simulator.vncPassword });
  await gatelight.until("both ready", () => ["paper", "live"].every((id) => gatelight.gateway(id).lights.api.state === "up"), 30_000);
});
afterAll(async () => {
  await gatelight?.close();
  await simulator?.dispose();
  rmSync(dir, { recursive: true, force: true });
});

describe("a session that was given up", () => {
  it("leaves the gateway alone, whatever is asked for, and comes back when it is called", async () => {
    const { handlers } = gatelight.core;
    expect(gatelight.gateway("paper").session).toMatchObject({ state: "ready", connectsToday: 1, releasedUntil: null });
    const before = Date.now();
    await handlers["session.release"]({ ...paper, minutes: 30, stopGateway: false }, context);
    await gatelight.until("released", () => gatelight.gateway("paper").session.state === "released", 10_000);
    const { releasedUntil } = gatelight.gateway("paper").session;
    expect((releasedUntil ?? 0) - before).toBeGreaterThanOrEqual(30 * 60_000);
    expect((releasedUntil ?? 0) - before).toBeLessThan(31 * 60_000);
    await gatelight.until("light off", () => gatelight.gateway("paper").lights.api.state === "off", 10_000);
    expect(gatelight.gateway("paper").light).not.toBe("up");
    expect(gatelight.gateway("paper").accounts.every((account) => account.stale)).toBe(true);
    expect(simulator.truth().gateways.paper).toMatchObject({ open: 0, connects: 1 });

    await handlers["look.now"](paper, context);
    await handlers["link.reconnect"]({ server: "home" }, context);
    simulator.stage.paper.gateway?.api.reopen();
    await gatelight.until("the other is back", () => gatelight.gateway("live").lights.api.state === "up" && simulator.truth().sshLogins > 1, 30_000);
    await handlers["look.now"](paper, context);
    expect(simulator.truth().gateways.paper).toMatchObject({ open: 0, connects: 1 });

    await handlers["session.resume"](paper, context);
    await gatelight.until("ready again", () => gatelight.gateway("paper").lights.api.state === "up", 30_000);
    expect(gatelight.gateway("paper").session).toMatchObject({ state: "ready", connectsToday: 2, releasedUntil: null });
    expect(simulator.truth().gateways.paper).toMatchObject({ open: 1, maxOpen: 1, connects: 2 });
  });
});
