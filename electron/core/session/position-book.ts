import Big from "big.js";
import { compareDecimals, type Decimal, multiplyDecimals } from "../../../shared/money.ts";
import type { PositionSnapshot } from "../../../shared/snapshot.ts";
import { contractTitle } from "./contract-title.ts";
import type { Profit, RawContract, Worth } from "./money-message.ts";
import { resultCurrency } from "./result-currency.ts";

interface Mark {
  price: Decimal | null;
  value: Decimal | null;
  unrealized: Decimal | null;
  realized: Decimal | null;
  daily: Decimal | null;
  /** The account's base currency, where `daily` is in it and not in the contract's. */
  dailyInBase: string | null;
  at: number;
}
/** What of the account's other figures tells the currency of a result. */
interface Currencies {
  readonly baseCurrency: string | null;
  rateOf(currency: string): Decimal | null;
}
interface Holding {
  readonly contract: RawContract;
  readonly quantity: Decimal;
  readonly averageCost: Decimal | null;
  readonly at: number;
}

export const MAX_POSITIONS = 5000;

/**
 * The positions of one account, from the raw events: `position` says what is held, account updates and profit subscriptions say what it is worth, in any
 * order. Closing one removes that one alone (the library's own map loses every later one as well).
 */
export class PositionBook {
  private readonly held = new Map<string, Holding>();
  private readonly marks = new Map<string, Mark>();
  /** Keys told since the listing began; `null` between listings. */
  private listing: Set<string> | null = null;
  private readonly made = new Map<string, PositionSnapshot>();
  private all: PositionSnapshot[] | null = null;
  /** The same for all positions of a gateway; `null`: not known yet. */
  private resultsIn: "contract" | "base" | null = null;

  /** A new subscription lists everything again; what it does not name is gone. */
  beginListing(): void {
    this.listing = new Set();
  }
  endListing(): void {
    const named = this.listing;
    if (named === null) return;
    this.listing = null;
    for (const key of [...this.held.keys()]) if (!named.has(key)) this.remove(key);
  }

  /** @returns whether a position was opened or closed */
  take(contract: RawContract, quantity: Decimal | null, averageCost: Decimal | null, now: number): boolean {
    const key = keyOf(contract);
    if (quantity === null) return false;
    const known = this.held.has(key);
    if (new Big(quantity).eq(0)) {
      this.listing?.delete(key);
      this.remove(key);
      return known;
    }
    if (!known && this.held.size >= MAX_POSITIONS) return false;
    this.listing?.add(key);
    this.held.set(key, { contract, quantity, averageCost, at: now });
    this.touch(key);
    return !known;
  }

  /** From account updates, in the contract's own currency. */
  takePortfolio(contract: RawContract, worth: Worth, now: number): void {
    const mark = this.mark(keyOf(contract));
    if (mark === null) return;
    Object.assign(mark, worth, { at: now });
    this.touch(keyOf(contract));
  }

  /** From a profit subscription. Where the contract's currency is not the base's and that of the results is not known yet, nothing is taken from it. */
  takeProfit(contractId: number, told: Profit & { readonly value: Decimal | null }, account: Currencies, now: number): void {
    const key = String(contractId);
    const holding = this.held.get(key);
    const mark = this.mark(key);
    if (holding === undefined || mark === null) return;
    const { currency } = holding.contract;
    const { baseCurrency } = account;
    if (currency !== baseCurrency) this.resultsIn ??= this.judge(told.value, mark.value, account.rateOf(currency));
    const isOwn = currency === baseCurrency || this.resultsIn === "contract";
    mark.daily = isOwn || (this.resultsIn === "base" && baseCurrency !== null) ? told.daily : null;
    mark.dailyInBase = isOwn ? null : baseCurrency;
    if (told.value !== null && isOwn) {
      mark.value = told.value;
      mark.price = priceOf(told.value, holding) ?? mark.price;
      mark.unrealized = told.unrealized ?? mark.unrealized;
      mark.realized = told.realized ?? mark.realized;
      mark.at = now;
    }
    this.touch(key);
  }

  /** Contract ids held, those that weigh most by cost first. */
  contractIds(): number[] {
    return [...this.held.values()]
      .filter(({ contract }) => contract.conId > 0)
      .map(({ contract, quantity, averageCost }) => ({ id: contract.conId, cost: new Big(multiplyDecimals(quantity, averageCost ?? "0")).abs().toFixed() }))
      .sort((a, b) => compareDecimals(b.cost, a.cost))
      .map(({ id }) => id);
  }

  snapshot(): readonly PositionSnapshot[] {
    this.all ??= [...this.held].map(([key, holding]) => {
      const made = this.made.get(key) ?? this.make(key, holding);
      this.made.set(key, made);
      return made;
    });
    return this.all;
  }

  private make(key: string, { contract, quantity, averageCost, at }: Holding): PositionSnapshot {
    const mark = this.marks.get(key);
    return {
      contractId: contract.conId,
      title: contractTitle(contract),
      symbol: contract.symbol,
      kind: contract.kind,
      exchange: contract.exchange,
      currency: contract.currency,
      multiplier: multiplierOf(contract),
      quantity,
      price: mark?.price ?? null,
      value: mark?.value ?? null,
      averageCost,
      unrealized: mark?.unrealized ?? null,
      realized: mark?.realized ?? null,
      daily: mark?.daily ?? null,
      ...(mark?.daily == null || mark.dailyInBase === null ? {} : { dailyCurrency: mark.dailyInBase }),
      // What is held is always current; the time is that of the price.
      at: mark === undefined || mark.at === 0 ? at : mark.at,
    };
  }

  private judge(told: Decimal | null, listed: Decimal | null, rate: Decimal | null): "contract" | "base" | null {
    return told === null || listed === null || rate === null ? null : resultCurrency(told, listed, rate);
  }

  private mark(key: string): Mark | null {
    const known = this.marks.get(key);
    if (known !== undefined) return known;
    if (this.marks.size >= MAX_POSITIONS) return null;
    const fresh: Mark = { price: null, value: null, unrealized: null, realized: null, daily: null, dailyInBase: null, at: 0 };
    this.marks.set(key, fresh);
    return fresh;
  }

  private touch(key: string): void {
    this.made.delete(key);
    this.all = null;
  }

  private remove(key: string): void {
    this.held.delete(key);
    this.marks.delete(key);
    this.touch(key);
  }
}

/** The contract id; contracts without one by their names. */
function keyOf({ conId, kind, localSymbol, symbol }: RawContract): string {
  return conId > 0 ? String(conId) : `${kind} ${localSymbol} ${symbol}`;
}

function multiplierOf({ multiplier }: RawContract): Decimal {
  return multiplier === null || multiplier === "0" ? "1" : multiplier;
}

/** Rounded to 8 digits after the point. */
function priceOf(value: Decimal, holding: Holding): Decimal | null {
  const size = multiplyDecimals(holding.quantity, multiplierOf(holding.contract));
  return new Big(size).eq(0) ? null : new Big(new Big(value).div(size).toFixed(8)).toFixed();
}
