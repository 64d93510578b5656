import { beforeEach, describe, expect, it } from "vitest";
import { createJudgingPace, type JudgingPace } from "../../../electron/core/judging-pace.ts";
import { FakeClock } from "../../support/fake-clock.ts";

let clock: FakeClock;
let judged: number[];
let steady: boolean;
let undoubted: boolean;
let pace: JudgingPace;
const begun = 1_795_000_000_000;
beforeEach(() => {
  clock = new FakeClock(begun);
  judged = [];
  steady = false;
  undoubted = true;
  pace = createJudgingPace({ clock, judge: () => void judged.push(clock.now() - begun), steadyFor: () => steady, undoubted: () => undoubted });
  pace.rouse();
});

describe("the pace of judging", () => {
  it("is a second while anything may come of it", async () => {
    await clock.advance(5_000);
    expect(judged).toEqual([1_000, 2_000, 3_000, 4_000, 5_000]);
  });

  it("is at most some ten seconds where all is steady, and each judgement asks anew whether it is", async () => {
    steady = true;
    await clock.advance(31_000);
    expect(judged.length).toBeLessThanOrEqual(4);
    expect(Math.max(...judged.map((at, i) => at - (judged[i - 1] ?? 0)))).toBeLessThanOrEqual(12_500);
    steady = false;
    const before = judged.length;
    await clock.advance(15_500);
    expect(judged.length - before).toBeGreaterThanOrEqual(4);
  });

  it("is a second again at once when something changed", async () => {
    steady = true;
    await clock.advance(4_000);
    expect(judged).toEqual([1_000]);
    pace.rouse();
    pace.rouse();
    await clock.advance(999);
    expect(judged.length).toBe(1);
    await clock.advance(1);
    expect(judged).toEqual([1_000, 5_000]);
  });

  it("changes that follow each other do not put a judgement off", async () => {
    for (let i = 0; i < 30; i++) {
      pace.rouse();
      await clock.advance(100);
    }
    expect(judged).toEqual([1_000, 2_000, 3_000]);
  });

  it("a line that owes an answer ends the rest at the next beat", async () => {
    steady = true;
    await clock.advance(1_500);
    undoubted = false;
    await clock.advance(2_500);
    expect(judged.length).toBe(2);
  });

  it("a clock that was set ends the rest too", async () => {
    for (const by of [-3_600_000, 3_600_000]) {
      let set = 0;
      let times = 0;
      const after: FakeClock["after"] = (ms, run, slackMs) => clock.after(ms, run, slackMs);
      const other = createJudgingPace({
        clock: { now: () => clock.now() + set, after },
        judge: () => void times++,
        steadyFor: () => true,
        undoubted: () => true,
      });
      other.rouse();
      await clock.advance(1_500);
      set = by;
      await clock.advance(2_500);
      expect(times).toBe(2);
      other.dispose();
    }
  });

  it("goes on after a judgement that failed", async () => {
    let tries = 0;
    const failing = createJudgingPace({
      clock,
      judge() {
        tries++;
        throw new Error("odd");
      },
      steadyFor: () => true,
      undoubted: () => true,
    });
    pace.dispose();
    failing.rouse();
    await expect(clock.advance(1_000)).rejects.toThrow("odd");
    await expect(clock.advance(1_000)).rejects.toThrow("odd");
    expect(tries).toBe(2);
    failing.dispose();
  });

  it("ends", async () => {
    pace.dispose();
    pace.rouse();
    await clock.advance(60_000);
    expect([judged.length, clock.pending]).toEqual([0, 0]);
  });
});
