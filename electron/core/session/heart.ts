import { BEAT, type Clock } from "../clock.ts";
import type { SessionTimings } from "./session.ts";

export interface HeartEvents {
  /** Ask the gateway for its time. */
  ask(): void;
  /** Asked, answered, or so late that the last answer proves nothing any more. */
  changed(): void;
  silent(waitedMs: number): void;
}

/** A question is told of only when it has been open for so long (ms): nearly always the answer is there before. */
const TOLD_AFTER_MS = 500;
/** A timer this late means that this machine slept or was busy. */
const LATE_MS = 2000;

/** Whether a ready session is still answered: asks for the time when nothing else comes, and now and then anyway. */
export class Heart {
  private cancel: (() => void) | null = null;
  private askedAt: number | null = null;
  private lastAskedAt: number;
  private heardAt: number;
  private stopped = false;
  private toldAsked = false;
  private toldLate = false;
  roundTripMs: number | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly timings: SessionTimings,
    private readonly events: HeartEvents,
  ) {
    this.heardAt = clock.now();
    this.lastAskedAt = this.heardAt;
    this.arm();
  }

  /** Since when an answer is due. */
  get waitingSince(): number | null {
    return this.askedAt;
  }

  /** Something came, whatever it was. */
  heard(now: number): void {
    this.heardAt = now;
  }

  /** The question went out: the library's rate limiter may have held it back for a moment. */
  sent(now: number): void {
    if (this.askedAt !== null) this.askedAt = now;
  }

  answered(now: number): void {
    if (this.askedAt === null || this.stopped) return;
    this.roundTripMs = Math.max(0, now - this.askedAt);
    this.askedAt = null;
    this.toldAsked = false;
    this.toldLate = false;
    this.events.changed();
    this.arm();
  }

  stop(): void {
    this.stopped = true;
    this.askedAt = null;
    this.cancel?.();
  }

  private arm(): void {
    if (this.stopped) return;
    const { beatAfterMs, beatDeadlineMs, beatAtLeastMs, staleBeatMs } = this.timings;
    const now = this.clock.now();
    const due =
      this.askedAt === null
        ? Math.min(this.heardAt + beatAfterMs, this.lastAskedAt + beatAtLeastMs)
        : Math.min(
            Math.max(this.askedAt, this.heardAt) + beatDeadlineMs,
            this.askedAt + staleBeatMs,
            this.toldAsked ? Number.POSITIVE_INFINITY : this.askedAt + TOLD_AFTER_MS,
            this.toldLate ? Number.POSITIVE_INFINITY : this.lateAt(this.askedAt),
          );
    const wait = Math.max(10, due - now);
    this.cancel?.();
    this.cancel = this.clock.after(wait, () => this.look(now + wait), this.askedAt === null ? BEAT.slackMs : 0);
  }

  /** When the last answer is older than an answer may be to prove anything: told to the moment, so that no light stays green until somebody looks again. */
  private lateAt(askedAt: number): number {
    return Math.min(askedAt, this.heardAt) + this.timings.freshMs + 1;
  }

  private look(expectedAt: number): void {
    const now = this.clock.now();
    const { beatAfterMs, beatDeadlineMs, beatAtLeastMs, staleBeatMs } = this.timings;
    if (this.askedAt === null) {
      if (now - this.heardAt >= beatAfterMs || now - this.lastAskedAt >= beatAtLeastMs) {
        this.lastAskedAt = now;
        this.askedAt = now;
        this.events.ask();
      }
    } else if (now - expectedAt > LATE_MS) {
      // The answer may wait unread, so the deadline begins anew.
      this.askedAt = now;
      this.heardAt = now;
      this.events.changed();
    } else if (!this.toldAsked) {
      this.toldAsked = true;
      this.events.changed();
    } else if (!this.toldLate && now >= this.lateAt(this.askedAt)) {
      this.toldLate = true;
      this.events.changed();
    } else if (now - this.askedAt >= staleBeatMs || now - Math.max(this.askedAt, this.heardAt) >= beatDeadlineMs) {
      this.events.silent(now - this.askedAt);
      return;
    }
    this.arm();
  }
}
