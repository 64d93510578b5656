import type { Clock } from "../clock.ts";

/** Runs `emit` at most once per `gapMs`, soon after the first call and once more after the last. */
export class Coalesce {
  private cancel: (() => void) | null = null;
  private last = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    private readonly gapMs: number,
    private readonly emit: () => void,
  ) {}

  touch(): void {
    if (this.cancel !== null) return;
    const sinceLast = this.clock.now() - this.last;
    const wait = sinceLast >= 0 && sinceLast < this.gapMs ? this.gapMs - sinceLast : 0;
    this.cancel = this.clock.after(wait, () => {
      this.cancel = null;
      this.last = this.clock.now();
      this.emit();
    });
  }

  dispose(): void {
    this.cancel?.();
    this.cancel = null;
  }
}
