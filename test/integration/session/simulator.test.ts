import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../electron/core/clock.ts";
import type { HostLink } from "../../../electron/core/host-link/host-link.ts";
import { makeLink } from "../../../electron/core/make-link.ts";
import { createMemorySecrets } from "../../../electron/core/secrets/memory-secrets.ts";
import type { GatewaySession } from "../../../electron/core/session/session.ts";
import { type Simulator, startSimulator } from "../../../electron/simulator/simulator.ts";
import { settings } from "../../../shared/settings.ts";
import { failedAs, isReady, session, until } from "../../support/session-kit.ts";

/** The session through a real SSH link (ssh2 on both sides) against the simulated home server. */
let dir: string;
let simulator: Simulator;
let link: HostLink;
let target: GatewaySession | null = null;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "gl-session-"));
  simulator = await startSimulator({ dir });
  const [server] = settings.parse(simulator.settings).servers;
  if (server === undefined) throw new Error("the simulator names a server");
  link = makeLink(server, {
    prompts: { ask: async () => ({ kind: "nobody" }) },
    secrets: createMemorySecrets({}),
    dataDir: dir,
    clock: systemClock,
    random: Math.random,
  });
  link.start();
  await new Promise<void>((resolve) => {
    const stop = link.onState((state) => {
      if (state.kind !== "up") return;
      stop();
      resolve();
    });
  });
});
afterEach(async () => {
  await target?.dispose();
  target = null;
});
afterAll(async () => {
  await link?.dispose();
  await simulator?.dispose();
  rmSync(dir, { recursive: true, force: true });
});

function start(clientId = 901): GatewaySession {
  const address = simulator.stage.paper.gateway?.container.namespace.address;
  if (address === undefined) throw new Error("the paper gateway has no container");
  target = session(0, {
    clientId,
    dial: (options) => link.dial({ host: address, port: 4004 }, options),
    linkUp: () => link.state.kind === "up",
    timings: {
      dialMs: 5000,
      versionMs: 1500,
      readyMs: 2000,
      beatAfterMs: 500,
      beatDeadlineMs: 1500,
      beatAtLeastMs: 2000,
      staleBeatMs: 4000,
      closeMs: 500,
      askAgainMs: 200,
    },
  });
  target.start();
  return target;
}

describe("against the simulated gateway", () => {
  it("is ready with accounts, positions as traders read them, results and a line to the broker", async () => {
    await simulator.play("healthy");
    const report = await until(start(), (r) => isReady(r) && r.accounts.length > 0 && r.accounts.every((a) => !a.stale && a.figures.DailyPnL !== undefined));
    const [account] = report.accounts;
    expect(report.account?.prefix).toBe("paper");
    expect(account?.positions.map((p) => p.title)).toEqual(expect.arrayContaining(["AAPL", "SPY 18 Dec 26 640 C", "MES Dec 26", "7203"]));
    for (const name of ["NetLiquidation", "BuyingPower", "ExcessLiquidity", "Cushion", "MaintMarginReq"] as const)
      expect(account?.figures[name]?.value).toMatch(/^-?\d/);
    expect(account?.baseCurrency).toBe("USD");
    expect(account?.cash.map((figure) => figure.currency)).toEqual(expect.arrayContaining(["EUR", "GBP", "USD"]));
    await until(target ?? start(), (r) => r.accounts[0]?.positions.every((p) => p.price !== null && p.value !== null && p.daily !== null) ?? false);
    expect(report.broker).toMatchObject({ line: "up" });
    expect(report.broker?.farms.map((farm) => farm.name)).toEqual(expect.arrayContaining(["usfarm.nj", "ushmds", "secdefil"]));
    const truth = simulator.truth().gateways.paper;
    expect(truth).toMatchObject({ open: 1, maxOpen: 1, writes: 0, malformed: 0 });
  });

  it("sees a gateway that goes deaf, and comes back", async () => {
    await simulator.play("healthy");
    await until(start(), isReady);
    const plan = simulator.stage.paper.plan;
    plan.api.deaf = true;
    await until(target ?? start(), failedAs("went-silent"));
    plan.api.deaf = false;
    target?.nudge({ by: "person" });
    await until(target ?? start(), isReady);
  });

  it("takes the next id where its own is held by somebody else", async () => {
    await simulator.play("healthy");
    simulator.stage.paper.plan.api.heldClientIds.add(931);
    const report = await until(start(931), isReady);
    expect(report.api).toMatchObject({ clientId: 932 });
    expect(report.session.clientIdNote).toContain("931");
    simulator.stage.paper.plan.api.heldClientIds.delete(931);
  });

  it("a lost SSH link is not the gateway's fault", async () => {
    await simulator.play("healthy");
    await until(start(), isReady);
    link.reconnectNow("test", { force: true });
    await until(target ?? start(), failedAs("link-lost"));
    await until(target ?? start(), isReady, 20_000);
  });
});
