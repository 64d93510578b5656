import { type CauseId, CHAIN_LIGHTS, LIGHTS, type LightName, type LightState } from "../../../shared/words.ts";
import type { Diagnosis, Finding, LightVerdict } from "./finding.ts";
import { wholeOf } from "./whole.ts";

/** A fault must be seen for this long, and at least twice, before a light shows it and before its cause is named. */
export const CONFIRM_MS = 3_000;
/** Between attempts a confirmed fault may be out of sight for this long without having to be confirmed anew. */
const REMEMBER_MS = 60_000;
/** A light that is bad without doubt waits no longer than this for its cause to stand still. */
const HOLD_MS = 9_000;

interface Suspicion {
  readonly since: number;
  readonly looks: number;
  /** Last look at which it was seen. */
  readonly seenAt: number;
  readonly confirmed: boolean;
  /** What explained it then. */
  readonly cause: CauseId | null;
}

/** The cause at the head of the raw diagnosis, since when it stands there. */
interface Naming {
  readonly id: CauseId;
  readonly since: number;
  readonly looks: number;
}

export interface Settled {
  /** As it may be shown: no fault that is not confirmed, no green while one is suspected, no later cause while an earlier link is doubted. */
  readonly diagnosis: Diagnosis;
  /** Since when each light shows its state. */
  readonly since: Readonly<Record<LightName, number>>;
  /** Since when the whole shows its state. */
  readonly wholeSince: number;
  /** Since when not all has been up; `null` while it is. */
  readonly troubleSince: number | null;
  /** When `settle` must be called again even if no fact changes; `null`: no need. */
  readonly nextAt: number | null;
  readonly suspicions: Readonly<Partial<Record<LightName, Suspicion>>>;
  readonly naming: Naming | null;
}

/** What must be confirmed. A question to a person is asked at once; what is better is shown at once. */
const doubted = (state: LightState) => state === "down" || state === "degraded" || state === "unknown";

/**
 * Keeps blinks out of the lights: a light goes down only when the fault was seen twice and for CONFIRM_MS, meanwhile it is `connecting`; it
 * goes up at once. A link of the chain that is being checked holds back what lies behind it, for it may explain that. Pure.
 * @param previous what was returned last, `null` at the beginning
 */
export function settle(previous: Settled | null, diagnosis: Diagnosis, now: number): Settled {
  const suspicions: Partial<Record<LightName, Suspicion>> = {};
  const lights = {} as Record<LightName, LightVerdict>;
  const since = {} as Record<LightName, number>;
  const naming = nameOf(previous?.naming ?? null, diagnosis.cause, now);
  const told = previous?.diagnosis.cause ?? null;
  const confirmMs = Math.max(CONFIRM_MS, diagnosis.cause?.patienceMs ?? 0);
  const back = diagnosis.cause === null ? undefined : previous?.suspicions[diagnosis.cause.light];
  // It was told of within the last minute, and was out of sight only while something was tried again.
  const known = naming !== null && (told?.id === naming.id || (back !== undefined && isAway(back) && back.cause === naming.id));
  const named = known || (naming !== null && naming.looks >= 2 && now - naming.since >= confirmMs);
  let nextAt: number | null = null;
  const wake = (at: number) => {
    nextAt = Math.min(nextAt ?? Number.POSITIVE_INFINITY, Math.max(at, now + 1));
  };
  let held = false;
  let checked: LightName | null = null;
  for (const name of LIGHTS) {
    const raw = diagnosis.lights[name];
    const shown = previous?.diagnosis.lights[name] ?? null;
    const suspicion = suspect(previous?.suspicions[name] ?? null, raw.state, causeAt(diagnosis, name), now);
    if (suspicion !== null) suspicions[name] = suspicion;
    const bad = doubted(raw.state) && suspicion !== null;
    const unsure = bad && !suspicion.confirmed;
    // Bad for long enough, but not yet long enough for the same reason: nothing has been told of it, so it can wait for that.
    const nameless = bad && !named && told === null && diagnosis.cause?.light === name && now - suspicion.since < HOLD_MS;
    const behind = bad && checked !== null && shown?.state !== raw.state && hides(checked, name);
    if (unsure) wake(suspicion.since + CONFIRM_MS);
    if (nameless && naming !== null) wake(naming.since + confirmMs);
    const waits = unsure || nameless || behind;
    if (waits) held = true;
    if ((unsure || nameless) && checked === null && CHAIN_LIGHTS.some((each) => each === name)) checked = name;
    lights[name] = waits ? { ...raw, state: "connecting", word: shown?.state === "up" ? "checking" : raw.word } : raw;
    const kept = previous !== null && shown?.state === lights[name].state ? previous.since[name] : now;
    since[name] = Math.min(kept, now);
  }
  const light = held ? wholeOf(lights) : diagnosis.light;
  const wholeSince = previous !== null && previous.diagnosis.light === light ? Math.min(previous.wholeSince, now) : now;
  const shown = shownDiagnosis(previous, diagnosis, { lights, light, checked, named });
  if (shown.cause !== diagnosis.cause && naming !== null && light !== "up") wake(naming.since + confirmMs);
  const troubleSince = light === "up" ? null : Math.min(previous?.troubleSince ?? now, now);
  return { diagnosis: shown, since, wholeSince, troubleSince, nextAt, suspicions, naming };
}

/** Whether a doubt about one link of the chain explains a later light: all of the chain, and what stands beside it on the same ground. */
function hides(checked: LightName, name: LightName): boolean {
  return CHAIN_LIGHTS.some((each) => each === name) || checked === "server" || checked === "container";
}

const causeAt = ({ cause, others }: Diagnosis, name: LightName): CauseId | null =>
  [...(cause === null ? [] : [cause]), ...others].find((finding) => finding.light === name)?.id ?? null;

/** Confirmed, and not seen at the last look. */
const isAway = (suspicion: Suspicion) => suspicion.confirmed && suspicion.looks === 0;

function suspect(before: Suspicion | null, state: LightState, cause: CauseId | null, now: number): Suspicion | null {
  if (doubted(state)) {
    const other = before !== null && isAway(before) && before.cause !== cause;
    if (before === null || now < before.since || other || (before.confirmed && now - before.seenAt >= REMEMBER_MS))
      return { since: now, looks: 1, seenAt: now, confirmed: false, cause };
    const looks = Math.min(before.looks + 1, 1_000);
    return { since: before.since, looks, seenAt: now, confirmed: before.confirmed || (looks >= 2 && now - before.since >= CONFIRM_MS), cause };
  }
  // While it tries again it is neither well nor forgotten.
  const passing = state === "connecting" || state === "needs-you";
  return passing && before?.confirmed === true && now - before.seenAt < REMEMBER_MS ? { ...before, looks: 0 } : null;
}

function nameOf(before: Naming | null, cause: Finding | null, now: number): Naming | null {
  if (cause === null) return null;
  if (before === null || before.id !== cause.id || now < before.since) return { id: cause.id, since: now, looks: 1 };
  return { ...before, looks: Math.min(before.looks + 1, 1_000) };
}

interface Held {
  readonly lights: Diagnosis["lights"];
  readonly light: LightState;
  /** The first link of the chain that is being checked. */
  readonly checked: LightName | null;
  /** The raw diagnosis' cause has stood long enough. */
  readonly named: boolean;
}

function shownDiagnosis(previous: Settled | null, raw: Diagnosis, { lights, light, checked, named }: Held): Diagnosis {
  const before = previous?.diagnosis ?? null;
  // Only what stands beside the chain is doubted: the gateway is still as it was.
  if (light === "up" && raw.light !== "up")
    return { lights, light, cause: null, others: [], excused: null, sentence: before?.light === "up" ? before.sentence : `Checking: ${raw.sentence}` };
  const { cause } = raw;
  if (cause === null) return { ...raw, lights, light };
  // What asks a person, and what is merely under way, is said at once.
  const state = raw.lights[cause.light].state;
  const atOnce = state === "needs-you" || state === "connecting";
  // Neither before its own light shows it, nor while an earlier link is being checked.
  const waits = state !== lights[cause.light].state || (checked !== null && place(cause.light) > place(checked));
  const early = waits && before?.cause?.id !== cause.id;
  if (!early && (named || atOnce)) return { ...raw, lights, light };
  const told = before?.cause ?? null;
  const still = told === null ? undefined : raw.others.find((each) => each.id === told.id);
  if (still !== undefined) return { ...raw, lights, light, cause: still, others: [cause, ...raw.others.filter((each) => each !== still)] };
  // Another reason must stand as long as a first one before it takes the place of what was told.
  if (told !== null && before !== null && before.light === light && light !== "connecting")
    return { ...raw, lights, light, cause: told, others: [], sentence: before.sentence };
  if (light === "connecting") return { ...raw, lights, light, cause: null, others: [], sentence: `Checking: ${raw.sentence}` };
  return { ...raw, lights, light };
}

const place = (light: LightName) => LIGHTS.indexOf(light);
