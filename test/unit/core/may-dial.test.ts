import { describe, expect, it } from "vitest";
import { type GatewayEvidence, NO_HISTORY, NO_LINE, type SocketsFact } from "../../../electron/core/diagnosis/evidence.ts";
import { mayDial } from "../../../electron/core/may-dial.ts";

const NOW = 1_795_000_000_000;
const listener = (port: number, queue = 0) => ({ port, family: 6 as const, address: "::", queue });
const sockets = (...listeners: ReturnType<typeof listener>[]): SocketsFact => ({
  source: "host-proc",
  listeners,
  api: { closeWaitOrphans: 0, closeWaitHeld: 0, synSent: 0, established: 0 },
  relayClients: 0,
  brokerLines: 1,
  listenOverflows: 0,
  listenDrops: 0,
  xServer: true,
});
const evidence = (value: SocketsFact | null, change: Partial<GatewayEvidence> = {}, age = 0): GatewayEvidence => ({
  server: {
    reach: "ssh",
    host: "linuxserver.lan",
    link: { at: NOW, value: { kind: "up", since: NOW, latencyMs: 1 } },
    line: NO_LINE,
    docker: null,
    clockSkewMs: null,
  },
  gateway: {
    id: "paper",
    name: "Paper",
    mode: "paper",
    container: "mcp-ib-gateway-paper",
    ports: { relay: 4004, api: 4002, vnc: 5900 },
    clientId: 901,
    mcp: null,
  },
  container: null,
  login: null,
  sockets: value === null ? null : { at: NOW - age, value },
  processes: null,
  route: { at: NOW, value: { api: { host: "172.18.0.2", port: 4004, by: "container-address", containerPort: 4004, through: "relay" }, vnc: null } },
  api: null,
  broker: null,
  account: null,
  screen: null,
  mcp: null,
  history: NO_HISTORY,
  ...change,
});
const reason = (value: GatewayEvidence) => {
  const permit = mayDial(value, NOW, 4_000);
  return permit.ok ? "dial" : permit.reason;
};

describe("before the API port is opened", () => {
  it("dials when it listens, the relay too, and nobody waits", () => {
    expect(reason(evidence(sockets(listener(4002), listener(4004))))).toBe("dial");
  });
  it("never joins a queue", () => {
    expect(reason(evidence(sockets(listener(4002, 1), listener(4004))))).toBe("queue-not-empty");
    const hanging = sockets(listener(4002), listener(4004));
    expect(reason(evidence({ ...hanging, api: { ...hanging.api, synSent: 1 } }))).toBe("queue-not-empty");
  });
  it("a look that is late does not empty a queue", () => {
    expect(reason(evidence(sockets(listener(4002, 51), listener(4004)), {}, 10_000))).toBe("queue-not-empty");
    expect(reason(evidence(sockets(listener(4002), listener(4004)), {}, 10_000))).toBe("dial");
  });
  it("does not knock where nothing listens", () => {
    expect(reason(evidence(sockets(listener(4004))))).toBe("no-listener");
    expect(reason(evidence(sockets(listener(4002))))).toBe("no-listener");
    expect(reason(evidence(sockets(listener(4000), listener(4004))))).toBe("no-listener");
  });
  it("needs a link and an address", () => {
    const whole = evidence(sockets(listener(4002), listener(4004)));
    expect(reason({ ...whole, route: null })).toBe("no-route");
    expect(reason({ ...whole, server: { ...whole.server, link: { at: NOW, value: { kind: "off" } } } })).toBe("link-down");
    expect(reason({ ...whole, container: { at: NOW, value: { kind: "missing", seen: [] } } })).toBe("not-running");
  });
  it("goes by the session's own pace where no socket table can be read", () => {
    expect(reason(evidence(null))).toBe("dial");
    // An old table is no look: neither a reason to dial at once nor one against it.
    expect(reason(evidence(sockets(listener(4002, 51), listener(4004)), {}, 60_000))).toBe("dial");
  });
});
