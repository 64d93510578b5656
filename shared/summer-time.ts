/**
 * The offsets of the zones that IBKR's timetable is written in, by rule. The runtime's zone data knows them too, but asking it once keeps seven megabytes of
 * it in memory for as long as Gatelight runs.
 */

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

interface Zone {
  readonly winter: number;
  /** Summer time of a year as two instants; `null` where there is none. */
  readonly summer: ((year: number) => readonly [number, number]) | null;
  /** The first year that the rule is in force. */
  readonly since: number;
}

/** Midnight UTC of the month's n-th Sunday, or of its last one. */
function sunday(year: number, month: number, which: 1 | 2 | "last"): number {
  const first = Date.UTC(year, month - 1, 1);
  const days = (7 - new Date(first).getUTCDay()) % 7;
  const sundays = first + days * DAY_MS;
  if (which !== "last") return sundays + (which - 1) * 7 * DAY_MS;
  const end = Date.UTC(year, month, 0);
  return end - new Date(end).getUTCDay() * DAY_MS;
}

const ZONES: Readonly<Record<string, Zone>> = {
  // 02:00 local time, since the Energy Policy Act of 2005.
  "America/New_York": { winter: -5 * HOUR_MS, since: 2007, summer: (year) => [sunday(year, 3, 2) + 7 * HOUR_MS, sunday(year, 11, 1) + 6 * HOUR_MS] },
  // 01:00 UTC, by Directive 2000/84/EC.
  "Europe/Zurich": { winter: HOUR_MS, since: 1996, summer: (year) => [sunday(year, 3, "last") + HOUR_MS, sunday(year, 10, "last") + HOUR_MS] },
  "Asia/Hong_Kong": { winter: 8 * HOUR_MS, since: 1980, summer: null },
  UTC: { winter: 0, since: 0, summer: null },
};

/**
 * @param ms since the epoch
 * @returns what a zone's wall clock is ahead of UTC (ms); `null` where no rule is known for the zone or the year
 */
export function offsetByRule(ms: number, zone: string): number | null {
  const rule = ZONES[zone];
  const year = new Date(ms).getUTCFullYear();
  // The last hours of the year before may be another rule's.
  if (rule === undefined || year <= rule.since) return null;
  if (rule.summer === null) return rule.winter;
  const [from, until] = rule.summer(year);
  return rule.winter + (ms >= from && ms < until ? HOUR_MS : 0);
}
