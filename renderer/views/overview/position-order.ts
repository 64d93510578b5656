import { addDecimals, compareDecimals, type Decimal } from "../../../shared/money.ts";
import type { PositionSnapshot } from "../../../shared/snapshot.ts";

export const COLUMNS = ["title", "quantity", "price", "value", "averageCost", "daily", "unrealized"] as const;
export type Column = (typeof COLUMNS)[number];
export interface Order {
  readonly column: Column;
  readonly descending: boolean;
}

/** Unknown values stand last in either direction; equal ones by title. */
export function sortPositions(positions: readonly PositionSnapshot[], { column, descending }: Order): PositionSnapshot[] {
  const factor = descending ? -1 : 1;
  return [...positions].sort((a, b) => {
    if (column === "title") return factor * a.title.localeCompare(b.title, undefined, { numeric: true });
    const [left, right] = [a[column], b[column]];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    return factor * compareDecimals(left, right) || a.title.localeCompare(b.title);
  });
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
export function totals(positions: readonly PositionSnapshot[]): Total[] {
  const currencies = [...new Set(positions.map((position) => position.currency))].sort();
  return currencies.map((currency) => {
    const mine = positions.filter((position) => position.currency === currency);
    const sum = (column: "value" | "daily" | "unrealized") => {
      const known = mine.map((position) => position[column]).filter((value) => value !== null);
      return known.length === 0 ? null : addDecimals(known);
    };
    return { currency, value: sum("value"), daily: sum("daily"), unrealized: sum("unrealized") };
  });
}
