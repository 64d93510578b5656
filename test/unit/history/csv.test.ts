import { expect, it } from "vitest";
import { csvCell, csvText, curveCsv, positionsCsv, summaryCsv } from "../../../electron/core/history/csv.ts";
import type { AccountSnapshot } from "../../../shared/snapshot.ts";

const AT = Date.UTC(2026, 10, 24, 10, 0, 0);
const account: AccountSnapshot = {
  id: "DU1234567",
  kind: "paper",
  baseCurrency: "USD",
  figures: { NetLiquidation: { value: "1000000.10", currency: "USD", at: AT }, Cushion: { value: "0.98", currency: "", at: AT } },
  cash: [{ value: "-12.5", currency: "EUR", at: AT }],
  positions: [
    {
      contractId: 7,
      title: '=HYPERLINK("http://x")',
      symbol: "A,B",
      kind: "STK",
      exchange: "",
      currency: "USD",
      multiplier: "1",
      quantity: "-3",
      price: null,
      value: null,
      averageCost: "10.5",
      unrealized: "-1.25",
      realized: null,
      daily: null,
      at: AT,
    },
  ],
  at: AT,
  stale: true,
};

it("quotes as RFC 4180 says and disarms formulas, but leaves numbers alone", () => {
  expect(["a", 'a"b', "a,b", "a\r\nb", null, -12.5, "-12.5", "1e5"].map(csvCell)).toEqual(["a", '"a""b"', '"a,b"', '"a\r\nb"', "", "-12.5", "-12.5", "1e5"]);
  expect(["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "-", "\r=1"].map(csvCell)).toEqual(["'=1+1", "'+1+1", "'-1+1", "'@SUM(A1)", "'\t=1", "'-", `"'\r=1"`]);
  expect(csvText(["a", "b"], [["1", null]])).toBe("a,b\r\n1,\r\n");
});

it("exports positions, summary and curve", () => {
  expect(positionsCsv([account]).split("\r\n")[1]).toBe(
    `DU1234567,"'=HYPERLINK(""http://x"")","A,B",STK,,USD,1,-3,,,10.5,-1.25,,,7,2026-11-24T10:00:00.000Z,yes,USD`,
  );
  const abroad = account.positions.map((position) => ({ ...position, currency: "EUR", daily: "-0.10", dailyCurrency: "USD" }));
  expect(positionsCsv([{ ...account, positions: abroad }]).split("\r\n")[1]).toContain(",-1.25,,-0.10,7,2026-11-24T10:00:00.000Z,yes,USD");
  expect(summaryCsv([account])).toBe(
    [
      "account,figure,value,currency,at,stale",
      "DU1234567,NetLiquidation,1000000.10,USD,2026-11-24T10:00:00.000Z,yes",
      "DU1234567,Cushion,0.98,,2026-11-24T10:00:00.000Z,yes",
      "DU1234567,Cash,-12.5,EUR,2026-11-24T10:00:00.000Z,yes",
      "",
    ].join("\r\n"),
  );
  expect(curveCsv([{ account: "DU1234567", points: [{ at: AT, netLiquidation: "1.10", dailyPnl: null }] }])).toBe(
    "account,at,net liquidation,today,profit\r\nDU1234567,2026-11-24T10:00:00.000Z,1.10,,\r\n",
  );
});
