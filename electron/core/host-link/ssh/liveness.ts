import type { Client } from "ssh2";
import type { Clock } from "../../clock.ts";
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
const PING_EVERY_MS = 5_000;
const TICK_MS = 500;
const HURRIED_TICK_MS = 100;

/**
 * Judges by bytes received, whatever they are. ssh2's own keep-alive counts replies to its pings only, which on a saturated line wait behind
 * the data: it declares a busy, living connection dead. A request that every server refuses serves as ping, as OpenSSH's does.
 * After this computer slept nothing is concluded from the silence of that time: only a fresh ping without an answer means death.
 */
export class Liveness {
  readonly #options: LivenessOptions;
  #moved: number;
  #heardAt: number;
  /** Bytes that came. What went out is no sign of life: this computer's own buffers take it from us. */
  #received = 0;
  #receivedAt: number;
  #tickedAt: number;
  #ping: { readonly sentAt: number } | null = null;
  #pingedAt: number;
  #hurries = 0;
  #cancel: () => void = () => {};
  #ended = false;

  constructor(options: LivenessOptions) {
    this.#options = options;
    const now = options.clock.now();
    this.#heardAt = now;
    this.#receivedAt = now;
    this.#received = options.wire.received();
    this.#tickedAt = now;
    this.#pingedAt = now;
    this.#moved = this.#movement();
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

  /** Since when an answer has been owed without a byte; `null`: none is owed, or this computer slept meanwhile and nothing can be concluded. */
  get quietSince(): number | null {
    const now = this.#options.clock.now();
    if (this.#ended || this.#ping === null || this.#slept(now)) return null;
    this.#receive(now);
    return Math.max(this.#ping.sentAt, this.#receivedAt);
  }

  ping(): void {
    if (this.#ended || this.#ping !== null) return;
    const ping = { sentAt: this.#options.clock.now() };
    this.#ping = ping;
    this.#pingedAt = ping.sentAt;
    try {
      // cancel-tcpip-forward of a forward that does not exist: answered with a refusal by every server, and without any effect.
      this.#options.client.unforwardIn("", 0, () => {
        if (this.#ended || this.#ping !== ping) return;
        this.#ping = null;
        this.#heardAt = this.#options.clock.now();
        this.#options.onLatency(Math.max(0, this.#options.clock.now() - ping.sentAt));
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

  /** Whatever was heard before no longer counts; the next bytes do. */
  #doubt(): void {
    this.#heardAt = this.#options.clock.now();
    this.#ping = null;
    this.ping();
  }

  #schedule(): void {
    this.#cancel();
    if (!this.#ended) this.#cancel = this.#options.clock.after(this.#hurries > 0 ? HURRIED_TICK_MS : TICK_MS, () => this.#tick());
  }

  #tick(): void {
    const now = this.#options.clock.now();
    const slept = this.#slept(now);
    this.#tickedAt = now;
    if (slept) this.#doubt();
    this.#hear(now);
    const limit = this.#hurries > 0 ? Math.min(HURRIED_SILENCE_MS, this.#options.silenceMs) : this.#options.silenceMs;
    if (now - this.#heardAt >= limit && this.#ping !== null) {
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

  /** Apart from what drained: that is told from one tick to the next, and a look right after a write would take the write for it. */
  #receive(now: number): void {
    const received = this.#options.wire.received();
    if (received === this.#received) return;
    this.#received = received;
    this.#receivedAt = now;
  }

  #hear(now: number): void {
    this.#receive(now);
    const moved = this.#movement();
    if (moved === this.#moved) return;
    this.#moved = moved;
    this.#heardAt = now;
  }

  #movement(): number {
    return this.#options.wire.received() + this.#options.wire.drained();
  }
}
