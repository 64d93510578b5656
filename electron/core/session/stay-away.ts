import type { Clock } from "../clock.ts";
import { LONGEST_WAIT_MS } from "./dial-gate.ts";

/** Why the session is left to others for now: given away by a person until an hour or for good, or parked by repairs under way. */
export class StayAway {
  private parks = 0;
  private given: { readonly until: number | null } | null = null;
  private cancel: (() => void) | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly onOver: () => void,
  ) {}

  /** A park outweighs a release: it ends by itself. `null`: nothing keeps the session away. */
  get reason(): { readonly kind: "parked" } | { readonly kind: "released"; readonly until: number | null } | null {
    if (this.parks > 0) return { kind: "parked" };
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
    this.onOver();
  }

  /** @returns a function that ends this park, once */
  park(): () => void {
    this.parks++;
    let parked = true;
    return () => {
      if (!parked) return;
      parked = false;
      this.parks--;
      this.onOver();
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
