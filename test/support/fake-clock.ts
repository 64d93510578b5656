import type { Clock } from "../../electron/core/clock.ts";

/** A clock that stands until it is moved. Timers run in order of time, and promises settle between them. */
export class FakeClock implements Clock {
  private time: number;
  private timers: { at: number; run: () => void; order: number }[] = [];
  private order = 0;

  constructor(start = 1_795_000_000_000) {
    this.time = start;
  }
  now(): number {
    return this.time;
  }
  /** At the latest moment allowed. */
  after(ms: number, run: () => void, slackMs = 0): () => void {
    const timer = { at: this.time + Math.max(0, ms) + slackMs, run, order: this.order++ };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }
  get pending(): number {
    return this.timers.length;
  }
  /** Time passes while nothing runs, as while a machine sleeps: timers are late. */
  sleep(ms: number): void {
    this.time += ms;
  }
  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    await settle();
    for (;;) {
      const next = this.timers.toSorted((a, b) => a.at - b.at || a.order - b.order)[0];
      if (next === undefined || next.at > end) break;
      this.timers = this.timers.filter((other) => other !== next);
      this.time = Math.max(this.time, next.at);
      next.run();
      await settle();
    }
    this.time = end;
  }
}

/** Lets everything that already can go on, streams included. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}
