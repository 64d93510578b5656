/** A second crash so soon is no accident. */
const WINDOW_MS = 5 * 60_000;

/**
 * What to do about a page whose process ended: load it again once, then tell the person.
 * @param crashes times of earlier crashes, ms since the epoch
 */
export function crashPlan(reason: string, crashes: readonly number[], now: number): "ignore" | "reload" | "tell" {
  if (reason === "clean-exit") return "ignore";
  return crashes.some((at) => now - at < WINDOW_MS) ? "tell" : "reload";
}
