import { LIGHTS } from "../../../shared/words.ts";
import { diagnose } from "./diagnose.ts";
import type { GatewayEvidence } from "./evidence.ts";
import type { Diagnosis, Finding } from "./finding.ts";

const sameFinding = (a: Finding | null, b: Finding | null) => a?.id === b?.id && a?.confidence === b?.confidence;

/** Whether two verdicts say the same but for ages and figures in their words. Pure. */
export function sameVerdict(a: Diagnosis, b: Diagnosis): boolean {
  return (
    a.light === b.light &&
    a.excused?.reason === b.excused?.reason &&
    sameFinding(a.cause, b.cause) &&
    a.others.length === b.others.length &&
    a.others.every((each, at) => sameFinding(each, b.others[at] ?? null)) &&
    LIGHTS.every((name) => a.lights[name].state === b.lights[name].state)
  );
}

/** Looked ahead in steps of so long (ms): what would come and go again within one no light shows, for it must be seen for longer. */
const STEP_MS = 2_500;

/**
 * Whether a verdict will be the same for so long if no fact changes: only ages grow. The API's answers are taken to go on: the session tells to the moment
 * when they do not. Pure.
 * @param now milliseconds since the epoch @param ms a few seconds
 */
export function staysSo(verdict: Diagnosis, evidence: GatewayEvidence, now: number, ms: number): boolean {
  for (let ahead = ms; ahead > 0; ahead -= STEP_MS) {
    const then = now + ahead;
    if (!sameVerdict(verdict, diagnose(answered(evidence, then), then))) return false;
  }
  return true;
}

/** As if the API had just answered. */
export function answered(evidence: GatewayEvidence, at: number): GatewayEvidence {
  const { api } = evidence;
  return api?.value.kind === "ready" ? { ...evidence, api: { at, value: { ...api.value, lastAnswerAt: at, waitingSince: null } } } : evidence;
}
