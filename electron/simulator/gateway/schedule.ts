import type { SimClock } from "../sim-clock.ts";

/** What a gateway has still before it; all of it ends with `clear`. */
export class Schedule {
  readonly #clock: SimClock;
  readonly #cancels = new Set<() => void>();

  constructor(clock: SimClock) {
    this.#clock = clock;
  }

  /** @param ms of simulated time */
  after(ms: number, run: () => void): void {
    const cancel = this.#clock.after(ms, () => {
      this.#cancels.delete(cancel);
      run();
    });
    this.#cancels.add(cancel);
  }

  /** @param ms of real time */
  everyReal(ms: number, run: () => void): void {
    this.#cancels.add(this.#clock.everyReal(ms, run));
  }

  /** Steps of a script that began `ageMs` ago: those of before are told at once, with the time at which they were. */
  play<Step extends { readonly at: number }>(steps: readonly Step[], ageMs: number, run: (step: Step, at: number) => void): void {
    const begin = this.#clock.now() - ageMs;
    for (const step of steps) {
      if (step.at <= ageMs) run(step, begin + step.at);
      else this.after(step.at - ageMs, () => run(step, this.#clock.now()));
    }
  }

  clear(): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }
}
