import type { Clock } from "../clock.ts";
import { LONGEST_WAIT_MS } from "./dial-gate.ts";
import type { DialHaste } from "./session.ts";

/** `parked` for a repair, `asleep` while this computer sleeps. */
export type Park = "parked" | "asleep";

/** Why the session is left alone for now: given away by a person until an hour or for good, or parked by repairs under way or for this computer's sleep. */
export class StayAway {
  private readonly parks: Park[] = [];
  private given: { readonly until: number | null } | null = null;
  private cancel: (() => void) | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly onOver: (by: DialHaste) => void,
  ) {}

  /** A park outweighs a release: it ends by itself. `null`: nothing keeps the session away. */
  get reason(): { readonly kind: Park } | { readonly kind: "released"; readonly until: number | null } | null {
    if (this.parks.length > 0) return { kind: this.parks.includes("parked") ? "parked" : "asleep" };
    return this.given === null ? null : { kind: "released", until: this.given.until };
  }
  get releasedUntil(): number | null {
    return this.given?.until ?? null;
  }

  /** @param until ms since the epoch; `null`: until asked back */
  release(until: number | null): void {
    this.given = { until };
    this.wait(until);
  }

  resume(): void {
    if (this.given === null) return;
    this.given = null;
    this.stopWaiting();
    this.onOver("person");
  }

  /** @returns a function that ends this park, once */
  park(why: Park): () => void {
    this.parks.push(why);
    let parked = true;
    return () => {
      if (!parked) return;
      parked = false;
      this.parks.splice(this.parks.indexOf(why), 1);
      // A repair was asked for by a person; waking up was not.
      this.onOver(why === "parked" ? "person" : "evidence");
    };
  }

  stopWaiting(): void {
    this.cancel?.();
    this.cancel = null;
  }

  private wait(until: number | null): void {
    this.stopWaiting();
    if (until === null) return;
    const left = until - this.clock.now();
    this.cancel = this.clock.after(Math.min(Math.max(0, left), LONGEST_WAIT_MS), () => {
      if (this.clock.now() >= until) this.resume();
      else this.wait(until);
    });
  }
}
