import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isReady, session, until } from "../../support/session-kit.ts";
import { TwsServer } from "../../support/tws-server.ts";

let server: TwsServer;
beforeEach(async () => {
  server = new TwsServer();
  await server.listen();
});
afterEach(() => server.close());

/** Sockets and timers that keep this process alive. */
const handles = () => process.getActiveResourcesInfo().filter((kind) => /TCPSocketWrap|Timeout|Immediate/.test(kind)).length;

describe("no trace", () => {
  it("100 sessions opened and closed leave no handle and no listener behind, and never two connections", async () => {
    server.positions = [1, 2, 3].map((conId) => ({ account: "DU1234567", conId, symbol: `S${conId}`, quantity: "1", averageCost: "1" }));
    const before = handles();
    for (let round = 0; round < 100; round++) {
      const target = session(server.port);
      target.start();
      await until(target, isReady);
      await target.dispose();
      await vi.waitFor(() => expect(server.open).toBe(0), { timeout: 5000, interval: 2 });
    }
    expect(server.connections).toBe(100);
    expect(server.maxOpen).toBe(1);
    // The library's rate limiter ends its own timers within a second or so.
    for (let i = 0; i < 200 && handles() > before; i++) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(handles()).toBeLessThanOrEqual(before);
  });

  it("2,000 updates a second cost little and are told ten times a second", async () => {
    server.positions = Array.from({ length: 200 }, (_, i) => ({ account: "DU1234567", conId: i + 1, symbol: `S${i + 1}`, quantity: "5", averageCost: "10" }));
    const target = session(server.port);
    target.start();
    await until(target, (r) => isReady(r) && r.accounts[0]?.positions.length === 200);
    let reports = 0;
    const stop = target.onReport(() => reports++);
    const started = performance.now();
    const cpu = process.cpuUsage();
    let sent = 0;
    while (performance.now() - started < 2000) {
      for (; sent < (performance.now() - started) * 2; sent++) {
        const conId = (sent % 200) + 1;
        server.client.send(
          7,
          8,
          conId,
          `S${conId}`,
          "STK",
          "",
          "0",
          "",
          "",
          "NASDAQ",
          "USD",
          `S${conId}`,
          "NMS",
          "5",
          10 + sent / 1000,
          50 + sent / 200,
          "10",
          "1.5",
          "0",
          "DU1234567",
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const spent = process.cpuUsage(cpu);
    stop();
    const last = sent - 1;
    const report = await until(target, (r) => r.accounts[0]?.positions.find((p) => p.contractId === (last % 200) + 1)?.price === String(10 + last / 1000));
    expect(sent).toBeGreaterThan(3500);
    expect(reports).toBeLessThanOrEqual(25);
    // Server and test included; the session's own part is a fraction of it.
    expect((spent.user + spent.system) / 1000).toBeLessThan(1800);
    expect(report.failures).toEqual([]);
    await target.dispose();
  });
});
