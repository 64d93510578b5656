import { offsetByRule } from "../../../shared/summer-time.ts";

/** Wall clocks of time zones: by rule for those of IBKR's timetable, by the zone data of the runtime for every other. */

export interface WallClock {
  readonly year: number;
  /** 1 to 12 */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** 0 is Sunday */
  readonly weekday: number;
}

const LIMIT = 8.64e15 - 7 * 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  formats.set(zone, made);
  return made;
}

/** Whether a time can be put on a calendar at all. */
export function isInstant(ms: number): boolean {
  return Number.isFinite(ms) && Math.abs(ms) < LIMIT;
}

/** @param ms since the epoch, `isInstant` */
export function wallClock(ms: number, zone: string): WallClock {
  const ahead = offsetByRule(ms, zone);
  if (ahead !== null) {
    const local = new Date(ms + ahead);
    return {
      year: local.getUTCFullYear(),
      month: local.getUTCMonth() + 1,
      day: local.getUTCDate(),
      hour: local.getUTCHours(),
      minute: local.getUTCMinutes(),
      second: local.getUTCSeconds(),
      weekday: local.getUTCDay(),
    };
  }
  const parts: Record<string, number> = {};
  for (const part of formatOf(zone).formatToParts(ms)) parts[part.type] = Number(part.value);
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return { year, month, day, hour, minute, second, weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay() };
}

function offset(ms: number, zone: string): number {
  const wall = wallClock(ms, zone);
  return Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second) - Math.floor(ms / 1000) * 1000;
}

/**
 * The instant at which a zone's wall clock shows this. In the hour that summer time skips: the instant an hour's jump later;
 * in the hour that comes twice: the first.
 * @param day may be 0 or beyond the month's end; it is carried over
 */
export function instantOf(zone: string, year: number, month: number, day: number, hour: number, minute: number): number {
  const wanted = Date.UTC(year, month - 1, day, hour, minute);
  const guesses = [wanted - offset(wanted - 86_400_000, zone), wanted - offset(wanted + 86_400_000, zone)];
  const fitting = guesses.filter((ms) => ms + offset(ms, zone) === wanted);
  return fitting.length > 0 ? Math.min(...fitting) : Math.max(...guesses);
}
