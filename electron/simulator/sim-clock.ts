/**
 * Time of the simulated server. Stamps are real; durations (boot, second factor, SYN time-out) are divided by `speed`.
 * It owns every timer of the simulator: `dispose` ends them all.
 */
export class SimClock {
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly speed: number;

  /** @param speed above 0; 1 is real time */
  constructor(speed = 1) {
    if (!(speed > 0)) throw new RangeError("speed must be above 0");
    this.speed = speed;
  }

  now(): number {
    return Date.now();
  }

  /** @param ms simulated milliseconds @returns a function that cancels it */
  after(ms: number, run: () => void): () => void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        run();
      },
      Math.max(0, ms / this.speed),
    );
    this.#timers.add(timer);
    return () => {
      clearTimeout(timer);
      this.#timers.delete(timer);
    };
  }

  /** @param ms real milliseconds between runs @returns a function that ends it */
  everyReal(ms: number, run: () => void): () => void {
    const timer = setInterval(run, ms);
    this.#timers.add(timer);
    return () => {
      clearInterval(timer);
      this.#timers.delete(timer);
    };
  }

  dispose(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
