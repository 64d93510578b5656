import { describe, expect, it } from "vitest";
import { BrokerBook, farmName } from "../../../electron/core/session/broker-book.ts";

describe("the gateway's line to the broker", () => {
  it("is unknown until something proves it", () => {
    const book = new BrokerBook(1);
    expect(book.fact()).toEqual({ line: "unknown", since: 1, code: null, farms: [], notices: [] });
    book.dataCame(2);
    expect(book.fact()).toMatchObject({ line: "up", since: 2, code: null });
  });

  it("1100 takes it down; a farm that still answers does not bring it back, 1102 does", () => {
    const book = new BrokerBook(1);
    expect(book.notice(1100, "Connectivity between IBKR and Trader Workstation has been lost.", 2)).toBeNull();
    book.notice(2104, "Market data farm connection is OK:usfarm", 3);
    book.dataCame(4);
    expect(book.fact()).toMatchObject({ line: "down", since: 2, code: 1100 });
    expect(book.notice(1102, "restored - data maintained", 5)).toBe("restored");
    expect(book.fact()).toMatchObject({ line: "up", since: 5, code: 1102 });
  });

  it("1101 asks for the subscriptions anew", () => {
    const book = new BrokerBook(1);
    book.notice(1100, "", 2);
    expect(book.notice(1101, "restored - data lost", 3)).toBe("data-lost");
    expect(book.fact()).toMatchObject({ line: "up", code: 1101 });
  });

  it("2110 on connect is down until a farm answers", () => {
    const book = new BrokerBook(1);
    book.notice(2110, "Connectivity between Trader Workstation and server is broken. It will be restored automatically.", 2);
    expect(book.fact()).toMatchObject({ line: "down", code: 2110 });
    book.notice(2106, "HMDS data farm connection is OK:ushmds", 3);
    expect(book.fact()).toMatchObject({ line: "up", code: null });
  });

  it.each([
    [2103, "Market data farm connection is broken:usfarm.nj", "market-data", "down"],
    [2105, "HMDS data farm connection is broken:ushmds", "history", "down"],
    [2107, "HMDS data farm connection is inactive but should be available upon demand.ushmds", "history", "inactive"],
    [2108, "Market data farm connection is inactive but should be available upon demand.eufarm", "market-data", "inactive"],
    [2119, "Market data farm is connecting:usfuture", "market-data", "connecting"],
    [2157, "Sec-def data farm connection is broken:secdefil", "sec-def", "down"],
    [2158, "Sec-def data farm connection is OK:secdefil", "sec-def", "ok"],
  ])("%i is a farm", (code, text, kind, state) => {
    const book = new BrokerBook(1);
    book.notice(code, text, 9);
    expect(book.fact().farms).toEqual([{ name: farmName(text), kind, state, at: 9 }]);
    expect(book.fact().notices).toEqual([]);
  });

  it("reads the names of farms", () => {
    expect(farmName("Market data farm connection is OK:usfarm")).toBe("usfarm");
    expect(farmName("inactive but should be available upon demand.ushmds")).toBe("ushmds");
    expect(farmName("Market data farm connection is OK:usfarm.nj")).toBe("usfarm.nj");
    expect(farmName("should be available upon demand.eufarm.x")).toBe("eufarm.x");
    expect(farmName("")).toBe("unnamed");
  });

  it("keeps unknown codes, the newest of each, and a bounded number", () => {
    const book = new BrokerBook(1);
    for (let code = 10_000; code < 10_100; code++) book.notice(code, "x".repeat(1000), code);
    book.notice(10_099, "again", 20_000);
    const { notices } = book.fact();
    expect(notices.length).toBe(20);
    expect(notices.at(-1)).toEqual({ code: 10_099, text: "again", at: 20_000 });
    expect(Math.max(...notices.map((notice) => notice.text.length))).toBeLessThanOrEqual(300);
    for (let i = 0; i < 200; i++) book.notice(2104, `OK:farm${i}`, i);
    expect(book.fact().farms.length).toBeLessThanOrEqual(40);
  });
});
