/** What the one API session tells, and what comes through it. */

/** Why no connection is being made. */
export type ApiIdleReason =
  | "link-down"
  | "no-route"
  | "not-running"
  | "not-logged-in"
  | "no-listener"
  | "queue-not-empty"
  | "backing-off"
  | "hourly-limit"
  | "released"
  /** For a repair. */
  | "parked"
  /** This computer goes to sleep. */
  | "asleep"
  | "off";

export type ApiFact =
  | { readonly kind: "idle"; readonly reason: ApiIdleReason; readonly until: number | null; readonly last: ApiFailure | null }
  | { readonly kind: "opening"; readonly step: "dial" | "version" | "ready"; readonly since: number; readonly last: ApiFailure | null }
  | {
      readonly kind: "ready";
      readonly since: number;
      readonly serverVersion: number;
      readonly clientId: number;
      /** Managed accounts. */
      readonly accounts: readonly string[];
      /** Last proof that the API answers. */
      readonly lastAnswerAt: number;
      /** A heartbeat is on its way since then without an answer. */
      readonly waitingSince: number | null;
      readonly roundTripMs: number | null;
    };

/** Every row of facts §4.1, and what can happen later. */
export type ApiFailureKind =
  | "dial-refused"
  | "dial-forbidden"
  | "dial-timeout"
  | "dial-failed"
  /** EOF without a byte within 2 s of the hello. */
  | "closed-at-once"
  /** EOF without a byte later than that (socat gives up on SYN after ~130 s). */
  | "closed-late"
  /** Open, no byte within the deadline. */
  | "silent"
  | "wrong-service"
  /** Version came, EOF after startApi, no 326. */
  | "closed-after-start"
  | "client-id-in-use"
  /** Version came, startApi unanswered or answered by half. */
  | "start-unanswered"
  | "bad-frame"
  | "unsupported-version"
  /** Was ready; heartbeat unanswered within its deadline. */
  | "went-silent"
  /** Was ready; closed by the gateway. */
  | "closed"
  | "link-lost"
  | "port-changed";

export interface ApiFailure {
  readonly kind: ApiFailureKind;
  readonly at: number;
  /** From dial to failure; for a session that was ready: how long it was. */
  readonly afterMs: number;
  /** What was seen, one sentence, without secrets. */
  readonly detail: string;
  readonly clientId: number;
  /** First bytes of a wrong service, printable, at most 40 characters. */
  readonly firstBytes: string | null;
  readonly newPort: number | null;
  readonly wasReady: boolean;
}

/** From notices with id −1 while the socket lives. */
export interface BrokerFact {
  /** `unknown` until a notice or data proves something. */
  readonly line: "up" | "down" | "unknown";
  readonly since: number;
  /** 1100, 1101, 1102 or 2110; `null` where known otherwise. */
  readonly code: number | null;
  readonly farms: readonly {
    readonly name: string;
    readonly kind: "market-data" | "history" | "sec-def";
    readonly state: "ok" | "down" | "inactive" | "connecting";
    readonly at: number;
  }[];
  /** 10197 / 2100 and the like: the newest of each code, bounded. */
  readonly notices: readonly { readonly code: number; readonly text: string; readonly at: number }[];
}

export interface AccountFact {
  readonly accounts: readonly string[];
  /** From the prefix of the account numbers (D… paper; U, F, I… live). */
  readonly prefix: "paper" | "live" | "mixed" | "none";
  readonly requestedAt: number;
  /** First complete answer (summary end and position end). */
  readonly completeAt: number | null;
  readonly lastUpdateAt: number | null;
}
