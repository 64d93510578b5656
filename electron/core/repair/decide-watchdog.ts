import type { GatewaySettings } from "../../../shared/settings.ts";
import type { RepairOffer } from "../../../shared/snapshot.ts";
import type { CauseId, RepairId } from "../../../shared/words.ts";
import type { Diagnosis } from "../diagnosis/finding.ts";

/** A cause must have been certain, without a break, for so long (ms). */
export const LASTING_MS = 60_000;
/** Between two repairs of its own, whatever for (ms). */
export const REST_MS = 300_000;
/** What did not help against a cause is not tried against it again for so long (ms). */
export const TRIED_MS = 3_600_000;
/** A restart that was nobody's here is another healer's for so long (ms). */
export const FOREIGN_MS = 600_000;
const DAY_MS = 86_400_000;

export interface WatchdogRun {
  readonly at: number;
  readonly repair: RepairId;
  readonly cause: CauseId | null;
}

export interface WatchdogView {
  readonly settings: GatewaySettings["watchdog"];
  readonly now: number;
  readonly diagnosis: Diagnosis;
  /** Since when the cause has been named as certain without a break; `null`: it is not. */
  readonly certainSince: number | null;
  /** Ways out of the cause, mildest first. */
  readonly offers: readonly RepairOffer[];
  /** IBKR's calendar has a reset window open. */
  readonly inWindow: boolean;
  /** The gateway was last started by something other than Gatelight, then. */
  readonly foreignStartAt: number | null;
  /** The account was left to others, or a person looks at the gateway's screen. */
  readonly inHands: boolean;
  readonly running: boolean;
  /** Its own repairs so far. */
  readonly runs: readonly WatchdogRun[];
}

export type WatchdogDecision = { readonly kind: "act"; readonly repair: RepairId; readonly cause: CauseId } | { readonly kind: "wait"; readonly why: string };
const wait = (why: string): WatchdogDecision => ({ kind: "wait", why });

/** Whether Gatelight may repair by itself now, and how. Pure. */
export function decideWatchdog(view: WatchdogView): WatchdogDecision {
  const { settings, now, diagnosis, certainSince } = view;
  if (settings === undefined || !settings.enabled || settings.repairs.length === 0) return wait("not wanted");
  const { cause } = diagnosis;
  if (cause === null || cause.confidence !== "certain") return wait("no certain cause");
  if (view.running) return wait("a repair runs");
  if (certainSince === null || now - certainSince < LASTING_MS) return wait("not lasting yet");
  if (view.inWindow || diagnosis.excused !== null) return wait("reset window");
  if ([cause, ...diagnosis.others].some((finding) => finding.id === "competing-healer" || finding.id === "restart-loop")) return wait("another healer");
  if (view.foreignStartAt !== null && now - view.foreignStartAt < FOREIGN_MS) return wait("another healer");
  if (view.inHands) return wait("in a person's hands");
  // A clock that was set back must not give the budget anew.
  const today = view.runs.filter((run) => Math.abs(now - run.at) < DAY_MS);
  if (today.length >= settings.maxPerDay) return wait("budget used up");
  if (today.some((run) => Math.abs(now - run.at) < REST_MS)) return wait("resting");
  const tried = (repair: RepairId) => today.some((run) => run.repair === repair && run.cause === cause.id && Math.abs(now - run.at) < TRIED_MS);
  const allowed: readonly RepairId[] = settings.repairs;
  const chosen = view.offers.find((offer) => allowed.includes(offer.id) && offer.refused === null && !offer.price.secondFactor && !tried(offer.id));
  return chosen === undefined ? wait("nothing allowed helps") : { kind: "act", repair: chosen.id, cause: cause.id };
}
