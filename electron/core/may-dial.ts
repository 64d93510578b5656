import type { ApiIdleReason, GatewayEvidence } from "./diagnosis/evidence.ts";

export type DialPermit = { readonly ok: true } | { readonly ok: false; readonly reason: ApiIdleReason };
const no = (reason: ApiIdleReason): DialPermit => ({ ok: false, reason });

/** A look that is late on a busy server: a queue seen so recently (ms) is taken to be there still. */
const LATE_LOOK_MS = 30_000;

/** Before looking: is there any point in a dial at all? */
export function mayLook(evidence: GatewayEvidence): DialPermit {
  if (evidence.server.link.value.kind !== "up") return no("link-down");
  const container = evidence.container?.value;
  if (container?.kind === "missing") return no("not-running");
  if (container?.kind === "present" && container.status !== "running") return no("not-running");
  if (evidence.route?.value.api == null) return no("no-route");
  return { ok: true };
}

/**
 * After a fresh look at the sockets. A monitor that joins a queue nobody serves makes a wedge worse (facts §0.3, §4.4), so the API port
 * is opened only when it listens and nobody waits. Where no socket table can be read the session's own slow pace is the only care.
 * @param maxAgeMs how old the socket facts may be
 */
export function mayDial(evidence: GatewayEvidence, now: number, maxAgeMs: number): DialPermit {
  const before = mayLook(evidence);
  if (!before.ok) return before;
  const sockets = evidence.sockets;
  if (sockets === null || now - sockets.at > LATE_LOOK_MS) return { ok: true };
  const { ports } = evidence.gateway;
  const api = sockets.value.listeners.filter((listener) => listener.port === ports.api);
  const queued = api.some((listener) => listener.queue > 0) || sockets.value.api.synSent > 0;
  if (now - sockets.at > maxAgeMs) return queued ? no("queue-not-empty") : { ok: true };
  if (api.length === 0) {
    const phase = evidence.login?.value.phase;
    return no(phase === undefined || phase === "logged-in" || phase === "configured" ? "no-listener" : "not-logged-in");
  }
  if (queued) return no("queue-not-empty");
  const route = evidence.route?.value.api;
  if (route?.through === "relay" && !sockets.value.listeners.some((listener) => listener.port === ports.relay)) return no("no-listener");
  return { ok: true };
}
