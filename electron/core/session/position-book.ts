import Big from "big.js";
import { type Decimal, multiplyDecimals, parseDecimal } from "../../../shared/money.ts";
import type { PositionSnapshot } from "../../../shared/snapshot.ts";
import { contractTitle } from "./contract-title.ts";

/** The parts of the library's Contract that are used. */
export interface RawContract {
  readonly conId?: number;
  readonly symbol?: string;
  readonly secType?: string;
  readonly lastTradeDateOrContractMonth?: string;
  readonly strike?: number;
  readonly right?: string;
  readonly multiplier?: number;
  readonly exchange?: string;
  readonly primaryExch?: string;
  readonly currency?: string;
  readonly localSymbol?: string;
}

interface Mark {
  price: Decimal | null;
  value: Decimal | null;
  unrealized: Decimal | null;
  realized: Decimal | null;
  daily: Decimal | null;
  at: number;
}
interface Holding {
  readonly contract: RawContract;
  readonly quantity: Decimal;
  readonly averageCost: Decimal | null;
  readonly at: number;
}

export const MAX_POSITIONS = 5000;

/** The gateway tells prices as doubles: 17 significant digits at most survive, and those are kept exactly. */
const decimal = (value: number | undefined): Decimal | null => parseDecimal(value);
const text = (value: string | undefined) => (value ?? "").slice(0, 100);

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
  take(contract: RawContract, quantity: number | undefined, averageCost: number | undefined, now: number): boolean {
    const key = keyOf(contract);
    const amount = decimal(quantity);
    if (amount === null) return false;
    const known = this.held.has(key);
    if (new Big(amount).eq(0)) {
      this.listing?.delete(key);
      this.remove(key);
      return known;
    }
    if (!known && this.held.size >= MAX_POSITIONS) return false;
    this.listing?.add(key);
    this.held.set(key, { contract, quantity: amount, averageCost: decimal(averageCost), at: now });
    this.touch(key);
    return !known;
  }

  /** From account updates, in the contract's own currency. */
  takePortfolio(contract: RawContract, worth: { price?: number; value?: number; unrealized?: number; realized?: number }, now: number): void {
    const mark = this.mark(keyOf(contract));
    if (mark === null) return;
    mark.price = decimal(worth.price);
    mark.value = decimal(worth.value);
    mark.unrealized = decimal(worth.unrealized);
    mark.realized = decimal(worth.realized);
    mark.at = now;
    this.touch(keyOf(contract));
  }

  /**
   * From a profit subscription. Its amounts are taken for the base currency's: where the contract has another, only today's result is kept.
   * @param baseCurrency of the account; `null` where not known
   */
  takeProfit(
    contractId: number,
    profit: { daily?: number; unrealized?: number; realized?: number; value?: number },
    baseCurrency: string | null,
    now: number,
  ): void {
    const key = String(contractId);
    const holding = this.held.get(key);
    const mark = this.mark(key);
    if (holding === undefined || mark === null) return;
    mark.daily = decimal(profit.daily);
    const value = decimal(profit.value);
    if (value !== null && holding.contract.currency === baseCurrency) {
      mark.value = value;
      mark.price = priceOf(value, holding) ?? mark.price;
      mark.unrealized = decimal(profit.unrealized) ?? mark.unrealized;
      mark.realized = decimal(profit.realized) ?? mark.realized;
      mark.at = now;
    }
    this.touch(key);
  }

  /** Contract ids held, those that weigh most by cost first. */
  contractIds(): number[] {
    const weight = (holding: Holding) => Math.abs(Number(holding.quantity) * Number(holding.averageCost ?? 0));
    return [...this.held.values()]
      .filter((holding) => (holding.contract.conId ?? 0) > 0)
      .sort((a, b) => weight(b) - weight(a))
      .map((holding) => holding.contract.conId ?? 0);
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
      contractId: contract.conId ?? 0,
      title: contractTitle({
        symbol: text(contract.symbol),
        kind: text(contract.secType),
        expiry: text(contract.lastTradeDateOrContractMonth),
        strike: decimal(contract.strike),
        right: text(contract.right),
        localSymbol: text(contract.localSymbol),
        currency: text(contract.currency),
      }),
      symbol: text(contract.symbol),
      kind: text(contract.secType),
      exchange: text(contract.exchange) || text(contract.primaryExch),
      currency: text(contract.currency),
      multiplier: multiplierOf(contract),
      quantity,
      price: mark?.price ?? null,
      value: mark?.value ?? null,
      averageCost,
      unrealized: mark?.unrealized ?? null,
      realized: mark?.realized ?? null,
      daily: mark?.daily ?? null,
      // What is held is always current; the time is that of the price.
      at: mark === undefined || mark.at === 0 ? at : mark.at,
    };
  }

  private mark(key: string): Mark | null {
    const known = this.marks.get(key);
    if (known !== undefined) return known;
    if (this.marks.size >= MAX_POSITIONS) return null;
    const fresh: Mark = { price: null, value: null, unrealized: null, realized: null, daily: null, at: 0 };
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
function keyOf(contract: RawContract): string {
  return contract.conId !== undefined && contract.conId > 0
    ? String(contract.conId)
    : `${text(contract.secType)} ${text(contract.localSymbol)} ${text(contract.symbol)}`;
}

function multiplierOf(contract: RawContract): Decimal {
  const multiplier = decimal(contract.multiplier);
  return multiplier === null || multiplier === "0" ? "1" : multiplier;
}

/** Rounded to 8 digits after the point. */
function priceOf(value: Decimal, holding: Holding): Decimal | null {
  const size = multiplyDecimals(holding.quantity, multiplierOf(holding.contract));
  return new Big(size).eq(0) ? null : new Big(new Big(value).div(size).toFixed(8)).toFixed();
}
