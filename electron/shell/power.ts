import { powerMonitor } from "electron";
import type { Notifier } from "../../shared/notifier.ts";
import type { Clock } from "../core/clock.ts";
import type { Core } from "../core/core.ts";
import { watchClockJumps } from "../core/net/clock-jump.ts";
import type { Log } from "../core/report/log.ts";

/**
 * The system is about to go down: all is ended in order first (Linux and macOS wait for it; Windows tells its windows). To be undone only when all
 * has ended, since macOS and logind wait no longer than somebody listens.
 */
export function setupShutdown(quit: () => void): () => void {
  // The event is in Electron's documentation, not in its types.
  const shutdown = (event?: { preventDefault(): void }) => {
    event?.preventDefault();
    quit();
  };
  powerMonitor.on("shutdown", shutdown);
  return () => void powerMonitor.off("shutdown", shutdown);
}

/** Locking holds notifications and hides amounts. Sleep closes the API sessions cleanly; waking reconnects at once, and quietly. Linux may miss the events (electron#42050): the clock tells too. */
export function setupPower(options: {
  core: Pick<Core, "suspend" | "resume" | "reconnect" | "setLocked">;
  notifier: Notifier;
  clock: Clock;
  log: Log;
}): () => void {
  const { core, notifier, clock, log } = options;
  let asleep = false;
  const suspend = () => {
    if (asleep) return;
    asleep = true;
    core.suspend().catch((error: unknown) => log.warn("the sessions could not be closed before sleep", { error }));
  };
  const resume = () => {
    notifier.grace();
    if (asleep) core.resume();
    else core.reconnect("the computer woke up");
    asleep = false;
  };
  const setLocked = (on: boolean) => {
    notifier.hold(on);
    core.setLocked(on);
  };
  const lock = () => setLocked(true);
  const unlock = () => setLocked(false);
  powerMonitor.on("suspend", suspend);
  powerMonitor.on("resume", resume);
  powerMonitor.on("lock-screen", lock);
  powerMonitor.on("unlock-screen", unlock);
  const jumps = watchClockJumps(clock);
  jumps.onWake((reason) => {
    log.info("the clock says that time was lost", { reason });
    notifier.grace();
    // A missed resume must not leave the sessions parked.
    if (asleep) core.resume();
    asleep = false;
  });
  return () => {
    powerMonitor.off("suspend", suspend);
    powerMonitor.off("resume", resume);
    powerMonitor.off("lock-screen", lock);
    powerMonitor.off("unlock-screen", unlock);
    jumps.dispose();
  };
}
