/**
 * The gateways' region is put where IBKR's nightly reset is not now, so that its calendar, which rightly excuses faults then, does not change
 * what the lab shows. (The calendar is told here anew, on purpose: the lab shares nothing with what it judges.)
 */
const REGIONS = [
  { peer: "ndc1.ibllc.com:4001", zone: "America/New_York", resets: [[0, 15, 1, 45]] },
  { peer: "zdc1.ibllc.com:4001", zone: "Europe/Zurich", resets: [[6, 25, 7, 45]] },
] as const;
const BEFORE = 45;
const AFTER = 20;

/** @returns `Peer` of jts.ini for a region whose reset neither goes on nor begins within 45 minutes */
export function quietPeer(now: Date): string {
  const quiet = REGIONS.find(({ zone, resets }) => {
    const parts = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hour12: false }).formatToParts(now);
    const of = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0) % 24;
    const minute = parts.length === 0 ? 0 : of("hour") * 60 + Number(parts.find((part) => part.type === "minute")?.value ?? 0);
    return resets.every(([fromHour, fromMinute, toHour, toMinute]) => {
      const from = fromHour * 60 + fromMinute - BEFORE;
      const until = toHour * 60 + toMinute + AFTER;
      return !(minute >= from && minute < until) && !(minute - 1_440 >= from);
    });
  });
  return (quiet ?? REGIONS[0]).peer;
}

/** Friday 23:00 to Saturday 03:00 and 23:40 to midnight in New York are everybody's. @returns whether one goes on or begins within 10 minutes */
export function everywhereAway(now: Date): boolean {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: "America/New_York",
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hour12: false,
  }).formatToParts(now);
  const text = (type: string) => parts.find((part) => part.type === type)?.value ?? "";
  const minute = (Number(text("hour")) % 24) * 60 + Number(text("minute"));
  const weekend = (text("weekday") === "Fri" && minute >= 22 * 60 + 50) || (text("weekday") === "Sat" && minute < 180);
  return weekend || minute >= 23 * 60 + 30;
}
