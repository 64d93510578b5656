/** What the simulated accounts hold, moving a little every second while somebody looks. Amounts are printed as the gateway prints them. */

export interface Holding {
  readonly conId: number;
  readonly symbol: string;
  readonly secType: "STK" | "OPT" | "FUT";
  readonly expiry: string;
  readonly strike: number;
  readonly right: "" | "C" | "P";
  readonly multiplier: string;
  readonly exchange: string;
  readonly currency: string;
  readonly localSymbol: string;
  readonly tradingClass: string;
  readonly quantity: number;
  /** For one unit times the multiplier, as the gateway reports it. */
  readonly averageCost: number;
  readonly close: number;
  price: number;
}

type Row = [number, string, Holding["secType"], string, number, Holding["right"], string, string, string, string, string, number, number, number];
const stock = (conId: number, symbol: string, exchange: string, currency: string, quantity: number, cost: number, close: number): Row => [
  conId,
  symbol,
  "STK",
  "",
  0,
  "",
  "",
  exchange,
  currency,
  symbol,
  symbol === "AAPL" || symbol === "MSFT" || symbol === "NVDA" ? "NMS" : symbol,
  quantity,
  cost,
  close,
];
const ROWS: readonly Row[] = [
  stock(265598, "AAPL", "NASDAQ", "USD", 60, 187.3214, 228.42),
  stock(272093, "MSFT", "NASDAQ", "USD", 18, 402.1077, 431.9),
  stock(4815747, "NVDA", "NASDAQ", "USD", 75, 96.4402, 139.31),
  stock(756733, "SPY", "ARCA", "USD", 24, 541.2051, 594.1),
  stock(15547841, "SHY", "NASDAQ", "USD", 110, 82.104, 82.36),
  stock(14204, "SAP", "IBIS", "EUR", 25, 171.88, 219.65),
  stock(117589399, "ASML", "AEB", "EUR", 6, 702.4, 641.1),
  stock(29177, "VOD", "LSE", "GBP", 2400, 0.7412, 0.7088),
  stock(29612, "NESN", "EBS", "CHF", 40, 96.55, 78.9),
  stock(11017, "7203", "TSEJ", "JPY", 100, 2588, 2671),
  [694817021, "SPY", "OPT", "20261218", 640, "C", "100", "SMART", "USD", "SPY   261218C00640000", "SPY", -1, 1412.05, 13.22],
  [637533641, "MES", "FUT", "20261218", 0, "", "5", "CME", "USD", "MESZ6", "MES", 1, 29712.62, 5958.25],
];

/** US dollars for one unit. */
const RATES: Readonly<Record<string, number>> = { USD: 1, EUR: 1.0871, GBP: 1.2688, CHF: 1.1304, JPY: 0.00667 };
const CASH: Readonly<Record<string, number>> = { USD: 10_842.17, EUR: 2_310.4, GBP: -118.02, CHF: 640.55, JPY: 41_200 };

/** Small deterministic generator (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface Pnl {
  readonly daily: number;
  readonly unrealized: number;
  readonly realized: number;
}

export class Portfolio {
  readonly holdings: readonly Holding[];
  readonly #random: () => number;
  readonly #scale: number;

  /** @param scale size of the account relative to the usual one */
  constructor(seed: number, scale = 1, count = ROWS.length) {
    this.#random = seededRandom(seed);
    this.#scale = scale;
    this.holdings = ROWS.slice(0, count).map((row) => {
      const [conId, symbol, secType, expiry, strike, right, multiplier, exchange, currency, localSymbol, tradingClass, quantity, averageCost, close] = row;
      const size = quantity * scale;
      const price = close * (1 + (this.#random() - 0.42) * 0.02);
      return {
        conId,
        symbol,
        secType,
        expiry,
        strike,
        right,
        multiplier,
        exchange,
        currency,
        localSymbol,
        tradingClass,
        quantity: size,
        averageCost,
        close,
        price,
      };
    });
  }

  get currencies(): string[] {
    return Object.keys(CASH);
  }
  rate(currency: string): number {
    return RATES[currency] ?? 1;
  }
  cash(currency: string): number {
    return (CASH[currency] ?? 0) * this.#scale;
  }

  /** One second of market. */
  tick(): void {
    for (const holding of this.holdings) {
      const swing = holding.secType === "OPT" ? 0.004 : 0.0006;
      holding.price *= 1 + (this.#random() - 0.498) * swing;
    }
  }

  units(holding: Holding): number {
    return holding.quantity * (holding.multiplier === "" ? 1 : Number(holding.multiplier));
  }
  value(holding: Holding): number {
    return holding.price * this.units(holding);
  }
  single(holding: Holding): Pnl {
    return {
      daily: (holding.price - holding.close) * this.units(holding),
      unrealized: this.value(holding) - holding.averageCost * holding.quantity,
      realized: holding.symbol === "NVDA" ? 212.4 : 0,
    };
  }
  total(): Pnl {
    return this.holdings.reduce<Pnl>(
      (sum, holding) => {
        const one = this.single(holding);
        const rate = this.rate(holding.currency);
        return { daily: sum.daily + one.daily * rate, unrealized: sum.unrealized + one.unrealized * rate, realized: sum.realized + one.realized * rate };
      },
      { daily: 0, unrealized: 0, realized: 0 },
    );
  }

  /** Account values in base currency (USD) by their names on the wire. Ratios are strings without a currency. */
  figures(): ReadonlyMap<string, { readonly value: string; readonly currency: string }> {
    // A future is settled daily: its value is no part of what is owned.
    const owned = this.holdings.filter((holding) => holding.secType !== "FUT");
    const gross = owned.reduce((sum, holding) => sum + Math.abs(this.value(holding)) * this.rate(holding.currency), 0);
    const net = owned.reduce((sum, holding) => sum + this.value(holding) * this.rate(holding.currency), 0);
    const cash = this.currencies.reduce((sum, currency) => sum + this.cash(currency) * this.rate(currency), 0);
    const total = cash + net;
    const initial = gross * 0.31;
    const maintenance = gross * 0.28;
    const pnl = this.total();
    const usd = (value: number) => ({ value: value.toFixed(2), currency: "USD" });
    return new Map([
      ["AccountType", { value: "INDIVIDUAL", currency: "" }],
      ["Cushion", { value: ((total - maintenance) / total).toFixed(6), currency: "" }],
      ["Leverage", { value: (gross / total).toFixed(2), currency: "" }],
      ["DayTradesRemaining", { value: "-1", currency: "" }],
      ["AccruedCash", usd(14.62 * this.#scale)],
      ["NetLiquidation", usd(total)],
      ["TotalCashValue", usd(cash)],
      ["SettledCash", usd(cash)],
      ["BuyingPower", usd((total - initial) * 4)],
      ["EquityWithLoanValue", usd(total)],
      ["PreviousDayEquityWithLoanValue", usd(total - pnl.daily)],
      ["GrossPositionValue", usd(gross)],
      ["InitMarginReq", usd(initial)],
      ["MaintMarginReq", usd(maintenance)],
      ["AvailableFunds", usd(total - initial)],
      ["ExcessLiquidity", usd(total - maintenance)],
      ["FullInitMarginReq", usd(initial)],
      ["FullMaintMarginReq", usd(maintenance)],
      ["FullAvailableFunds", usd(total - initial)],
      ["FullExcessLiquidity", usd(total - maintenance)],
      ["SMA", usd(total * 0.4)],
      ["UnrealizedPnL", usd(pnl.unrealized)],
      ["RealizedPnL", usd(pnl.realized)],
    ]);
  }

  /** Currency lines as `$LEDGER:ALL` and account updates give them. */
  ledger(): { readonly key: string; readonly value: string; readonly currency: string }[] {
    return this.currencies.flatMap((currency) => {
      const held = this.holdings.filter((holding) => holding.currency === currency);
      const stocks = held.filter((holding) => holding.secType === "STK").reduce((sum, holding) => sum + this.value(holding), 0);
      const unrealized = held.reduce((sum, holding) => sum + this.single(holding).unrealized, 0);
      return [
        { key: "CashBalance", value: this.cash(currency).toFixed(2), currency },
        { key: "TotalCashBalance", value: this.cash(currency).toFixed(2), currency },
        { key: "StockMarketValue", value: stocks.toFixed(2), currency },
        { key: "ExchangeRate", value: this.rate(currency).toFixed(6), currency },
        { key: "UnrealizedPnL", value: unrealized.toFixed(2), currency },
      ];
    });
  }
}
