import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ClientIds } from "../../../electron/core/session/client-ids.ts";
import { DialPlan, MAX_DIALS_PER_HOUR, MAX_UNASKED_PER_HOUR } from "../../../electron/core/session/dial-plan.ts";

const HOUR = 3_600_000;

/** Dials as soon as allowed and fails at once, for `hours`. @returns the times of the dials */
function play(plan: DialPlan, hours: number, eachSecond: (now: number) => void = () => undefined): number[] {
  const dials: number[] = [];
  for (let now = 1_000_000; now < 1_000_000 + hours * HOUR; now += 1000) {
    eachSecond(now);
    if (plan.blocked(now) !== null) continue;
    dials.push(now);
    plan.dialled(now);
    plan.ended("silent", null, now);
  }
  return dials;
}
const worstHour = (dials: readonly number[]) => Math.max(...dials.map((from) => dials.filter((at) => at >= from && at < from + HOUR).length));

describe("retries", () => {
  it("are at most 12 an hour in the worst failure, for any luck of the jitter", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.999, noNaN: true }), (luck) => {
        const dials = play(new DialPlan(() => luck), 5);
        expect(worstHour(dials)).toBeLessThanOrEqual(MAX_UNASKED_PER_HOUR);
        expect(dials.length).toBeGreaterThan(20);
      }),
      { numRuns: 25 },
    );
  });

  it("become slower: about 2, 5, 15, 60 and 300 s", () => {
    const dials = play(new DialPlan(() => 0.5), 1).slice(0, 6);
    expect(dials.slice(1).map((at, i) => Math.round((at - (dials[i] ?? 0)) / 1000))).toEqual([2, 5, 15, 60, 300]);
  });

  it("a gateway that moved its port is met there at once, the first time", () => {
    const plan = new DialPlan(() => 0.5);
    plan.dialled(1_000_000);
    plan.ended("port-changed", 60_000, 1_060_000);
    expect(plan.blocked(1_060_000)).toEqual({ reason: "backing-off", until: 1_060_500 });
    plan.dialled(1_061_000);
    plan.ended("port-changed", 100, 1_061_100);
    expect(plan.blocked(1_061_100)?.until).toBe(1_066_100);
  });

  it("however often something calls for one, at most 60 an hour", () => {
    const plan = new DialPlan(() => 0.5);
    const dials = play(plan, 3, () => plan.hurry());
    expect(worstHour(dials)).toBeLessThanOrEqual(MAX_DIALS_PER_HOUR);
    // The hour is never used up: the wait for the next one stays short.
    expect(Math.max(...dials.slice(1).map((at, i) => at - (dials[i] ?? 0)))).toBeLessThanOrEqual(5 * 60_000);
  });

  it("a lost link is retried at once, a session that lived resets the count", () => {
    const plan = new DialPlan(() => 0.5);
    plan.dialled(0);
    plan.ended("link-lost", null, 5000);
    expect(plan.blocked(5000)).toBeNull();
    for (let i = 0; i < 4; i++) plan.ended("silent", null, 10_000);
    plan.ended("closed", 20_000, 40_000);
    expect(plan.blocked(40_000)).toEqual({ reason: "backing-off", until: 42_000 });
  });

  it("a dial that never reached the server costs nothing of the hour", () => {
    const plan = new DialPlan(() => 0.5);
    let now = 0;
    for (let i = 0; i < 200; i++) {
      expect(plan.blocked(now)).toBeNull();
      plan.dialled(now);
      plan.ended("link-lost", null, now, false);
      expect(plan.blocked(now)).toEqual({ reason: "backing-off", until: now + 2000 });
      now += 2000;
    }
  });

  it("the limit says until when", () => {
    const plan = new DialPlan(() => 0.5);
    for (let i = 0; i < MAX_UNASKED_PER_HOUR; i++) plan.dialled(i * 1000);
    expect(plan.blocked(60_000)).toEqual({ reason: "hourly-limit", until: HOUR });
  });
});

describe("client ids", () => {
  it("go up within the reserved five and say so; each is tried once an hour", () => {
    const ids = new ClientIds(901);
    expect(ids.note()).toBeNull();
    const tried = [ids.current];
    for (let i = 0; i < 4; i++) {
      ids.refused(i);
      expect(ids.blockedUntil(i)).toBeNull();
      tried.push(ids.current);
    }
    expect(tried).toEqual([901, 902, 903, 904, 905]);
    expect(ids.note()).toContain("901");
    ids.refused(100);
    expect(ids.blockedUntil(101)).toBe(HOUR);
    expect(ids.blockedUntil(HOUR)).toBeNull();
    expect(ids.current).toBe(901);
  });

  it("an id that works is kept, and a person may ask for the next", () => {
    const ids = new ClientIds(901);
    ids.refused(0);
    expect(ids.blockedUntil(2 * HOUR)).toBeNull();
    expect(ids.current).toBe(902);
    ids.change(2 * HOUR);
    expect(ids.current).toBe(903);
  });
});
