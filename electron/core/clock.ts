/** Time is passed in, so that tests own it. All times are milliseconds since the epoch. */
export interface Clock {
  now(): number;
  /** @returns a function that cancels it */
  after(ms: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
