import { beforeEach, describe, expect, it } from "vitest";
import { BEAT } from "../../../electron/core/clock.ts";
import { Heart } from "../../../electron/core/session/heart.ts";
import { SESSION_TIMINGS } from "../../../electron/core/session/session.ts";
import { FakeClock } from "../../support/fake-clock.ts";

/** With the slack of the beat. */
const ASKED_AFTER = SESSION_TIMINGS.beatAfterMs + BEAT.slackMs;
const TOLD_AFTER = 500;

let clock: FakeClock;
let asked: number;
let silentAfter: number[];
let told: number[];
let heart: Heart;
beforeEach(() => {
  clock = new FakeClock();
  asked = 0;
  silentAfter = [];
  told = [];
  heart = new Heart(clock, SESSION_TIMINGS, { ask: () => asked++, changed: () => told.push(clock.now()), silent: (ms) => silentAfter.push(ms) });
});

describe("the heartbeat", () => {
  it("asks after two and a half quiet seconds and measures the way there and back", async () => {
    expect(ASKED_AFTER).toBeLessThanOrEqual(2_500);
    await clock.advance(ASKED_AFTER - 1);
    expect(asked).toBe(0);
    await clock.advance(1);
    expect(asked).toBe(1);
    expect(heart.waitingSince).toBe(clock.now());
    await clock.advance(40);
    heart.heard(clock.now());
    heart.answered(clock.now());
    expect(heart.roundTripMs).toBe(40);
    expect(heart.waitingSince).toBeNull();
    // Answered so soon, only the answer is told.
    expect(told).toEqual([clock.now()]);
    await clock.advance(ASKED_AFTER);
    expect(asked).toBe(2);
  });

  it("tells silence within eight seconds of the last sign of life", async () => {
    heart.heard(clock.now());
    const last = clock.now();
    while (silentAfter.length === 0) await clock.advance(100);
    expect(clock.now() - last).toBeLessThan(8_000);
    expect(silentAfter[0]).toBeGreaterThanOrEqual(4900);
  });

  it("reports to the moment that the last answer has grown too old, once", async () => {
    const last = clock.now();
    const owed = ASKED_AFTER + TOLD_AFTER;
    await clock.advance(owed);
    expect(told).toEqual([last + owed]);
    await clock.advance(SESSION_TIMINGS.freshMs - owed);
    expect(told.length).toBe(1);
    await clock.advance(1);
    expect(told).toEqual([last + owed, last + SESSION_TIMINGS.freshMs + 1]);
    await clock.advance(500);
    expect(told.length).toBe(2);
    expect(silentAfter).toEqual([]);
    // Answered after all: the next lateness is reported again.
    heart.heard(clock.now());
    heart.answered(clock.now());
    const again = clock.now();
    await clock.advance(SESSION_TIMINGS.freshMs + 1);
    expect(told.slice(2)).toEqual([again, again + owed, again + SESSION_TIMINGS.freshMs + 1]);
  });

  it("does not ask while data comes, but for the round trip now and then", async () => {
    for (let i = 0; i < 140; i++) {
      await clock.advance(100);
      heart.heard(clock.now());
    }
    expect(asked).toBe(0);
    for (let i = 0; i < 20; i++) {
      await clock.advance(100);
      heart.heard(clock.now());
    }
    expect(asked).toBe(1);
  });

  it("data without an answer is no life for ever", async () => {
    for (let i = 0; i < 400 && silentAfter.length === 0; i++) {
      await clock.advance(100);
      heart.heard(clock.now());
    }
    expect(silentAfter.length).toBe(1);
    expect(clock.now() - (heart.waitingSince ?? 0)).toBeGreaterThanOrEqual(20_000);
  });

  it("a machine that slept gives the answer a new deadline", async () => {
    await clock.advance(ASKED_AFTER);
    expect(asked).toBe(1);
    clock.sleep(3_600_000);
    await clock.advance(10);
    expect(silentAfter).toEqual([]);
    heart.answered(clock.now());
    await clock.advance(1000);
    expect(silentAfter).toEqual([]);
    // Without an answer it ends after the new deadline.
    await clock.advance(20_000);
    expect(silentAfter.length).toBe(1);
  });

  it("stops", async () => {
    heart.stop();
    await clock.advance(60_000);
    expect([asked, silentAfter.length, clock.pending]).toEqual([0, 0, 0]);
  });
});
