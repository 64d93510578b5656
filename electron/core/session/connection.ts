import type { ApiFact, ApiFailure } from "../diagnosis/evidence.ts";
import type { Attempt, ReadyInfo } from "./attempt.ts";
import type { BrokerBook } from "./broker-book.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** A connection with what lives and dies with it. */
export interface Connection {
  readonly attempt: Attempt;
  readonly broker: BrokerBook;
  step: "dial" | "version" | "ready" | "up" | "over";
  stepSince: number;
  ready: ReadyInfo | null;
  subscriptions: Subscriptions | null;
}

export function livingFact(living: Connection, last: ApiFailure | null): ApiFact {
  const { attempt, ready, step } = living;
  if (ready === null) return { kind: "opening", step: step === "version" || step === "ready" ? step : "dial", since: living.stepSince, last };
  return {
    kind: "ready",
    since: attempt.readySince,
    serverVersion: ready.serverVersion,
    clientId: attempt.clientId,
    accounts: ready.accounts,
    lastAnswerAt: attempt.lastAnswerAt,
    waitingSince: attempt.waitingSince,
    roundTripMs: attempt.roundTripMs,
  };
}
