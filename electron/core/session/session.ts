import type { Duplex } from "node:stream";
import type { AccountSnapshot, SessionSnapshot } from "../../../shared/snapshot.ts";
import { BEAT, type Clock } from "../clock.ts";
import type { AccountFact, ApiFact, ApiFailure, ApiIdleReason, BrokerFact } from "../diagnosis/evidence.ts";
import { FRESH_ANSWER_MS } from "../diagnosis/look.ts";
import type { KeptDials } from "./kept-dials.ts";
import type { Park } from "./stay-away.ts";

/** The one API session of a gateway. It dials only when `mayDial` allows it, and never holds more than one connection. */
export interface GatewaySession {
  readonly report: SessionReport;
  /** Called on every change, coalesced to at most 10 a second. @returns an unsubscribe function */
  onReport(listener: (report: SessionReport) => void): () => void;
  start(): void;
  /** The evidence changed in a way that may allow (or forbid) a dial. */
  nudge(options?: Nudge): void;
  /** Closes cleanly and stays away until `resume`, or until `untilMs` (ms since the epoch). */
  release(untilMs: number | null): Promise<void>;
  resume(): void;
  /** Closes cleanly for a repair, or for this computer's sleep. @returns a function that takes the session back */
  park(why?: Park): Promise<() => void>;
  /** Asks again for account data on the living connection. */
  resubscribe(): void;
  /** What `watched` of the ports says has changed. */
  watchChanged(): void;
  /** Takes the next free id of the reserved range (the settings' id and the four above). */
  changeClientId(): void;
  dispose(): Promise<void>;
}

/** Who calls for a dial at once: something seen to have changed, or a person. */
export type DialHaste = "evidence" | "person";
export interface Nudge {
  /** A pending back-off is dropped for it, as far as the hour's allowance goes. */
  readonly by?: DialHaste;
}

export interface SessionReport {
  readonly api: ApiFact;
  /** The session is ready, but its last answer was older than `freshMs` when this was reported. */
  readonly late: boolean;
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
  /** Whether the link to the server lives, asked when a connection ended: tells a gateway that closed from a tunnel that broke. */
  readonly linkUp?: () => boolean;
  /** Whether somebody looks at the positions: each one's result is asked for only then, once a second as it comes. Absent: always. */
  readonly watched?: () => boolean;
  /** How many dials an hour the gateway may see at most; absent: twelve. `Infinity` where it is a simulated one, whose days pass in minutes. */
  readonly dialsPerHour?: number | undefined;
  /** The dials of other Gatelights on the same data folder, before this one or beside it, count as well. Absent: there are none. */
  readonly keptDials?: KeptDials | null;
  /** One line for the diagnostic log; never an amount or a secret. */
  readonly log?: (line: string) => void;
  readonly timings?: Partial<SessionTimings>;
}

/** All in milliseconds. */
export interface SessionTimings {
  readonly dialMs: number;
  /** From the hello to the version reply. */
  readonly versionMs: number;
  /** From the version reply to accounts and next order id. */
  readonly readyMs: number;
  /** The time is asked for when nothing came for so long … */
  readonly beatAfterMs: number;
  /** … and anyway so often, to know the round trip. */
  readonly beatAtLeastMs: number;
  /** Nothing at all for so long after the question: the gateway is silent. */
  readonly beatDeadlineMs: number;
  /** An answer older than this proves nothing about now; the moment is reported. */
  readonly freshMs: number;
  /** Other data comes, but the question stays unanswered for so long. */
  readonly staleBeatMs: number;
  /** After our half-close the connection is destroyed. */
  readonly closeMs: number;
  /** `mayDial` said no: it is asked again without a nudge. */
  readonly askAgainMs: number;
}
export const SESSION_TIMINGS: SessionTimings = {
  dialMs: 5000,
  versionMs: 5000,
  readyMs: 10_000,
  beatAfterMs: BEAT.ms,
  beatAtLeastMs: 15_000,
  beatDeadlineMs: 5000,
  freshMs: FRESH_ANSWER_MS,
  staleBeatMs: 20_000,
  closeMs: 1000,
  askAgainMs: 5000,
};
export type CreateSession = (ports: SessionPorts) => GatewaySession;
