import { describe, expect, it } from "vitest";
import { filterPositions, priceDigits, sortPositions, totals } from "../../../renderer/views/overview/position-order.ts";
import type { PositionSnapshot } from "../../../shared/snapshot.ts";

function position(title: string, part: Partial<PositionSnapshot> = {}): PositionSnapshot {
  const symbol = title.split(" ")[0] ?? "";
  return {
    contractId: 1,
    title,
    symbol,
    kind: "STK",
    exchange: "SMART",
    currency: "USD",
    multiplier: "1",
    quantity: "1",
    price: null,
    value: null,
    averageCost: null,
    unrealized: null,
    realized: null,
    daily: null,
    at: 0,
    ...part,
  };
}
const titles = (positions: readonly PositionSnapshot[]) => positions.map((one) => one.title);

describe("positions", () => {
  it("compares exact decimals, and leaves unknown values last in both directions", () => {
    const all = [
      position("A"),
      position("B", { value: "9007199254740993.01" }),
      position("C", { value: "9007199254740993.02" }),
      position("D", { value: "-5" }),
    ];
    expect(titles(sortPositions(all, { column: "value", descending: true }, "USD"))).toEqual(["C", "B", "D", "A"]);
    expect(titles(sortPositions(all, { column: "value", descending: false }, "USD"))).toEqual(["D", "B", "C", "A"]);
  });
  it("sorts titles as people count", () => {
    const all = [position("SPY 600 C"), position("SPY 1000 C"), position("ES Dec 26")];
    expect(titles(sortPositions(all, { column: "title", descending: false }, "USD"))).toEqual(["ES Dec 26", "SPY 600 C", "SPY 1000 C"]);
  });
  it("orders amounts within their currency, the base currency first, and everything else across", () => {
    const all = [
      position("A", { value: "5", quantity: "1" }),
      position("B", { currency: "JPY", value: "268755", quantity: "2" }),
      position("C", { currency: "EUR", value: "7", quantity: "3" }),
      position("D", { value: "9", quantity: "4" }),
    ];
    expect(titles(sortPositions(all, { column: "value", descending: true }, "USD"))).toEqual(["D", "A", "C", "B"]);
    expect(titles(sortPositions(all, { column: "quantity", descending: true }, "USD"))).toEqual(["D", "C", "B", "A"]);
  });
  it("shows prices as they are quoted", () => {
    expect(
      [
        ["226.65028", "STK"],
        ["9.12345", "STK"],
        ["1.16425", "CASH"],
        ["5937.40525", "FUT"],
        ["14.5", "OPT"],
        ["7", "STK"],
      ].map(([value, kind]) => priceDigits(value ?? "0", kind ?? "")),
    ).toEqual([2, 4, 5, 4, 2, 2]);
  });
  it("finds by every word, in title, kind, exchange or currency", () => {
    const all = [position("AAPL"), position("SPY 2026-12-18 600 C", { kind: "OPT" }), position("VWCE", { currency: "EUR" })];
    expect(titles(filterPositions(all, " opt  spy"))).toEqual(["SPY 2026-12-18 600 C"]);
    expect(titles(filterPositions(all, "eur"))).toEqual(["VWCE"]);
    expect(filterPositions(all, "  ")).toBe(all);
  });
  it("never adds currencies together, and gives no total of nothing known", () => {
    const all = [position("A", { value: "0.1", daily: "1" }), position("B", { value: "0.2" }), position("C", { currency: "EUR", value: "7" })];
    expect(totals(all, "EUR")).toEqual([
      { currency: "EUR", value: "7", daily: null, unrealized: null },
      { currency: "USD", value: "0.3", daily: "1", unrealized: null },
    ]);
  });
  it("a result told in the account's currency is ordered with those of that currency, and added to them", () => {
    const all = [
      position("A", { currency: "EUR", value: "7", daily: "3", dailyCurrency: "USD" }),
      position("B", { currency: "JPY", value: "9", daily: "0.1", dailyCurrency: "USD" }),
      position("C", { value: "1", daily: "2" }),
    ];
    expect(titles(sortPositions(all, { column: "daily", descending: true }, "USD"))).toEqual(["A", "C", "B"]);
    expect(totals(all, "USD")).toEqual([
      { currency: "USD", value: "1", daily: "5.1", unrealized: null },
      { currency: "EUR", value: "7", daily: null, unrealized: null },
      { currency: "JPY", value: "9", daily: null, unrealized: null },
    ]);
    expect(totals(all.slice(0, 1), "USD").map(({ currency, daily }) => [currency, daily])).toEqual([
      ["USD", "3"],
      ["EUR", null],
    ]);
  });
});
