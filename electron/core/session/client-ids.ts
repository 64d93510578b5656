/** The settings' id and the four above it are ours. */
export const RESERVED_IDS = 5;
/** An id that was refused is not tried again for so long. */
const REST_MS = 3_600_000;

/** Which client id to use: the settings' while it is free, else the next of the reserved range. An id that works is kept. */
export class ClientIds {
  private readonly refusedAt = new Map<number, number>();
  current: number;

  constructor(private readonly first: number) {
    this.current = first;
  }

  /** 326: that id is taken. Where it is still the current one, moves on to the next that was not refused within the hour, if there is one. */
  refused(id: number, now: number): void {
    this.refusedAt.set(id, now);
    if (id === this.current) this.moveOn(now);
  }

  /** A person wants another id. Where all were refused each may be tried again: the person may have made one free. */
  change(now: number): void {
    const before = this.current;
    this.moveOn(now);
    if (this.current !== before) return;
    this.refusedAt.clear();
    this.moveOn(now);
  }

  /** When an id may be tried again, where all were refused; `null`: the current one may be used. */
  blockedUntil(now: number): number | null {
    if (this.isFree(this.current, now)) return null;
    this.moveOn(now);
    return this.isFree(this.current, now) ? null : Math.min(...this.refusedAt.values()) + REST_MS;
  }

  note(): string | null {
    if (this.current === this.first) return null;
    return this.refusedAt.has(this.first)
      ? `Client id ${this.first} is used by another program; ${this.current} is used instead.`
      : `Client id ${this.current} is used instead of ${this.first}.`;
  }

  private moveOn(now: number): void {
    for (let step = 1; step <= RESERVED_IDS; step++) {
      const candidate = this.first + ((this.current - this.first + step) % RESERVED_IDS);
      if (this.isFree(candidate, now)) {
        this.current = candidate;
        return;
      }
    }
  }

  private isFree(id: number, now: number): boolean {
    const at = this.refusedAt.get(id);
    return at === undefined || now - at >= REST_MS;
  }
}
