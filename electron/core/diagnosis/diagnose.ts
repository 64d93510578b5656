import { type CauseId, CHAIN_LIGHTS, type Confidence, LIGHTS, type LightName, type LightState } from "../../../shared/words.ts";
import { CATALOGUE } from "./catalogue.ts";
import type { Cause, Match } from "./cause.ts";
import { seen } from "./causes/side.ts";
import { UNEXPLAINED } from "./causes/unexplained.ts";
import type { GatewayEvidence } from "./evidence.ts";
import { type Excuse, excuseFor } from "./excuse.ts";
import type { Diagnosis, Finding, LightVerdict } from "./finding.ts";
import { baseLights } from "./lights.ts";
import { isStoppedForOthers, type Look, takeLook } from "./look.ts";
import { sentenceOf } from "./sentence.ts";
import { wholeOf } from "./whole.ts";

interface Candidate {
  readonly cause: Cause;
  readonly finding: Finding;
  readonly state: LightState;
  readonly word: string;
  readonly excuse: Excuse | null;
  readonly beats: readonly CauseId[];
}

const SURE: Readonly<Record<Confidence, number>> = { certain: 0, likely: 1, possible: 2 };
const place = (light: LightName) => LIGHTS.indexOf(light);
const blocks = (state: LightState) => state === "down" || state === "needs-you" || state === "connecting";
const soften = (state: LightState): LightState => (state === "down" || state === "needs-you" ? "degraded" : state);
const BAD: readonly LightState[] = ["down", "needs-you", "degraded"];
const RANK: readonly LightState[] = ["off", "up", "unknown", "connecting", "degraded", "down", "needs-you"];

/**
 * Says what is wrong with a gateway, from the facts alone. Pure: the same evidence and time give the same answer; it never throws.
 * @param now milliseconds since the epoch; ages and IBKR's calendar are reckoned from it
 */
export function diagnose(evidence: GatewayEvidence, now: number): Diagnosis {
  const look = takeLook(evidence, now);
  const base = baseLights(look);
  const found = arrange(look);
  const lights = overlay(base, found);
  const light = wholeOf(lights);
  const all = needsAdmission(lights, found) ? [unexplained(look, lights), ...found] : found;
  const main = light === "up" ? null : (all[0] ?? null);
  const excused = all.find((each) => each.excuse !== null && each === main)?.excuse ?? null;
  const cause = main?.finding ?? null;
  return {
    lights,
    light,
    cause,
    others: all.filter((each) => each !== main).map((each) => each.finding),
    sentence: sentenceOf(evidence.gateway, light, cause, excused, lights, now),
    excused,
  };
}

/** A chain light is bad and no cause of the chain explains it: better said than covered by what stands beside the chain. */
function needsAdmission(lights: Readonly<Record<LightName, LightVerdict>>, found: readonly Candidate[]): boolean {
  const chain = found.filter((each) => place(each.finding.light) < CHAIN_LIGHTS.length);
  if (found.length === 0 && LIGHTS.some((name) => BAD.includes(lights[name].state))) return true;
  const bad = CHAIN_LIGHTS.some((name) => lights[name].state === "down" || lights[name].state === "needs-you");
  return bad && !chain.some((each) => blocks(each.state) || each.excuse !== null);
}

/** All causes that fit, the one to be named first at the head. */
function arrange(look: Look): Candidate[] {
  const stopped = isStoppedForOthers(look);
  const fitting = CATALOGUE.flatMap((cause) => {
    if (stopped && cause.light !== "server" && !cause.id.startsWith("docker-")) return [];
    const match = cause.when(look);
    return match === null ? [] : [candidate(look, cause, match)];
  });
  const byRank = fitting
    .map((each, index) => ({ each, index }))
    .sort((a, b) => rank(a.each) - rank(b.each) || a.index - b.index)
    .map(({ each }) => each);
  const ordered = promote(byRank);
  const [main] = ordered;
  if (main === undefined) return [];
  const { excuse, beats } = main;
  const kept = ordered.slice(1).filter((each) => stands(main, each));
  const rivals = kept.filter((each) => contests(main, each));
  const rest = [...rivals, ...kept.filter((each) => !rivals.includes(each))];
  // What an excused fault brings with it is excused too.
  return [main, ...rest.map((each) => (excuse !== null && beats.includes(each.cause.id) ? { ...each, excuse, state: soften(each.state) } : each))];
}

function candidate(look: Look, cause: Cause, match: Match): Candidate {
  const finding: Finding = {
    id: cause.id,
    title: match.title ?? cause.title,
    because: match.because.filter((line) => line !== "").slice(0, 8),
    confidence: match.confidence,
    repairs: match.repairs ?? cause.repairs,
    decides: cause.decides,
    endsAt: match.endsAt ?? null,
    light: match.light ?? cause.light,
    ...(match.patienceMs === undefined ? {} : { patienceMs: match.patienceMs }),
  };
  const excuse = excuseFor(look, finding);
  const state = match.state ?? cause.state;
  return { cause, finding, excuse, state: excuse === null ? state : soften(state), word: match.word ?? cause.word, beats: match.beats ?? cause.beats ?? [] };
}

/**
 * What blocks before what merely degrades (excused faults still block); what is sure before what is possible; earlier in the
 * chain before later; surer before less sure; then the catalogue's order.
 */
function rank(each: Candidate): number {
  const side = place(each.finding.light) >= CHAIN_LIGHTS.length;
  const degrades = side || !(blocks(each.state) || each.excuse !== null);
  const vague = each.finding.confidence === "possible";
  return (vague ? 10_000 : 0) + (degrades ? 1_000 : 0) + place(each.finding.light) * 10 + SURE[each.finding.confidence];
}

/** Puts each cause in front of those it explains, if it is about as sure as they are. */
function promote(ordered: readonly Candidate[]): Candidate[] {
  const list = [...ordered];
  for (const each of ordered) {
    const beats = each.beats;
    const from = list.indexOf(each);
    const to = list.findIndex((other) => beats.includes(other.cause.id) && SURE[each.finding.confidence] <= Math.max(1, SURE[other.finding.confidence]));
    if (to === -1 || to > from) continue;
    list.splice(from, 1);
    list.splice(to, 0, each);
  }
  return list;
}

/** Later faults that the main one explains are no causes of their own; rivals, certain ones and what stands beside the chain stay. */
function stands(main: Candidate, other: Candidate): boolean {
  const later = place(other.finding.light) > place(main.finding.light);
  const side = place(other.finding.light) >= CHAIN_LIGHTS.length;
  // A start that goes on is no news beside the fault that holds it up.
  if (other.state === "connecting" && main.state !== "connecting" && !later) return main.cause.rivals?.includes(other.cause.id) ?? false;
  return contests(main, other) || side || !later || other.finding.confidence === "certain";
}
/** Another reading of the same trouble, not one that merely stands beside the chain. */
function contests(main: Candidate, other: Candidate): boolean {
  const chain = (each: Candidate) => place(each.finding.light) < CHAIN_LIGHTS.length;
  return chain(main) === chain(other) && (isRival(main.cause, other.cause.id) || isRival(other.cause, main.cause.id));
}
const isRival = (cause: Cause, id: CauseId) => (cause.rivals?.includes(id) ?? false) || (cause.beats?.includes(id) ?? false);

/** Each light shows the worst of its own evidence and the causes that explain it. */
function overlay(base: Readonly<Record<LightName, LightVerdict>>, found: readonly Candidate[]): Record<LightName, LightVerdict> {
  const lights = { ...base };
  for (const { finding, state, word, excuse } of found) {
    const before = lights[finding.light];
    const detail = finding.because[0] ?? finding.title;
    const softened = excuse !== null && before.state === "down" && (found[0]?.excuse ?? null) !== null;
    // A guess explains a light that is already bad, it does not make one so; a start in progress explains why things are not up yet.
    if (finding.confidence === "possible" && !BAD.includes(before.state) && before.state !== "connecting") continue;
    if (softened || RANK.indexOf(state) >= RANK.indexOf(before.state) || (state === "connecting" && before.state === "unknown")) {
      const same = before.state === state && before.word !== "" && found[0]?.finding !== finding;
      if (!same) lights[finding.light] = { ...before, state, word, detail };
    }
  }
  const [main] = found;
  // What lies behind a link that is under way waits for it.
  if (main?.state === "connecting")
    for (const name of CHAIN_LIGHTS.slice(place(main.finding.light) + 1))
      if (lights[name].state === "unknown") lights[name] = { ...lights[name], state: "connecting", word: "waiting" };
  return lights;
}

function unexplained(look: Look, lights: Readonly<Record<LightName, LightVerdict>>): Candidate {
  const at = LIGHTS.find((name) => BAD.includes(lights[name].state)) ?? "api";
  const why = `${at} is ${lights[at].state} (${lights[at].word}): ${lights[at].detail}`;
  return {
    cause: UNEXPLAINED,
    finding: { ...candidate(look, UNEXPLAINED, { confidence: "possible", because: [why, ...seen(look)] }).finding, light: at },
    excuse: null,
    beats: [],
    state: lights[at].state,
    word: lights[at].word,
  };
}
