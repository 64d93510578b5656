import type { Duplex } from "node:stream";
import type { IBApi } from "@stoqey/ib/dist/api/api.js";
import { EventName } from "@stoqey/ib/dist/api/data/enum/event-name.js";
import type { Clock } from "../clock.ts";
import type { ApiFailure, ApiFailureKind } from "../diagnosis/evidence.ts";
import { DialError } from "../host-link/host-link.ts";
import { parseAccounts } from "./account-book.ts";
import { type ConnectionEnd, describeEnd, kindOfDialError, kindOfEnd, newPortOf } from "./attempt-end.ts";
import { FrameFault, FrameReader, messageId, parseVersionReply } from "./frames.ts";
import { Heart } from "./heart.ts";
import { createLibraryLink, type LibraryLink } from "./library-link.ts";
import { checkOutbound } from "./outbound-guard.ts";
import { readableFrame } from "./readable-frame.ts";
import type { SessionPorts, SessionTimings } from "./session.ts";

/** Inbound messages that are read; others (orders of other programs, market data) are not even decoded. */
const READ_MESSAGES: ReadonlySet<number> = new Set([4, 6, 7, 8, 9, 15, 49, 54, 61, 62, 63, 64, 94, 95]);
/** What the library reads is kept short; see `readableFrame`. */
const MAX_READ_BYTES = 65_536;
const REQUEST_CURRENT_TIME = 49;
const CLIENT_ID_IN_USE = 326;
const PORT_RESET = 1300;
/** Of one connection, in the log. */
const MAX_LIBRARY_LINES = 20;
const SILENCES: ReadonlySet<ApiFailureKind> = new Set(["dial-timeout", "silent", "start-unanswered", "went-silent"]);
/** `@stoqey/ib` tells its own decoding errors with codes 501 to 599. */
const isLibraryCode = (code: number) => code > 500 && code < 600;

export interface ReadyInfo {
  readonly api: IBApi;
  readonly serverVersion: number;
  readonly accounts: readonly string[];
}

export interface AttemptEvents {
  onStep(step: "version" | "ready"): void;
  onOpened(): void;
  onReady(info: ReadyInfo): void;
  /** A heartbeat was sent or answered. */
  onBeat(): void;
  onNotice(code: number, text: string): void;
  /** Once, unless `close` was called before. */
  onFailed(failure: ApiFailure): void;
}

/** One connection from dial to end. Never reused. */
export class Attempt {
  private step: "dial" | "version" | "ready" | "up" | "over" = "dial";
  private readonly abort = new AbortController();
  private readonly reader = new FrameReader();
  private duplex: Duplex | null = null;
  private library: LibraryLink | null = null;
  private cancelTimer: (() => void) | null = null;
  private greeted = false;
  private helloAt = 0;
  private serverVersion = 0;
  private accounts: readonly string[] | null = null;
  private nextId = false;
  private idInUse = false;
  private portReset: { port: number | null } | null = null;
  private eof = false;
  private torn: Error | null = null;
  private heart: Heart | null = null;
  private toldAt = 0;
  private libraryLines = 0;
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
      const library = createLibraryLink(this.clientId, (bytes) => this.send(bytes));
      this.library = library;
      this.listen(library.api);
      this.helloAt = this.ports.clock.now();
      library.open();
    } catch (error) {
      this.fail("bad-frame", error instanceof Error ? error.message : String(error));
    }
  }

  private send(bytes: Buffer): void {
    if (this.step === "over" || this.duplex === null) return;
    try {
      const id = checkOutbound(bytes, !this.greeted);
      this.greeted = true;
      if (id === REQUEST_CURRENT_TIME) this.heart?.sent(this.ports.clock.now());
      this.duplex.write(bytes);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.ports.log?.(reason);
      this.fail("bad-frame", reason);
    }
  }

  private onBytes(chunk: Buffer): void {
    if (this.step === "over") return;
    const now = this.ports.clock.now();
    // Messages that are not read tell nobody, but they too are proof that the gateway lives.
    if (now - this.toldAt >= 1000 && this.step === "up") {
      this.toldAt = now;
      this.events.onBeat();
    }
    this.lastAnswerAt = now;
    this.heart?.heard(now);
    try {
      this.reader.push(chunk, (frame) => this.onFrame(frame));
    } catch (error) {
      if (error instanceof FrameFault) this.fail(error.kind, error.message, error.firstBytes);
      else this.fail("bad-frame", `a message could not be read: ${error instanceof Error ? error.message : String(error)}`.slice(0, 300));
    }
  }

  /** @returns whether more is wanted */
  private onFrame(frame: Buffer): boolean {
    if (this.step === "version") {
      this.serverVersion = parseVersionReply(frame).serverVersion;
      this.step = "ready";
      this.events.onStep("ready");
      this.deadline(this.timings.readyMs, () => this.onNotReady());
      this.library?.deliver(frame);
      return this.stillOpen();
    }
    const id = messageId(frame);
    if (!READ_MESSAGES.has(id)) return this.stillOpen();
    if (frame.length > MAX_READ_BYTES) throw new FrameFault("bad-frame", `a message of ${frame.length} bytes, where a few hundred are usual`);
    this.library?.deliver(readableFrame(frame, id));
    return this.stillOpen();
  }

  private stillOpen(): boolean {
    return this.step !== "over";
  }
  private stillUp(): boolean {
    return this.step === "up";
  }

  private listen(api: IBApi): void {
    api.on(EventName.managedAccounts, (list: string) => {
      this.accounts = parseAccounts(list);
      this.readyIfAll(api);
    });
    api.on(EventName.nextValidId, () => {
      this.nextId = true;
      this.readyIfAll(api);
    });
    api.on(EventName.currentTime, () => this.heart?.answered(this.ports.clock.now()));
    api.on(EventName.info, (text: string, code: number) => this.onNotice(code, text));
    api.on(EventName.error, (error: unknown, code: unknown) => {
      if (!(error instanceof Error) || typeof code !== "number") return;
      if (isLibraryCode(code)) this.logLibrary(`the API library says ${code}: ${error.message}`);
      else this.onNotice(code, error.message);
    });
  }

  private logLibrary(line: string): void {
    if (++this.libraryLines <= MAX_LIBRARY_LINES) this.ports.log?.(line.slice(0, 300));
  }

  private onNotice(code: number, text: string): void {
    this.events.onNotice(code, text);
    if (code === CLIENT_ID_IN_USE && this.step !== "up") this.idInUse = true;
    else if (code === PORT_RESET) this.portReset = { port: newPortOf(text) };
    else return;
    // The gateway closes now; if it does not, we do.
    this.deadline(1000, () => this.onConnectionEnd());
  }

  private readyIfAll(api: IBApi): void {
    if (this.step !== "ready" || this.accounts === null || !this.nextId || this.idInUse || this.portReset !== null) return;
    this.step = "up";
    this.readyAt = this.ports.clock.now();
    this.events.onReady({ api, serverVersion: this.serverVersion, accounts: this.accounts });
    if (!this.stillUp()) return;
    this.cancelTimer?.();
    this.heart = new Heart(this.ports.clock, this.timings, {
      ask: () => void api.reqCurrentTime(),
      changed: () => this.events.onBeat(),
      silent: (waitedMs) => this.fail("went-silent", `no answer to a request for the time within ${(waitedMs / 1000).toFixed(1)} s`),
    });
  }

  // ── ends ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  private onNoVersion(): void {
    const half = this.reader.unfinished();
    if (half !== null) this.fail(half.kind, half.message, half.firstBytes);
    else this.fail("silent", `connected, but not a byte came within ${this.timings.versionMs / 1000} s of the greeting`);
  }

  private onNotReady(): void {
    const missing = [this.accounts === null ? "the accounts" : "", this.nextId ? "" : "the next order id"].filter((part) => part !== "").join(" and ");
    this.fail("start-unanswered", `the gateway told its version ${this.serverVersion}, but not ${missing} within ${this.timings.readyMs / 1000} s`);
  }

  private onConnectionEnd(): void {
    if (this.step === "over" || this.step === "dial") return;
    const half = this.step === "version" ? this.reader.unfinished() : null;
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
    this.library?.cut();
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
