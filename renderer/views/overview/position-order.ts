import { addDecimals, compareDecimals, type Decimal, exact } from "../../../shared/money.ts";
import type { PositionSnapshot } from "../../../shared/snapshot.ts";

export const COLUMNS = ["title", "quantity", "price", "value", "averageCost", "daily", "unrealized"] as const;
export type Column = (typeof COLUMNS)[number];
export interface Order {
  readonly column: Column;
  readonly descending: boolean;
}

/** Columns in the position's own currency, or in the account's. */
const MONEY: ReadonlySet<Column> = new Set(["value", "daily", "unrealized"]);
export const currencyOf = (position: PositionSnapshot, column: Column): string =>
  (column === "daily" ? position.dailyCurrency : undefined) ?? position.currency;

/** The base currency first, then by name. */
function byCurrency(base: string | null): (a: string, b: string) => number {
  return (a, b) => Number(b === base) - Number(a === base) || a.localeCompare(b);
}

const byText = new Intl.Collator(undefined, { numeric: true }).compare;

/** Amounts are ordered within their currency: yen and dollars have no order of their own. Unknown values stand last in either direction. */
export function sortPositions(positions: readonly PositionSnapshot[], { column, descending }: Order, base: string | null): PositionSnapshot[] {
  const factor = descending ? -1 : 1;
  const currencies = byCurrency(base);
  if (column === "title") return [...positions].sort((a, b) => factor * byText(a.title, b.title));
  const keyed = positions.map((position) => ({ position, value: position[column] === null ? null : exact(position[column]) }));
  keyed.sort((a, b) => {
    const group = MONEY.has(column) ? currencies(currencyOf(a.position, column), currencyOf(b.position, column)) : 0;
    if (group !== 0) return group;
    if (a.value === null || b.value === null) return Number(a.value === null) - Number(b.value === null);
    return factor * a.value.cmp(b.value) || byText(a.position.title, b.position.title);
  });
  return keyed.map(({ position }) => position);
}

/** Digits after the point: as many as the kind is quoted in. Prices of stocks carry noise beyond that. */
export function priceDigits(value: Decimal, kind: string): number {
  const has = value.split(".")[1]?.length ?? 0;
  const most = kind === "CASH" ? 5 : kind === "STK" && compareDecimals(value, "10") >= 0 ? 2 : 4;
  return Math.min(most, Math.max(2, has));
}

/** Every word must occur in the title, symbol, kind, exchange or currency. */
export function filterPositions(positions: readonly PositionSnapshot[], text: string): readonly PositionSnapshot[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return positions;
  return positions.filter((position) => {
    const hay = [position.title, position.symbol, position.kind, position.exchange, position.currency].join(" ").toLowerCase();
    return words.every((word) => hay.includes(word));
  });
}

export interface Total {
  readonly currency: string;
  readonly value: Decimal | null;
  readonly daily: Decimal | null;
  readonly unrealized: Decimal | null;
}

/** One row a currency: amounts of different currencies are never added. A column with nothing known in it has no total. */
export function totals(positions: readonly PositionSnapshot[], base: string | null): Total[] {
  const currencies = new Set(positions.flatMap((position) => [position.currency, ...(position.daily === null ? [] : [currencyOf(position, "daily")])]));
  return [...currencies].sort(byCurrency(base)).map((currency) => {
    const sum = (column: "value" | "daily" | "unrealized") => {
      const mine = positions.filter((position) => currencyOf(position, column) === currency);
      const known = mine.map((position) => position[column]).filter((value) => value !== null);
      return known.length === 0 ? null : addDecimals(known);
    };
    return { currency, value: sum("value"), daily: sum("daily"), unrealized: sum("unrealized") };
  });
}
