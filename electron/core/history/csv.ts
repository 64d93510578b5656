import type { AccountSnapshot, CurvePoint } from "../../../shared/snapshot.ts";

/** RFC 4180: comma, CRLF, quotes doubled. Numbers stay plain decimals, times are UTC (ISO 8601). */

const NUMBER = /^-?\d+(\.\d+)?$/;

/** A text cell that a spreadsheet would run as a formula gets an apostrophe in front; plain decimals, also negative ones, do not need it. */
export function csvCell(value: string | number | null): string {
  if (value === null) return "";
  const raw = String(value);
  const text = !NUMBER.test(raw) && /^[=+\-@\t\r\n]/.test(raw) ? `'${raw}` : raw;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csvText(header: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  return [header, ...rows].map((row) => `${row.map(csvCell).join(",")}\r\n`).join("");
}

const time = (at: number | null) => (at === null || !Number.isFinite(at) ? null : new Date(at).toISOString());

export function positionsCsv(accounts: readonly AccountSnapshot[]): string {
  return csvText(
    [
      "account",
      "position",
      "symbol",
      "kind",
      "exchange",
      "currency",
      "multiplier",
      "quantity",
      "price",
      "value",
      "average cost",
      "unrealized",
      "realized",
      "today",
      "contract id",
      "at",
      "stale",
      "currency of today",
    ],
    accounts.flatMap((account) =>
      account.positions.map((p) => [
        account.id,
        p.title,
        p.symbol,
        p.kind,
        p.exchange,
        p.currency,
        p.multiplier,
        p.quantity,
        p.price,
        p.value,
        p.averageCost,
        p.unrealized,
        p.realized,
        p.daily,
        p.contractId,
        time(p.at),
        account.stale ? "yes" : "no",
        p.dailyCurrency ?? p.currency,
      ]),
    ),
  );
}

export function summaryCsv(accounts: readonly AccountSnapshot[]): string {
  return csvText(
    ["account", "figure", "value", "currency", "at", "stale"],
    accounts.flatMap((account) => {
      const stale = account.stale ? "yes" : "no";
      const figures = Object.entries(account.figures).map(([name, figure]) => [account.id, name, figure.value, figure.currency, time(figure.at), stale]);
      const cash = account.cash.map((figure) => [account.id, "Cash", figure.value, figure.currency, time(figure.at), stale]);
      return [...figures, ...cash];
    }),
  );
}

export function curveCsv(curves: readonly { readonly account: string; readonly points: readonly CurvePoint[] }[]): string {
  return csvText(
    ["account", "at", "net liquidation", "today", "profit"],
    curves.flatMap(({ account, points }) => points.map((point) => [account, time(point.at), point.netLiquidation, point.dailyPnl, point.profit ?? null])),
  );
}
