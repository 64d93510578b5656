import { expect, it } from "vitest";
import { type ContractText, contractTitle } from "../../../electron/core/session/contract-title.ts";

const contract = (part: Partial<ContractText>): ContractText => ({
  symbol: "",
  kind: "STK",
  expiry: "",
  strike: null,
  right: "",
  localSymbol: "",
  currency: "USD",
  ...part,
});

it.each<[string, Partial<ContractText>]>([
  ["AAPL", { symbol: "AAPL", localSymbol: "AAPL" }],
  ["SPY 18 Dec 26 600 C", { symbol: "SPY", kind: "OPT", expiry: "20261218", strike: "600", right: "C", localSymbol: "SPY   261218C00600000" }],
  ["SPX 2 Jan 27 5012.5 P", { symbol: "SPX", kind: "OPT", expiry: "20270102", strike: "5012.5", right: "P" }],
  ["ES Dec 26", { symbol: "ES", kind: "FUT", expiry: "20261218", localSymbol: "ESZ6" }],
  // Crude oil for January: its last day is in December.
  ["CL Jan 27", { symbol: "CL", kind: "FUT", expiry: "20261221", localSymbol: "CLF7" }],
  ["ES Dec 26", { symbol: "ES", kind: "FUT", expiry: "202612", localSymbol: "" }],
  ["ES 18 Dec 26 5000 C", { symbol: "ES", kind: "FOP", expiry: "20261218 08:30:00", strike: "5000", right: "C" }],
  ["EUR.USD", { symbol: "EUR", kind: "CASH", localSymbol: "EUR.USD" }],
  ["EUR.CHF", { symbol: "EUR", kind: "CASH", currency: "CHF" }],
  ["BTC USD", { symbol: "BTC", kind: "CRYPTO" }],
  ["US-T 4 1/4 11/15/34", { symbol: "US-T", kind: "BOND", localSymbol: "US-T 4 1/4 11/15/34" }],
  ["IBDE40 CFD", { symbol: "IBDE40", kind: "CFD" }],
  ["ZZZ ??", { symbol: "ZZZ", kind: "FUT", expiry: "??" }],
  ["X", { symbol: "", localSymbol: "X", kind: "NEWKIND" }],
])("%s", (title, part) => {
  expect(contractTitle(contract(part))).toBe(title);
});
