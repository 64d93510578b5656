/** What the light may do at most (ms). */
export interface Limits {
  /** Green while the API cannot be used. */
  readonly falseGreen: number;
  /** Red while it can. */
  readonly falseRed: number;
  /** Anything but green while it can. */
  readonly notGreen: number;
}
export interface Seen {
  readonly usable: boolean;
  readonly green: boolean;
  readonly red: boolean;
  /** For the report of a lie. */
  readonly words: string;
}
type Lie = keyof Limits;

/** A pause longer than this between two looks is this process' own, and counts only as much. */
const LONGEST_STEP_MS = 400;

/** Holds one light against the truth, look by look. It counts how long each lie lasts without a break. */
export class LightWatch {
  private readonly lasting: Record<Lie, number> = { falseGreen: 0, falseRed: 0, notGreen: 0 };
  private readonly told = new Set<Lie>();
  private last: number | null = null;
  /** The longest of each, in ms. */
  readonly longest: Record<Lie, number> = { falseGreen: 0, falseRed: 0, notGreen: 0 };
  readonly lies: string[] = [];

  constructor(
    private readonly name: string,
    private readonly limits: Limits,
  ) {}

  /** @param now monotonic, ms */
  look(now: number, seen: Seen): void {
    const step = this.last === null ? 0 : Math.min(now - this.last, LONGEST_STEP_MS);
    this.last = now;
    this.count("falseGreen", !seen.usable && seen.green, step, seen);
    this.count("falseRed", seen.usable && seen.red, step, seen);
    this.count("notGreen", seen.usable && !seen.green, step, seen);
  }

  private count(lie: Lie, is: boolean, step: number, seen: Seen): void {
    if (!is) {
      this.lasting[lie] = 0;
      this.told.delete(lie);
      return;
    }
    this.lasting[lie] += step;
    this.longest[lie] = Math.max(this.longest[lie], this.lasting[lie]);
    if (this.lasting[lie] <= this.limits[lie] || this.told.has(lie)) return;
    this.told.add(lie);
    this.lies.push(`${this.name}: ${lie} for more than ${this.limits[lie]} ms; ${seen.words}`);
  }
}
