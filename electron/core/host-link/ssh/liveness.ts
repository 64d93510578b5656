import type { Client } from "ssh2";
import { BEAT, type Clock } from "../../clock.ts";
import type { Wire } from "./hop-connection.ts";

export interface LivenessOptions {
  readonly client: Client;
  readonly wire: Wire;
  readonly clock: Clock;
  /** A peer that says nothing for so long (ms) is dead. */
  readonly silenceMs: number;
  readonly onDead: () => void;
  /** Round trip of a ping (ms). */
  readonly onLatency: (ms: number) => void;
}

/** How long silence may last while a person waits: with the ticks a dead peer is noticed within 3 s. */
const HURRIED_SILENCE_MS = 2_800;
/** Two beats, a little less. */
const PING_EVERY_MS = 4_800;
const TICK_MS = 500;
/** A peer that has less time than this (ms) is looked at closely all the time, any other only while it owes an answer. */
const CALM_SILENCE_MS = 10_000;
const HURRIED_TICK_MS = 100;

/**
 * So many bytes a millisecond may fill the narrowest line that is reckoned with (64 kbit/s): what comes faster may keep an answer waiting behind it.
 * Less than that keeps nothing waiting, so that a server which talks but does not answer is not heard by us: the line is dead on the way there.
 */
const FULL_LINE = 8;

/**
 * Judges by answers, and by how far the bytes that come instead excuse their absence. ssh2's own keep-alive counts replies to its pings only, which on a
 * saturated line wait behind the data: it declares a busy, living connection dead. A request that every server refuses serves as ping, as OpenSSH's does.
 * After this computer slept nothing is concluded from the silence of that time: only a fresh ping without an answer means death.
 */
export class Liveness {
  readonly #options: LivenessOptions;
  #drained: number;
  #received: number;
  /** Up to when the time was counted. */
  #countedAt: number;
  /** Time since the last answer that what came meanwhile does not excuse, ms. */
  #owed = 0;
  /** This server answers pings: one that never did is known by its bytes alone. */
  #answers = false;
  #tickedAt: number;
  /** `owed`: as above, of this ping. What went out excuses nothing here: this computer's own buffers take it from us. */
  #ping: { readonly sentAt: number; owed: number } | null = null;
  #pingedAt: number;
  #hurries = 0;
  #cancel: () => void = () => {};
  #ended = false;

  constructor(options: LivenessOptions) {
    this.#options = options;
    const now = options.clock.now();
    this.#countedAt = now;
    this.#received = options.wire.received();
    this.#drained = options.wire.drained();
    this.#tickedAt = now;
    this.#pingedAt = now;
    this.ping();
    this.#schedule();
  }

  /** A person waits: silence is noticed within 3 s. @returns a function that ends it */
  hurry(): () => void {
    this.#hurries += 1;
    if (this.#hurries === 1) {
      this.#doubt();
      this.#schedule();
    }
    let done = false;
    return () => {
      if (done) return;
      done = true;
      this.#hurries -= 1;
    };
  }

  /** Since when an answer has been owed without an excuse; `null`: none is owed, or this computer slept meanwhile and nothing can be concluded. */
  get quietSince(): number | null {
    const now = this.#options.clock.now();
    if (this.#ended || this.#ping === null || this.#slept(now)) return null;
    this.#count(now);
    return Math.max(this.#ping.sentAt, Math.round(now - this.#ping.owed));
  }

  ping(): void {
    if (this.#ended || this.#ping !== null) return;
    const ping = { sentAt: this.#options.clock.now(), owed: 0 };
    this.#count(ping.sentAt);
    this.#ping = ping;
    this.#pingedAt = ping.sentAt;
    this.#schedule();
    try {
      // cancel-tcpip-forward of a forward that does not exist: answered with a refusal by every server, and without any effect.
      this.#options.client.unforwardIn("", 0, () => {
        if (this.#ended || this.#ping !== ping) return;
        const now = this.#options.clock.now();
        this.#count(now);
        this.#ping = null;
        this.#owed = 0;
        this.#answers = true;
        this.#schedule();
        this.#options.onLatency(Math.max(0, now - ping.sentAt));
      });
    } catch {
      // Not connected any more: the client's own close event tells.
      this.#ping = null;
    }
  }

  end(): void {
    this.#ended = true;
    this.#cancel();
  }

  /** Whatever was heard before no longer counts; a fresh question decides. */
  #doubt(): void {
    this.#count(this.#options.clock.now());
    this.#owed = 0;
    this.#ping = null;
    this.ping();
  }

  #schedule(): void {
    this.#cancel();
    if (this.#ended) return;
    const { clock, silenceMs } = this.#options;
    const tick = () => this.#tick();
    if (this.#hurries > 0) this.#cancel = clock.after(HURRIED_TICK_MS, tick);
    else if (this.#ping !== null || silenceMs < CALM_SILENCE_MS) this.#cancel = clock.after(TICK_MS, tick);
    else this.#cancel = clock.after(BEAT.ms, tick, BEAT.slackMs);
  }

  #tick(): void {
    const now = this.#options.clock.now();
    const slept = this.#slept(now);
    this.#tickedAt = now;
    if (slept) this.#doubt();
    this.#count(now);
    this.#lookWhatLeft();
    const limit = this.#hurries > 0 ? Math.min(HURRIED_SILENCE_MS, this.#options.silenceMs) : this.#options.silenceMs;
    if (this.#owed >= limit && this.#ping !== null) {
      this.end();
      this.#options.onDead();
      return;
    }
    if (now - this.#pingedAt >= (this.#hurries > 0 ? 1_000 : PING_EVERY_MS)) this.ping();
    this.#schedule();
  }

  #slept(now: number): boolean {
    return now - this.#tickedAt > 5_000 || now < this.#tickedAt;
  }

  #count(now: number): void {
    const received = this.#options.wire.received();
    const bytes = received - this.#received;
    const excuse = this.#answers || bytes === 0 ? bytes / FULL_LINE : Number.POSITIVE_INFINITY;
    const unexcused = Math.max(0, now - this.#countedAt) - excuse;
    this.#countedAt = now;
    this.#received = received;
    this.#owed = Math.max(0, this.#owed + unexcused);
    if (this.#ping !== null) this.#ping.owed = Math.max(0, this.#ping.owed + unexcused);
  }

  /** The system took bytes that it had refused before: the ping may have stood behind them. Told from one tick to the next, or a write would be taken for it. */
  #lookWhatLeft(): void {
    const drained = this.#options.wire.drained();
    if (drained !== this.#drained) this.#owed = 0;
    this.#drained = drained;
  }
}
