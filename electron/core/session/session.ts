import type { Duplex } from "node:stream";
import type { AccountSnapshot, SessionSnapshot } from "../../../shared/snapshot.ts";
import type { Clock } from "../clock.ts";
import type { AccountFact, ApiFact, ApiFailure, ApiIdleReason, BrokerFact } from "../diagnosis/evidence.ts";

/** The one API session of a gateway. It dials only when `mayDial` allows it, and never holds more than one connection. */
export interface GatewaySession {
  readonly report: SessionReport;
  /** Called on every change, coalesced to at most 10 a second. @returns an unsubscribe function */
  onReport(listener: (report: SessionReport) => void): () => void;
  start(): void;
  /** The evidence changed in a way that may allow (or forbid) a dial; also drops a pending back-off when `now` is set. */
  nudge(options?: { now?: boolean }): void;
  /** Closes cleanly and stays away until `resume`, or until `untilMs` (ms since the epoch). */
  release(untilMs: number | null): Promise<void>;
  resume(): void;
  /** Closes cleanly for a repair. @returns a function that takes the session back */
  park(): Promise<() => void>;
  /** Asks again for account data on the living connection. */
  resubscribe(): void;
  /** Takes the next free id of the reserved range (the settings' id and the four above). */
  changeClientId(): void;
  dispose(): Promise<void>;
}

export interface SessionReport {
  readonly api: ApiFact;
  /** All failures since the start, newest last, at most 30. */
  readonly failures: readonly ApiFailure[];
  readonly broker: BrokerFact | null;
  readonly account: AccountFact | null;
  readonly accounts: readonly AccountSnapshot[];
  readonly session: SessionSnapshot;
}

export interface SessionPorts {
  readonly clock: Clock;
  /** A random number in [0, 1) for jitter. */
  readonly random: () => number;
  readonly clientId: number;
  readonly mode: "paper" | "live";
  /**
   * Asked right before each dial: looks at the accept queue once more. `{ ok: false }` names why not.
   * It must answer within 5 s.
   */
  readonly mayDial: () => Promise<{ ok: true } | { ok: false; reason: ApiIdleReason }>;
  /** Opens the tunnel channel to the API. @throws DialError */
  readonly dial: (options: { deadlineMs: number; signal: AbortSignal }) => Promise<Duplex>;
}
export type CreateSession = (ports: SessionPorts) => GatewaySession;
