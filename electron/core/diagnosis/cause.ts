import type { CauseId, Confidence, LightName, LightState, RepairId } from "../../../shared/words.ts";
import type { Look } from "./look.ts";

/** One entry of the catalogue: all that is known about one cause, and how it is told from its twins. */
export interface Cause {
  readonly id: CauseId;
  /** Row of the failure table in `facts/gateway.md` §4.3; `null` for what the table does not list. */
  readonly row: number | null;
  /** The light it explains. */
  readonly light: LightName;
  /** What that light becomes. */
  readonly state: LightState;
  /** One to three words for that light. */
  readonly word: string;
  /** One sentence for a person, without its full stop. */
  readonly title: string;
  /** In the order in which they should be tried, mildest first. */
  readonly repairs: readonly RepairId[];
  /** Evidence without which it is not named. */
  readonly requires: string;
  /** Evidence that rules it out. */
  readonly ruledOutBy: string;
  /** What would decide between this and its rivals. */
  readonly decides: string | null;
  /** Causes that are this one's consequence, or a coarser name for it: they come after it. */
  readonly beats?: readonly CauseId[];
  /** Kept beside it as `others`, wherever in the chain they stand. */
  readonly rivals?: readonly CauseId[];
  readonly when: (look: Look) => Match | null;
}

export interface Match {
  readonly confidence: Confidence;
  /** The numbers seen, most telling first, each a sentence. */
  readonly because: readonly string[];
  readonly state?: LightState;
  readonly word?: string;
  readonly light?: LightName;
  readonly title?: string;
  readonly endsAt?: number | null;
  readonly repairs?: readonly RepairId[];
  /** What ends by itself within this time (ms) as a rule is not named sooner. */
  readonly patienceMs?: number;
  /** In place of the entry's own. */
  readonly beats?: readonly CauseId[];
}

export const certain = (because: readonly string[], more: Partial<Match> = {}): Match => ({ ...more, confidence: "certain", because });
export const likely = (because: readonly string[], more: Partial<Match> = {}): Match => ({ ...more, confidence: "likely", because });
export const possible = (because: readonly string[], more: Partial<Match> = {}): Match => ({ ...more, confidence: "possible", because });
