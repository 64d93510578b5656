import { LIGHTS, type LightName, type LightState } from "../../../shared/words.ts";
import type { Diagnosis, LightVerdict } from "./finding.ts";
import { wholeOf } from "./whole.ts";

/** A fault must be seen for this long, and at least twice, before a light shows it. */
export const CONFIRM_MS = 3_000;
/** Between attempts a confirmed fault may be out of sight for this long without having to be confirmed anew. */
const REMEMBER_MS = 60_000;

interface Suspicion {
  readonly since: number;
  readonly looks: number;
  /** Last look at which it was seen. */
  readonly seenAt: number;
  readonly confirmed: boolean;
}

export interface Settled {
  /** As it may be shown: no fault that is not confirmed, no green while one is suspected. */
  readonly diagnosis: Diagnosis;
  /** Since when each light shows its state. */
  readonly since: Readonly<Record<LightName, number>>;
  /** Since when the whole shows its state. */
  readonly wholeSince: number;
  /** When `settle` must be called again even if no fact changes; `null`: no need. */
  readonly nextAt: number | null;
  readonly suspicions: Readonly<Partial<Record<LightName, Suspicion>>>;
}

/** What must be confirmed. A question to a person is asked at once; what is better is shown at once. */
const doubted = (state: LightState) => state === "down" || state === "degraded" || state === "unknown";

/**
 * Keeps blinks out of the lights: a light goes down only when the fault was seen twice and for CONFIRM_MS, meanwhile it is
 * `connecting`; it goes up at once. Pure.
 * @param previous what was returned last, `null` at the beginning
 */
export function settle(previous: Settled | null, diagnosis: Diagnosis, now: number): Settled {
  const suspicions: Partial<Record<LightName, Suspicion>> = {};
  const lights = {} as Record<LightName, LightVerdict>;
  const since = {} as Record<LightName, number>;
  let nextAt: number | null = null;
  let held = false;
  for (const name of LIGHTS) {
    const raw = diagnosis.lights[name];
    const shown = previous?.diagnosis.lights[name] ?? null;
    const suspicion = suspect(previous?.suspicions[name] ?? null, raw.state, now);
    if (suspicion !== null) suspicions[name] = suspicion;
    const waits = doubted(raw.state) && suspicion?.confirmed !== true;
    if (waits && suspicion !== null) {
      held = true;
      const at = Math.max(suspicion.since + CONFIRM_MS, now + 1);
      nextAt = nextAt === null ? at : Math.min(nextAt, at);
    }
    lights[name] = waits ? { ...raw, state: "connecting", word: shown?.state === "up" ? "checking" : raw.word } : raw;
    const kept = previous !== null && shown?.state === lights[name].state ? previous.since[name] : now;
    since[name] = Math.min(kept, now);
  }
  const light = held ? wholeOf(lights) : diagnosis.light;
  const wholeSince = previous !== null && previous.diagnosis.light === light ? Math.min(previous.wholeSince, now) : now;
  return { diagnosis: shownDiagnosis(previous, diagnosis, lights, light, held), since, wholeSince, nextAt, suspicions };
}

function suspect(before: Suspicion | null, state: LightState, now: number): Suspicion | null {
  if (doubted(state)) {
    const usable = before !== null && now >= before.since && (before.confirmed ? now - before.seenAt < REMEMBER_MS || now - before.seenAt < 0 : true);
    if (!usable || before === null) return { since: now, looks: 1, seenAt: now, confirmed: false };
    const looks = Math.min(before.looks + 1, 1_000);
    return { since: before.since, looks, seenAt: now, confirmed: before.confirmed || (looks >= 2 && now - before.since >= CONFIRM_MS) };
  }
  // While it tries again it is neither well nor forgotten.
  const passing = state === "connecting" || state === "needs-you";
  return passing && before?.confirmed === true && now - before.seenAt < REMEMBER_MS ? before : null;
}

function shownDiagnosis(previous: Settled | null, raw: Diagnosis, lights: Diagnosis["lights"], light: Diagnosis["light"], held: boolean): Diagnosis {
  const kept = keepCause(previous, raw);
  if (!held || light === raw.light) return { ...raw, ...kept, lights, light };
  // Only what stands beside the chain is doubted: the gateway is still as it was.
  if (light === "up")
    return {
      lights,
      light,
      cause: null,
      others: [],
      excused: null,
      sentence: previous?.diagnosis.light === "up" ? previous.diagnosis.sentence : `Checking: ${raw.sentence}`,
    };
  const named = raw.cause !== null && previous?.diagnosis.cause?.id === raw.cause.id;
  return {
    lights,
    light,
    cause: named || light !== "connecting" ? raw.cause : null,
    others: named || light !== "connecting" ? raw.others : [],
    sentence: light === "connecting" && !named ? `Checking: ${raw.sentence}` : raw.sentence,
    excused: raw.excused,
  };
}

/** While the link is being tried again nothing better is known than why it failed last. */
function keepCause(previous: Settled | null, raw: Diagnosis): Partial<Diagnosis> {
  const before = previous?.diagnosis ?? null;
  const guess = raw.cause?.id === "server-unreachable" && raw.cause.confidence === "possible";
  return guess && before?.cause != null && before.cause.light === "server" && before.light === raw.light
    ? { cause: before.cause, sentence: before.sentence }
    : {};
}
