import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { thinOut } from "../../../electron/core/history/thin-out.ts";
import { profitOver, runningProfit } from "../../../shared/profit.ts";
import type { CurvePoint } from "../../../shared/snapshot.ts";

/** A Wednesday, noon in New York. */
const NOON = Date.UTC(2026, 10, 25, 17, 0, 0);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const point = (at: number, netLiquidation: string, dailyPnl: string | null): CurvePoint => ({ at, netLiquidation, dailyPnl });
const carrying = (points: readonly CurvePoint[]) => {
  const profit = runningProfit(points);
  return points.map((each, index) => ({ ...each, ...profit(index) }));
};

describe("profit", () => {
  it("is the sum of the days' results: a deposit is none, nor is a withdrawal", () => {
    const points = [
      point(NOON - 2 * DAY, "1000.00", "10.10"),
      point(NOON - 2 * DAY + HOUR, "6000.00", "10.20"),
      point(NOON - DAY, "5900.00", "-99.90"),
      point(NOON - HOUR, "400.00", "0.1"),
      point(NOON, "400.20", "0.30"),
    ];
    expect(profitOver(points, "all", NOON)).toBe("-89.4");
    expect(profitOver(points, "today", NOON)).toBe("0.3");
    expect(profitOver(carrying(points), "all", NOON)).toBe("-89.4");
    expect(carrying(points).map(({ profit }) => profit)).toEqual(["10.1", "10.2", "-89.7", "-89.6", "-89.4"]);
  });

  it("a range counts its days, today among them", () => {
    const points = Array.from({ length: 40 }, (_unused, i) => point(NOON - (39 - i) * DAY, "1", String(i + 1)));
    expect((["today", "week", "month", "all"] as const).map((range) => profitOver(points, range, NOON))).toEqual(["40", "259", "765", "820"]);
    const thin = thinOut(carrying(points), 200);
    expect((["today", "week", "month", "all"] as const).map((range) => profitOver(thin, range, NOON))).toEqual(["40", "259", "765", "820"]);
  });

  it("a day begins at midnight in New York, summer and winter", () => {
    for (const midnight of [Date.UTC(2026, 6, 10, 4), Date.UTC(2026, 10, 25, 5)]) {
      const points = [point(midnight - 1, "1", "5"), point(midnight, "1", "2")];
      expect(profitOver(points, "today", midnight - 1)).toBe("5");
      expect(profitOver(points, "today", midnight)).toBe("2");
      expect(profitOver(points, "all", midnight)).toBe("7");
    }
  });

  it("the last day's result, still told after midnight and over a weekend, is counted once", () => {
    const friday = Date.UTC(2026, 10, 27, 21);
    const points = [
      point(friday, "1", "-40.10"),
      point(friday + 12 * HOUR, "1", "-40.1"),
      point(friday + 2 * DAY, "1", "-40.10"),
      // Monday: until the day's first result the last one is told.
      point(friday + 3 * DAY - 10 * HOUR, "1", "-40.1"),
      point(friday + 3 * DAY - 9 * HOUR, "1", "0"),
      point(friday + 3 * DAY, "1", "12.35"),
    ];
    const monday = friday + 3 * DAY;
    expect(profitOver(points, "all", monday)).toBe("-27.75");
    expect(profitOver(carrying(points), "all", monday)).toBe("-27.75");
    expect(carrying(points).map(({ profit, profitBefore }) => [profit, profitBefore])).toEqual([
      ["-40.1", "0"],
      ["-40.1", "-40.1"],
      ["-40.1", "-40.1"],
      ["-40.1", "-40.1"],
      ["-40.1", "-40.1"],
      ["-27.75", "-40.1"],
    ]);
    // Today alone, and a Sunday on which nothing happened.
    for (const all of [points, carrying(points)]) {
      expect(profitOver(all, "today", monday)).toBe("12.35");
      expect(profitOver(all.slice(0, 3), "today", friday + 2 * DAY)).toBe("0");
    }
  });

  it("a day whose result is the day before's to the cent is counted: the net liquidation has moved by it", () => {
    // Gatelight slept from one afternoon to the next; then with the result of the day before still told in the morning.
    const asleep = [point(NOON - DAY, "1000.00", "10.10"), point(NOON, "1010.12", "10.1")];
    const carried = [
      point(NOON - DAY, "1000", "-10.1"),
      point(NOON - 10 * HOUR, "1000", "-10.1"),
      point(NOON, "989.90", "-10.10"),
      point(NOON + HOUR, "980", "-20"),
    ];
    for (const [points, all, today] of [
      [asleep, "20.2", "10.1"],
      [carried, "-30.1", "-20"],
    ] as const)
      for (const each of [points, carrying(points)]) {
        expect(profitOver(each, "all", NOON)).toBe(all);
        expect(profitOver(each, "today", NOON)).toBe(today);
      }
    // A holiday on which money was paid in: the last day's result is still told, and counted once.
    for (const paidIn of ["5000", "1.50"]) expect(profitOver([point(NOON - DAY, "0", "10.1"), point(NOON, paidIn, "10.1")], "all", NOON)).toBe("10.1");
  });

  it("a day that Gatelight did not see adds nothing, and takes nothing from the days around it", () => {
    const points = [point(NOON - 6 * DAY, "1000", "1.5"), point(NOON - 3 * DAY, "900", "-2"), point(NOON, "5000", "4")];
    for (const all of [points, carrying(points)]) {
      expect(profitOver(all, "week", NOON)).toBe("3.5");
      expect(profitOver(all, "week", NOON + 2 * DAY)).toBe("2");
      expect(profitOver(all, "today", NOON + DAY)).toBeNull();
    }
  });

  it("is not known where no result is, and exact where doubles are not", () => {
    expect(profitOver([], "all", NOON)).toBeNull();
    expect(profitOver([point(NOON, "1", null)], "all", NOON)).toBeNull();
    expect(profitOver([point(NOON - 3 * DAY, "1", "4")], "today", NOON)).toBeNull();
    expect(carrying([point(NOON - DAY, "1", null), point(NOON, "1", "3"), point(NOON + 1, "1", null)]).map(({ profit }) => profit)).toEqual([null, "3", "3"]);
    expect(profitOver([point(NOON - DAY, "1", "0.1"), point(NOON, "1", "0.2")], "all", NOON)).toBe("0.3");
  });

  it("of a curve that was thinned out is that of all its samples", () => {
    const sample = fc.record({ gap: fc.integer({ min: 1, max: 20 * HOUR }), net: fc.integer(), cents: fc.option(fc.integer({ min: -99_999, max: 99_999 })) });
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 300 }), fc.integer({ min: 4, max: 40 }), (samples, limit) => {
        let at = NOON;
        const points = samples.map(({ gap, net, cents }) => {
          at += gap;
          return point(at, String(net), cents === null ? null : (cents / 100).toFixed(2));
        });
        let [expected, told, day, worth]: [number | null, number, string, number] = [null, 0, "", 0];
        for (const each of points) {
          if (each.dailyPnl === null) continue;
          const cents = Math.round(Number(each.dailyPnl) * 100);
          const on = new Date(each.at).toLocaleDateString("en-US", { timeZone: "America/New_York" });
          const moved = Number(each.netLiquidation) * 100 - worth;
          const another: boolean = expected !== null && on !== day && (cents !== told || Math.abs(moved - cents) * 20 <= Math.abs(cents));
          worth = Number(each.netLiquidation) * 100;
          expected = (expected ?? 0) + (another || expected === null ? cents : cents - told);
          if (another || day === "") day = on;
          told = cents;
        }
        const whole = profitOver(points, "all", at);
        expect(whole === null ? null : Math.round(Number(whole) * 100)).toBe(expected);
        const [first, last] = [points[0], points.at(-1)];
        if (first?.dailyPnl != null && last?.dailyPnl != null) expect(profitOver(thinOut(carrying(points), limit), "all", at)).toBe(whole);
      }),
      { numRuns: 200 },
    );
  });
});
