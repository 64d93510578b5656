import { userInfo } from "node:os";
import { join, resolve } from "node:path";
import { app, dialog } from "electron";
import { COMMANDS } from "./cli/arguments.ts";
import { main as commandLine } from "./cli/main.ts";
import { systemClock } from "./core/clock.ts";
import { AlreadyRunning } from "./core/control/control-socket.ts";
import { createLog } from "./core/report/log.ts";
import { ensureDataDir, platformDataDir, privateUmask } from "./core/settings/data-dir.ts";
import { APP_USAGE, appArguments } from "./shell/app-arguments.ts";
import { registerScheme } from "./shell/app-protocol.ts";
import { startedAtLogin } from "./shell/autostart.ts";
import { type Desktop, startDesktop } from "./shell/desktop.ts";
import { guardOutput, setupFaults } from "./shell/faults.ts";
import { setupShutdown } from "./shell/power.ts";

const VERSION = process.env.GATELIGHT_VERSION ?? "0.0.0";
const QUIT_MS = 8_000;

privateUmask();
guardOutput();
const startedAt = Date.now();
const words = process.argv.slice(app.isPackaged ? 1 : 2);
const args = appArguments(words);
const dataDir = args.dataDir === null ? platformDataDir() : resolve(args.dataDir);

if (COMMANDS.some((name) => name === words[0])) {
  // `gatelight doctor` of an installed program: no window, no lock; a running Gatelight is asked through its socket.
  commandLine(words).then(
    (code) => app.exit(code),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      app.exit(2);
    },
  );
} else if (args.version || args.help) {
  process.stdout.write(args.version ? `${VERSION}\n` : APP_USAGE);
  app.exit(0);
} else {
  ensureDataDir(dataDir);
  // Chromium's own files stay apart from ours, and each data folder is an instance of its own.
  app.setPath("userData", join(dataDir, "electron"));
  // The loser ends here, before it has built anything; the winner shows its window.
  if (app.requestSingleInstanceLock()) start();
  else app.exit(0);
}

function start(): void {
  app.enableSandbox();
  registerScheme();
  if (process.platform === "win32") app.setAppUserModelId("com.gatelight.app");
  const log = createLog({ file: join(dataDir, "gatelight.log"), users: [userInfo().username] });
  setupFaults(log, { afterCrash: args.afterCrash, startedAt, now: Date.now });

  let desktop: Desktop | null = null;
  let ending: Promise<void> | null = null;
  let ended = false;
  let { hidden } = args;
  let wanted = false;
  let unhear = () => {};
  let last = () => app.quit();
  const end = async () => {
    const late = new Promise<void>((done) => setTimeout(done, QUIT_MS));
    try {
      await Promise.race([desktop?.close(), late]);
    } catch (error) {
      log.error("ending was not clean", { error });
    }
    log.dispose();
    ended = true;
    unhear();
    last();
  };
  app.on("before-quit", (event) => {
    if (ended) return;
    event.preventDefault();
    ending ??= end();
  });
  // Without a handler Electron would quit when the window is closed into the tray.
  app.on("window-all-closed", () => {});
  app.on("second-instance", (_event, argv) => {
    // A restored session starts again what the log-in has started already: hidden stays hidden.
    if (appArguments(argv).hidden) return;
    wanted = true;
    desktop?.show();
  });
  app.on("activate", () => desktop?.show());
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => app.quit());

  // Not awaited at the top level: Electron is ready only after this module has run to its end.
  app
    .whenReady()
    .then(async () => {
      unhear = setupShutdown(() => app.quit());
      hidden ||= startedAtLogin();
      const started = await startDesktop({
        args: { ...args, hidden },
        dataDir,
        version: VERSION,
        dist: import.meta.dirname,
        assets: app.isPackaged ? join(process.resourcesPath, "assets") : join(import.meta.dirname, "../build"),
        clock: systemClock,
        log,
        quit(instead) {
          if (instead !== undefined) last = instead;
          app.quit();
        },
      });
      if (ending !== null) return started.close();
      desktop = started;
      if (wanted) desktop.show();
    })
    .catch((error: unknown) => {
      log.error("Gatelight could not start", { error });
      // At log-in nobody asked for it: that the browser's Gatelight runs already is as well.
      if (!hidden || !(error instanceof AlreadyRunning))
        dialog.showErrorBox("Gatelight could not start", error instanceof Error ? error.message : String(error));
      app.quit();
    });
}
