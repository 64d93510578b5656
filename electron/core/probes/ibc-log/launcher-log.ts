import type { GatewayTarget, PresentContainer } from "../../diagnosis/evidence.ts";
import { jtsPaths } from "../jts-peer.ts";

/** More than the lines of one log-in. */
const TAIL_BYTES = 65_536;
const STAMP = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})[.:,](\d{3})\b/;

/** The end of launcher.log, which docker's log does not hold (facts §1, Files). */
export function launcherArgv(container: Pick<PresentContainer, "mounts">, mode: GatewayTarget["mode"]): string[] {
  return ["tail", "-q", "-c", String(TAIL_BYTES), ...jtsPaths(container, mode, "launcher.log")];
}

/**
 * When a log-in last timed out although IBKR had not even begun to authenticate it: `AuthTimeoutMonitor-CCP: Timeout!` with no `NS_AUTH_START` since
 * the log-in began (facts §4.3, row 21). All times are the container's wall clock, ms as if it were UTC.
 * @returns `null`: it did not, or not in this log-in
 */
export function silentTimeout(text: string, since: number): number | null {
  let found: number | null = null;
  for (const line of text.slice(-TAIL_BYTES * 16).split("\n")) {
    const stamp = STAMP.exec(line.slice(0, 64));
    if (stamp === null) continue;
    const at = Date.parse(`${stamp[1]}T${stamp[2]}.${stamp[3]}Z`);
    if (Number.isNaN(at) || at < since) continue;
    const rest = line.slice(0, 1_024);
    if (/AuthTimeoutMonitor-CCP: Timeout!/.test(rest)) found = at;
    else if (/NS_AUTH_START|passed token authentication/.test(rest)) found = null;
  }
  return found;
}
