import type { CauseId, Confidence, LightName, LightState, RepairId } from "../../../shared/words.ts";

export interface Finding {
  readonly id: CauseId;
  /** One sentence for a person. */
  readonly title: string;
  /** The evidence with the numbers seen, most telling first. */
  readonly because: readonly string[];
  readonly confidence: Confidence;
  /** In the order in which they should be tried. */
  readonly repairs: readonly RepairId[];
  /** What would decide between this and its rivals. */
  readonly decides: string | null;
  /** When it is expected to end by itself (ms since the epoch). */
  readonly endsAt: number | null;
  /** The light it explains. */
  readonly light: LightName;
  /** It must stand for so long (ms) before it is named, where that is more than usual. */
  readonly patienceMs?: number;
}

export interface LightVerdict {
  readonly state: LightState;
  readonly word: string;
  readonly detail: string;
  readonly latencyMs?: number;
}

export interface Diagnosis {
  readonly lights: Readonly<Record<LightName, LightVerdict>>;
  readonly light: LightState;
  /** `null` when all is up. */
  readonly cause: Finding | null;
  readonly others: readonly Finding[];
  readonly sentence: string;
  readonly excused: { readonly reason: string; readonly until: number } | null;
}
