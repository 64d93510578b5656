import Big from "big.js";

/**
 * Amounts are decimal strings from the wire to the screen. Sums and comparisons use exact decimals, never binary floats.
 * The gateway marks "not set" with the largest double.
 */
export type Decimal = string;

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/;
const UNSET = new Big("1.7976931348623157e308");

/** The exact decimal of what came over the wire; `null` for the gateway's "unset" (1.797…E308), empty or anything that is no number. */
export function parseDecimal(raw: string | number | null | undefined): Decimal | null {
  if (raw === null || raw === undefined) return null;
  const value = String(raw).trim();
  if (value.length > 64 || !DECIMAL.test(value)) return null;
  const big = new Big(value);
  if (big.abs().gte(UNSET)) return null;
  return big.toFixed();
}

export function addDecimals(values: readonly Decimal[]): Decimal {
  return values.reduce((sum, value) => sum.plus(value), new Big(0)).toFixed();
}

export function multiplyDecimals(a: Decimal, b: Decimal): Decimal {
  return new Big(a).times(b).toFixed();
}

export function subtractDecimals(a: Decimal, b: Decimal): Decimal {
  return new Big(a).minus(b).toFixed();
}

/** Negative, zero or positive as a is less than, equal to or greater than b. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  // Rounding keeps the order: where doubles differ, so do the decimals. It is ten times as fast.
  const [x, y] = [Number(a), Number(b)];
  return x < y ? -1 : x > y ? 1 : new Big(a).cmp(b);
}

/** For many comparisons of one value: `exact(a).cmp(exact(b))` is `compareDecimals(a, b)`. */
export const exact = (value: Decimal): Big => new Big(value);

export function signOf(value: Decimal): -1 | 0 | 1 {
  const sign = new Big(value).cmp(0);
  return sign < 0 ? -1 : sign > 0 ? 1 : 0;
}

export interface Money {
  value: Decimal;
  currency: string;
}

const CURRENCY = /^[A-Z]{3}$/;

/** To make a formatter costs a hundred times what it costs to use one. A window needs a few dozen. */
const formats = new Map<string, Intl.NumberFormat>();
function formatOf(locale: string | undefined, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${locale} ${options.currency} ${options.minimumFractionDigits} ${options.maximumFractionDigits} ${options.signDisplay}`;
  const known = formats.get(key) ?? new Intl.NumberFormat(locale, options);
  formats.set(key, known);
  return known;
}

/** The amount in the locale's own form, from the decimal string itself (Intl formats strings exactly). "–" where nothing is known. */
export function formatMoney(money: Money | null, options: { locale?: string; masked?: boolean; signed?: boolean } = {}): string {
  if (money === null) return "–";
  if (options.masked === true) return "•••••";
  const signDisplay = options.signed === true ? "exceptZero" : "auto";
  if (!CURRENCY.test(money.currency)) return `${formatDecimal(money.value, { locale: options.locale, digits: 2 })} ${money.currency}`.trim();
  return formatOf(options.locale, { style: "currency", currency: money.currency, signDisplay }).format(money.value as Intl.StringNumericLiteral);
}

/** @param options.digits digits after the point at the least and most; absent: as many as the number has, up to 8 */
export function formatDecimal(value: Decimal | null, options: { locale?: string; digits?: number; signed?: boolean } = {}): string {
  if (value === null) return "–";
  const format = formatOf(options.locale, {
    minimumFractionDigits: options.digits ?? 0,
    maximumFractionDigits: options.digits ?? 8,
    signDisplay: options.signed === true ? "exceptZero" : "auto",
  });
  return format.format(value as Intl.StringNumericLiteral);
}
