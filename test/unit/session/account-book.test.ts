import { describe, expect, it } from "vitest";
import { AccountBook, accountKind, accountPrefix, parseAccounts } from "../../../electron/core/session/account-book.ts";
import type { RawContract } from "../../../electron/core/session/money-message.ts";

const stock = (conId: number, currency = "USD"): RawContract => ({
  ...{ conId, symbol: `S${conId}`, kind: "STK", currency, localSymbol: `S${conId}` },
  ...{ expiry: "", strike: "0", right: "", multiplier: null, exchange: "" },
});
const profit = (daily: string | null, unrealized: string | null, realized: string | null) => ({ daily, unrealized, realized });
const begun = (...accounts: string[]) => {
  const book = new AccountBook();
  book.begin(accounts, 1000);
  return book;
};

describe("accounts", () => {
  it("are told apart by their prefix", () => {
    expect(parseAccounts("DU1234567,DF7654321,")).toEqual(["DU1234567", "DF7654321"]);
    expect(parseAccounts(",,<script>,DU1234567,DU1234567")).toEqual(["DU1234567"]);
    expect(["DU1234567", "U1234567", "F1234567", "I1234567", "?"].map(accountKind)).toEqual(["paper", "live", "live", "live", "unknown"]);
    expect(accountPrefix([])).toBe("none");
    expect(accountPrefix(["DU1234567", "DU1234568"])).toBe("paper");
    expect(accountPrefix(["U1234567", "F1234567"])).toBe("live");
    expect(accountPrefix(["U1234567", "DU1234567"])).toBe("mixed");
  });

  it("keep figures by account, with currency and time, as exact decimals", () => {
    const book = begun("DU1234567", "DU1234568");
    book.value("DU1234567", "NetLiquidation", "100000000000.10", "EUR", 2000);
    book.value("DU1234568", "NetLiquidation", "0.30", "USD", 2001);
    book.value("DU1234568", "ExcessLiquidity", "1.7976931348623157E308", "USD", 2002);
    book.value("DU1234568", "AccountType", "INDIVIDUAL", "", 2003);
    book.value("DU9999999", "NetLiquidation", "1", "USD", 2004);
    const [a, b, ...others] = book.snapshots();
    expect(others).toEqual([]);
    expect(a?.figures).toEqual({ NetLiquidation: { value: "100000000000.1", currency: "EUR", at: 2000 } });
    expect(a).toMatchObject({ baseCurrency: "EUR", at: 2000 });
    expect(b?.figures).toEqual({ NetLiquidation: { value: "0.3", currency: "USD", at: 2001 } });
  });

  it("results by currency: the line in the base currency is the account's", () => {
    const book = begun("DU1234567");
    book.value("DU1234567", "NetLiquidation", "1", "EUR", 1);
    book.value("DU1234567", "UnrealizedPnL", "5", "USD", 2);
    expect(book.snapshots()[0]?.figures.UnrealizedPnL).toBeUndefined();
    book.value("DU1234567", "UnrealizedPnL", "7", "BASE", 3);
    book.value("DU1234567", "UnrealizedPnL", "2", "EUR", 4);
    expect(book.snapshots()[0]?.figures.UnrealizedPnL).toEqual({ value: "7", currency: "EUR", at: 3 });
    book.profit("DU1234567", profit("12.5", "-3", null), 5);
    book.value("DU1234567", "UnrealizedPnL", "8", "BASE", 6);
    expect(book.snapshots()[0]?.figures).toMatchObject({ DailyPnL: { value: "12.5", currency: "EUR", at: 5 }, UnrealizedPnL: { value: "-3", at: 5 } });
    expect(book.snapshots()[0]?.figures.RealizedPnL).toBeUndefined();
  });

  it("an unset daily result is none, not the last one", () => {
    const book = begun("DU1234567");
    book.profit("DU1234567", profit("12.5", "0", "0"), 5);
    book.profit("DU1234567", profit(null, "0", "0"), 6);
    expect(book.snapshots()[0]?.figures.DailyPnL).toBeUndefined();
  });

  it("are stale until everything was answered, and after a drop", () => {
    const book = begun("DU1234567");
    expect(book.snapshots()[0]?.stale).toBe(true);
    book.value("DU1234567", "NetLiquidation", "1", "USD", 2);
    book.summaryEnd(3);
    expect(book.fact()).toMatchObject({ requestedAt: 1000, completeAt: null, lastUpdateAt: 3 });
    expect(book.snapshots()[0]?.stale).toBe(true);
    book.positionsEnd(4);
    expect(book.fact()).toMatchObject({ completeAt: 4 });
    expect(book.snapshots()[0]?.stale).toBe(false);
    book.markStale();
    expect(book.snapshots()[0]).toMatchObject({ stale: true, figures: { NetLiquidation: { value: "1", at: 2 } } });
    book.begin(["DU1234567"], 9000);
    expect(book.fact()).toMatchObject({ requestedAt: 9000, completeAt: null });
    expect(book.snapshots()[0]?.figures.NetLiquidation?.at).toBe(2);
  });

  it("an account that is gone is forgotten", () => {
    const book = begun("DU1234567", "DU1234568");
    book.begin(["DU1234568"], 2000);
    expect(book.snapshots().map((account) => account.id)).toEqual(["DU1234568"]);
  });
});

describe("positions", () => {
  it("closing one of five leaves four, in each account for itself", () => {
    const book = begun("DU1234567", "DU1234568");
    for (const account of ["DU1234567", "DU1234568"]) for (let id = 1; id <= 5; id++) book.position(account, stock(id), String(id), "10", 1);
    expect(book.position("DU1234567", stock(2), "0", "0", 2)).toBe(true);
    expect(book.position("DU1234567", stock(3), "30", "10", 2)).toBe(false);
    expect(book.snapshots().map((account) => account.positions.map((p) => p.contractId))).toEqual([
      [1, 3, 4, 5],
      [1, 2, 3, 4, 5],
    ]);
  });

  it("join what is held with what it is worth, in any order", () => {
    const book = begun("DU1234567");
    book.portfolio("DU1234567", stock(1), { price: "10.1", value: "101", unrealized: "1", realized: "0" }, 2);
    book.position("DU1234567", stock(1), "10", "10", 3);
    expect(book.snapshots()[0]?.positions).toEqual([
      {
        contractId: 1,
        title: "S1",
        symbol: "S1",
        kind: "STK",
        exchange: "",
        currency: "USD",
        multiplier: "1",
        quantity: "10",
        price: "10.1",
        value: "101",
        averageCost: "10",
        unrealized: "1",
        realized: "0",
        daily: null,
        at: 2,
      },
    ]);
  });

  it("a profit subscription gives price, value and results as they come, in the base currency", () => {
    const book = begun("DU1234567");
    book.value("DU1234567", "NetLiquidation", "1", "USD", 1);
    book.position("DU1234567", { ...stock(1), multiplier: "100" }, "2", "500", 2);
    book.positionProfit("DU1234567", 1, profit("4.5", "20", null), "1020", 3);
    const [one] = book.snapshots()[0]?.positions ?? [];
    expect(one).toMatchObject({ daily: "4.5", value: "1020", price: "5.1", unrealized: "20", realized: null, multiplier: "100" });
    expect(one?.dailyCurrency).toBeUndefined();
  });

  it("elsewhere the value told beside a result says whose currency it is, for all positions; until then no result is shown", () => {
    for (const [told, expected] of [
      ["30.5", { daily: "4.5", value: "30.5", unrealized: "20" }],
      ["33.6", { daily: "4.5", dailyCurrency: "USD", value: "30", unrealized: "0" }],
      ["32", { daily: null, value: "30", unrealized: "0" }],
    ] as const) {
      const book = begun("DU1234567");
      const worth = (value: string) => ({ price: "10", value, unrealized: "0", realized: "0" });
      book.value("DU1234567", "NetLiquidation", "1", "USD", 1);
      for (const id of [1, 2]) book.position("DU1234567", stock(id, "EUR"), "3", "10", 2);
      book.positionProfit("DU1234567", 1, profit("4.5", "20", null), told, 3);
      book.portfolio("DU1234567", stock(1, "EUR"), worth("30"), 4);
      book.positionProfit("DU1234567", 1, profit("4.5", "20", null), told, 5);
      expect(book.snapshots()[0]?.positions.map(({ daily }) => daily)).toEqual([null, null]);
      book.value("DU1234567", "ExchangeRate", "1.12", "EUR", 6);
      for (const id of [2, 1, 2]) book.positionProfit("DU1234567", id, profit("4.5", "20", null), told, 7);
      const [one, two] = book.snapshots()[0]?.positions ?? [];
      expect(one).toMatchObject(expected);
      expect(one?.dailyCurrency).toBe("dailyCurrency" in expected ? expected.dailyCurrency : undefined);
      // The portfolio has not told the other's value.
      expect(two?.daily).toBe(expected.daily);
      // The figure is no longer there, nor is its currency.
      book.positionProfit("DU1234567", 1, profit(null, null, null), null, 8);
      expect(book.snapshots()[0]?.positions[0]).toMatchObject({ daily: null });
      expect(book.snapshots()[0]?.positions[0]?.dailyCurrency).toBeUndefined();
    }
  });

  it("what a new listing does not name is gone at its end, and shown until then", () => {
    const book = begun("DU1234567");
    book.position("DU1234567", stock(1), "1", "1", 1);
    book.position("DU1234567", stock(2), "1", "1", 1);
    book.positionsEnd(2);
    book.asked(3);
    book.position("DU1234567", stock(2), "1", "1", 4);
    expect(book.snapshots()[0]?.positions.length).toBe(2);
    book.positionsEnd(5);
    expect(book.snapshots()[0]?.positions.map((p) => p.contractId)).toEqual([2]);
  });

  it("an untouched position keeps its object, so that views need not draw it anew", () => {
    const book = begun("DU1234567");
    book.position("DU1234567", stock(1), "1", "1", 1);
    book.position("DU1234567", stock(2), "1", "1", 1);
    const before = book.snapshots()[0]?.positions;
    book.position("DU1234567", stock(2), "5", "1", 2);
    const after = book.snapshots()[0]?.positions;
    expect(after?.[0]).toBe(before?.[0]);
    expect(after?.[1]).not.toBe(before?.[1]);
  });

  it("a quantity that is none changes nothing", () => {
    const book = begun("DU1234567");
    book.position("DU1234567", stock(1), null, "1", 1);
    expect(book.snapshots()[0]?.positions).toEqual([]);
  });

  it("are weighed by exact cost: doubles would not tell these apart", () => {
    const book = begun("DU1234567");
    book.position("DU1234567", stock(1), "1", "9007199254740992.1", 1);
    book.position("DU1234567", stock(2), "-1", "9007199254740992.3", 1);
    book.position("DU1234567", stock(3), "1", "9007199254740992.2", 1);
    expect(book.contractIds("DU1234567")).toEqual([2, 3, 1]);
  });
});
