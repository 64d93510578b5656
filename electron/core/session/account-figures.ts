import { type Decimal, parseDecimal } from "../../../shared/money.ts";
import { FIGURES, type Figure, type FigureName } from "../../../shared/snapshot.ts";
import type { Profit } from "./money-message.ts";

/** What is asked of the account summary. `$LEDGER:ALL` adds cash and results by currency, with a line in the base currency called BASE. */
export const SUMMARY_TAGS =
  "NetLiquidation,TotalCashValue,BuyingPower,AvailableFunds,ExcessLiquidity,InitMarginReq,MaintMarginReq,Cushion,GrossPositionValue,$LEDGER:ALL";

const NAMES: ReadonlySet<string> = new Set(FIGURES);
const isFigure = (name: string): name is FigureName => NAMES.has(name);
/** Told by currency: only the line in the base currency is the account's. */
const BY_CURRENCY: ReadonlySet<FigureName> = new Set(["UnrealizedPnL", "RealizedPnL"]);
const MAX_CURRENCIES = 40;
const CURRENCY = /^[A-Z]{3,5}$/;

/** The figures of one account. Every figure keeps the time at which it came. */
export class AccountFigures {
  baseCurrency: string | null = null;
  /** From the gateway's word "BASE": in the base currency, whichever that is. */
  private readonly figures = new Map<FigureName, Figure>();
  private readonly cash = new Map<string, Figure>();
  private readonly rates = new Map<string, Decimal>();
  /** The profit subscription is newer and exact; the summary's own lines come every three minutes. */
  private subscribedProfit = false;

  /** @returns whether it was a figure we keep */
  take(tag: string, raw: string, currency: string, now: number): boolean {
    if (tag === "CashBalance" || tag === "TotalCashBalance") return this.takeCash(raw, currency, now);
    if (tag === "ExchangeRate") this.takeRate(raw, currency);
    if (!isFigure(tag) || tag === "DailyPnL") return false;
    const value = parseDecimal(raw);
    if (value === null) return false;
    if (tag === "NetLiquidation" && CURRENCY.test(currency) && currency !== "BASE") this.baseCurrency = currency;
    if (BY_CURRENCY.has(tag) && (this.subscribedProfit || (currency !== "BASE" && currency !== this.baseCurrency))) return false;
    // A line in one currency must not replace the sum over all.
    if (BY_CURRENCY.has(tag) && currency !== "BASE" && this.figures.get(tag)?.currency === "BASE") return false;
    this.figures.set(tag, { value, currency: tag === "Cushion" ? "" : currency, at: now });
    return true;
  }

  takeProfit(values: Profit, now: number): void {
    this.subscribedProfit = true;
    const put = (name: FigureName, value: Decimal | null) => {
      if (value === null) this.figures.delete(name);
      else this.figures.set(name, { value, currency: "BASE", at: now });
    };
    put("DailyPnL", values.daily);
    if (values.unrealized !== null) put("UnrealizedPnL", values.unrealized);
    if (values.realized !== null) put("RealizedPnL", values.realized);
  }

  /** Base currency for one unit of another; `null` where it was not told. */
  rateOf(currency: string): Decimal | null {
    return this.rates.get(currency) ?? null;
  }

  /** A new connection: its summary may speak again until its profit subscription does. */
  beginSession(): void {
    this.subscribedProfit = false;
  }

  snapshot(): { figures: Partial<Record<FigureName, Figure>>; cash: Figure[] } {
    const named = (figure: Figure): Figure => (figure.currency === "BASE" ? { ...figure, currency: this.baseCurrency ?? "" } : figure);
    const figures: Partial<Record<FigureName, Figure>> = {};
    for (const name of FIGURES) {
      const figure = this.figures.get(name);
      if (figure !== undefined) figures[name] = named(figure);
    }
    return { figures, cash: [...this.cash.values()].sort((a, b) => (a.currency < b.currency ? -1 : 1)) };
  }

  private takeRate(raw: string, currency: string): void {
    const rate = parseDecimal(raw);
    if (rate !== null && CURRENCY.test(currency) && (this.rates.has(currency) || this.rates.size < MAX_CURRENCIES)) this.rates.set(currency, rate);
  }

  private takeCash(raw: string, currency: string, now: number): boolean {
    const value = parseDecimal(raw);
    if (value === null || currency === "BASE" || !CURRENCY.test(currency)) return false;
    if (!this.cash.has(currency) && this.cash.size >= MAX_CURRENCIES) return false;
    this.cash.set(currency, { value, currency, at: now });
    return true;
  }
}
