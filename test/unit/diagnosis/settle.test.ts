import { describe, expect, it } from "vitest";
import { diagnose } from "../../../electron/core/diagnosis/diagnose.ts";
import { CONFIRM_MS, type Settled, settle } from "../../../electron/core/diagnosis/settle.ts";
import type { LightName, LightState } from "../../../shared/words.ts";
import {
  apiFailed,
  broker,
  type Change,
  evidence,
  lineQuiet,
  lineWasQuiet,
  linkFailed,
  linkRetries,
  login,
  mcp,
  NOW,
  queue,
  ready,
  S,
  screen,
  sockets,
  starting,
} from "./evidence-builder.ts";

interface Step {
  readonly at: number;
  readonly change?: Change;
  readonly light: LightState;
  readonly parts?: Partial<Record<LightName, LightState>>;
  readonly cause?: string | null;
  readonly nextAt?: number | null;
}
const down = apiFailed("silent");
/** The session is back a moment later. */
const WEDGED = (e: Parameters<Change>[0], now: number) => apiFailed("silent")(queue(51)(e, now), now);

const SLOW_SCREEN = screen({ kind: "silent", detail: "connected, but no greeting came" });
const STALLED_SCREEN: Change = (e, now) => SLOW_SCREEN(sockets({ screen: { x11vnc: "stalled", xvfb: "running", forever: true } })(e, now), now);

const TABLE: readonly { name: string; steps: readonly Step[] }[] = [
  { name: "well from the first look", steps: [{ at: 0, light: "up", nextAt: null, cause: null }] },
  {
    name: "down only after two looks and three seconds; meanwhile connecting, never green",
    steps: [
      { at: 0, light: "up" },
      {
        at: 1 * S,
        change: WEDGED,
        light: "connecting",
        parts: { socket: "connecting", api: "connecting", broker: "connecting", server: "up" },
        cause: null,
        nextAt: 4 * S,
      },
      { at: 2 * S, change: WEDGED, light: "connecting", nextAt: 4 * S },
      { at: 4 * S, change: WEDGED, light: "down", parts: { socket: "down", api: "down", broker: "unknown" }, cause: "accept-queue-wedge", nextAt: null },
    ],
  },
  {
    name: "one slow greeting of the screen is no fault: the second one tells",
    steps: [
      { at: 0, light: "up" },
      { at: S, change: SLOW_SCREEN, light: "up", parts: { screen: "connecting" }, cause: null },
      { at: 5 * S, change: SLOW_SCREEN, light: "up", parts: { screen: "connecting" }, cause: null },
      { at: 9 * S, change: SLOW_SCREEN, light: "up", parts: { screen: "connecting" }, cause: null },
      { at: 10 * S, change: SLOW_SCREEN, light: "degraded", parts: { screen: "down" }, cause: "vnc-died" },
    ],
  },
  {
    name: "where the screen's server is seen not to run its silence is believed at once",
    steps: [
      { at: 0, light: "up" },
      { at: S, change: STALLED_SCREEN, light: "up", parts: { screen: "connecting" }, cause: null },
      { at: 4 * S, change: STALLED_SCREEN, light: "degraded", parts: { screen: "down" }, cause: "vnc-died" },
    ],
  },
  {
    name: "three seconds alone are not enough: the second look counts",
    steps: [
      { at: 0, light: "up" },
      { at: S, change: down, light: "connecting" },
      { at: 60 * S, change: down, light: "down" },
    ],
  },
  {
    name: "a blink is forgotten",
    steps: [
      { at: 0, light: "up" },
      { at: S, change: down, light: "connecting" },
      { at: 2 * S, light: "up" },
      { at: 5 * S, change: down, light: "connecting", nextAt: 8 * S },
    ],
  },
  {
    name: "up at once",
    steps: [
      { at: 0, change: down, light: "connecting" },
      { at: 4 * S, change: down, light: "down" },
      { at: 5 * S, light: "up", cause: null, nextAt: null },
    ],
  },
  {
    name: "a question to a person is asked at once",
    steps: [
      { at: 0, light: "up" },
      {
        at: S,
        change: starting(60 * S, "second-factor", { secondFactor: { startedAt: NOW, state: "pending", limitSeconds: 180 } }),
        light: "needs-you",
        cause: "second-factor-pending",
      },
    ],
  },
  {
    name: "a start is shown at once",
    steps: [
      { at: 0, light: "up" },
      { at: S, change: starting(2 * S, "boot"), light: "connecting", cause: "booting" },
    ],
  },
  {
    name: "a lost link counts like any fault",
    steps: [
      { at: 0, light: "up" },
      { at: S, change: linkFailed("silent", "alive"), light: "connecting", parts: { server: "connecting", api: "connecting" } },
      { at: 4 * S, change: linkFailed("silent", "alive"), light: "down", parts: { server: "down", api: "unknown" }, cause: "tunnel-half-open" },
    ],
  },
  {
    name: "while the link is tried again, the reason of its last failure stands",
    steps: [
      { at: 0, change: linkFailed("name-not-found", "resolve"), light: "connecting" },
      { at: 4 * S, change: linkFailed("name-not-found", "resolve"), light: "down", cause: "name-not-found" },
      { at: 6 * S, change: linkRetries("name-not-found", "resolve"), light: "down", cause: "name-not-found" },
    ],
  },
  {
    name: "a doubted line holds back what lies behind it, and its silence counts against nobody afterwards",
    steps: [
      { at: 0, light: "up" },
      { at: 2 * S, change: lineQuiet(2 * S), light: "connecting", parts: { server: "connecting", api: "connecting", mcp: "connecting" }, cause: null },
      { at: 6 * S, change: lineQuiet(6 * S), light: "connecting", cause: "tunnel-half-open" },
      {
        at: 8 * S,
        change: (e, now) => lineWasQuiet(8 * S, S)(apiFailed("went-silent")(e, now), now),
        light: "connecting",
        parts: { server: "up" },
        cause: null,
      },
      { at: 20 * S, light: "up" },
    ],
  },
  {
    name: "another cause must stand for three seconds before it takes the place of what was told",
    steps: [
      { at: 0, change: WEDGED, light: "connecting", cause: null },
      { at: 3 * S, change: WEDGED, light: "down", cause: "accept-queue-wedge" },
      { at: 4 * S, change: apiFailed("closed-at-once"), light: "down", cause: "accept-queue-wedge" },
      { at: 6 * S, change: apiFailed("closed-at-once"), light: "down", cause: "accept-queue-wedge", nextAt: 7 * S },
      { at: 7 * S, change: apiFailed("closed-at-once"), light: "down", cause: "localhost-only" },
    ],
  },
  {
    name: "the screen's fault degrades, also only once confirmed",
    steps: [
      { at: 0, light: "up" },
      { at: S, change: screen({ kind: "refused", detail: "refused" }), light: "up", parts: { screen: "connecting" } },
      { at: 4 * S, change: screen({ kind: "refused", detail: "refused" }), light: "degraded", parts: { screen: "down" } },
    ],
  },
  {
    name: "a slow look stays connecting and recovers",
    steps: [
      { at: 0, light: "up" },
      { at: S, change: ready((now) => ({ lastAnswerAt: now - 9 * S })), light: "connecting" },
      { at: 5 * S, change: ready((now) => ({ lastAnswerAt: now - 13 * S })), light: "connecting" },
      { at: 6 * S, light: "up" },
    ],
  },
  {
    name: "a confirmed fault that shows again within a minute need not be confirmed anew",
    steps: [
      { at: 0, change: down, light: "connecting" },
      { at: 4 * S, change: down, light: "down" },
      { at: 5 * S, change: ready((now) => ({ lastAnswerAt: now - 9 * S })), light: "connecting" },
      { at: 6 * S, change: down, light: "down" },
    ],
  },
  {
    name: "the clock steps back while a fault is doubted",
    steps: [
      { at: 10 * S, change: down, light: "connecting" },
      { at: 0, change: down, light: "connecting", nextAt: 3 * S },
      { at: 3 * S, change: down, light: "down" },
    ],
  },
  {
    name: "IBKR lost and MCP in trouble: each light has its own doubt",
    steps: [
      { at: 0, light: "up" },
      { at: S, change: mcp({ http: "timeout", detail: "no answer" }), light: "up", parts: { mcp: "connecting" } },
      { at: 3 * S, change: (e, now) => broker({ line: "down", code: 1100 })(mcp({ http: "timeout", detail: "no answer" })(e, now), now), light: "connecting" },
      {
        at: 4 * S,
        change: (e, now) => broker({ line: "down", code: 1100 })(mcp({ http: "timeout", detail: "no answer" })(e, now), now),
        light: "degraded",
        parts: { mcp: "down", broker: "connecting" },
      },
      {
        at: 7 * S,
        change: (e, now) => broker({ line: "down", code: 1100 })(mcp({ http: "timeout", detail: "no answer" })(e, now), now),
        light: "down",
        parts: { mcp: "down", broker: "down" },
      },
    ],
  },
];

describe("settle", () => {
  it.each(TABLE)("$name", ({ steps }) => {
    let state: Settled | null = null;
    for (const step of steps) {
      const now = NOW + step.at;
      state = settle(state, diagnose(evidence(now, ...(step.change === undefined ? [] : [step.change])), now), now);
      expect({ at: step.at, light: state.diagnosis.light }).toEqual({ at: step.at, light: step.light });
      for (const [name, wanted] of Object.entries(step.parts ?? {}))
        expect([step.at, name, state.diagnosis.lights[name as LightName].state]).toEqual([step.at, name, wanted]);
      if (step.cause !== undefined) expect(state.diagnosis.cause?.id ?? null).toBe(step.cause);
      if (step.nextAt !== undefined) expect(state.nextAt).toBe(step.nextAt === null ? null : NOW + step.nextAt);
    }
  });
  it("keeps since when each light shows its state", () => {
    const look = (at: number, previous: Settled | null, ...changes: Change[]) => settle(previous, diagnose(evidence(NOW + at, ...changes), NOW + at), NOW + at);
    const first = look(0, null);
    const second = look(10 * S, first);
    expect(second.since.api).toBe(NOW);
    expect(second.wholeSince).toBe(NOW);
    const doubted = look(20 * S, second, down);
    expect(doubted.since.api).toBe(NOW + 20 * S);
    expect(doubted.since.server).toBe(NOW);
    const fallen = look(20 * S + CONFIRM_MS, doubted, down);
    expect(fallen.since.api).toBe(NOW + 23 * S);
    expect(look(40 * S, fallen, down).since.api).toBe(NOW + 23 * S);
  });
  it("says that it is checking, without naming a cause before it is sure", () => {
    const first = settle(null, diagnose(evidence(NOW), NOW), NOW);
    const doubted = settle(first, diagnose(evidence(NOW + S, WEDGED), NOW + S), NOW + S);
    expect(doubted.diagnosis.cause).toBeNull();
    expect(doubted.diagnosis.sentence).toBe("Checking: Paper cannot be used: the gateway stopped accepting connections.");
  });
  it("keeps the whole and its sentence while only the screen or MCP is doubted", () => {
    const first = settle(null, diagnose(evidence(NOW), NOW), NOW);
    const doubted = settle(first, diagnose(evidence(NOW + S, mcp({ http: "timeout", detail: "no answer" })), NOW + S), NOW + S);
    expect(doubted.diagnosis).toMatchObject({
      light: "up",
      cause: null,
      others: [],
      sentence: first.diagnosis.sentence,
      lights: { mcp: { state: "connecting" } },
    });
  });
  it("does not fall for a log line alone", () => {
    const noise = login({ relayErrors: { refused: 500, timedOut: 0, lastAt: NOW } });
    expect(settle(null, diagnose(evidence(NOW, noise), NOW), NOW).diagnosis.light).toBe("up");
  });
});
