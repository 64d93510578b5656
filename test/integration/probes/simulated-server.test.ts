import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../electron/core/clock.ts";
import type { GatewayTarget, McpFact } from "../../../electron/core/diagnosis/evidence.ts";
import type { HostLink } from "../../../electron/core/host-link/host-link.ts";
import { makeLink } from "../../../electron/core/make-link.ts";
import { createMcpProbe, type McpProbe } from "../../../electron/core/probes/mcp/mcp-probe.ts";
import { findRoutes } from "../../../electron/core/probes/routes.ts";
import { type Greeting, greetScreen } from "../../../electron/core/probes/screen-greeting.ts";
import { createServerWatch, type ServerWatch, type WatchedFacts, type WatchedServer } from "../../../electron/core/probes/server-watch.ts";
import { createMemorySecrets } from "../../../electron/core/secrets/memory-secrets.ts";
import { type Simulator, startSimulator } from "../../../electron/simulator/simulator.ts";
import { gatewayPorts, settings } from "../../../shared/settings.ts";

const WAIT = { timeout: 40_000, interval: 50 };

/** The probes through a real SSH connection against the simulated home server. */
describe("the simulated server over SSH", () => {
  let dir: string;
  let simulator: Simulator;
  let link: HostLink;
  let watch: ServerWatch;
  let target: GatewayTarget;
  let mcp: McpProbe | null = null;
  const facts = new Map<string, WatchedFacts>();
  let server: WatchedServer = {};
  const paper = () => facts.get("paper");

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "gl-probes-"));
    simulator = await startSimulator({ dir });
    const [first] = settings.parse(simulator.settings).servers;
    if (first === undefined) throw new Error("the simulator names a server");
    link = makeLink(first, {
      prompts: { ask: async () => ({ kind: "nobody" }) },
      secrets: createMemorySecrets({}),
      dataDir: dir,
      clock: systemClock,
      random: Math.random,
    });
    const targets = first.gateways.map(
      (one): GatewayTarget => ({
        id: one.id,
        name: one.name ?? one.id,
        mode: one.mode,
        container: one.container,
        ports: gatewayPorts(one),
        clientId: one.clientId,
        mcp: one.mcp ? { url: one.mcp.url, container: one.mcp.container ?? null } : null,
      }),
    );
    const found = targets.find((one) => one.id === "paper");
    if (found === undefined) throw new Error("the simulator has a paper gateway");
    target = found;
    watch = createServerWatch({
      link,
      docker: first.docker,
      targets,
      clock: systemClock,
      onFacts: (id, fresh) => facts.set(id, { ...facts.get(id), ...fresh }),
      onServer: (fresh) => {
        server = { ...server, ...fresh };
      },
    });
    watch.start();
    link.start();
  }, 60_000);
  afterAll(async () => {
    mcp?.dispose();
    watch?.dispose();
    await link?.dispose();
    await simulator?.dispose();
    if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
  });

  it("shows both gateways configured, with their sockets as on a real host", async () => {
    await expect.poll(() => [...facts.keys()].sort(), WAIT).toEqual(["live", "paper"]);
    for (const id of ["paper", "live"]) {
      await expect.poll(() => facts.get(id)?.login?.value.phase, WAIT).toBe("configured");
      expect(facts.get(id)?.login?.value.problems).toEqual([]);
      await expect.poll(() => facts.get(id)?.sockets?.value.source, WAIT).toBe("host-proc");
    }
    expect(paper()?.sockets?.value).toMatchObject({
      listeners: expect.arrayContaining([expect.objectContaining({ port: 4002, family: 6, queue: 0 }), expect.objectContaining({ port: 4004 })]),
    });
    expect(paper()?.sockets?.value.brokerLines).toBeGreaterThan(0);
    await expect.poll(() => server, WAIT).toMatchObject({ docker: { value: { kind: "ok" } }, clockSkewMs: { value: expect.any(Number) } });
  });
  it("lists the programs of the container", async () => {
    await watch.lookProcesses("paper");
    expect(paper()?.processes?.value).toEqual({ java: "running", socat: "running", x11vnc: "running", xvfb: "running" });
  });
  it("finds screen and MCP server", async () => {
    const container = paper()?.container?.value ?? null;
    const screen: Greeting | null = await greetScreen(link, findRoutes(container, target).vnc, systemClock);
    expect(screen).toMatchObject({ kind: "answers", version: "003.008" });
    if (target.mcp === null) throw new Error("the paper gateway has an MCP server");
    const seen: McpFact[] = [];
    mcp = createMcpProbe({
      link,
      clock: systemClock,
      docker: "docker",
      target: target.mcp,
      queue: () => 0,
      clockSkewMs: () => 0,
      onFact: (fact) => seen.push(fact),
    });
    await mcp.lookNow();
    expect(seen.at(-1)).toMatchObject({ http: "ok", serverKind: "plain", health: { status: "healthy", ibConnected: true } });
    expect(await mcp.callTool()).toMatchObject({ ok: true });
  });
  it("reads in launcher.log that IBKR left a log-in unanswered, and nothing of it once the log-in went well", async () => {
    await simulator.play("broker-lockout");
    await expect.poll(() => paper()?.login?.value.phase, WAIT).toBe("authenticating");
    const silentFor = async () => {
      await watch.lookProcesses("paper");
      const { phaseAt, silentTimeoutAt } = paper()?.login?.value ?? {};
      return (silentTimeoutAt ?? 0) - (phaseAt ?? 0);
    };
    await expect.poll(silentFor, WAIT).toBeGreaterThan(29_000);
    await simulator.play("healthy");
    await expect.poll(() => paper()?.login?.value.phase, WAIT).toBe("configured");
    expect(paper()?.login?.value.silentTimeoutAt).toBeUndefined();
  }, 120_000);
});
