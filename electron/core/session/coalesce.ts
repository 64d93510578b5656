import type { Clock } from "../clock.ts";

/** At most BURST + 1000 / REFILL_MS runs in any second: ten. */
const BURST = 4;
const REFILL_MS = 167;
/** What belongs together comes together. */
const GATHER_MS = 2;

/**
 * Runs `emit` soon after the first call and once more after the last, at most ten times in any second. A few runs may follow each other closely, so that
 * the steps of a handshake and the first figures are seen at once; a flood is told six times a second.
 */
export class Coalesce {
  private cancel: (() => void) | null = null;
  private tokens = BURST;
  private filledAt: number;

  constructor(
    private readonly clock: Clock,
    private readonly emit: () => void,
  ) {
    this.filledAt = clock.now();
  }

  touch(): void {
    if (this.cancel !== null) return;
    this.refill();
    const wait = this.tokens > 0 ? GATHER_MS : this.filledAt + REFILL_MS - this.clock.now();
    this.cancel = this.clock.after(Math.min(Math.max(GATHER_MS, wait), REFILL_MS), () => {
      this.cancel = null;
      this.refill();
      this.tokens = Math.max(0, this.tokens - 1);
      this.emit();
    });
  }

  dispose(): void {
    this.cancel?.();
    this.cancel = null;
  }

  private refill(): void {
    const now = this.clock.now();
    const passed = now - this.filledAt;
    const whole = Math.floor(passed / REFILL_MS);
    // A clock that was set back begins anew.
    if (passed < 0 || this.tokens + whole >= BURST) {
      this.tokens = passed < 0 ? this.tokens : BURST;
      this.filledAt = now;
    } else {
      this.tokens += whole;
      this.filledAt += whole * REFILL_MS;
    }
  }
}
