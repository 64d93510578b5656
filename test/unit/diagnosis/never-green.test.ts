import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diagnose } from "../../../electron/core/diagnosis/diagnose.ts";
import type { Fact, GatewayEvidence } from "../../../electron/core/diagnosis/evidence.ts";
import { evidenceLines } from "../../../electron/core/diagnosis/evidence-lines.ts";
import { guideItems } from "../../../electron/core/diagnosis/guide.ts";
import { FRESH_ANSWER_MS } from "../../../electron/core/diagnosis/look.ts";
import { type Settled, settle } from "../../../electron/core/diagnosis/settle.ts";
import { CAUSES, CHAIN_LIGHTS, LIGHTS } from "../../../shared/words.ts";
import { CALM_CASES } from "./cases/calm.ts";
import { GATEWAY_CASES } from "./cases/gateway.ts";
import { LOGIN_CASES } from "./cases/login.ts";
import { SERVER_CASES } from "./cases/server.ts";
import type { Change } from "./evidence-builder.ts";
import {
  account,
  aged,
  api,
  apiFailed,
  apiIdle,
  broker,
  container,
  DAY,
  evidence,
  H,
  healthy,
  link,
  listening,
  login,
  MIN,
  NOW,
  noDockerFacts,
  processes,
  queue,
  ready,
  S,
  sockets,
} from "./evidence-builder.ts";

const MUST_NOT_BE_GREEN: readonly (readonly [string, Change | readonly Change[]])[] = [
  ["the last answer is nine seconds old", ready((now) => ({ lastAnswerAt: now - 9 * S }))],
  ["an answer is owed for nine seconds, whatever was heard before", ready((now) => ({ waitingSince: now - 9 * S }))],
  ["the last answer is of an hour ago", ready((now) => ({ lastAnswerAt: now - H }))],
  ["the last answer is said to be in the future", ready((now) => ({ lastAnswerAt: now + H }))],
  ["the session is opening", api((now) => ({ kind: "opening", step: "ready", since: now - S, last: null }))],
  ["the session rests", apiIdle("backing-off")],
  ["the session is released", apiIdle("released")],
  ["the session is off", apiIdle("off")],
  ["the session is parked", apiIdle("parked")],
  ["this computer goes to sleep", apiIdle("asleep")],
  ["nothing of the API is known", (e) => ({ ...e, api: null, broker: null, account: null })],
  ["everything listens, nothing was tried", apiIdle("queue-not-empty")],
  ["VNC green, log says configured, API closed at once", apiFailed("closed-at-once")],
  ["1100", broker({ line: "down", code: 1100 })],
  ["2110 in a calm hour", broker({ line: "down", code: 2110 })],
  ["the line is unknown and no socket leads to IBKR", [broker({ line: "unknown", farms: [] }), sockets({ brokerLines: 0 }), account({ completeAt: null })]],
  [
    "the link is down, the session still counts as ready",
    link((now) => ({ kind: "waiting", until: now + S, attempt: 1, failure: { reason: "lost", stage: "alive", message: "lost" } })),
  ],
  ["the link is being made anew", link((now) => ({ kind: "connecting", attempt: 1, since: now }))],
  ["the link is off", link({ kind: "off" })],
  ["the container has exited by a fresh look", container((now) => ({ status: "exited", exitCode: 137, finishedAt: now - S }))],
  ["the container is missing", (e, now) => ({ ...e, container: { at: now, value: { kind: "missing", seen: [] } } })],
  [
    "a second factor has been asked for since the session began",
    login((now) => ({ phase: "second-factor", phaseAt: now - MIN, secondFactor: { startedAt: now - MIN, state: "pending", limitSeconds: 180 } })),
  ],
  ["the gateway is restarting since a moment", login((now) => ({ phase: "restarting", phaseAt: now - 2 * S }))],
  ["others wait in the accept queue while our session lives", queue(4)],
  ["the account is of the other kind", account({ prefix: "live" })],
  ["accounts of both kinds", account({ prefix: "mixed" })],
  ["account data never came", account({ completeAt: null })],
  ["account data has not been asked for", (e) => ({ ...e, account: null })],
  ["all is old but green", [aged(10 * MIN), ready((now) => ({ lastAnswerAt: now - 10 * MIN }))]],
  ["only the log is known, and it says configured", [noDockerFacts, login({ phase: "configured" }), apiIdle("no-route")]],
  ["farms down in a calm hour", broker((now) => ({ farms: [{ name: "usfarm", kind: "market-data", state: "down", at: now - MIN }] }))],
  ["socat is stopped", [processes({ socat: "stopped" }), apiFailed("silent")]],
  ["the wrong port listens", [listening(4000, 4004), apiIdle("no-listener")]],
];

describe("the light never lies", () => {
  it("is green when all is well, and only just so while the last answer is fresh", () => {
    expect(diagnose(healthy(), NOW)).toMatchObject({
      light: "up",
      cause: null,
      excused: null,
      sentence: "Paper can be used: the API answers and IBKR is connected.",
    });
    expect(diagnose(evidence(NOW, ready({ lastAnswerAt: NOW - FRESH_ANSWER_MS })), NOW).light).toBe("up");
    expect(diagnose(evidence(NOW, ready({ lastAnswerAt: NOW - FRESH_ANSWER_MS - 1 })), NOW).light).not.toBe("up");
  });
  it.each(MUST_NOT_BE_GREEN)("is not green: %s", (_name, changes) => {
    const record = evidence(NOW, ...(typeof changes === "function" ? [changes] : changes));
    expect(diagnose(record, NOW).light).not.toBe("up");
  });
  it("shows a green whole only above green parts", () => {
    const { lights } = diagnose(healthy(), NOW);
    for (const name of LIGHTS) expect(["up", "off"], name).toContain(lights[name].state);
  });
  it("shows nothing behind a lost link as known", () => {
    const { lights } = diagnose(evidence(NOW, link({ kind: "failed", since: NOW, failure: { reason: "timeout", stage: "tcp", message: "no answer" } })), NOW);
    expect(LIGHTS.filter((name) => lights[name].state === "up")).toEqual([]);
    expect(lights.server.state).toBe("down");
    expect(lights.container).toMatchObject({ state: "unknown", word: "not reached" });
  });
  it("takes old facts for memories: a container that stopped an hour ago by an old look is not called exited", () => {
    const record = evidence(NOW, container({ status: "exited", exitCode: 1 }), aged(H), apiFailed("dial-timeout"));
    const diagnosis = diagnose(record, NOW);
    expect(diagnosis.cause?.id).not.toBe("container-exited");
    expect(["unknown", "connecting"]).toContain(diagnosis.lights.container.state);
  });
});

// ── arbitrary, also inconsistent evidence ──────────────────────────────────────────────────────────────────────────

const RECORDS: readonly GatewayEvidence[] = [...SERVER_CASES, ...LOGIN_CASES, ...GATEWAY_CASES, ...CALM_CASES].map((each) => each.evidence);
const record = fc.constantFrom(...RECORDS);
const age = fc.oneof(fc.integer({ min: -H, max: 3 * DAY }), fc.constantFrom(0, Number.NaN, Number.POSITIVE_INFINITY, -1e18, 1e18));
/** Parts of different records with ages of their own: what no real server would show together. */
const mixture = fc
  .record({
    server: record,
    container: record,
    login: record,
    sockets: record,
    processes: record,
    route: record,
    api: record,
    broker: record,
    account: record,
    screen: record,
    mcp: record,
    history: record,
    gateway: record,
  })
  .chain((parts) =>
    fc
      .record({ ages: fc.array(age, { minLength: 12, maxLength: 12 }), nulls: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }) })
      .map(({ ages, nulls }): GatewayEvidence => {
        const take = <T>(fact: Fact<T> | null, index: number): Fact<T> | null =>
          fact === null || (nulls[index] === true && index % 3 === 0) ? null : { ...fact, at: NOW - (ages[index] ?? 0) };
        return {
          server: parts.server.server,
          gateway: parts.gateway.gateway,
          container: take(parts.container.container, 0),
          login: take(parts.login.login, 1),
          sockets: take(parts.sockets.sockets, 2),
          processes: take(parts.processes.processes, 3),
          route: take(parts.route.route, 4),
          api: take(parts.api.api, 5),
          broker: take(parts.broker.broker, 6),
          account: take(parts.account.account, 7),
          screen: take(parts.screen.screen, 8),
          mcp: take(parts.mcp.mcp, 9),
          history: parts.history.history,
        };
      }),
  );
const moment = fc.oneof(
  fc.integer({ min: NOW - 40 * DAY, max: NOW + 400 * DAY }),
  fc.constantFrom(0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e17),
);

describe("arbitrary evidence", () => {
  it("never throws, never is up without a fresh answer, and gives sentences without holes", () => {
    fc.assert(
      fc.property(mixture, moment, (mixed, now) => {
        const diagnosis = diagnose(mixed, now);
        if (diagnosis.light === "up") {
          const session = mixed.api?.value;
          expect(session?.kind).toBe("ready");
          if (session?.kind === "ready") expect(Math.abs(now - session.lastAnswerAt)).toBeLessThanOrEqual(8 * S);
          expect(mixed.server.link.value.kind).toBe("up");
          expect(mixed.broker?.value.line).not.toBe("down");
          expect(diagnosis.cause).toBeNull();
        }
        const findings = [...(diagnosis.cause === null ? [] : [diagnosis.cause]), ...diagnosis.others];
        const text = JSON.stringify([diagnosis.sentence, findings, diagnosis.lights, guideItems(mixed), evidenceLines(mixed, now)]);
        expect(text).not.toMatch(/undefined|NaN|Infinity|DU1234567|U1234567/);
        expect(new Set(findings.map((finding) => finding.id)).size).toBe(findings.length);
        for (const name of LIGHTS) expect(diagnosis.lights[name].word.split(" ").length).toBeLessThanOrEqual(3);
        if (["down", "needs-you", "degraded"].includes(diagnosis.light)) expect(CAUSES).toContain(diagnosis.cause?.id);
      }),
      { numRuns: 3_000 },
    );
  });
  it("settled, it never shows green while a doubt is open, and always says when to look again", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(mixture, fc.integer({ min: -2 * S, max: 20 * S })), { minLength: 1, maxLength: 6 }), (steps) => {
        let now = NOW;
        let state: Settled | null = null;
        for (const [mixed, later] of steps) {
          now += later;
          const raw = diagnose(mixed, now);
          const next: Settled = settle(state, raw, now);
          // Beside the chain a doubt does not touch the whole; in the chain it does.
          if (next.diagnosis.light === "up") for (const name of CHAIN_LIGHTS) expect(["up", "off"]).toContain(raw.lights[name].state);
          for (const name of LIGHTS) {
            if (next.diagnosis.lights[name].state === "up") expect(raw.lights[name].state).toBe("up");
            expect(next.since[name]).toBeLessThanOrEqual(now);
            if (next.diagnosis.lights[name].state !== raw.lights[name].state) expect(next.nextAt).toBeGreaterThan(now);
          }
          state = next;
        }
      }),
      { numRuns: 400 },
    );
  });
});
