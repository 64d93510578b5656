import type { Clock } from "../clock.ts";

/** Named timers of one owner: setting one again moves it, and all end together. */
export class Timers {
  readonly #clock: Clock;
  readonly #running = new Map<string, () => void>();
  #over = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has(name: string): boolean {
    return this.#running.has(name);
  }

  /** @param slackMs it may come so much later, with others */
  after(name: string, ms: number, run: () => void, slackMs = 0): void {
    if (this.#over) return;
    this.stop(name);
    const ran = () => {
      this.#running.delete(name);
      run();
    };
    const cancel = this.#clock.after(ms, ran, slackMs);
    this.#running.set(name, cancel);
  }

  stop(name: string): void {
    this.#running.get(name)?.();
    this.#running.delete(name);
  }

  dispose(): void {
    this.#over = true;
    for (const cancel of this.#running.values()) cancel();
    this.#running.clear();
  }
}
