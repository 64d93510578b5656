import { EventName } from "@stoqey/ib/dist/api/data/enum/event-name.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLibraryLink } from "../../../electron/core/session/library-link.ts";
import { MONEY_MESSAGES, type MoneyMessage, parseMoneyMessage } from "../../../electron/core/session/money-message.ts";
import { addDecimals } from "../../../shared/money.ts";
import { frame, positionFields } from "../../support/tws-server.ts";

const UNSET = "1.7976931348623157E308";
const parse = (fields: readonly (string | number)[], serverVersion = 193): MoneyMessage =>
  parseMoneyMessage(frame(...fields), Number(fields[0]), serverVersion);
function position(quantity: string, averageCost: string): { quantity: string | null; averageCost: string | null } {
  const message = parse(positionFields({ account: "DU1234567", conId: 1, symbol: "S", quantity, averageCost }));
  if (message.kind !== "position") throw new Error(message.kind);
  return message;
}
const portfolio = (version: number, ...rest: string[]) => [7, version, 265598, "ES", "FUT", "20261218", "0.0", "0", "50", "CME", "USD", "ESZ6", ...rest];

describe("messages that carry money", () => {
  it("a position: account, contract, quantity, average cost", () => {
    expect(
      parse(
        positionFields({
          ...{ account: "U1234567", conId: 7, symbol: "SPY", secType: "OPT", expiry: "20261218", strike: "600.0", right: "PUT" },
          ...{ multiplier: "100", localSymbol: "SPY   261218P00600000", quantity: "-2", averageCost: "512.3400000000001" },
        }),
      ),
    ).toEqual({
      kind: "position",
      account: "U1234567",
      contract: {
        ...{ conId: 7, symbol: "SPY", kind: "OPT", expiry: "20261218", strike: "600", right: "P", multiplier: "100" },
        ...{ exchange: "", currency: "USD", localSymbol: "SPY   261218P00600000" },
      },
      quantity: "-2",
      averageCost: "512.3400000000001",
    });
  });

  it("a line of the portfolio, with and without a trading class", () => {
    const expected = {
      kind: "portfolio",
      account: "DU1234567",
      contract: { conId: 265598, symbol: "ES", kind: "FUT", right: "", multiplier: "50", exchange: "CME", currency: "USD", localSymbol: "ESZ6" },
      quantity: "1",
      worth: { price: "5937.40525", value: "296870.26", unrealized: "-12.5", realized: null },
    };
    expect(parse(portfolio(8, "ES", "1", "5937.40525", "296870.26", "296882.76", "-12.5", UNSET, "DU1234567"))).toMatchObject(expected);
    expect(parse(portfolio(7, "1", "5937.40525", "296870.26", "296882.76", "-12.5", UNSET, "DU1234567"))).toMatchObject(expected);
  });

  it("results, by what the server's version tells", () => {
    expect(parse([94, 3, "12.5", "-3", UNSET])).toEqual({ kind: "profit", request: 3, profit: { daily: "12.5", unrealized: "-3", realized: null } });
    expect(parse([94, 3, "12.5", "-3"], 134)).toEqual({ kind: "profit", request: 3, profit: { daily: "12.5", unrealized: "-3", realized: null } });
    expect(parse([94, 3, "12.5"], 128)).toEqual({ kind: "profit", request: 3, profit: { daily: "12.5", unrealized: null, realized: null } });
    const of = (...fields: string[]) => ["95", "4", "10", ...fields];
    expect(parse(of("1", "2", "3", "15"))).toEqual({
      kind: "position-profit",
      request: 4,
      profit: { daily: "1", unrealized: "2", realized: "3" },
      value: "15",
    });
    expect(parse(of("1", "2", "15"), 130)).toMatchObject({ profit: { daily: "1", unrealized: "2", realized: null }, value: "15" });
    expect(parse(of("1", "15"), 128)).toMatchObject({ profit: { daily: "1", unrealized: null }, value: "15" });
  });

  it("what is unset, empty or no number is not known, and not nothing", () => {
    for (const none of [UNSET, "", "NaN", "Infinity", "-", "2147483647", "9223372036854775807", "-9223372036854775808"]) {
      expect(position(none, "1").quantity, none).toBeNull();
    }
    expect(position("1", UNSET).averageCost).toBeNull();
    expect(position("1", "").averageCost).toBeNull();
    expect(position("1,250,000", "1").quantity).toBe("1250000");
  });
});

describe("exact amounts", () => {
  /** What the library makes of the same text. */
  const asDouble = (text: string) => String(Number.parseFloat(text));

  it.each([
    ["a coin held to eighteen digits after the point", "1.123456789012345678"],
    ["many small coins", "123456789012.12345678"],
    ["a quantity beyond the integers of a double", "9007199254740993"],
  ])("%s: the text is kept where a double loses it", (_name, text) => {
    expect(position(text, "1").quantity).toBe(text);
    expect(asDouble(text)).not.toBe(text);
  });

  it.each([
    ["0.1", "0.1"],
    ["0.2", "0.2"],
    ["1.0E-8", "0.00000001"],
    ["150.10000000000002", "150.10000000000002"],
    ["12345.678901234567", "12345.678901234567"],
  ])("%s is %s", (text, expected) => {
    expect(position(text, text)).toMatchObject({ quantity: expected, averageCost: expected });
  });

  it("positions of 0.1 and 0.2 are 0.3 together", () => {
    const [a, b] = [position("0.1", "1").quantity, position("0.2", "1").quantity];
    expect(addDecimals([a ?? "", b ?? ""])).toBe("0.3");
  });

  it("whatever decimal is sent is the decimal that is kept", () => {
    const decimal = fc.tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 25n }), fc.integer({ min: 0, max: 18 })).map(([minus, digits, places]) => {
      const all = String(digits).padStart(places + 1, "0");
      const [whole, part] = [all.slice(0, all.length - places), all.slice(all.length - places).replace(/0+$/, "")];
      const value = part === "" ? whole : `${whole}.${part}`;
      return minus && digits !== 0n ? `-${value}` : value;
    });
    fc.assert(
      fc.property(decimal, (text) => {
        expect(position(text, text)).toMatchObject({ quantity: text, averageCost: text });
      }),
    );
  });
});

describe("malformed messages", () => {
  it("of an old version, or with fields missing, are refused", () => {
    const whole = positionFields({ account: "DU1234567", conId: 1, symbol: "S", quantity: "1", averageCost: "1" });
    expect(() => parse(whole.with(1, 2))).toThrow("version 2");
    for (let length = 2; length < whole.length; length++) expect(() => parse(whole.slice(0, length))).toThrow("ends after");
    expect(() => parse(portfolio(6))).toThrow("version 6");
    expect(() => parse([95, 3, "1", "2", "3", "4"])).toThrow("ends after");
  });

  it("never make anything but a message or an error, whatever the bytes", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...MONEY_MESSAGES),
        fc.array(fc.string({ maxLength: 12 }), { maxLength: 24 }),
        fc.integer({ min: 100, max: 193 }),
        (id, fields, version) => {
          try {
            expect(parse([id, ...fields], version).kind).toBeTypeOf("string");
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
          }
        },
      ),
    );
  });
});

describe("beside the library", () => {
  /** What `@stoqey/ib` makes of the same frames, as doubles. */
  function libraryReads(bytes: Buffer, serverVersion: number): unknown[] {
    const link = createLibraryLink(901, () => undefined);
    const heard: unknown[] = [];
    link.api.on(EventName.position, (...told) => heard.push(...told));
    link.api.on(EventName.updatePortfolio, (...told) => heard.push(...told));
    link.api.on(EventName.pnl, (...told) => heard.push(...told));
    link.api.on(EventName.pnlSingle, (...told) => heard.push(...told));
    link.open();
    link.deliver(frame(serverVersion, "20261124 10:00:00 CET"));
    link.deliver(bytes);
    link.cut();
    return heard;
  }
  const asNumber = (value: string | null) => (value === null ? undefined : Number(value));
  const amount = fc.constantFrom("0", "12.5", "-0.25", "1.0E-8", "4500000", "0.1", UNSET);

  it("the same fields are read, whatever the version of the server", () => {
    fc.assert(
      fc.property(amount, amount, amount, amount, fc.constantFrom(100, 128, 129, 134, 135, 178, 193), (a, b, c, d, version) => {
        const held = positionFields({
          account: "DU1234567",
          conId: 9,
          symbol: "SPY",
          secType: "OPT",
          strike: "600.5",
          right: "C",
          multiplier: "100",
          quantity: a,
          averageCost: b,
        });
        const [account, contract, quantity, cost] = libraryReads(frame(...held), version);
        expect(parse(held, version)).toMatchObject({
          account,
          contract: { conId: 9, symbol: "SPY", kind: "OPT", strike: "600.5", right: "C", multiplier: "100" },
        });
        expect(contract).toMatchObject({ conId: 9, symbol: "SPY", secType: "OPT", strike: 600.5, right: "C", multiplier: 100 });
        expect([asNumber(position(a, b).quantity), asNumber(position(a, b).averageCost)]).toEqual([quantity, cost]);

        const line = portfolio(8, "ES", "1", a, b, "1", c, d, "DU1234567");
        const [, lineQuantity, price, value, , unrealized, realized, lineAccount] = libraryReads(frame(...line), version);
        const ours = parse(line, version);
        if (ours.kind !== "portfolio") throw new Error(ours.kind);
        expect([ours.account, asNumber(ours.quantity)]).toEqual([lineAccount, lineQuantity]);
        expect([ours.worth.price, ours.worth.value, ours.worth.unrealized, ours.worth.realized].map(asNumber)).toEqual([price, value, unrealized, realized]);

        const results = [a, ...(version >= 129 ? [b] : []), ...(version >= 135 ? [c] : [])];
        const result = parse([94, 3, ...results], version);
        if (result.kind !== "profit") throw new Error(result.kind);
        expect([result.request, ...[result.profit.daily, result.profit.unrealized, result.profit.realized].map(asNumber)]).toEqual(
          libraryReads(frame(94, 3, ...results), version),
        );
        const single = parse([95, 4, "10", ...results, d], version);
        if (single.kind !== "position-profit") throw new Error(single.kind);
        const [request, , ...rest] = libraryReads(frame(95, 4, "10", ...results, d), version);
        expect([single.request, ...[single.profit.daily, single.profit.unrealized, single.profit.realized, single.value].map(asNumber)]).toEqual([
          request,
          ...rest,
        ]);
      }),
    );
  });
});
