import { instantOf, isInstant, wallClock } from "./zone.ts";

/**
 * When IBKR is away by its own timetable (facts: interactivebrokers.co.uk systemStatus; ibkrguides.com auto-restart
 * considerations; forced clean exits at about 23:45 ET as seen by ibg-controller).
 */

export type Region = "america" | "europe" | "asia";

export interface CalendarWindow {
  readonly kind: "nightly-reset" | "weekend-reset" | "late-exit";
  /** For people, e.g. "IBKR's nightly reset (00:15–01:45 New York)". */
  readonly reason: string;
  readonly from: number;
  readonly until: number;
}

export interface CalendarDay {
  readonly region: Region;
  /** The gateway's region is not known: America, because it is the image's default. */
  readonly assumed: boolean;
  readonly window: CalendarWindow | null;
  /** The week's log-in token died at this instant (Sunday 01:00 New York), less than 48 h ago. */
  readonly tokenDiedAt: number | null;
}

interface Rule {
  readonly kind: CalendarWindow["kind"];
  readonly zone: string;
  readonly place: string;
  readonly title: string;
  /** Days of the week on which it begins; 0 is Sunday. */
  readonly days: readonly number[];
  readonly from: readonly [number, number];
  /** Hours beyond 24 are of the next day. */
  readonly until: readonly [number, number];
}

const NEW_YORK = "America/New_York";
const SUN_TO_FRI = [0, 1, 2, 3, 4, 5];
const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6];
const nightly = { kind: "nightly-reset", title: "IBKR's nightly reset", days: SUN_TO_FRI } as const;
const NIGHTLY: Readonly<Record<Region, readonly Rule[]>> = {
  america: [{ ...nightly, zone: NEW_YORK, place: "New York", from: [0, 15], until: [1, 45] }],
  europe: [{ ...nightly, zone: "Europe/Zurich", place: "Zurich", from: [6, 25], until: [7, 45] }],
  asia: [
    { ...nightly, zone: "Asia/Hong_Kong", place: "Hong Kong", from: [4, 45], until: [6, 5] },
    { ...nightly, title: "IBKR's evening reset", zone: "Asia/Hong_Kong", place: "Hong Kong", from: [20, 15], until: [21, 15] },
  ],
};
const EVERYWHERE: readonly Rule[] = [
  { kind: "weekend-reset", title: "IBKR's weekend maintenance", zone: NEW_YORK, place: "New York", days: [5], from: [23, 0], until: [27, 0] },
  { kind: "late-exit", title: "IBKR's late-evening log-off", zone: NEW_YORK, place: "New York", days: EVERY_DAY, from: [23, 40], until: [24, 0] },
];

/** @param peer host name or its first label from jts.ini `Peer`, e.g. "ndc1.ibllc.com:4001" */
export function regionOf(peer: string | null): { region: Region; assumed: boolean } {
  const label = (peer ?? "").trim().toLowerCase();
  // gdc is Greenwich, Connecticut; zdc is Zurich.
  if (/^(ndc|cdc|gdc)\d/.test(label)) return { region: "america", assumed: false };
  if (/^zdc\d/.test(label)) return { region: "europe", assumed: false };
  if (/^(hdc|mcgw|mdc)\d/.test(label)) return { region: "asia", assumed: false };
  return { region: "america", assumed: true };
}

/** What the calendar says at this moment. Pure; summer time is taken from the zone's own rules. */
export function calendarAt(now: number, peer: string | null): CalendarDay {
  const where = regionOf(peer);
  if (!isInstant(now)) return { ...where, window: null, tokenDiedAt: null };
  const open = [...NIGHTLY[where.region], ...EVERYWHERE].flatMap((rule) => windowsOf(rule, now)).filter(({ from, until }) => from <= now && now < until);
  const window = open.reduce<CalendarWindow | null>((best, next) => (best === null || next.until > best.until ? next : best), null);
  return { ...where, window, tokenDiedAt: tokenDeath(now) };
}

/**
 * A zone's day begins on a quarter of an hour everywhere, so within one the windows are the same: they are reckoned once, since asking the
 * runtime for wall clocks would cost more than all the rest of a verdict, every second of a long life.
 */
const QUARTER_MS = 900_000;
const reckoned = new Map<Rule, { readonly quarter: number; readonly windows: CalendarWindow[] }>();
let sunday: { readonly quarter: number; readonly at: number } | null = null;

function windowsOf(rule: Rule, now: number): CalendarWindow[] {
  const quarter = Math.floor(now / QUARTER_MS);
  const known = reckoned.get(rule);
  if (known?.quarter === quarter) return known.windows;
  const windows = windowsAround(rule, now);
  reckoned.set(rule, { quarter, windows });
  return windows;
}

function windowsAround(rule: Rule, now: number): CalendarWindow[] {
  const wall = wallClock(now, rule.zone);
  return [-1, 0].flatMap((shift) => {
    if (!rule.days.includes((wall.weekday + shift + 7) % 7)) return [];
    const from = instantOf(rule.zone, wall.year, wall.month, wall.day + shift, rule.from[0], rule.from[1]);
    const until = instantOf(rule.zone, wall.year, wall.month, wall.day + shift, rule.until[0], rule.until[1]);
    return [{ kind: rule.kind, reason: `${rule.title} (${clock(rule.from)}–${clock(rule.until)} ${rule.place})`, from, until }];
  });
}

/** Tokens that allow a restart without second factor die on Sunday at 01:00 New York. */
function tokenDeath(now: number): number | null {
  const quarter = Math.floor(now / QUARTER_MS);
  if (sunday?.quarter !== quarter) {
    const wall = wallClock(now, NEW_YORK);
    sunday = { quarter, at: instantOf(NEW_YORK, wall.year, wall.month, wall.day - wall.weekday, 1, 0) };
  }
  return now >= sunday.at && now - sunday.at < 48 * 3_600_000 ? sunday.at : null;
}

function clock([hour, minute]: readonly [number, number]): string {
  return `${String(hour % 24).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
}
