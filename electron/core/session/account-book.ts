import type { Decimal } from "../../../shared/money.ts";
import type { AccountSnapshot } from "../../../shared/snapshot.ts";
import type { AccountFact } from "../diagnosis/evidence.ts";
import { AccountFigures } from "./account-figures.ts";
import type { Profit, RawContract, Worth } from "./money-message.ts";
import { PositionBook } from "./position-book.ts";

const MAX_ACCOUNTS = 100;
const ACCOUNT = /^[A-Za-z0-9]{2,24}$/;

/** Account numbers begin with D for paper; U, F, I and others are live. */
export function accountKind(id: string): "paper" | "live" | "unknown" {
  if (!ACCOUNT.test(id)) return "unknown";
  return id.startsWith("D") ? "paper" : "live";
}

export function accountPrefix(ids: readonly string[]): AccountFact["prefix"] {
  const paper = ids.filter((id) => accountKind(id) === "paper").length;
  if (ids.length === 0) return "none";
  return paper === ids.length ? "paper" : paper === 0 ? "live" : "mixed";
}

/** The managed accounts as the gateway lists them: comma-separated, often with a comma at the end. */
export function parseAccounts(list: string): string[] {
  return [...new Set(list.split(",").map((id) => id.trim()))].filter((id) => ACCOUNT.test(id)).slice(0, MAX_ACCOUNTS);
}

interface Account {
  readonly id: string;
  readonly figures: AccountFigures;
  readonly positions: PositionBook;
  at: number | null;
  stale: boolean;
  made: AccountSnapshot | null;
}

/**
 * All accounts of a gateway, from the raw events of the session. After a drop the last book is kept and marked stale; it is fresh again when a new
 * session has answered in full.
 */
export class AccountBook {
  private readonly accounts = new Map<string, Account>();
  private managed: readonly string[] = [];
  private requestedAt = 0;
  private completeAt: number | null = null;
  private lastUpdateAt: number | null = null;
  private summaryEnded = false;
  private positionsEnded = false;

  /** A session is ready and asks for everything again. */
  begin(managed: readonly string[], now: number): void {
    this.managed = managed;
    for (const id of [...this.accounts.keys()]) if (!managed.includes(id)) this.accounts.delete(id);
    for (const id of managed) this.account(id);
    this.asked(now);
    for (const account of this.accounts.values()) account.figures.beginSession();
  }

  /** The questions were sent (again): answers are due. */
  asked(now: number): void {
    this.requestedAt = now;
    this.completeAt = null;
    this.summaryEnded = false;
    this.positionsEnded = false;
    for (const account of this.accounts.values()) account.positions.beginListing();
  }

  markStale(): void {
    for (const account of this.accounts.values()) {
      account.stale = true;
      account.made = null;
    }
  }

  value(id: string, tag: string, raw: string, currency: string, now: number): void {
    const account = this.account(id);
    if (account?.figures.take(tag, raw, currency, now)) this.touch(account, now);
  }

  /** @returns whether a position was opened or closed */
  position(id: string, contract: RawContract, quantity: Decimal | null, averageCost: Decimal | null, now: number): boolean {
    const account = this.account(id);
    if (account === null) return false;
    this.touch(account, now);
    return account.positions.take(contract, quantity, averageCost, now);
  }

  portfolio(id: string, contract: RawContract, worth: Worth, now: number): void {
    const account = this.account(id);
    if (account === null) return;
    account.positions.takePortfolio(contract, worth, now);
    this.touch(account, now);
  }

  profit(id: string, profit: Profit, now: number): void {
    const account = this.account(id);
    if (account === null) return;
    account.figures.takeProfit(profit, now);
    this.touch(account, now);
  }

  positionProfit(id: string, contractId: number, profit: Profit, value: Decimal | null, now: number): void {
    const account = this.accounts.get(id);
    if (account === undefined) return;
    account.positions.takeProfit(contractId, { ...profit, value }, account.figures, now);
    this.touch(account, now);
  }

  summaryEnd(now: number): void {
    this.summaryEnded = true;
    this.completeIfAll(now);
  }

  positionsEnd(now: number): void {
    if (!this.positionsEnded) for (const account of this.accounts.values()) account.positions.endListing();
    this.positionsEnded = true;
    for (const account of this.accounts.values()) account.made = null;
    this.completeIfAll(now);
  }

  /** Everything asked last was answered. */
  get complete(): boolean {
    return this.completeAt !== null;
  }

  get positionsListed(): boolean {
    return this.positionsEnded;
  }

  get ids(): readonly string[] {
    return this.managed;
  }

  contractIds(id: string): number[] {
    return this.accounts.get(id)?.positions.contractIds() ?? [];
  }

  /** `null` before the first session was ready. */
  fact(): AccountFact | null {
    if (this.requestedAt === 0) return null;
    return {
      accounts: this.managed,
      prefix: accountPrefix(this.managed),
      requestedAt: this.requestedAt,
      completeAt: this.completeAt,
      lastUpdateAt: this.lastUpdateAt,
    };
  }

  snapshots(): readonly AccountSnapshot[] {
    return [...this.accounts.values()].map((account) => {
      account.made ??= {
        id: account.id,
        kind: accountKind(account.id),
        baseCurrency: account.figures.baseCurrency,
        ...account.figures.snapshot(),
        positions: account.positions.snapshot(),
        at: account.at,
        stale: account.stale,
      };
      return account.made;
    });
  }

  private completeIfAll(now: number): void {
    this.lastUpdateAt = now;
    if (!this.summaryEnded || !this.positionsEnded) return;
    this.completeAt ??= now;
    for (const account of this.accounts.values()) {
      if (account.stale) account.made = null;
      account.stale = false;
    }
  }

  private touch(account: Account, now: number): void {
    account.at = now;
    account.made = null;
    this.lastUpdateAt = now;
  }

  private account(id: string): Account | null {
    const known = this.accounts.get(id);
    if (known !== undefined) return known;
    if (!ACCOUNT.test(id) || this.accounts.size >= MAX_ACCOUNTS || !(this.managed.length === 0 || this.managed.includes(id))) return null;
    const fresh: Account = { id, figures: new AccountFigures(), positions: new PositionBook(), at: null, stale: true, made: null };
    this.accounts.set(id, fresh);
    return fresh;
  }
}
