import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ClientIds } from "../../../electron/core/session/client-ids.ts";
import { DialPlan, GOOD_SESSION_MS, MAX_DIALS_PER_HOUR, QUICK_CHANGES, QUICK_COMEBACKS } from "../../../electron/core/session/dial-plan.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

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
const worstHour = (dials: readonly number[]) => Math.max(0, ...dials.map((from) => dials.filter((at) => at >= from && at < from + HOUR).length));
const gaps = (dials: readonly number[]) => dials.slice(1).map((at, i) => at - (dials[i] ?? 0));

/** What may befall a gateway, and whoever watches it. `pass`: time; `sleep`: time of which nobody noticed anything. */
type Blow = { kind: "pass" | "sleep" | "clock-back" | "good" | "bad" | "unsent" | "cut" | "moved" | "evidence" | "person"; ms: number };
const blows: fc.Arbitrary<Blow[]> = fc.array(
  fc.record({
    kind: fc.constantFrom("pass", "pass", "pass", "sleep", "clock-back", "good", "bad", "bad", "unsent", "cut", "moved", "evidence", "evidence", "person"),
    ms: fc.oneof(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 10 * MINUTE })),
  }),
  { minLength: 50, maxLength: 400 },
);

/** Dials whenever it may, looking each second or so. */
function suffer(story: readonly Blow[], onChange: (plan: DialPlan, now: number, dials: readonly number[]) => void = () => undefined): number[] {
  const plan = new DialPlan(() => 0.5);
  const dials: number[] = [];
  // The true time, and how far behind it the clock was set.
  let time = 10 * HOUR;
  let behind = 0;
  let open: { since: number; behind: number } | null = null;
  const clock = () => time - behind;
  const consider = () => {
    if (open !== null || plan.blocked(clock()) !== null) return;
    dials.push(time);
    plan.dialled(clock());
    open = { since: time, behind };
  };
  for (const { kind, ms } of story) {
    if (kind === "pass") {
      for (const end = time + ms; time < end; time = Math.min(end, time + 1000)) consider();
    } else if (kind === "sleep") time += ms;
    else if (kind === "clock-back") behind += ms;
    else if (kind === "evidence" || kind === "person") {
      plan.hurry(kind, clock());
      if (kind === "evidence" && open === null) onChange(plan, clock(), dials);
    } else if (open !== null) {
      const opened: { since: number; behind: number } = open;
      // A link known to be down fails at once: nothing was sent. Nobody can tell so across a clock that was set.
      const unsent = kind === "unsent" && opened.behind === behind;
      if (kind === "good") time = Math.max(time, opened.since + GOOD_SESSION_MS);
      if (unsent && time - opened.since < 100) dials.pop();
      const failure = kind === "cut" || unsent ? "link-lost" : kind === "moved" ? "port-changed" : "closed";
      plan.ended(failure, kind === "good" ? GOOD_SESSION_MS + ms : null, clock(), !unsent);
      open = null;
    }
    consider();
  }
  return dials;
}

describe("twelve an hour is the law", () => {
  it("whatever fails, flickers, hurries, sleeps, is repaired or set back", () => {
    fc.assert(
      fc.property(blows, (story) => {
        expect(worstHour(suffer(story))).toBeLessThanOrEqual(MAX_DIALS_PER_HOUR);
      }),
      { numRuns: 300 },
    );
  });

  it("and reached, but never passed, where a person and changes call each second", () => {
    const plan = new DialPlan(() => 0.5);
    const dials = play(plan, 3, (now) => {
      plan.hurry("person", now);
      plan.hurry("evidence", now);
    });
    expect(worstHour(dials)).toBe(MAX_DIALS_PER_HOUR);
  });

  it("a change is followed within a second while the hour's quick ones last", () => {
    let followed = 0;
    fc.assert(
      fc.property(blows, (story) => {
        suffer(story, (plan, now, dials) => {
          const used = dials.filter((at) => at > (dials.at(-1) ?? 0) - HOUR).length;
          if (used >= QUICK_CHANGES) return;
          followed++;
          expect(plan.blocked(now)?.until ?? now).toBeLessThanOrEqual(now + 1000);
        });
      }),
      { numRuns: 100 },
    );
    expect(followed).toBeGreaterThan(100);
  });

  it("evidence that flickers each ten seconds uses up neither the hour nor a person's turn", () => {
    const plan = new DialPlan(() => 0.5);
    const dials = play(plan, 3, (now) => now % 10_000 === 0 && plan.hurry("evidence", now));
    expect(worstHour(dials)).toBeLessThan(MAX_DIALS_PER_HOUR);
    expect(Math.max(...gaps(dials))).toBeLessThanOrEqual(25 * MINUTE);
    const now = (dials.at(-1) ?? 0) + 2000;
    plan.hurry("person", now);
    expect(plan.blocked(now)).toBeNull();
  });

  it("a hurry that only flickers leaves the back-off where it was", () => {
    const plan = new DialPlan(() => 0.5);
    let now = 0;
    const dial = () => {
      now = plan.blocked(now)?.until ?? now;
      plan.dialled(now);
      plan.ended("closed-after-start", null, now);
    };
    for (let change = 0; change < QUICK_CHANGES; change++) {
      plan.hurry("evidence", now);
      dial();
    }
    for (let failure = 0; failure < 2; failure++) dial();
    const before = plan.blocked(now)?.until ?? 0;
    plan.hurry("evidence", now);
    dial();
    expect(plan.blocked(now)?.until).toBeGreaterThan(now + 15_000);
    expect(before).toBeGreaterThan(0);
  });

  it("good sessions that end one after the other are followed at once nearly to the end of the hour", () => {
    const plan = new DialPlan(() => 0.5);
    let now = 0;
    for (let session = 0; session < QUICK_COMEBACKS; session++) {
      expect(plan.blocked(now)).toBeNull();
      plan.dialled(now);
      now += MINUTE;
      plan.ended("link-lost", MINUTE, now);
    }
    // The rest is spread: the next is minutes off, not an hour.
    const wait = (plan.blocked(now)?.until ?? now) - now;
    expect(wait).toBeGreaterThan(MINUTE);
    expect(wait).toBeLessThan(20 * MINUTE);
  });

  it("a clock that is set back makes no wait longer", () => {
    const plan = new DialPlan(() => 0.5);
    plan.dialled(10 * HOUR);
    plan.ended("silent", null, 10 * HOUR);
    expect(plan.blocked(10 * HOUR)?.until).toBe(10 * HOUR + 2000);
    expect(plan.blocked(2 * HOUR)?.until).toBe(2 * HOUR + 2000);
  });
});

describe("retries by the clock alone", () => {
  it("leave turns for changes and for a person, and never a long blindness, for any luck of the jitter", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.999, noNaN: true }), (luck) => {
        const dials = play(new DialPlan(() => luck), 5);
        expect(worstHour(dials)).toBeLessThanOrEqual(MAX_DIALS_PER_HOUR - 2);
        expect(dials.length).toBeGreaterThan(40);
        expect(Math.max(...gaps(dials))).toBeLessThanOrEqual(15 * MINUTE);
      }),
      { numRuns: 25 },
    );
  });

  it("become slower: about 2, 5, 15, 60 and 300 s", () => {
    const dials = play(new DialPlan(() => 0.5), 1).slice(0, 6);
    expect(gaps(dials).map((ms) => Math.round(ms / 1000))).toEqual([2, 5, 15, 60, 300]);
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

  it("a lost link is retried at once, a session that lived resets the count", () => {
    const plan = new DialPlan(() => 0.5);
    plan.dialled(0);
    plan.ended("link-lost", null, 5000);
    expect(plan.blocked(5000)).toBeNull();
    for (let i = 0; i < 4; i++) plan.ended("silent", null, 10_000);
    plan.ended("closed", 20_000, 40_000);
    expect(plan.blocked(40_000)).toEqual({ reason: "backing-off", until: 42_000 });
  });

  it("a dial that never reached the server costs nothing of the hour; one that may have does", () => {
    const plan = new DialPlan(() => 0.5);
    let now = 0;
    for (let i = 0; i < 200; i++) {
      expect(plan.blocked(now)).toBeNull();
      plan.dialled(now);
      plan.ended("link-lost", null, now, false);
      expect(plan.blocked(now)).toEqual({ reason: "backing-off", until: now + 2000 });
      now += 2000;
    }
    for (let i = 0; i < 20; i++) {
      now = plan.blocked(now)?.until ?? now;
      plan.dialled(now);
      plan.ended("link-lost", null, now + 3000, false);
    }
    expect(now).toBeGreaterThan(400_000 + HOUR);
  });

  it("without a law every change is followed at once, and the clock's delays remain", () => {
    const plan = new DialPlan(() => 0.5, Number.POSITIVE_INFINITY);
    for (let now = 0; now < 60 * 2_000; now += 2_000) {
      plan.hurry("evidence", now);
      expect(plan.blocked(now)).toBeNull();
      plan.dialled(now);
      plan.ended("closed-at-once", null, now);
    }
    expect(plan.blocked(119_500)).toMatchObject({ reason: "backing-off" });
  });
  it("a person who wants a free client id has the next one tried at once; by itself it takes its time", () => {
    const plan = new DialPlan(() => 0.5);
    for (const start of [0, 1000, 2000, 3000]) plan.ended("silent", null, start);
    plan.hurry("person", MINUTE);
    for (const now of [MINUTE, MINUTE + 1000, MINUTE + 2000]) {
      expect(plan.blocked(now)).toBeNull();
      plan.dialled(now);
      plan.ended("client-id-in-use", null, now);
    }
    const alone = new DialPlan(() => 0.5);
    alone.dialled(0);
    alone.ended("client-id-in-use", null, 0);
    expect(alone.blocked(1500)).not.toBeNull();
  });
  it("the limit says until when", () => {
    const plan = new DialPlan(() => 0.5);
    for (let i = 0; i < 10; i++) plan.dialled(i * 1000);
    expect(plan.blocked(MINUTE)).toEqual({ reason: "hourly-limit", until: HOUR });
    plan.hurry("evidence", MINUTE);
    expect(plan.blocked(MINUTE)).toBeNull();
  });
});

describe("client ids", () => {
  it("go up within the reserved five and say so; each is tried once an hour", () => {
    const ids = new ClientIds(901);
    expect(ids.note()).toBeNull();
    const tried = [ids.current];
    for (let i = 0; i < 4; i++) {
      ids.refused(ids.current, i);
      expect(ids.blockedUntil(i)).toBeNull();
      tried.push(ids.current);
    }
    expect(tried).toEqual([901, 902, 903, 904, 905]);
    expect(ids.note()).toContain("901");
    ids.refused(ids.current, 100);
    expect(ids.blockedUntil(101)).toBe(HOUR);
    expect(ids.blockedUntil(HOUR)).toBeNull();
    expect(ids.current).toBe(901);
  });

  it("an id that works is kept, and a person may ask for the next", () => {
    const ids = new ClientIds(901);
    ids.refused(ids.current, 0);
    expect(ids.blockedUntil(2 * HOUR)).toBeNull();
    expect(ids.current).toBe(902);
    ids.change(2 * HOUR);
    expect(ids.current).toBe(903);
  });

  it("an answer that comes after another id was chosen is held against the id that it is about", () => {
    const ids = new ClientIds(901);
    ids.change(0);
    ids.refused(901, 1);
    expect(ids.current).toBe(902);
    ids.refused(902, 2);
    expect(ids.current).toBe(903);
  });

  it("where all were refused a person's wish lets each be tried again", () => {
    const ids = new ClientIds(901);
    for (let i = 0; i < 5; i++) ids.refused(ids.current, i);
    expect(ids.blockedUntil(10)).not.toBeNull();
    ids.change(10);
    expect(ids.blockedUntil(10)).toBeNull();
    const tried = new Set([ids.current]);
    for (let i = 0; i < 4; i++) {
      ids.refused(ids.current, 11 + i);
      tried.add(ids.current);
    }
    expect(tried.size).toBe(5);
    ids.refused(ids.current, 20);
    expect(ids.blockedUntil(21)).not.toBeNull();
  });
});
