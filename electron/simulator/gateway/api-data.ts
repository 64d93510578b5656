import type { Field } from "./frames.ts";
import type { Holding, Portfolio } from "./portfolio.ts";

/** Bodies of account messages, text layout at server version 193 (also right for what older clients read of them). */

/** How the gateway says "not set". */
export const UNSET_DOUBLE = "1.7976931348623157E308";

const amount = (value: number) => (Math.round(value * 100) / 100).toFixed(2);

export function positionMessage(account: string, holding: Holding): Field[] {
  return [
    61,
    3,
    account,
    holding.conId,
    holding.symbol,
    holding.secType,
    holding.expiry,
    holding.strike.toFixed(1),
    holding.right,
    holding.multiplier,
    holding.exchange,
    holding.currency,
    holding.localSymbol,
    holding.tradingClass,
    holding.quantity,
    holding.averageCost,
  ];
}

export function portfolioMessage(account: string, holding: Holding, portfolio: Portfolio): Field[] {
  const pnl = portfolio.single(holding);
  return [
    7,
    8,
    holding.conId,
    holding.symbol,
    holding.secType,
    holding.expiry,
    holding.strike.toFixed(1),
    holding.right || "0",
    holding.multiplier,
    holding.exchange,
    holding.currency,
    holding.localSymbol,
    holding.tradingClass,
    holding.quantity,
    holding.price.toFixed(4),
    amount(portfolio.value(holding)),
    holding.averageCost,
    amount(pnl.unrealized),
    amount(pnl.realized),
    account,
  ];
}

/** All rows of `62 accountSummary` for the tags asked; unknown tags are left out, as the gateway does. */
export function summaryMessages(reqId: string, account: string, tags: readonly string[], portfolio: Portfolio): Field[][] {
  const figures = portfolio.figures();
  const rows: Field[][] = [];
  for (const tag of tags) {
    if (tag === "$LEDGER" || tag.startsWith("$LEDGER:")) {
      const wanted = tag.slice("$LEDGER:".length);
      for (const line of portfolio.ledger()) {
        if (tag === "$LEDGER" ? line.currency === "USD" : wanted === "ALL" || wanted === line.currency)
          rows.push([63, 1, reqId, account, line.key, line.value, line.currency]);
      }
      if (tag === "$LEDGER" || wanted === "ALL") rows.push([63, 1, reqId, account, "CashBalance", figures.get("TotalCashValue")?.value ?? "0", "BASE"]);
      continue;
    }
    const figure = figures.get(tag);
    if (figure !== undefined) rows.push([63, 1, reqId, account, tag, figure.value, figure.currency]);
  }
  return rows;
}

export function accountValueMessages(account: string, portfolio: Portfolio): Field[][] {
  const rows: Field[][] = [
    [6, 2, "AccountCode", account, "", account],
    [6, 2, "AccountReady", "true", "", account],
    [6, 2, "Currency", "USD", "USD", account],
  ];
  for (const [key, figure] of portfolio.figures()) rows.push([6, 2, key, figure.value, figure.currency, account]);
  for (const line of portfolio.ledger()) rows.push([6, 2, line.key, line.value, line.currency, account]);
  rows.push([6, 2, "CashBalance", portfolio.figures().get("TotalCashValue")?.value ?? "0", "BASE", account]);
  return rows;
}

export function pnlMessage(reqId: string, portfolio: Portfolio): Field[] {
  const pnl = portfolio.total();
  return [94, reqId, pnl.daily, pnl.unrealized, pnl.realized];
}

/** A position without a price yet has unset figures. */
export function pnlSingleMessage(reqId: string, holding: Holding | undefined, portfolio: Portfolio): Field[] {
  if (holding === undefined) return [95, reqId, 0, UNSET_DOUBLE, UNSET_DOUBLE, UNSET_DOUBLE, UNSET_DOUBLE];
  const pnl = portfolio.single(holding);
  return [95, reqId, holding.quantity, pnl.daily, pnl.unrealized, pnl.realized === 0 ? UNSET_DOUBLE : pnl.realized, portfolio.value(holding)];
}
