import { app, dialog } from "electron";
import type { Log } from "../core/report/log.ts";

/** A terminal that went away must not become an endless row of error dialogs. To be called before anything is printed. */
export function guardOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
    });
  }
}

/**
 * A fault that nobody caught: logged, and Gatelight starts anew once, since its state can no longer be trusted. A second one soon after is told and
 * ends it. No crash dump is made or sent anywhere: one would hold the secrets in memory.
 */
export function setupFaults(log: Log, options: { afterCrash: boolean; startedAt: number; now: () => number }): void {
  process.on("unhandledRejection", (error) => log.error("a promise failed unheard", { error }));
  process.on("uncaughtException", (error) => {
    log.error("a fault that nobody caught", { error });
    const soon = options.afterCrash && options.now() - options.startedAt < 60_000;
    if (soon) dialog.showErrorBox("Gatelight ended", "The same kind of fault came twice. The log in the data folder says what was seen.");
    else {
      // An AppImage's mount, and with it the program that runs now, is gone once this process has ended (electron-builder#1727).
      const image = process.env.APPIMAGE;
      const args = [...process.argv.slice(1).filter((word) => word !== "--after-crash"), "--after-crash"];
      app.relaunch({ args, ...(image === undefined ? {} : { execPath: image }) });
    }
    app.exit(1);
  });
}
