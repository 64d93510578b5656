import type { Duplex } from "node:stream";
import type { IBApi } from "@stoqey/ib/dist/api/api.js";
import type { Clock } from "../clock.ts";
import type { ApiFailure, ApiFailureKind } from "../diagnosis/evidence.ts";
import { DialError } from "../host-link/host-link.ts";
import { type ConnectionEnd, describeEnd, kindOfDialError, kindOfEnd, newPortOf } from "./attempt-end.ts";
import { Conversation } from "./conversation.ts";
import type { FrameFault } from "./frames.ts";
import { Heart } from "./heart.ts";
import type { MoneyMessage } from "./money-message.ts";
import type { SessionPorts, SessionTimings } from "./session.ts";

const CLIENT_ID_IN_USE = 326;
const PORT_RESET = 1300;
/** A living connection is told at least so often. */
const TELL_MS = 1000;
const SILENCES: ReadonlySet<ApiFailureKind> = new Set(["dial-timeout", "silent", "start-unanswered", "went-silent"]);

export interface ReadyInfo {
  readonly api: IBApi;
  readonly serverVersion: number;
  readonly accounts: readonly string[];
}

export interface AttemptEvents {
  onStep(step: "version" | "ready"): void;
  onOpened(): void;
  onReady(info: ReadyInfo): void;
  /** A heartbeat was sent or answered, or its answer is late. */
  onBeat(): void;
  onMoney(message: MoneyMessage): void;
  onNotice(code: number, text: string): void;
  /** Once, unless `close` was called before. */
  onFailed(failure: ApiFailure): void;
}

/** One connection from dial to end: its steps, their deadlines, and what its end means. Never reused. */
export class Attempt {
  private step: "dial" | "version" | "ready" | "up" | "over" = "dial";
  private readonly abort = new AbortController();
  private duplex: Duplex | null = null;
  private talk: Conversation | null = null;
  private cancelTimer: (() => void) | null = null;
  private helloAt = 0;
  private idInUse = false;
  private portReset: { port: number | null } | null = null;
  private eof = false;
  private torn: Error | null = null;
  private heart: Heart | null = null;
  private toldAt = 0;
  private readonly startedAt: number;
  private readyAt = 0;
  private readonly ended = Promise.withResolvers<void>();

  lastAnswerAt = 0;

  constructor(
    private readonly ports: Pick<SessionPorts, "dial" | "linkUp" | "log"> & { readonly clock: Clock },
    readonly clientId: number,
    private readonly timings: SessionTimings,
    private readonly events: AttemptEvents,
  ) {
    this.startedAt = ports.clock.now();
  }

  /** Resolves when the connection is gone for good (or never was). */
  get gone(): Promise<void> {
    return this.ended.promise;
  }
  get waitingSince(): number | null {
    return this.heart?.waitingSince ?? null;
  }
  get roundTripMs(): number | null {
    return this.heart?.roundTripMs ?? null;
  }
  get readySince(): number {
    return this.readyAt;
  }

  start(): void {
    // The link has the same deadline and a better word for it: ours comes a moment later.
    this.deadline(this.timings.dialMs + 250, () => this.fail("dial-timeout", `no connection within ${this.timings.dialMs / 1000} s`));
    const dialled = Promise.resolve().then(() => this.ports.dial({ deadlineMs: this.timings.dialMs, signal: this.abort.signal }));
    dialled.then(
      (duplex) => this.onDialled(duplex),
      (error: unknown) => this.onDialFailed(error),
    );
  }

  /** Half-closes, waits for the other side, then destroys. Reports nothing any more. */
  close(): Promise<void> {
    this.finish();
    return this.gone;
  }

  private onDialFailed(error: unknown): void {
    this.ended.resolve();
    if (this.step !== "dial") return;
    if (error instanceof DialError) this.fail(kindOfDialError(error), error.message);
    else this.fail("dial-failed", error instanceof Error ? error.message : String(error));
  }

  private onDialled(duplex: Duplex): void {
    if (this.step !== "dial") {
      // Too late: nobody wants it any more, and two connections must never be.
      duplex.on("error", () => undefined);
      duplex.destroy();
      this.ended.resolve();
      return;
    }
    this.duplex = duplex;
    duplex.on("data", (chunk: Buffer) => this.onBytes(chunk));
    duplex.on("end", () => {
      this.eof = true;
      // Some streams never close by themselves after the end.
      if (this.stillOpen()) this.deadline(100, () => this.onConnectionEnd());
    });
    duplex.on("error", (error: Error) => {
      this.torn = error;
      if (this.stillOpen()) this.deadline(100, () => this.onConnectionEnd());
    });
    duplex.on("close", () => {
      this.onConnectionEnd();
      this.ended.resolve();
    });
    this.events.onOpened();
    this.step = "version";
    this.events.onStep("version");
    this.deadline(this.timings.versionMs, () => this.onNoVersion());
    try {
      this.talk = this.converse(duplex);
      this.helloAt = this.ports.clock.now();
      this.talk.open();
    } catch (error) {
      this.fail("bad-frame", error instanceof Error ? error.message : String(error));
    }
  }

  private converse(duplex: Duplex): Conversation {
    const events = {
      onVersion: () => {
        this.step = "ready";
        this.events.onStep("ready");
        this.deadline(this.timings.readyMs, () => this.onNotReady());
      },
      onStarted: () => this.readyIfAll(),
      onMoney: (message: MoneyMessage) => this.events.onMoney(message),
      onNotice: (code: number, text: string) => this.onNotice(code, text),
      onTimeAsked: () => this.heart?.sent(this.ports.clock.now()),
      onTimeAnswered: () => this.heart?.answered(this.ports.clock.now()),
      onFault: (fault: FrameFault) => this.fail(fault.kind, fault.message, fault.firstBytes),
    };
    return new Conversation(
      this.clientId,
      (bytes) => void duplex.write(bytes),
      events,
      (line) => this.ports.log?.(line),
    );
  }

  private onBytes(chunk: Buffer): void {
    if (this.step === "over") return;
    const now = this.ports.clock.now();
    // Messages that are not read tell nobody, but they too are proof that the gateway lives.
    if (now - this.toldAt >= TELL_MS && this.step === "up") {
      this.toldAt = now;
      this.events.onBeat();
    }
    this.lastAnswerAt = now;
    this.heart?.heard(now);
    this.talk?.take(chunk);
  }

  private stillOpen(): boolean {
    return this.step !== "over";
  }
  private stillUp(): boolean {
    return this.step === "up";
  }

  private onNotice(code: number, text: string): void {
    this.events.onNotice(code, text);
    if (code === CLIENT_ID_IN_USE && this.step !== "up") this.idInUse = true;
    else if (code === PORT_RESET) this.portReset = { port: newPortOf(text) };
    else return;
    // The gateway closes now; if it does not, we do.
    this.deadline(1000, () => this.onConnectionEnd());
  }

  private readyIfAll(): void {
    const { talk } = this;
    if (this.step !== "ready" || talk === null || this.idInUse || this.portReset !== null) return;
    if (talk.serverVersion === null || talk.accounts === null || !talk.hasNextId) return;
    this.step = "up";
    this.readyAt = this.ports.clock.now();
    this.events.onReady({ api: talk.api, serverVersion: talk.serverVersion, accounts: talk.accounts });
    if (!this.stillUp()) return;
    this.cancelTimer?.();
    this.heart = new Heart(this.ports.clock, this.timings, {
      ask: () => talk.askTime(),
      changed: () => this.events.onBeat(),
      silent: (waitedMs) => this.fail("went-silent", `no answer to a request for the time within ${(waitedMs / 1000).toFixed(1)} s`),
    });
  }

  // ── ends ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  private onNoVersion(): void {
    const half = this.talk?.unfinished() ?? null;
    if (half !== null) this.fail(half.kind, half.message, half.firstBytes);
    else this.fail("silent", `connected, but not a byte came within ${this.timings.versionMs / 1000} s of the greeting`);
  }

  private onNotReady(): void {
    const missing = [this.talk?.accounts == null ? "the accounts" : "", this.talk?.hasNextId === true ? "" : "the next order id"];
    const version = this.talk?.serverVersion ?? "unknown";
    const what = missing.filter((part) => part !== "").join(" and ");
    this.fail("start-unanswered", `the gateway told its version ${version}, but not ${what} within ${this.timings.readyMs / 1000} s`);
  }

  private onConnectionEnd(): void {
    if (this.step === "over" || this.step === "dial") return;
    const half = this.step === "version" ? (this.talk?.unfinished() ?? null) : null;
    if (half !== null) {
      this.fail(half.kind, half.message, half.firstBytes);
      return;
    }
    const reset = this.torn !== null && /ECONNRESET|EPIPE|reset/i.test(this.torn.message);
    const end: ConnectionEnd = {
      step: this.step,
      sinceHelloMs: Math.max(0, this.ports.clock.now() - this.helloAt),
      how: this.eof ? "eof" : reset ? "reset" : "torn",
      linkUp: this.ports.linkUp?.() ?? null,
      clientIdInUse: this.idInUse,
      portReset: this.portReset !== null,
      newPort: this.portReset?.port ?? null,
    };
    const kind = kindOfEnd(end);
    this.fail(kind, describeEnd(kind, end), null, end.newPort);
  }

  private fail(kind: ApiFailureKind, detail: string, firstBytes: string | null = null, newPort: number | null = null): void {
    if (this.step === "over") return;
    const wasReady = this.step === "up";
    const now = this.ports.clock.now();
    const afterMs = Math.max(0, now - (wasReady ? this.readyAt : this.startedAt));
    // Silence over a link that is known to be down says nothing about the gateway.
    const linksFault = SILENCES.has(kind) && this.ports.linkUp?.() === false;
    this.finish();
    this.events.onFailed({ kind: linksFault ? "link-lost" : kind, at: now, afterMs, detail, clientId: this.clientId, firstBytes, newPort, wasReady });
  }

  private finish(): void {
    if (this.step === "over") return;
    this.step = "over";
    this.heart?.stop();
    this.cancelTimer?.();
    this.cancelTimer = null;
    this.abort.abort();
    this.talk?.end();
    const { duplex } = this;
    // Without one, the dial is still under way: its end resolves `gone`, and a late stream is destroyed there. A dial that never ends is not waited for.
    if (duplex === null) {
      this.endAfter(() => this.ended.resolve());
      return;
    }
    if (duplex.destroyed) {
      this.ended.resolve();
      return;
    }
    duplex.resume();
    duplex.end();
    this.endAfter(() => duplex.destroy());
  }

  private endAfter(run: () => void): void {
    const cancel = this.ports.clock.after(this.timings.closeMs, run);
    this.ended.promise.then(cancel, cancel);
  }

  private deadline(ms: number, run: () => void): void {
    this.cancelTimer?.();
    this.cancelTimer = this.step === "over" ? null : this.ports.clock.after(ms, run);
  }
}
