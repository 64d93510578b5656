import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AccountBook } from "../../../electron/core/session/account-book.ts";
import { createLibraryLink, type LibraryLink } from "../../../electron/core/session/library-link.ts";
import { MONEY_MESSAGES, parseMoneyMessage } from "../../../electron/core/session/money-message.ts";
import { MAX_POSITION_PROFITS, Subscriptions } from "../../../electron/core/session/subscriptions.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { frame, positionFields } from "../../support/tws-server.ts";

let sent: string[][];
let clock: FakeClock;
let book: AccountBook;
let link: LibraryLink;
let subscriptions: Subscriptions;
beforeEach(() => {
  sent = [];
  clock = new FakeClock();
  book = new AccountBook();
  link = createLibraryLink(901, (bytes) => sent.push(bytes.toString("utf8", 4).split("\0").slice(0, -1)));
  link.open();
  link.deliver(frame(193, "20261124 10:00:00 CET"));
  link.deliver(frame(9, 1, 1));
  sent = [];
  subscriptions = new Subscriptions(link.api, book, clock, () => undefined);
});
afterEach(() => {
  subscriptions.stop();
  link.cut();
});
const of = (id: string) => sent.filter((fields) => fields[0] === id);
/** The library lets 40 requests a second go, by a clock of its own. */
const seen = (fits: () => void) => vi.waitFor(fits, { timeout: 10_000, interval: 20 });
/** As the conversation hands it on. */
const arrive = (...fields: (string | number)[]) => {
  const id = Number(fields[0]);
  if (MONEY_MESSAGES.has(id)) subscriptions.take(parseMoneyMessage(frame(...fields), id, 193));
  else link.deliver(frame(...fields));
};
const hold = (conId: number, quantity: string, averageCost = "10", account = "DU1234567") =>
  arrive(...positionFields({ account, conId, symbol: `S${conId}`, quantity, averageCost }));

describe("what is asked", () => {
  it("for one account: summary, positions, result, updates; once", async () => {
    subscriptions.start(["DU1234567"]);
    await seen(() => expect(sent.length).toBe(4));
    expect(sent.map((fields) => fields[0])).toEqual(["62", "61", "92", "6"]);
    expect(of("62")[0]?.[3]).toBe("All");
    expect(of("62")[0]?.[4]).toContain("NetLiquidation");
    expect(of("92")[0]?.slice(2)).toEqual(["DU1234567", ""]);
    await clock.advance(10 * 60_000);
    expect(sent.length).toBe(4);
  });

  it("for several accounts: a result for each, and the updates in turn", async () => {
    subscriptions.start(["DU1234567", "DU1234568", "DU1234569"]);
    await seen(() => expect(of("92").length).toBe(3));
    for (let turn = 0; turn < 3; turn++) await clock.advance(20_000);
    await seen(() => expect(of("6").length).toBe(7));
    expect(of("6").map((fields) => [fields[2], fields[3]?.slice(-1)])).toEqual([
      ["1", "7"],
      ["0", "7"],
      ["1", "8"],
      ["0", "8"],
      ["1", "9"],
      ["0", "9"],
      ["1", "7"],
    ]);
    expect(subscriptions.justRotated()).toBe(true);
    await clock.advance(5000);
    expect(subscriptions.justRotated()).toBe(false);
  });

  it("results by position: the heaviest first, bounded, following what is opened and closed", async () => {
    subscriptions.start(["DU1234567"]);
    book.value("DU1234567", "NetLiquidation", "1", "USD", 1);
    for (let conId = 1; conId <= 60; conId++) hold(conId, "1", String(conId));
    arrive(62, 1);
    await seen(() => expect(of("94").length).toBe(MAX_POSITION_PROFITS));
    expect(of("94").map((fields) => Number(fields[4]))).toEqual(Array.from({ length: 50 }, (_, i) => 60 - i));
    const requestOf60 = of("94")[0]?.[1];
    arrive(95, requestOf60 ?? "", "1", "7.5", "1", "1", "61");
    expect(book.snapshots()[0]?.positions.find((p) => p.contractId === 60)?.daily).toBe("7.5");
    hold(60, "0");
    await seen(() => expect(of("94").length).toBe(51));
    expect(of("95")).toEqual([["95", requestOf60]]);
    expect(of("94")[50]?.[4]).toBe("10");
  });

  it("several accounts share what is asked for: the heaviest of each first", async () => {
    subscriptions.start(["DU1234567", "DU1234568"]);
    for (let conId = 1; conId <= 60; conId++) hold(conId, "1", String(conId));
    for (let conId = 1; conId <= 3; conId++) hold(conId, "1", String(conId), "DU1234568");
    arrive(62, 1);
    await seen(() => expect(of("94").length).toBe(MAX_POSITION_PROFITS));
    expect(
      of("94")
        .map((fields) => `${fields[2]?.slice(-1)} ${fields[4]}`)
        .slice(0, 7),
    ).toEqual(["7 60", "8 3", "7 59", "8 2", "7 58", "8 1", "7 57"]);
  });

  it("a position that no longer is among the heaviest loses its result of today, for it would grow old unseen", async () => {
    subscriptions.start(["DU1234567"]);
    book.value("DU1234567", "NetLiquidation", "1", "USD", 1);
    for (let conId = 1; conId <= 50; conId++) hold(conId, "1", String(conId));
    arrive(62, 1);
    await seen(() => expect(of("94").length).toBe(50));
    const requestOf1 = of("94").find((fields) => fields[4] === "1")?.[1];
    arrive(95, requestOf1 ?? "", "1", "7.5", "1", "1", "61");
    expect(book.snapshots()[0]?.positions.find((p) => p.contractId === 1)?.daily).toBe("7.5");
    hold(99, "1000");
    await seen(() => expect(of("94").length).toBe(51));
    expect(of("95")).toEqual([["95", requestOf1]]);
    expect(book.snapshots()[0]?.positions.find((p) => p.contractId === 1)?.daily).toBeNull();
  });

  it("results by position only while somebody looks", async () => {
    let watched = false;
    subscriptions = new Subscriptions(
      link.api,
      book,
      clock,
      () => undefined,
      () => watched,
    );
    subscriptions.start(["DU1234567"]);
    hold(11, "100");
    arrive(62, 1);
    await seen(() => expect(sent.length).toBe(4));
    watched = true;
    subscriptions.watchChanged();
    await seen(() => expect(of("94").map((fields) => fields[4])).toEqual(["11"]));
    watched = false;
    subscriptions.watchChanged();
    await seen(() => expect(of("95")).toEqual([["95", of("94")[0]?.[1]]]));
    hold(12, "5");
    expect(of("94").length).toBe(1);
  });

  it("again: what ran is cancelled and asked anew under other numbers", async () => {
    subscriptions.start(["DU1234567"]);
    arrive(64, 1, 1);
    arrive(62, 1);
    expect(book.complete).toBe(true);
    subscriptions.again();
    expect(book.complete).toBe(false);
    await seen(() => expect(sent.length).toBe(12));
    expect(sent.slice(4).map((fields) => fields[0])).toEqual(["63", "64", "93", "6", "62", "61", "92", "6"]);
    expect(new Set(of("62").map((fields) => fields[2])).size).toBe(2);
    subscriptions.stop();
    subscriptions.again();
    await clock.advance(60_000);
    expect(sent.length).toBe(12);
  });
});
