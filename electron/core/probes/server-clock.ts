import type { DockerReader } from "./docker-reader.ts";
import type { WatchShared } from "./server-watch.ts";
import { Timers } from "./timers.ts";

const MAX_CLOCK_ERROR_MS = 15_000;
const ASK_MS = 1_800_000;

/** The server's clock against ours, and Docker's version with it: asked at the start and every half hour. */
export class ServerClock {
  readonly #shared: WatchShared;
  readonly #reader: DockerReader;
  readonly #timers: Timers;
  #error = Number.POSITIVE_INFINITY;
  #version: string | null = null;
  #over = false;

  constructor(shared: WatchShared, reader: DockerReader) {
    this.#shared = shared;
    this.#reader = reader;
    this.#timers = new Timers(shared.clock);
  }

  /** Docker's, as last told. */
  get version(): string | null {
    return this.#version;
  }

  async ask(): Promise<void> {
    const before = this.#shared.clock.now();
    const { version, clock } = await this.#reader.server();
    const taken = this.#shared.clock.now() - before;
    if (this.#over) return;
    this.#version = version ?? this.#version;
    if (clock !== null) this.note(clock, before + taken / 2, taken / 2);
    else {
      const from = this.#shared.clock.now();
      const seconds = await this.#reader.date();
      if (this.#over) return;
      const middle = (from + this.#shared.clock.now()) / 2;
      // Whole seconds: half a second more on the average.
      if (seconds !== null) this.note(seconds + 500, middle, 500 + middle - from);
    }
    this.#error += 200;
    this.#timers.after("ask", ASK_MS, () => void this.ask());
  }

  /** Takes a reading of the server's clock (ms since the epoch) if it is surer than what we have, or contradicts it. */
  note(server: number, ours: number, error: number): void {
    // The answer came late, or this computer slept in between: it tells nothing.
    if (error > MAX_CLOCK_ERROR_MS) return;
    const skew = server - ours;
    const contradicts = Math.abs(skew - this.#shared.skew()) > error + this.#error;
    if (error >= this.#error && !contradicts) return;
    this.#error = error;
    this.#shared.onServer({ clockSkewMs: { at: this.#shared.clock.now(), value: Math.round(skew) } });
  }

  dispose(): void {
    this.#over = true;
    this.#timers.dispose();
  }
}
