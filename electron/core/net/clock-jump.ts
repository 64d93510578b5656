import { BEAT, type Clock } from "../clock.ts";
import { WakeListeners, type WakeWatch } from "./wake-watch.ts";

const JUMP_MS = 5_000;

/**
 * Notices that this computer slept, or that its clock was set: a timer comes more than 5 s late or early by the wall clock. A process
 * that was merely starved that long deserves a fresh look at its connections too.
 */
export function watchClockJumps(clock: Clock): WakeWatch {
  const listeners = new WakeListeners(() => {
    let last = clock.now();
    let cancel = () => {};
    const tick = () => {
      const now = clock.now();
      const jump = now - last - BEAT.ms;
      last = now;
      cancel = clock.after(BEAT.ms, tick, BEAT.slackMs);
      if (Math.abs(jump) > JUMP_MS) listeners.tell(`the clock jumped by ${Math.round(jump / 1000)} s`);
    };
    cancel = clock.after(BEAT.ms, tick, BEAT.slackMs);
    return () => cancel();
  });
  return { onWake: (listener) => listeners.add(listener), dispose: () => listeners.clear() };
}
