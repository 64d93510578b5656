import type { ApiFailureKind } from "../diagnosis/evidence.ts";
import type { Dial, DialCause, KeptDials } from "./kept-dials.ts";
import type { DialHaste } from "./session.ts";

const HOUR = 3_600_000;
/** Delays before the next dial, by the number of failures in a row. */
const DELAYS_MS = [2000, 5000, 15_000, 60_000, 300_000];
const JITTER = 0.2;
/** Up to how many dials of any 60 minutes each may go. Clients that connect and drop wedge the gateway, so the last is the law, whatever happens. */
export const MAX_DIALS_PER_HOUR = 12;
/** What stays reserved of them: the clock alone leaves two for what changes or for a person, a change or a start of Gatelight leaves one for a person. */
const RESERVED: Readonly<Record<DialCause, number>> = { time: 2, start: 1, evidence: 1, person: 0 };
const RANK: Readonly<Record<DialCause, number>> = { time: 0, start: 1, evidence: 1, person: 2 };
/** So many dials by the clock alone are as quick as the delays; the rest of the hour's is spread over what is left of it, or a burst would leave it blind. */
const QUICK_BY_TIME = 7;
/** So many changes an hour that brought no session are believed at once; after that the evidence flickers, and its dials are spread. */
export const QUICK_CHANGES = 4;
/** Where good sessions end one after the other, the last dials of the hour are spread, so that none is an hour off. */
export const QUICK_COMEBACKS = 9;
const GAP_MS = 1000;
/** A dial that never reached the server is tried again after so long. */
const LINK_RETRY_MS = 2000;
/** The link was known to be down: it failed sooner than the server could have been asked. */
const UNSENT_MS = 100;
/** A gateway that moved its port asked us to come back, there. */
const MOVED_MS = 500;
/** A session that lived so long starts the count anew. */
export const GOOD_SESSION_MS = 15_000;

export interface Blocked {
  readonly reason: "backing-off" | "hourly-limit";
  readonly until: number;
}

/** When the next dial is allowed: slow, bounded, jittered; never more than twelve in any hour. */
export class DialPlan {
  private failures = 0;
  private nextAt = 0;
  private cause: DialCause = "start";
  /** Of the last hour, oldest first, by whomever they were made. */
  private dials: readonly Dial[] = [];
  /** Those that this plan allowed. */
  private own: readonly Dial[] = [];
  private others: readonly Dial[] = [];
  private seenNow = Number.NEGATIVE_INFINITY;

  /**
   * @param perHour `Infinity` where no gateway can come to harm
   * @param kept the dials of other Gatelights, before this one or beside it; `null`: there are none to be known of
   */
  constructor(
    private readonly random: () => number,
    private readonly perHour = MAX_DIALS_PER_HOUR,
    private readonly kept: KeptDials | null = null,
  ) {}

  /** Something calls for a dial now: the delay is dropped. The hour's allowance remains, and so does the back-off where evidence flickers. */
  hurry(cause: DialHaste, now: number): void {
    this.look(now);
    this.calledBy(cause);
    this.nextAt = 0;
    if (cause === "person" || this.believed()) this.failures = 0;
  }

  /** What stands against a dial now; `null`: nothing. */
  blocked(now: number): Blocked | null {
    this.look(now);
    const blocked = this.blockedBy(now);
    if (blocked !== null || this.kept === null) return blocked;
    // Right before a dial, those of others are counted as they are by now.
    this.others = this.kept.others(now);
    this.look(now);
    return this.blockedBy(now);
  }

  private blockedBy(now: number): Blocked | null {
    const limit = this.perHour - RESERVED[this.cause];
    const above = this.dials[this.dials.length - limit];
    if (above !== undefined) return { reason: "hourly-limit", until: Math.max(this.nextAt, above.at + HOUR) };
    const until = Math.max(this.nextAt, this.earliest(limit));
    return until > now ? { reason: "backing-off", until } : null;
  }

  /** @returns one line for the log: what called for it, and the how manieth of the hour it is */
  dialled(now: number): string {
    this.look(now);
    const { cause } = this;
    this.own = [...this.own, { at: now, cause, good: false }];
    this.kept?.add(now, cause);
    this.look(now);
    this.cause = "time";
    return `the API is dialled, called for by ${cause}: ${this.dials.length} of at most ${this.perHour} an hour`;
  }

  /**
   * @param readyMs how long the session was ready; `null` if it never was
   * @param reached a connection was opened, or refused by the server
   */
  ended(kind: ApiFailureKind, readyMs: number | null, now: number, reached = true): void {
    this.look(now);
    if (readyMs !== null) this.brought();
    if (readyMs !== null && readyMs >= GOOD_SESSION_MS) this.endedWell();
    if (kind === "link-lost") {
      // Not the gateway's doing. Whether the link is back is for `mayDial` to say.
      const last = this.own.at(-1);
      if (!reached && last !== undefined && now - last.at < UNSENT_MS) {
        this.own = this.own.slice(0, -1);
        this.kept?.mark(last.at, "unsent");
        this.look(now);
      }
      this.nextAt = reached ? 0 : now + LINK_RETRY_MS;
      this.calledBy("evidence");
      return;
    }
    if (kind === "port-changed" && this.failures === 0) {
      this.failures++;
      this.nextAt = now + MOVED_MS;
      return;
    }
    if (kind === "client-id-in-use" && this.own.at(-1)?.cause === "person") {
      // The next id is tried for the person, too; there are five, then none is left to try.
      this.failures++;
      this.nextAt = now + MOVED_MS;
      this.calledBy("person");
      return;
    }
    const delay = DELAYS_MS[Math.min(this.failures, DELAYS_MS.length - 1)] ?? HOUR;
    this.failures++;
    this.nextAt = now + Math.round(delay * (1 - JITTER + 2 * JITTER * this.random()));
  }

  /** A session that lived has ended, by whomever: that is news, and the count of failures begins anew. */
  endedWell(): void {
    this.failures = 0;
    this.brought();
    this.calledBy("evidence");
  }

  /** What called for the last dial was right: it brought a session, however short. */
  private brought(): void {
    const last = this.own.at(-1);
    if (last === undefined || last.good) return;
    this.own = [...this.own.slice(0, -1), { ...last, good: true }];
    this.kept?.mark(last.at, "good");
    this.look(this.seenNow);
  }

  private calledBy(cause: DialCause): void {
    if (RANK[cause] > RANK[this.cause]) this.cause = cause;
  }

  /** Whether a change may be followed at once. */
  private believed(): boolean {
    if (!Number.isFinite(this.perHour)) return true;
    const fruitless = this.dials.filter((dial) => dial.cause === "evidence" && !dial.good).length;
    return fruitless < QUICK_CHANGES && !(this.dials.length >= QUICK_COMEBACKS && this.dials.at(-1)?.good === true);
  }

  private earliest(limit: number): number {
    const [oldest, last] = [this.dials[0], this.dials.at(-1)];
    if (oldest === undefined || last === undefined) return 0;
    const quick =
      !Number.isFinite(limit) ||
      this.cause === "person" ||
      this.cause === "start" ||
      (this.cause === "evidence" ? this.believed() : this.dials.length < QUICK_BY_TIME);
    return quick ? last.at + GAP_MS : last.at + Math.ceil((oldest.at + HOUR - last.at) / (limit - this.dials.length + 1));
  }

  /** Forgets what is older than an hour. A clock that was set back takes all that is known with it, so that no wait grows and nothing is forgotten too soon. */
  private look(now: number): void {
    const back = this.seenNow - now;
    this.seenNow = now;
    if (back > 0 && Number.isFinite(back)) {
      this.nextAt -= back;
      const earlier = (dials: readonly Dial[]) => dials.map((dial) => ({ ...dial, at: dial.at - back }));
      this.own = earlier(this.own);
      this.others = earlier(this.others);
    }
    const recent = (dials: readonly Dial[]) => dials.filter((dial) => now - dial.at < HOUR);
    this.own = recent(this.own);
    this.others = recent(this.others);
    this.dials = [...this.others, ...this.own].sort((a, b) => a.at - b.at);
  }
}
