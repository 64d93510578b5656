import type { ApiFailure, ApiIdleReason } from "../diagnosis/evidence.ts";
import { AccountBook } from "./account-book.ts";
import { Attempt, type ReadyInfo } from "./attempt.ts";
import { BrokerBook } from "./broker-book.ts";
import { ClientIds } from "./client-ids.ts";
import { Coalesce } from "./coalesce.ts";
import { type Connection, livingFact } from "./connection.ts";
import { DialPlan } from "./dial-plan.ts";
import { type CreateSession, type GatewaySession, SESSION_TIMINGS, type SessionPorts, type SessionReport, type SessionTimings } from "./session.ts";
import { Subscriptions } from "./subscriptions.ts";

const MAX_FAILURES = 30;
/** 2100: account updates were requested anew and go there now. */
const UNSUBSCRIBED = 2100;
const MAY_DIAL_DEADLINE_MS = 5000;
/** A sleeping machine and a clock that was set stop no timer in time, so a long wait looks at the clock so often. */
const LONGEST_WAIT_MS = 60_000;
/** Nudges without `now` make `mayDial` look at most so often. */
const NUDGE_GAP_MS = 2000;

export const createSession: CreateSession = (ports) => new Session(ports);

class Session implements GatewaySession {
  private readonly timings: SessionTimings;
  private readonly book = new AccountBook();
  private readonly plan: DialPlan;
  private readonly ids: ClientIds;
  private readonly listeners = new Set<(report: SessionReport) => void>();
  private readonly reports: Coalesce;
  private connection: Connection | null = null;
  private running = false;
  private released: { until: number | null } | null = null;
  private parks = 0;
  private failures: readonly ApiFailure[] = [];
  private idle: { reason: ApiIdleReason; until: number | null } = { reason: "off", until: null };
  /** Counts up whenever an answer of `mayDial` under way is no longer wanted. */
  private turn = 0;
  private asking = false;
  private askedAt = Number.NEGATIVE_INFINITY;
  private askAgain = false;
  private cancelWake: (() => void) | null = null;
  private cancelRelease: (() => void) | null = null;
  private connects = { day: "", count: 0 };
  private current: SessionReport | null = null;
  private reportedDay = "";

  constructor(private readonly ports: SessionPorts) {
    this.timings = { ...SESSION_TIMINGS, ...ports.timings };
    this.plan = new DialPlan(ports.random);
    this.ids = new ClientIds(ports.clientId);
    this.reports = new Coalesce(ports.clock, () => this.tell());
  }

  get report(): SessionReport {
    // "Connections today" ends at midnight though nothing else changed.
    const today = this.today();
    if (this.current === null || this.reportedDay !== today) {
      this.reportedDay = today;
      this.current = this.makeReport(today);
    }
    return this.current;
  }

  onReport(listener: (report: SessionReport) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    this.changed();
    this.consider();
  }

  nudge(options: { now?: boolean } = {}): void {
    if (options.now === true) this.plan.hurry();
    if (!this.mayRun() || this.connection !== null) return;
    if (this.asking) {
      this.askAgain = true;
      return;
    }
    const wait = options.now === true ? 0 : this.askedAt + NUDGE_GAP_MS - this.ports.clock.now();
    if (wait > 0) this.wakeIn(wait);
    else this.consider();
  }

  async release(untilMs: number | null): Promise<void> {
    this.released = { until: untilMs };
    this.resumeAt(untilMs);
    await this.standDown("released");
  }

  resume(): void {
    if (this.released === null) return;
    this.released = null;
    this.cancelRelease?.();
    this.cancelRelease = null;
    this.comeBack();
  }

  private resumeAt(untilMs: number | null): void {
    this.cancelRelease?.();
    this.cancelRelease = null;
    if (untilMs === null) return;
    const wait = untilMs - this.ports.clock.now();
    this.cancelRelease = this.ports.clock.after(Math.min(Math.max(0, wait), LONGEST_WAIT_MS), () => {
      if (this.ports.clock.now() >= untilMs) this.resume();
      else this.resumeAt(untilMs);
    });
  }

  async park(): Promise<() => void> {
    this.parks++;
    await this.standDown("parked");
    let parked = true;
    return () => {
      if (!parked) return;
      parked = false;
      this.parks--;
      this.comeBack();
    };
  }

  resubscribe(): void {
    this.connection?.subscriptions?.again();
    this.changed();
  }

  changeClientId(): void {
    this.ids.change(this.ports.clock.now());
    this.plan.hurry();
    this.changed();
    if (this.connection === null) this.consider();
    else void this.closeConnection();
  }

  async dispose(): Promise<void> {
    this.running = false;
    this.listeners.clear();
    this.cancelRelease?.();
    await this.standDown("off");
    this.reports.dispose();
  }

  // ── when to dial ─────────────────────────────────────────────────────────────────────────────────────────────────

  private mayRun(): boolean {
    return this.running && this.released === null && this.parks === 0;
  }

  private comeBack(): void {
    // One of two reasons to stay away may be left.
    if (this.parks > 0) this.setIdle("parked", null);
    else if (this.released !== null) this.setIdle("released", this.released.until);
    this.plan.hurry();
    this.changed();
    this.consider();
  }

  private consider(): void {
    if (!this.mayRun() || this.connection !== null || this.asking) return;
    this.cancelWake?.();
    const now = this.ports.clock.now();
    const idsFreeAt = this.ids.blockedUntil(now);
    const blocked = idsFreeAt === null ? this.plan.blocked(now) : { reason: "backing-off" as const, until: idsFreeAt };
    if (blocked !== null) {
      this.setIdle(blocked.reason, blocked.until);
      // Long waits are cut, so that a clock that was set is noticed.
      this.wakeIn(Math.min(Math.max(10, blocked.until - now), LONGEST_WAIT_MS));
      return;
    }
    this.ask();
  }

  private ask(): void {
    const turn = ++this.turn;
    this.asking = true;
    this.askAgain = false;
    this.askedAt = this.ports.clock.now();
    const answered = (answer: Awaited<ReturnType<SessionPorts["mayDial"]>>) => {
      if (turn !== this.turn) return;
      this.turn++;
      this.asking = false;
      cancel();
      if (!this.mayRun()) return;
      if (answer.ok) {
        this.dial();
        return;
      }
      this.setIdle(answer.reason, null);
      this.wakeIn(this.askAgain ? NUDGE_GAP_MS : this.timings.askAgainMs);
    };
    const unanswered = (why: string) => {
      if (turn === this.turn) this.ports.log?.(`whether the API may be dialled was not answered: ${why}`);
      answered({ ok: false, reason: this.idle.reason === "off" ? "link-down" : this.idle.reason });
    };
    const cancel = this.ports.clock.after(MAY_DIAL_DEADLINE_MS, () => unanswered("no answer within 5 s"));
    Promise.resolve()
      .then(() => this.ports.mayDial())
      .then(answered, (error: unknown) => unanswered(error instanceof Error ? error.message : String(error)));
  }

  private dial(): void {
    const now = this.ports.clock.now();
    this.plan.dialled(now);
    const broker = new BrokerBook(now);
    const attempt = new Attempt(this.ports, this.ids.current, this.timings, {
      onStep: (step) => {
        connection.step = step;
        connection.stepSince = this.ports.clock.now();
        this.changed();
      },
      onOpened: () => this.countConnect(),
      onReady: (ready) => this.onReady(connection, ready),
      onBeat: () => this.changed(),
      onNotice: (code, text) => {
        // Our own turn through several accounts is no news.
        if (code === UNSUBSCRIBED && connection.subscriptions?.justRotated() === true) return;
        const change = broker.notice(code, text, this.ports.clock.now());
        // What was asked while the line was down may never be answered.
        if (change === "data-lost" || (change === "restored" && !this.book.complete)) connection.subscriptions?.again();
        this.changed();
      },
      onFailed: (failure) => this.onFailed(connection, failure),
    });
    const connection: Connection = { attempt, broker, step: "dial", stepSince: now, ready: null, subscriptions: null };
    this.connection = connection;
    this.changed();
    attempt.start();
  }

  private onReady(connection: Connection, ready: ReadyInfo): void {
    connection.step = "up";
    connection.ready = ready;
    connection.subscriptions = new Subscriptions(ready.api, this.book, this.ports.clock, () => {
      if (this.book.complete) connection.broker.dataCame(this.ports.clock.now());
      this.changed();
    });
    connection.subscriptions.start(ready.accounts);
    this.changed();
  }

  private onFailed(connection: Connection, failure: ApiFailure): void {
    const now = this.ports.clock.now();
    this.failures = [...this.failures, failure].slice(-MAX_FAILURES);
    if (failure.kind === "client-id-in-use") this.ids.refused(now);
    this.plan.ended(failure.kind, failure.wasReady ? failure.afterMs : null, now, connection.step !== "dial");
    this.setIdle("backing-off", this.plan.blocked(now)?.until ?? null);
    this.leave(connection);
    void connection.attempt.gone.then(() => this.gone(connection));
  }

  private leave(connection: Connection): void {
    connection.step = "over";
    connection.subscriptions?.stop();
    this.book.markStale();
    this.changed();
  }

  private gone(connection: Connection): void {
    if (this.connection !== connection) return;
    this.connection = null;
    this.consider();
  }

  private async standDown(reason: ApiIdleReason): Promise<void> {
    this.turn++;
    this.asking = false;
    this.cancelWake?.();
    this.setIdle(reason, reason === "released" ? (this.released?.until ?? null) : null);
    await this.closeConnection();
  }

  private async closeConnection(): Promise<void> {
    const { connection } = this;
    if (connection === null) return;
    this.leave(connection);
    await connection.attempt.close();
    this.gone(connection);
  }

  private countConnect(): void {
    const day = this.today();
    this.connects = { day, count: this.connects.day === day ? this.connects.count + 1 : 1 };
  }

  /** The local date. */
  private today(): string {
    return new Date(this.ports.clock.now()).toDateString();
  }

  private setIdle(reason: ApiIdleReason, until: number | null): void {
    if (this.idle.reason === reason && this.idle.until === until) return;
    this.idle = { reason, until };
    this.changed();
  }

  private wakeIn(ms: number): void {
    this.cancelWake?.();
    this.cancelWake = this.ports.clock.after(ms, () => this.consider());
  }

  // ── the report ───────────────────────────────────────────────────────────────────────────────────────────────────

  private changed(): void {
    this.current = null;
    if (this.running || this.listeners.size > 0) this.reports.touch();
  }

  private tell(): void {
    const { report } = this;
    for (const listener of [...this.listeners]) {
      try {
        listener(report);
      } catch (error) {
        this.ports.log?.(`a listener of the session failed: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  private makeReport(today: string): SessionReport {
    const { connection, idle } = this;
    const living = connection !== null && connection.step !== "over" ? connection : null;
    return {
      api: living === null ? { kind: "idle", ...idle, last: this.failures.at(-1) ?? null } : livingFact(living, this.failures.at(-1) ?? null),
      failures: this.failures,
      broker: living !== null && (living.ready !== null || living.broker.heard) ? living.broker.fact() : null,
      account: this.book.fact(),
      accounts: this.book.snapshots(),
      session: {
        state: this.stateWord(living),
        clientId: this.ids.current,
        clientIdNote: this.ids.note(),
        connectsToday: this.connects.day === today ? this.connects.count : 0,
        nextTryAt: living === null && this.mayRun() ? idle.until : null,
        releasedUntil: this.released?.until ?? null,
      },
    };
  }

  private stateWord(living: Connection | null): SessionReport["session"]["state"] {
    if (!this.running) return "off";
    if (this.parks > 0) return "parked";
    if (this.released !== null) return "released";
    if (living === null) return "waiting";
    return living.ready === null ? "opening" : "ready";
  }
}
