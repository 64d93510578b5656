import type { Clock } from "../clock.ts";
import { dockerTime } from "./docker-inspect.ts";

export interface StampedLine {
  readonly raw: string;
  /** Docker's stamp as written; the empty text where there is none. */
  readonly stamp: string;
  readonly source: "stdout" | "stderr";
}

const QUIET_MS = 120;
const LATEST_MS = 1_000;
const MAX_HELD = 25_000;
const RECENT = 64;

/**
 * A container's two outputs reach us on two ways and out of order: lines are held until nothing came for a moment, then given in the order of
 * docker's stamps. Lines that were given before (a log read again after a lost link) are left out.
 */
export class LogOrder {
  readonly #clock: Clock;
  readonly #give: (line: StampedLine) => void;
  #held: StampedLine[] = [];
  #heldSince = 0;
  #cancel: (() => void) | null = null;
  #last = "";
  #recent: string[] = [];

  constructor(clock: Clock, give: (line: StampedLine) => void) {
    this.#clock = clock;
    this.#give = give;
  }

  /** Newest stamp given so far, for `--since`; `null` before the first. */
  get lastStamp(): string | null {
    return this.#last === "" ? null : this.#last;
  }

  add(raw: string, source: StampedLine["source"]): void {
    const word = raw.slice(0, 40).split(" ", 1)[0] ?? "";
    const stamp = dockerTime(word) === null ? "" : word;
    const now = this.#clock.now();
    if (this.#held.length === 0) this.#heldSince = now;
    this.#held.push({ raw, stamp, source });
    if (this.#held.length >= MAX_HELD || now - this.#heldSince >= LATEST_MS) {
      this.flush();
      return;
    }
    this.#cancel?.();
    this.#cancel = this.#clock.after(QUIET_MS, () => this.flush());
  }

  flush(): void {
    this.#cancel?.();
    this.#cancel = null;
    // A line without a stamp stays behind the one it came after. Array sorting is stable.
    let carried = "";
    const keyed = this.#held.map((line) => {
      carried = line.stamp === "" ? carried : line.stamp;
      return { line, key: carried };
    });
    this.#held = [];
    for (const { line } of keyed.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))) this.#pass(line);
  }

  dispose(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#held = [];
  }

  #pass(line: StampedLine): void {
    if (line.stamp !== "") {
      if (line.stamp <= this.#last && this.#resumed) {
        if (line.stamp < this.#last || this.#recent.includes(line.raw)) return;
      }
      if (line.stamp > this.#last) this.#last = line.stamp;
      this.#recent = [...this.#recent, line.raw].slice(-RECENT);
    }
    this.#give(line);
  }

  #resumed = false;
  /** From now on what was given already comes again. */
  resume(): void {
    this.flush();
    this.#resumed = true;
  }
}
