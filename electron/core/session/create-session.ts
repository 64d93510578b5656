import type { ApiFailure, ApiIdleReason } from "../diagnosis/evidence.ts";
import { AccountBook } from "./account-book.ts";
import { Attempt, type ReadyInfo } from "./attempt.ts";
import { BrokerBook } from "./broker-book.ts";
import { ClientIds } from "./client-ids.ts";
import { Coalesce } from "./coalesce.ts";
import { type Connection, livingFact } from "./connection.ts";
import { DialGate } from "./dial-gate.ts";
import { DialPlan, GOOD_SESSION_MS } from "./dial-plan.ts";
import {
  type CreateSession,
  type DialHaste,
  type GatewaySession,
  type Nudge,
  SESSION_TIMINGS,
  type SessionPorts,
  type SessionReport,
  type SessionTimings,
} from "./session.ts";
import { type Park, StayAway } from "./stay-away.ts";
import { Subscriptions } from "./subscriptions.ts";

const MAX_FAILURES = 30;
/** 2100: account updates were requested anew and go there now. */
const UNSUBSCRIBED = 2100;

export const createSession: CreateSession = (ports) => new Session(ports);

class Session implements GatewaySession {
  private readonly timings: SessionTimings;
  private readonly book = new AccountBook();
  private readonly plan: DialPlan;
  private readonly ids: ClientIds;
  private readonly gate: DialGate;
  private readonly away: StayAway;
  private readonly listeners = new Set<(report: SessionReport) => void>();
  private readonly reports: Coalesce;
  private connection: Connection | null = null;
  private running = false;
  private failures: readonly ApiFailure[] = [];
  private connects = { day: "", count: 0 };
  private current: SessionReport | null = null;
  private reportedDay = "";

  constructor(private readonly ports: SessionPorts) {
    this.timings = { ...SESSION_TIMINGS, ...ports.timings };
    this.plan = new DialPlan(ports.random, ports.dialsPerHour, ports.keptDials ?? null);
    this.ids = new ClientIds(ports.clientId);
    this.reports = new Coalesce(ports.clock, () => this.tell());
    this.away = new StayAway(ports.clock, (by) => this.comeBack(by));
    this.gate = new DialGate(ports, this.timings, this.plan, this.ids, {
      wanted: () => this.mayRun() && this.connection === null,
      dial: () => this.dial(),
      changed: () => this.changed(),
    });
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
    this.gate.consider();
  }

  nudge(options: Nudge = {}): void {
    const { by } = options;
    // What is seen while a session lives says nothing of the next one.
    const hurried = by !== undefined && this.connection?.ready == null;
    if (hurried) this.plan.hurry(by, this.ports.clock.now());
    this.gate.nudge(hurried);
  }

  async release(untilMs: number | null): Promise<void> {
    this.away.release(untilMs);
    await this.standDown("released", untilMs);
  }

  resume(): void {
    this.away.resume();
  }

  async park(why: Park = "parked"): Promise<() => void> {
    const takeBack = this.away.park(why);
    await this.standDown(this.away.reason?.kind ?? why, null);
    return takeBack;
  }

  resubscribe(): void {
    this.connection?.subscriptions?.again();
    this.changed();
  }

  watchChanged(): void {
    this.connection?.subscriptions?.watchChanged();
  }

  changeClientId(): void {
    this.ids.change(this.ports.clock.now());
    this.plan.hurry("person", this.ports.clock.now());
    this.changed();
    if (this.connection === null) this.gate.consider();
    else void this.closeConnection();
  }

  async dispose(): Promise<void> {
    this.running = false;
    this.listeners.clear();
    this.away.stopWaiting();
    await this.standDown("off", null);
    this.reports.dispose();
  }

  private mayRun(): boolean {
    return this.running && this.away.reason === null;
  }

  private comeBack(by: DialHaste): void {
    // One of two reasons to stay away may be left.
    const left = this.away.reason;
    if (left !== null) this.gate.setIdle(left.kind, left.kind === "released" ? left.until : null);
    this.plan.hurry(by, this.ports.clock.now());
    this.changed();
    this.gate.consider();
  }

  private async standDown(reason: ApiIdleReason, until: number | null): Promise<void> {
    this.gate.stop(reason, until);
    await this.closeConnection();
  }

  // ── the connection ───────────────────────────────────────────────────────────────────────────────────────────────

  private dial(): void {
    const now = this.ports.clock.now();
    const line = this.plan.dialled(now);
    this.ports.log?.(line);
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
      onMoney: (message) => connection.subscriptions?.take(message),
      onNotice: (code, text) => this.onNotice(connection, code, text),
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
    connection.subscriptions = new Subscriptions(
      ready.api,
      this.book,
      this.ports.clock,
      () => {
        if (this.book.complete) connection.broker.dataCame(this.ports.clock.now());
        this.changed();
      },
      this.ports.watched,
    );
    connection.subscriptions.start(ready.accounts);
    this.changed();
  }

  private onNotice({ broker, subscriptions }: Connection, code: number, text: string): void {
    // Our own turn through several accounts is no news.
    if (code === UNSUBSCRIBED && subscriptions?.justRotated() === true) return;
    const change = broker.notice(code, text, this.ports.clock.now());
    // What was asked while the line was down may never be answered.
    if (change === "data-lost" || (change === "restored" && !this.book.complete)) subscriptions?.again();
    this.changed();
  }

  private onFailed(connection: Connection, failure: ApiFailure): void {
    const now = this.ports.clock.now();
    this.failures = [...this.failures, failure].slice(-MAX_FAILURES);
    if (failure.kind === "client-id-in-use") this.ids.refused(failure.clientId, now);
    this.plan.ended(failure.kind, failure.wasReady ? failure.afterMs : null, now, connection.step !== "dial");
    const blocked = this.plan.blocked(now);
    this.gate.setIdle(blocked?.reason ?? "backing-off", blocked?.until ?? null);
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
    this.gate.consider();
  }

  private async closeConnection(): Promise<void> {
    const { connection } = this;
    if (connection === null) return;
    const now = this.ports.clock.now();
    if (connection.ready !== null && connection.step === "up" && now - connection.stepSince >= GOOD_SESSION_MS) this.plan.endedWell();
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
    const { connection, gate } = this;
    const living = connection !== null && connection.step !== "over" ? connection : null;
    const last = this.failures.at(-1) ?? null;
    const answeredAt = living?.ready == null ? null : Math.min(living.attempt.lastAnswerAt, living.attempt.waitingSince ?? Number.POSITIVE_INFINITY);
    return {
      late: answeredAt !== null && this.ports.clock.now() - answeredAt > this.timings.freshMs,
      api: living === null ? { kind: "idle", ...gate.idle, last } : livingFact(living, last),
      failures: this.failures,
      broker: living !== null && (living.ready !== null || living.broker.heard) ? living.broker.fact() : null,
      account: this.book.fact(),
      accounts: this.book.snapshots(),
      session: {
        state: this.stateWord(living),
        clientId: this.ids.current,
        clientIdNote: this.ids.note(),
        connectsToday: this.connects.day === today ? this.connects.count : 0,
        nextTryAt: living === null && this.mayRun() ? gate.idle.until : null,
        releasedUntil: this.away.releasedUntil,
      },
    };
  }

  private stateWord(living: Connection | null): SessionReport["session"]["state"] {
    if (!this.running) return "off";
    const away = this.away.reason;
    if (away !== null) return away.kind;
    if (living === null) return "waiting";
    return living.ready === null ? "opening" : "ready";
  }
}
