import type { LinkState } from "../host-link/host-link.ts";
import type { ServerEvidence } from "./evidence.ts";

/** The line to the server: whether what stays away says anything of what lies behind it. */

/** An answer owed for so long without a byte makes the line itself suspect … */
const DOUBT_MS = 1_200;
/** … or several of its own round trips, on a slow one. */
const ROUND_TRIPS = 4;
const MAX_DOUBT_MS = 5_000;
/** What was given up on waited for so long before. */
const WAITED_MS = 6_000;

/** @returns how long (ms) a server may owe an answer before its line is suspected */
export function doubtAfterMs(link: LinkState): number {
  const latency = link.kind === "up" ? (link.latencyMs ?? 0) : 0;
  return Math.min(MAX_DOUBT_MS, Math.max(DOUBT_MS, ROUND_TRIPS * latency));
}

/** For how long nothing has come over a line that counts as up although an answer is owed; `null` while that is nothing unusual. */
export function lineQuietMs({ link, line }: ServerEvidence, now: number): number | null {
  if (link.value.kind !== "up" || line.quietSince === null) return null;
  const quiet = now - line.quietSince;
  return quiet >= doubtAfterMs(link.value) ? quiet : null;
}

/** Whether a wait that ended in vain at `at` may have been the line's silence: before this connection, or while the line was suspected. */
export function wasLinesSilence(server: ServerEvidence, at: number, now: number): boolean {
  const { link, line } = server;
  if (link.value.kind === "up" && at < link.value.since) return true;
  const quiet = lineQuietMs(server, now);
  if (quiet !== null && at >= now - quiet) return true;
  const { lastQuiet } = line;
  return lastQuiet !== null && at >= lastQuiet.from && at - WAITED_MS <= lastQuiet.until;
}
