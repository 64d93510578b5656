interface Wake {
  readonly at: number;
  readonly timer: NodeJS.Timeout;
  readonly runs: Set<{ readonly run: () => void }>;
}

/**
 * Waits that may end a little late end together: each joins a wake-up that is already set within its time, else sets one at the end of it, so that those which
 * come round again and again at about the same pace soon keep step. Most of what an idle program costs is waking up.
 */
export class SharedWakes {
  readonly #wakes = new Set<Wake>();

  /** @returns a function that cancels it */
  after(ms: number, run: () => void, slackMs: number): () => void {
    const from = performance.now() + ms;
    const entry = { run };
    const wake = this.#within(from, from + slackMs) ?? this.#set(from + slackMs);
    wake.runs.add(entry);
    return () => {
      if (!wake.runs.delete(entry) || wake.runs.size > 0) return;
      clearTimeout(wake.timer);
      this.#wakes.delete(wake);
    };
  }

  #within(from: number, until: number): Wake | null {
    for (const wake of this.#wakes) if (wake.at >= from && wake.at <= until) return wake;
    return null;
  }

  #set(at: number): Wake {
    const wake: Wake = {
      at,
      runs: new Set(),
      timer: setTimeout(() => {
        this.#wakes.delete(wake);
        for (const entry of wake.runs) {
          wake.runs.delete(entry);
          try {
            entry.run();
          } catch (error) {
            // As from a timer of its own: it reaches the process, and keeps none of the others.
            queueMicrotask(() => {
              throw error;
            });
          }
        }
      }, at - performance.now()),
    };
    this.#wakes.add(wake);
    return wake;
  }
}
