import type { GatewayEvidence } from "../../../../electron/core/diagnosis/evidence.ts";
import type { CauseId } from "../../../../shared/words.ts";
import { type Change, change, evidence, NOW } from "../evidence-builder.ts";

export type Variant = "typical" | "early" | "noise";
export interface FaultCase {
  readonly cause: CauseId;
  readonly variant: Variant;
  readonly name: string;
  readonly now: number;
  readonly evidence: GatewayEvidence;
}
/** A situation in which nobody must be alarmed: not down, not needs-you, not degraded without the calendar's excuse. */
export interface CalmCase {
  readonly name: string;
  readonly now: number;
  readonly evidence: GatewayEvidence;
}

export const fault = (cause: CauseId, variant: Variant, name: string, changes: Change | readonly Change[], now = NOW): FaultCase => ({
  cause,
  variant,
  name,
  now,
  evidence: evidence(now, typeof changes === "function" ? changes : change(...changes)),
});
export const calm = (name: string, changes: Change | readonly Change[] = [], now = NOW): CalmCase => ({
  name,
  now,
  evidence: evidence(now, typeof changes === "function" ? changes : change(...changes)),
});
