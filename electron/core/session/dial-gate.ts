import type { ApiIdleReason } from "../diagnosis/evidence.ts";
import type { ClientIds } from "./client-ids.ts";
import type { DialPlan } from "./dial-plan.ts";
import type { SessionPorts, SessionTimings } from "./session.ts";

const MAY_DIAL_DEADLINE_MS = 5000;
/** A sleeping machine and a clock that was set stop no timer in time, so a long wait looks at the clock so often. */
export const LONGEST_WAIT_MS = 60_000;
/** Nudges without `now` make `mayDial` look at most so often. */
const NUDGE_GAP_MS = 2000;

export interface DialGateEvents {
  /** The session is wanted, and there is no connection. */
  wanted(): boolean;
  dial(): void;
  /** The reason for having no connection changed. */
  changed(): void;
}

/** Decides when to dial: not before the plan and the client ids allow it, and not without asking `mayDial` right before. */
export class DialGate {
  /** Why there is no connection, and until when. */
  idle: { readonly reason: ApiIdleReason; readonly until: number | null } = { reason: "off", until: null };
  /** Counts up whenever an answer of `mayDial` under way is no longer wanted. */
  private turn = 0;
  private asking = false;
  private askedAt = Number.NEGATIVE_INFINITY;
  private askAgain = false;
  private cancelWake: (() => void) | null = null;

  constructor(
    private readonly ports: Pick<SessionPorts, "clock" | "mayDial" | "log">,
    private readonly timings: SessionTimings,
    private readonly plan: DialPlan,
    private readonly ids: ClientIds,
    private readonly events: DialGateEvents,
  ) {}

  /** Dials, or waits for what stands in the way. */
  consider(): void {
    if (!this.events.wanted() || this.asking) return;
    this.cancelWake?.();
    const now = this.ports.clock.now();
    const idsFreeAt = this.ids.blockedUntil(now);
    const blocked = idsFreeAt === null ? this.plan.blocked(now) : { reason: "backing-off" as const, until: idsFreeAt };
    if (blocked !== null) {
      this.setIdle(blocked.reason, blocked.until);
      // Long waits are cut, so that a clock that was set is noticed.
      this.wakeIn(Math.min(Math.max(10, blocked.until - now), LONGEST_WAIT_MS));
      return;
    }
    this.ask();
  }

  /** Something changed. @param now looks at once, however short ago the last look was */
  nudge(now: boolean): void {
    if (!this.events.wanted()) return;
    if (this.asking) {
      this.askAgain = true;
      return;
    }
    const wait = now ? 0 : this.askedAt + NUDGE_GAP_MS - this.ports.clock.now();
    if (wait > 0) this.wakeIn(wait);
    else this.consider();
  }

  /** Nothing is dialled any more until `consider` or `nudge`. */
  stop(reason: ApiIdleReason, until: number | null): void {
    this.turn++;
    this.asking = false;
    this.cancelWake?.();
    this.setIdle(reason, until);
  }

  setIdle(reason: ApiIdleReason, until: number | null): void {
    if (this.idle.reason === reason && this.idle.until === until) return;
    this.idle = { reason, until };
    this.events.changed();
  }

  private ask(): void {
    const turn = ++this.turn;
    this.asking = true;
    this.askAgain = false;
    this.askedAt = this.ports.clock.now();
    const answered = (answer: Awaited<ReturnType<SessionPorts["mayDial"]>>) => {
      if (turn !== this.turn) return;
      this.turn++;
      this.asking = false;
      cancel();
      if (!this.events.wanted()) return;
      if (answer.ok) {
        this.events.dial();
        return;
      }
      this.setIdle(answer.reason, null);
      this.wakeIn(this.askAgain ? NUDGE_GAP_MS : this.timings.askAgainMs);
    };
    const unanswered = (why: string) => {
      if (turn === this.turn) this.ports.log?.(`whether the API may be dialled was not answered: ${why}`);
      answered({ ok: false, reason: this.idle.reason === "off" ? "link-down" : this.idle.reason });
    };
    const cancel = this.ports.clock.after(MAY_DIAL_DEADLINE_MS, () => unanswered("no answer within 5 s"));
    Promise.resolve()
      .then(() => this.ports.mayDial())
      .then(answered, (error: unknown) => unanswered(error instanceof Error ? error.message : String(error)));
  }

  private wakeIn(ms: number): void {
    this.cancelWake?.();
    this.cancelWake = this.ports.clock.after(ms, () => this.consider());
  }
}
