import type { ApiFailureKind } from "../diagnosis/evidence.ts";
import type { DialError } from "../host-link/host-link.ts";

/** What was seen of a connection that ended, for the one table that names its failure (gateway facts: what the API port shows). */
export interface ConnectionEnd {
  readonly step: "version" | "ready" | "up";
  /** Since the hello was written. */
  readonly sinceHelloMs: number;
  /** `eof`: the other side closed; `reset`: it cut the connection; `torn`: it vanished without either, as a stream does whose link is lost. */
  readonly how: "eof" | "reset" | "torn";
  /** `null`: not known. */
  readonly linkUp: boolean | null;
  readonly clientIdInUse: boolean;
  readonly newPort: number | null;
  readonly portReset: boolean;
}

/** An end without a byte this soon after the hello means that nobody stands behind the forwarder, or that we were turned away. */
const AT_ONCE_MS = 2000;

export function kindOfEnd(end: ConnectionEnd): ApiFailureKind {
  if (end.portReset) return "port-changed";
  if (end.clientIdInUse) return "client-id-in-use";
  if (end.linkUp === false || end.how === "torn") return "link-lost";
  if (end.step === "up") return "closed";
  if (end.step === "ready") return "closed-after-start";
  return end.sinceHelloMs <= AT_ONCE_MS ? "closed-at-once" : "closed-late";
}

export function kindOfDialError(error: DialError): ApiFailureKind {
  switch (error.reason) {
    case "refused":
      return "dial-refused";
    case "forbidden":
      return "dial-forbidden";
    case "timeout":
      return "dial-timeout";
    case "link-down":
      return "link-lost";
    case "unreachable":
    case "name-not-found":
    case "aborted":
    case "other":
      return "dial-failed";
  }
}

const SECONDS = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** One plain sentence for each end. */
export function describeEnd(kind: ApiFailureKind, end: ConnectionEnd): string {
  const how = end.how === "eof" ? "closed" : end.how === "reset" ? "reset" : "lost";
  switch (kind) {
    case "port-changed":
      return end.newPort === null ? "the gateway moved its API to another port" : `the gateway moved its API to port ${end.newPort}`;
    case "client-id-in-use":
      return "another program uses this client id";
    case "link-lost":
      return "the link to the server was lost";
    case "closed":
      return `the gateway ${how} the connection`;
    case "closed-after-start":
      return `the gateway told its version, then the connection was ${how} without a reason`;
    case "closed-at-once":
      return `the connection was ${how} ${SECONDS(end.sinceHelloMs)} after the greeting, without a byte`;
    default:
      return `the connection was ${how} after ${SECONDS(end.sinceHelloMs)} of silence`;
  }
}

/** 1300 "Socket port has been reset and this connection is being dropped. Please reconnect on the new port -4002". */
export function newPortOf(text: string): number | null {
  const found = /(\d{2,5})\D*$/.exec(text)?.[1];
  const port = found === undefined ? Number.NaN : Number(found);
  return port >= 1 && port <= 65535 ? port : null;
}
