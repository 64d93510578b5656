import type { CauseId } from "../../../shared/words.ts";
import type { Finding } from "./finding.ts";
import type { Look } from "./look.ts";

/** What a window of IBKR's calendar may excuse. Nothing else ever is: a wedge at night is still a wedge. */
const NIGHT: readonly CauseId[] = ["broker-maintenance", "broker-unreachable", "farms-down"];

export interface Excuse {
  readonly reason: string;
  readonly until: number;
}

/** The calendar's excuse for this finding, or `null`. A fault older than the window is not excused by it. */
export function excuseFor(look: Look, finding: Finding): Excuse | null {
  const window = look.calendar.window;
  if (window === null || !NIGHT.includes(finding.id)) return null;
  const earliest = window.from - 10 * 60_000;
  const farms = look.broker?.farms.filter((farm) => farm.state === "down").map((farm) => farm.at) ?? [];
  const since = finding.id === "farms-down" ? Math.min(...farms) : finding.light === "broker" ? (look.broker?.since ?? look.now) : look.now;
  if (since < earliest) return null;
  return { reason: window.reason, until: window.until };
}
