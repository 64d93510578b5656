import type { FindingSnapshot, GatewaySnapshot, LightSnapshot, ServerSnapshot, Snapshot } from "../../../shared/snapshot.ts";
import { LIGHTS, type LightName, type LightState, worst } from "../../../shared/words.ts";

export const NOW = Date.UTC(2026, 10, 22, 10, 0, 0);

export function light(state: LightState = "up", extra: Partial<LightSnapshot> = {}): LightSnapshot {
  return { state, word: state === "up" ? "fine" : state, detail: "", since: NOW - 60_000, ...extra };
}

export function lights(states: Partial<Record<LightName, LightState>> = {}): Record<LightName, LightSnapshot> {
  return Object.fromEntries(LIGHTS.map((name) => [name, light(states[name] ?? "up")])) as Record<LightName, LightSnapshot>;
}

export const WEDGE: FindingSnapshot = {
  id: "accept-queue-wedge",
  title: "The gateway stopped accepting connections",
  because: ["LISTEN queue on 4002 holds 51 of 51", "DU1234567 was last seen 4 min ago"],
  confidence: "certain",
  decides: null,
  endsAt: null,
};

export function gateway(extra: Partial<GatewaySnapshot> & { states?: Partial<Record<LightName, LightState>> } = {}): GatewaySnapshot {
  const { states, ...rest } = extra;
  const all = rest.lights ?? lights(states);
  return {
    id: "paper",
    name: "Paper",
    mode: "paper",
    container: "mcp-ib-gateway-paper",
    light: worst(Object.values(all).map((one) => one.state)),
    lights: all,
    sentence: "Paper can be used.",
    cause: null,
    others: [],
    repairs: [],
    excused: null,
    accounts: [],
    session: { state: "ready", clientId: 901, clientIdNote: null, connectsToday: 1, nextTryAt: null, releasedUntil: null },
    guide: [],
    evidence: [{ label: "API port", value: "4002 listens, 0 wait", at: NOW - 2000 }],
    run: null,
    forwards: [],
    ...rest,
  };
}

export function broken(extra: Partial<GatewaySnapshot> = {}): GatewaySnapshot {
  return gateway({
    states: { socket: "down", api: "down", account: "unknown" },
    sentence: "Paper cannot be used: the gateway stopped accepting connections.",
    cause: WEDGE,
    others: [{ ...WEDGE, id: "gateway-hung", title: "The gateway hangs", confidence: "possible", because: [] }],
    repairs: [
      { id: "open-api-settings", title: "Open the API settings", price: { secondFactor: false, losesUiSettings: false, downtimeSeconds: 0 }, refused: null },
      {
        id: "restart-soft",
        title: "Restart without second factor",
        price: { secondFactor: false, losesUiSettings: false, downtimeSeconds: 90 },
        refused: null,
      },
      { id: "restart-container", title: "Restart the container", price: { secondFactor: true, losesUiSettings: true, downtimeSeconds: 180 }, refused: null },
    ],
    accounts: [
      {
        id: "DU1234567",
        kind: "paper",
        baseCurrency: "USD",
        figures: { NetLiquidation: { value: "1000000.00", currency: "USD", at: NOW } },
        cash: [],
        positions: [],
        at: NOW,
        stale: false,
      },
    ],
    ...extra,
  });
}

export function server(gateways: readonly GatewaySnapshot[], extra: Partial<ServerSnapshot> = {}): ServerSnapshot {
  return {
    id: "home",
    name: "Home server",
    host: "linuxserver.lan",
    reach: "ssh",
    light: worst(gateways.map((one) => one.light)),
    link: light("up", { word: "connected", latencyMs: 12.3 }),
    docker: light(),
    gateways,
    ...extra,
  };
}

export function snapshot(servers: readonly ServerSnapshot[], extra: Partial<Snapshot> = {}): Snapshot {
  return {
    revision: 7,
    app: {
      version: "0.1.0",
      host: "electron",
      platform: "linux",
      secrets: { persistent: false, name: "memory", detail: "Kept in memory only." },
      simulation: null,
    },
    light: worst(servers.map((one) => one.light)),
    servers,
    prompts: [],
    notices: [],
    privacy: { maskAmounts: false },
    ...extra,
  };
}
