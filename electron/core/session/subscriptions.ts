import type { IBApi } from "@stoqey/ib/dist/api/api.js";
import { EventName } from "@stoqey/ib/dist/api/data/enum/event-name.js";
import { signOf } from "../../../shared/money.ts";
import type { Clock } from "../clock.ts";
import type { AccountBook } from "./account-book.ts";
import { SUMMARY_TAGS } from "./account-figures.ts";
import type { MoneyMessage } from "./money-message.ts";

/** Profit subscriptions by position; the gateway pushes each once a second. */
export const MAX_POSITION_PROFITS = 50;
/** Profit subscriptions by account. */
const MAX_ACCOUNT_PROFITS = 50;
/** With several accounts, account updates serve one at a time: the next after so long. */
const ROTATE_MS = 20_000;
const FIRST_REQUEST = 1;
const NO_PROFIT = { daily: null, unrealized: null, realized: null } as const;

/** What was asked on one connection. Dies with it; the next connection asks anew, nothing is replayed. */
export class Subscriptions {
  private nextRequest = FIRST_REQUEST;
  private summary: number | null = null;
  private readonly profits = new Map<number, string>();
  private readonly positionProfits = new Map<number, { account: string; contractId: number }>();
  private updatesFor: string | null = null;
  private cancelRotation: (() => void) | null = null;
  private rotatedAt = Number.NEGATIVE_INFINITY;
  private over = false;

  constructor(
    private readonly api: IBApi,
    private readonly book: AccountBook,
    private readonly clock: Clock,
    private readonly onData: () => void,
    /** Somebody looks at the positions. */
    private readonly watched: () => boolean = () => true,
  ) {}

  /** Puts the events into the book and asks for everything. */
  start(accounts: readonly string[]): void {
    this.listen();
    this.book.begin(accounts, this.clock.now());
    this.ask();
  }

  /** Asks for everything again on the living connection. */
  again(): void {
    if (this.over) return;
    if (this.summary !== null) this.api.cancelAccountSummary(this.summary);
    this.api.cancelPositions();
    for (const request of this.profits.keys()) this.api.cancelPnL(request);
    for (const request of this.positionProfits.keys()) this.api.cancelPnLSingle(request);
    this.profits.clear();
    this.positionProfits.clear();
    this.cancelRotation?.();
    if (this.updatesFor !== null) this.api.reqAccountUpdates(false, this.updatesFor);
    this.updatesFor = null;
    this.book.asked(this.clock.now());
    this.ask();
  }

  stop(): void {
    this.over = true;
    this.cancelRotation?.();
  }

  /** What carries money is decoded by us, the rest by the library. */
  take(message: MoneyMessage): void {
    const { book } = this;
    const now = this.clock.now();
    switch (message.kind) {
      case "position": {
        const moved = book.position(message.account, message.contract, message.quantity, message.averageCost, now);
        if (moved && book.positionsListed) this.followPositions();
        break;
      }
      case "portfolio":
        // A closed position is told once more, with no quantity.
        if (message.quantity === null || signOf(message.quantity) !== 0) book.portfolio(message.account, message.contract, message.worth, now);
        break;
      case "profit": {
        const account = this.profits.get(message.request);
        if (account !== undefined) book.profit(account, message.profit, now);
        break;
      }
      case "position-profit": {
        const entry = this.positionProfits.get(message.request);
        if (entry !== undefined) book.positionProfit(entry.account, entry.contractId, message.profit, message.value, now);
      }
    }
    this.onData();
  }

  private ask(): void {
    const accounts = this.book.ids;
    this.summary = this.nextRequest++;
    this.api.reqAccountSummary(this.summary, "All", SUMMARY_TAGS);
    this.api.reqPositions();
    for (const account of accounts.slice(0, MAX_ACCOUNT_PROFITS)) {
      const request = this.nextRequest++;
      this.profits.set(request, account);
      this.api.reqPnL(request, account, "");
    }
    this.rotate();
  }

  /** Account updates were turned to another account a moment ago. */
  justRotated(): boolean {
    return this.clock.now() - this.rotatedAt < 3000;
  }

  private rotate(): void {
    const accounts = this.book.ids;
    const next = accounts[(this.updatesFor === null ? -1 : accounts.indexOf(this.updatesFor)) + 1] ?? accounts[0];
    if (next === undefined || this.over) return;
    if (this.updatesFor !== null) {
      this.api.reqAccountUpdates(false, this.updatesFor);
      this.rotatedAt = this.clock.now();
    }
    this.updatesFor = next;
    this.api.reqAccountUpdates(true, next);
    if (accounts.length > 1) this.cancelRotation = this.clock.after(ROTATE_MS, () => this.rotate());
  }

  /** Somebody looks at the positions now, or nobody does any more. */
  watchChanged(): void {
    if (!this.over && this.book.positionsListed) this.followPositions();
  }

  /** Subscribes those that weigh most while somebody looks at them, and lets go of what was closed. */
  private followPositions(): void {
    const ids = this.watched() ? this.book.ids : [];
    const ranked = ids.flatMap((account) => this.book.contractIds(account).map((contractId, rank) => ({ account, contractId, rank })));
    // No account takes the others' share.
    const wanted = ids.length > 1 ? ranked.sort((a, b) => a.rank - b.rank) : ranked;
    const chosen = new Map(wanted.slice(0, MAX_POSITION_PROFITS).map((entry) => [`${entry.account} ${entry.contractId}`, entry]));
    for (const [request, entry] of this.positionProfits) {
      if (chosen.delete(`${entry.account} ${entry.contractId}`)) continue;
      this.positionProfits.delete(request);
      this.api.cancelPnLSingle(request);
      // Where it is still held, the last result is not today's any more.
      this.book.positionProfit(entry.account, entry.contractId, NO_PROFIT, null, this.clock.now());
    }
    for (const entry of chosen.values()) {
      const request = this.nextRequest++;
      this.positionProfits.set(request, entry);
      this.api.reqPnLSingle(request, entry.account, "", entry.contractId);
    }
  }

  private listen(): void {
    const { api, book, clock } = this;
    api.on(EventName.accountSummary, (_request: number, account: string, tag: string, value: string, currency: string) => {
      book.value(account, tag, value, currency, clock.now());
      this.onData();
    });
    api.on(EventName.accountSummaryEnd, () => {
      book.summaryEnd(clock.now());
      this.onData();
    });
    api.on(EventName.positionEnd, () => {
      book.positionsEnd(clock.now());
      this.followPositions();
      this.onData();
    });
    api.on(EventName.updateAccountValue, (key, value, currency, account) => {
      book.value(account, key, value, currency, clock.now());
      this.onData();
    });
  }
}
