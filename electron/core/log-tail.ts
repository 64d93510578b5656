import type { LogLine } from "../../shared/contract.ts";
import type { HostLink } from "./host-link/host-link.ts";

const DEADLINE_MS = 15_000;
const MAX_BYTES = 1024 * 1024;

/** Where a log-in phase begins, by the image's and IBC's own words (facts §1). */
const PHASES: readonly (readonly [RegExp, string])[] = [
  [/\.> Starting IBC\/IB gateway|\.> Starting Xvfb server/, "boot"],
  [/Starting IBC version/, "IBC starts"],
  [/IBC: Starting session|IBC: Re-starting session/, "session"],
  [/Login dialog WINDOW_OPENED/, "log-in form"],
  [/Second Factor Authentication initiated/, "second factor"],
  [/Login has completed/, "logged in"],
  [/Configuration tasks completed/, "configured"],
  [/IBC will restart shortly/, "restart"],
  [/IBC returned exit status|Gateway finished/, "ended"],
];

export const phaseOf = (text: string): string | null => PHASES.find(([pattern]) => pattern.test(text))?.[1] ?? null;

/**
 * The newest lines of the container's log, phases marked, both outputs in the order of their stamps.
 * @throws ExecError, or Error with docker's own words
 */
export async function logTail(
  link: HostLink,
  docker: string,
  container: string,
  lines: number,
  signal: AbortSignal,
): Promise<{ lines: LogLine[]; truncated: boolean }> {
  const result = await link.exec([docker, "logs", "--timestamps", "--tail", String(lines), container], {
    deadlineMs: DEADLINE_MS,
    maxBytes: MAX_BYTES,
    signal,
  });
  if (result.code !== 0) throw new Error(result.stderr.trim().split("\n").at(-1) ?? `docker logs ended with code ${result.code}`);
  const read = (text: string, source: LogLine["source"]) =>
    text.split("\n").flatMap((line) => (line === "" ? [] : [{ stamp: line.slice(0, line.indexOf(" ")), text: line.slice(line.indexOf(" ") + 1), source }]));
  // Each output is in order; docker does not promise which of the two comes first, the stamps do.
  const all = [...read(result.stdout, "stdout"), ...read(result.stderr, "stderr")].sort((a, b) => (a.stamp < b.stamp ? -1 : a.stamp > b.stamp ? 1 : 0));
  return { lines: all.slice(-lines).map((line) => ({ text: line.text, source: line.source, phase: phaseOf(line.text) })), truncated: result.truncated };
}
