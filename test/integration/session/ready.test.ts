import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { GatewaySession } from "../../../electron/core/session/session.ts";
import { isReady, session, until } from "../../support/session-kit.ts";
import { TwsServer } from "../../support/tws-server.ts";

let server: TwsServer;
let target: GatewaySession;
beforeEach(async () => {
  server = new TwsServer();
  await server.listen();
  target = session(server.port);
});
afterEach(async () => {
  await target.dispose();
  await server.close();
});

describe("a gateway that serves", () => {
  it("is ready with accounts, figures, cash and positions", async () => {
    server.positions = [
      { account: "DU1234567", conId: 1, symbol: "AAPL", quantity: "10", averageCost: "150.25" },
      {
        account: "DU1234567",
        conId: 2,
        symbol: "SPY",
        secType: "OPT",
        expiry: "20261218",
        strike: "600.0",
        right: "C",
        multiplier: "100",
        quantity: "-2",
        averageCost: "512.5",
      },
    ];
    target.start();
    const report = await until(target, (r) => isReady(r) && r.accounts[0]?.stale === false && r.accounts[0].figures.DailyPnL !== undefined);
    expect(report.api).toMatchObject({ kind: "ready", serverVersion: 193, clientId: 901, accounts: ["DU1234567"] });
    expect(report.account).toMatchObject({ accounts: ["DU1234567"], prefix: "paper" });
    expect(report.broker).toMatchObject({ line: "up", farms: [{ name: "usfarm", kind: "market-data", state: "ok" }] });
    const [account] = report.accounts;
    expect(account).toMatchObject({ id: "DU1234567", kind: "paper", baseCurrency: "USD" });
    expect(account?.figures.NetLiquidation).toMatchObject({ value: "1000123.45", currency: "USD" });
    expect(account?.figures.Cushion).toMatchObject({ value: "0.98", currency: "" });
    expect(account?.figures.DailyPnL).toMatchObject({ value: "12.25", currency: "USD" });
    expect(account?.figures.RealizedPnL).toBeUndefined();
    expect(account?.cash.map((f) => [f.currency, f.value])).toEqual([
      ["EUR", "-12.5"],
      ["USD", "900000.1"],
    ]);
    expect(account?.positions.map((p) => [p.title, p.quantity, p.multiplier])).toEqual([
      ["AAPL", "10", "1"],
      ["SPY 18 Dec 26 600 C", "-2", "100"],
    ]);
    expect(report.session).toMatchObject({ state: "ready", clientId: 901, clientIdNote: null, connectsToday: 1 });
    expect(server.maxOpen).toBe(1);
  });

  it("sends only requests that read", async () => {
    target.start();
    await until(target, (r) => isReady(r) && r.accounts[0]?.stale === false);
    const ids = new Set(server.client.requests.map((fields) => Number(fields[0])));
    for (const id of ids) expect([6, 49, 61, 62, 92, 94]).toContain(id);
  });

  it("closing one of five positions leaves four", async () => {
    server.positions = [1, 2, 3, 4, 5].map((conId) => ({ account: "DU1234567", conId, symbol: `S${conId}`, quantity: "1", averageCost: "1" }));
    target.start();
    await until(target, (r) => r.accounts[0]?.positions.length === 5);
    server.client.send(61, 3, "DU1234567", 2, "S2", "STK", "", "0.0", "", "", "", "USD", "S2", "S2", "0", "0.0");
    const report = await until(target, (r) => r.accounts[0]?.positions.length === 4);
    expect(report.accounts[0]?.positions.map((p) => p.symbol)).toEqual(["S1", "S3", "S4", "S5"]);
  });

  it("asks for the time while nothing comes and tells the round trip", async () => {
    target.start();
    const report = await until(target, (r) => r.api.kind === "ready" && r.api.roundTripMs !== null);
    expect(report.api.kind === "ready" && report.api.roundTripMs).toBeLessThan(1000);
  });

  it("notices a frozen gateway, tells since when it waits, and keeps the last book as stale", async () => {
    target.start();
    await until(target, (r) => isReady(r) && r.accounts[0]?.stale === false);
    server.freeze();
    await until(target, (r) => r.api.kind === "ready" && r.api.waitingSince !== null);
    const report = await until(target, (r) => r.failures.length > 0);
    expect(report.failures[0]).toMatchObject({ kind: "went-silent", wasReady: true });
    expect(report.accounts[0]).toMatchObject({ stale: true });
    expect(report.accounts[0]?.figures.NetLiquidation?.value).toBe("1000123.45");
    server.thaw();
    await vi.waitFor(() => expect(server.open).toBe(0), 5000);
    target.nudge({ by: "person" });
    await until(target, (r) => isReady(r) && r.accounts[0]?.stale === false);
    expect(server.maxOpen).toBe(1);
  });

  it("works with one byte at a time", async () => {
    server.fragment = 1;
    target.start();
    await until(target, (r) => isReady(r) && r.accounts[0]?.figures.NetLiquidation?.value === "1000123.45");
  });
});
