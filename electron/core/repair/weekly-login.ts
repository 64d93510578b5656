import type { GatewaySettings } from "../../../shared/settings.ts";
import type { Notice } from "../../../shared/snapshot.ts";
import type { RepairId } from "../../../shared/words.ts";
import { calendarAt } from "../diagnosis/calendar.ts";
import type { GatewayEvidence } from "../diagnosis/evidence.ts";
import { instantOf, wallClock } from "../diagnosis/zone.ts";

/** A reminder that was not followed is taken back after so long (ms). */
const REMIND_MS = 12 * 3_600_000;
const WEEK_TAIL_MS = 48 * 3_600_000;
const NEW_YORK = "America/New_York";

export interface WeeklyLogin {
  /** When the week's log-in token ends: Sunday 01:00 New York. */
  readonly tokenDiesAt: number;
  /** The chosen hour: the first time that clock shows it after the token's end. */
  readonly at: number;
  /** Now is the time, and nobody has logged in since the token's end. */
  readonly due: boolean;
}

/**
 * When to remind of the log-in in person that IBKR wants once a week. Pure.
 * @param time "HH:MM" of the person's clock
 * @param zone the person's time zone
 * @param loggedInAt when the log-in was last completed, `null` where not known or not logged in
 */
export function planWeeklyLogin(time: string, zone: string, now: number, loggedInAt: number | null): WeeklyLogin {
  const tokenDiesAt = nearestSunday(now);
  const [hour = 0, minute = 0] = time.split(":").map(Number);
  const wall = wallClock(tokenDiesAt, zone);
  const sameDay = instantOf(zone, wall.year, wall.month, wall.day, hour, minute);
  // East of Europe the chosen hour comes before the token's end: a log-in then would be of no use, so it is the day after.
  const at = sameDay >= tokenDiesAt ? sameDay : instantOf(zone, wall.year, wall.month, wall.day + 1, hour, minute);
  return { tokenDiesAt, at, due: now >= at && now < at + REMIND_MS && (loggedInAt === null || loggedInAt < tokenDiesAt) };
}

/** This week's until two days after it, then the next. */
function nearestSunday(now: number): number {
  const wall = wallClock(now, NEW_YORK);
  const sunday = (shift: number) => instantOf(NEW_YORK, wall.year, wall.month, wall.day - wall.weekday + shift, 1, 0);
  return now < sunday(0) + WEEK_TAIL_MS ? sunday(0) : sunday(7);
}

/** The way that costs least: what was changed in the window is saved where the gateway can still be asked to close. */
function wayOut(evidence: GatewayEvidence): RepairId {
  const login = evidence.login?.value ?? null;
  const loggedIn = login?.phase === "logged-in" || login?.phase === "configured";
  return loggedIn && login.commandServer !== "off" && login.commandServer !== null ? "stop-and-start" : "restart-container";
}

/**
 * Paper accounts log in without a person.
 * @param zone asked for only where a reminder is wanted: the runtime's zone data takes megabytes
 * @returns the notice that is due now, or `null`
 */
export function weeklyLoginNotice(server: string, gateway: GatewaySettings, evidence: GatewayEvidence, zone: () => string, now: number): Notice | null {
  if (gateway.mode !== "live" || gateway.weeklyLogin == null) return null;
  const login = evidence.login?.value ?? null;
  const loggedIn = login?.phase === "logged-in" || login?.phase === "configured";
  const plan = planWeeklyLogin(gateway.weeklyLogin, zone(), now, loggedIn ? login.phaseAt : null);
  if (!plan.due || calendarAt(now, evidence.history.peer).window !== null) return null;
  const name = gateway.name ?? gateway.id;
  return {
    id: `weekly-login/${server}/${gateway.id}/${new Date(plan.at).toISOString().slice(0, 10)}`,
    kind: "warning",
    title: `Log in to ${name} now: one click, then your phone`,
    detail:
      "The week's log-in ended on Sunday 01:00 New York. A log-in now, at the hour you chose, is good for the week; otherwise it falls due at the next restart.",
    at: now,
    tell: { server, gateway: gateway.id },
    action: { label: "Log in now …", server, gateway: gateway.id, repair: wayOut(evidence) },
  };
}
