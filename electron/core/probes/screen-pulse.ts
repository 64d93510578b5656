import type { ScreenServerFact } from "../diagnosis/evidence.ts";
import type { ScreenSign } from "./proc-net.ts";

/**
 * x11vnc that did not run for so long (ms) does not answer either. While it waits for viewers it runs ten times a second (seen with 0.9.16), and a few
 * seconds after its display has frozen not at all: it waits for the display then.
 */
const STALLED_MS = 2_500;

/** Tells from look to look whether x11vnc is at work, without a connection to it: its own log and processor time are spared that. */
export class ScreenPulse {
  #ranNs: number | null = null;
  #ranAt = 0;

  /** @param now ms, of the look that brought the sign @returns `null`: no x11vnc was seen */
  take(sign: ScreenSign | undefined, now: number): ScreenServerFact | null {
    const x11vnc = stateOf(sign?.x11vnc ?? null);
    if (sign === undefined || x11vnc === null) {
      this.#ranNs = null;
      return null;
    }
    if (sign.ranNs === null || sign.ranNs !== this.#ranNs || now < this.#ranAt) {
      this.#ranNs = sign.ranNs;
      this.#ranAt = now;
    }
    const stalled = sign.ranNs !== null && now - this.#ranAt >= STALLED_MS;
    return { x11vnc: x11vnc === "running" && stalled ? "stalled" : x11vnc, xvfb: stateOf(sign.xvfb), forever: sign.forever };
  }
}

/** T: stopped by a signal, t: by a debugger; Z and X are dead. */
function stateOf(letter: string | null): "running" | "stopped" | null {
  if (letter === null || letter === "Z" || letter === "X") return null;
  return letter === "T" || letter === "t" ? "stopped" : "running";
}
