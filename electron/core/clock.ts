import { SharedWakes } from "./shared-wakes.ts";

/** Time is passed in, so that tests own it. All times are milliseconds since the epoch. */
export interface Clock {
  now(): number;
  /**
   * @param slackMs it may come so much later: what recurs then comes together with others, and the processor sleeps in between
   * @returns a function that cancels it
   */
  after(ms: number, run: () => void, slackMs?: number): () => void;
}

/** The pace at which an idle Gatelight looks at things, all of them together: every 2.5 s at the latest. */
export const BEAT = { ms: 2_300, slackMs: 200 } as const;

const wakes = new SharedWakes();

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run, slackMs = 0) {
    if (slackMs > 0) return wakes.after(ms, run, slackMs);
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
