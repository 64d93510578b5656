import { type Decimal, parseDecimal } from "../../../shared/money.ts";

/** A contract as the gateway describes it, its numbers as the decimals that stood in the message. */
export interface RawContract {
  readonly conId: number;
  readonly symbol: string;
  readonly kind: string;
  readonly expiry: string;
  readonly strike: Decimal | null;
  /** "C", "P" or empty. */
  readonly right: string;
  readonly multiplier: Decimal | null;
  readonly exchange: string;
  readonly currency: string;
  readonly localSymbol: string;
}
export interface Worth {
  readonly price: Decimal | null;
  readonly value: Decimal | null;
  readonly unrealized: Decimal | null;
  readonly realized: Decimal | null;
}
export interface Profit {
  readonly daily: Decimal | null;
  readonly unrealized: Decimal | null;
  readonly realized: Decimal | null;
}
export type MoneyMessage =
  | {
      readonly kind: "position";
      readonly account: string;
      readonly contract: RawContract;
      readonly quantity: Decimal | null;
      readonly averageCost: Decimal | null;
    }
  | { readonly kind: "portfolio"; readonly account: string; readonly contract: RawContract; readonly quantity: Decimal | null; readonly worth: Worth }
  | { readonly kind: "profit"; readonly request: number; readonly profit: Profit }
  | { readonly kind: "position-profit"; readonly request: number; readonly profit: Profit; readonly value: Decimal | null };

const PORTFOLIO = 7;
const POSITION = 61;
const PROFIT = 94;
const POSITION_PROFIT = 95;
/**
 * The messages that are decoded here and not by the library: it reads their amounts as doubles, and a quantity of more than 17 digits (coins have them), or the
 * difference between 0.1 and what a double makes of it, is lost before anybody can sum it.
 */
export const MONEY_MESSAGES: ReadonlySet<number> = new Set([PORTFOLIO, POSITION, PROFIT, POSITION_PROFIT]);

/** Versions of the messages themselves: gateways of our range send 8 and 3. */
const OLDEST_PORTFOLIO = 7;
const OLDEST_POSITION = 3;
/** Server versions that added a field to the profit messages (MIN_SERVER_VER_UNREALIZED_PNL, …_REALIZED_PNL of IBKR's clients). */
const HAS_UNREALIZED = 129;
const HAS_REALIZED = 135;
/** What IBKR's clients take for an unset quantity, beside the largest double. */
const UNSET_QUANTITIES: ReadonlySet<string> = new Set(["2147483647", "9223372036854775807", "-9223372036854775808"]);
const MAX_TEXT = 100;

/**
 * @param frame one whole text frame, length prefix included @param id its message id, one of MONEY_MESSAGES
 * @throws Error on an older version of the message than any gateway of our range sends, or with fields missing
 */
export function parseMoneyMessage(frame: Buffer, id: number, serverVersion: number): MoneyMessage {
  const fields = new Fields(frame.toString("utf8", 4, frame.length - 1).split("\0"), id);
  switch (id) {
    case PORTFOLIO:
      return portfolio(fields);
    case POSITION:
      return position(fields);
    case PROFIT:
      return { kind: "profit", request: fields.integer(), profit: profit(fields, serverVersion) };
    case POSITION_PROFIT: {
      const request = fields.integer();
      fields.text(); // the quantity
      return { kind: "position-profit", request, profit: profit(fields, serverVersion), value: fields.amount() };
    }
    default:
      throw new Error(`message ${id} carries no money`);
  }
}

/** version, contract, quantity, price, value, average cost, unrealized, realized, account */
function portfolio(fields: Fields): MoneyMessage {
  const version = fields.version(OLDEST_PORTFOLIO);
  const base = contractUpToMultiplier(fields);
  const contract = { ...base, exchange: fields.text(), currency: fields.text(), localSymbol: fields.text() };
  if (version >= 8) fields.text(); // the trading class
  const quantity = fields.quantity();
  const [price, value] = [fields.amount(), fields.amount()];
  fields.text(); // the average cost: the position message tells it
  const [unrealized, realized] = [fields.amount(), fields.amount()];
  return { kind: "portfolio", account: fields.text(), contract, quantity, worth: { price, value, unrealized, realized } };
}

/** version, account, contract, quantity, average cost */
function position(fields: Fields): MoneyMessage {
  fields.version(OLDEST_POSITION);
  const account = fields.text();
  const base = contractUpToMultiplier(fields);
  const contract = { ...base, exchange: fields.text(), currency: fields.text(), localSymbol: fields.text() };
  fields.text(); // the trading class
  return { kind: "position", account, contract, quantity: fields.quantity(), averageCost: fields.amount() };
}

/** Both messages begin a contract with the same fields. */
function contractUpToMultiplier(fields: Fields): Omit<RawContract, "exchange" | "currency" | "localSymbol"> {
  const conId = fields.integer();
  const [symbol, kind, expiry] = [fields.text(), fields.text(), fields.text()];
  const strike = fields.amount();
  return { conId, symbol, kind, expiry, strike, right: rightOf(fields.text()), multiplier: fields.amount() };
}

function profit(fields: Fields, serverVersion: number): Profit {
  const daily = fields.amount();
  const unrealized = serverVersion >= HAS_UNREALIZED ? fields.amount() : null;
  return { daily, unrealized, realized: serverVersion >= HAS_REALIZED ? fields.amount() : null };
}

/** "C", "CALL", "P", "PUT"; "0" and "?" stand for none. */
const rightOf = (text: string) => (/^(C|CALL)$/i.test(text) ? "C" : /^(P|PUT)$/i.test(text) ? "P" : "");

class Fields {
  /** The id is the first. */
  private at = 1;

  constructor(
    private readonly fields: readonly string[],
    private readonly id: number,
  ) {}

  text(): string {
    const field = this.fields[this.at++];
    if (field === undefined) throw new Error(`message ${this.id} ends after ${this.fields.length} fields`);
    return field.slice(0, MAX_TEXT);
  }
  integer(): number {
    const value = Number(this.text());
    return Number.isSafeInteger(value) ? value : 0;
  }
  /** The exact decimal; `null` where it is unset, empty or no number. */
  amount(): Decimal | null {
    return parseDecimal(this.text());
  }
  /** May come with thousands separators. */
  quantity(): Decimal | null {
    const text = this.text().replaceAll(",", "");
    return UNSET_QUANTITIES.has(text) ? null : parseDecimal(text);
  }
  version(oldest: number): number {
    const version = this.integer();
    if (version < oldest) throw new Error(`message ${this.id} is of version ${version}; ${oldest} and later are read`);
    return version;
  }
}
