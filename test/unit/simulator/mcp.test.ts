import { describe, expect, it } from "vitest";
import type { Simulator } from "../../../electron/simulator/simulator.ts";
import { eventually, publishedPort, simulate } from "./support/sim.ts";

const base = (simulator: Simulator) => `http://127.0.0.1:${publishedPort(simulator, "paper", 8000)}`;
const get = async (simulator: Simulator, path: string) => (await fetch(base(simulator) + path, { signal: AbortSignal.timeout(10_000) })).json();
const rpc = (simulator: Simulator, body: object, headers: Record<string, string> = {}) =>
  fetch(`${base(simulator)}/mcp`, {
    method: "POST",
    body: JSON.stringify({ jsonrpc: "2.0", ...body }),
    headers: { "content-type": "application/json", ...headers },
    signal: AbortSignal.timeout(10_000),
  });
const BOTH = { accept: "application/json, text/event-stream" };

describe("the simulated MCP server", () => {
  it("tells of three workers that are connected for real", async () => {
    const simulator = await simulate({ publish: true });
    await eventually(() => simulator.truth().gateways.paper?.clientIds.length === 3, "workers connected");
    expect(await get(simulator, "/health")).toMatchObject({
      status: "healthy",
      ib_connected: true,
      ib_port: "4004",
      circuit_breaker: { state: "closed" },
      pool: { pool_size: 3, workers_alive: 3, workers_ib_connected: 3 },
    });
    expect(await get(simulator, "/gateway/status")).toMatchObject({ status: "connected", api_port_open: true, container_running: true });
    expect((await fetch(`${base(simulator)}/nope`)).status).toBe(404);
  });

  it("says api_ready on a mere TCP connect while the gateway is wedged, and recovers with it", async () => {
    const simulator = await simulate({ publish: true, scenario: "incident" });
    expect(await get(simulator, "/gateway/status")).toMatchObject({ status: "api_ready", api_port_open: true, ib_connected: false });
    expect(await get(simulator, "/health")).toMatchObject({ status: "unhealthy", ib_connected: false });
    simulator.stage.paper.gateway?.api.reopen();
    await eventually(() => simulator.truth().gateways.paper?.clientIds.length === 3, "workers are back");
  });

  it("opens its breaker when its workers are dead, and comes back by /restart-workers", async () => {
    const simulator = await simulate({ publish: true, scenario: "mcp-down" });
    expect(await get(simulator, "/health")).toMatchObject({ status: "unhealthy", circuit_breaker: { state: "open" }, pool: { workers_alive: 0 } });
    expect(await (await rpc(simulator, { id: 1, method: "tools/list" })).json()).toMatchObject({ id: 1, error: { code: -32603 } });
    expect((await fetch(`${base(simulator)}/restart-workers`, { method: "POST" })).status).toBe(200);
    await eventually(() => simulator.truth().gateways.paper?.clientIds.length === 3, "workers connected");
    expect(await get(simulator, "/health")).toMatchObject({ status: "healthy" });
  });

  it("speaks the owner's plain kind, and mixes ids up when told", async () => {
    const simulator = await simulate({ publish: true });
    expect(await (await rpc(simulator, { id: 1, method: "initialize" })).json()).toMatchObject({
      result: { protocolVersion: "2024-11-05", serverInfo: { name: "IBKR MCP Server" } },
    });
    await eventually(() => simulator.truth().gateways.paper?.clientIds.length === 3, "workers connected");
    const call = { id: 7, method: "tools/call", params: { name: "get_account_summary" } };
    const answer = await (await rpc(simulator, call)).json();
    expect(answer).toMatchObject({ id: 7 });
    expect(JSON.stringify(answer)).toContain("**NetLiquidation**: ");
    await simulator.play("mcp-desync");
    expect(await (await rpc(simulator, call)).json()).toMatchObject({ id: 6 });
  });

  it("speaks the legacy and the modern kind", async () => {
    const simulator = await simulate({ publish: true });
    simulator.stage.paper.mcpPlan.kind = "legacy";
    expect((await rpc(simulator, { id: 1, method: "initialize" })).status).toBe(406);
    const first = await rpc(simulator, { id: 1, method: "initialize" }, BOTH);
    const session = first.headers.get("mcp-session-id") ?? "";
    expect((await rpc(simulator, { id: 2, method: "tools/list" }, BOTH)).status).toBe(400);
    expect((await rpc(simulator, { id: 2, method: "tools/list" }, { ...BOTH, "mcp-session-id": "x" })).status).toBe(404);
    expect((await rpc(simulator, { method: "notifications/initialized" }, { ...BOTH, "mcp-session-id": session })).status).toBe(202);
    expect(await (await rpc(simulator, { id: 2, method: "tools/list" }, { ...BOTH, "mcp-session-id": session })).json()).toMatchObject({
      id: 2,
      result: { tools: expect.any(Array) },
    });
    simulator.stage.paper.mcpPlan.kind = "modern";
    const modern = (version: string, method: string) =>
      rpc(
        simulator,
        { id: 3, method, params: { _meta: { "io.modelcontextprotocol/protocolVersion": version, "io.modelcontextprotocol/clientCapabilities": {} } } },
        { ...BOTH, "mcp-protocol-version": version, "mcp-method": method },
      );
    expect(await (await modern("2026-07-28", "server/discover")).json()).toMatchObject({
      result: { resultType: "complete", supportedVersions: ["2026-07-28"] },
    });
    expect((await modern("2020-01-01", "server/discover")).status).toBe(400);
    expect((await modern("2026-07-28", "initialize")).status).toBe(404);
  });

  it("restarts the gateway by itself after two rounds without a connection", async () => {
    const simulator = await simulate({ publish: true, scenario: "competing-healer", speed: 200 });
    const container = simulator.stage.live.gateway?.container;
    const first = container?.startedAt;
    await eventually(() => container?.startedAt !== first, "restarted");
    expect(simulator.stage.live.mcp?.container.log.entries.some((entry) => entry.text.includes("Auto-reconnecting gateway"))).toBe(true);
    expect(container?.restartCount).toBe(0);
  });
});
