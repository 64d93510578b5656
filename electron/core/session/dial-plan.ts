import type { ApiFailureKind } from "../diagnosis/evidence.ts";

const HOUR = 3_600_000;
/** Delays before the next dial, by the number of failures in a row. */
const DELAYS_MS = [2000, 5000, 15_000, 60_000, 300_000];
const JITTER = 0.2;
/** Dials that nothing but the passing of time called for, in any hour. */
export const MAX_UNASKED_PER_HOUR = 12;
/** Whatever the reason. Clients that connect and drop wedge the gateway. */
export const MAX_DIALS_PER_HOUR = 60;
/**
 * Between two dials, by the number of dials in the last hour: something that calls for one again and again must neither hammer the gateway nor use up the
 * hour and leave nothing for the moment when it is well again.
 */
const GAPS: readonly { readonly below: number; readonly ms: number }[] = [
  { below: 10, ms: 1000 },
  { below: 30, ms: 10_000 },
  { below: Number.POSITIVE_INFINITY, ms: 120_000 },
];
/** A dial that never reached the server is tried again after so long. */
const LINK_RETRY_MS = 2000;
/** A gateway that moved its port asked us to come back, there. */
const MOVED_MS = 500;
/** A session that lived so long starts the count anew. */
export const GOOD_SESSION_MS = 15_000;

export interface Blocked {
  readonly reason: "backing-off" | "hourly-limit";
  readonly until: number;
}

/** When the next dial is allowed: slow, bounded, jittered. */
export class DialPlan {
  private failures = 0;
  private nextAt = 0;
  /** The next dial was called for: a person, changed evidence, a restored link. */
  private asked = false;
  private dials: { at: number; asked: boolean }[] = [];

  constructor(private readonly random: () => number) {}

  /** Something changed: the back-off is dropped and begins anew. The hourly limit of all dials and the gap between two remain. */
  hurry(): void {
    this.failures = 0;
    this.nextAt = 0;
    this.asked = true;
  }

  blocked(now: number): Blocked | null {
    this.dials = this.dials.filter((dial) => now - dial.at < HOUR && dial.at <= now);
    const limit = this.limitedUntil(this.dials, MAX_DIALS_PER_HOUR) ?? (this.asked ? null : this.unaskedUntil());
    if (limit !== null) return { reason: "hourly-limit", until: limit };
    const last = this.dials.at(-1);
    const until = Math.max(this.nextAt, last === undefined ? 0 : last.at + this.gap());
    return until > now ? { reason: "backing-off", until } : null;
  }

  dialled(now: number): void {
    this.dials.push({ at: now, asked: this.asked });
    this.asked = false;
  }

  /**
   * @param readyMs how long the session was ready; `null` if it never was
   * @param reached a connection was opened, or refused by the server
   */
  ended(kind: ApiFailureKind, readyMs: number | null, now: number, reached = true): void {
    if (readyMs !== null && readyMs >= GOOD_SESSION_MS) {
      this.failures = 0;
      const last = this.dials.at(-1);
      if (last !== undefined) last.asked = true;
    }
    if (kind === "link-lost") {
      // Not the gateway's doing. Whether the link is back is for `mayDial` to say.
      if (!reached) this.dials.pop();
      this.nextAt = reached ? 0 : now + LINK_RETRY_MS;
      this.asked = true;
      return;
    }
    if (kind === "port-changed" && this.failures === 0) {
      this.failures++;
      this.nextAt = now + MOVED_MS;
      return;
    }
    const delay = DELAYS_MS[Math.min(this.failures, DELAYS_MS.length - 1)] ?? HOUR;
    this.failures++;
    this.nextAt = now + Math.round(delay * (1 - JITTER + 2 * JITTER * this.random()));
  }

  private gap(): number {
    return GAPS.find(({ below }) => this.dials.length < below)?.ms ?? HOUR;
  }

  private unaskedUntil(): number | null {
    return this.limitedUntil(
      this.dials.filter((dial) => !dial.asked),
      MAX_UNASKED_PER_HOUR,
    );
  }

  private limitedUntil(dials: readonly { at: number }[], limit: number): number | null {
    const oldest = dials[dials.length - limit];
    return oldest === undefined ? null : oldest.at + HOUR;
  }
}
