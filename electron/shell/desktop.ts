import { join } from "node:path";
import { app, Notification, session } from "electron";
import { createNotifier } from "../../shared/notifier.ts";
import type { Clock } from "../core/clock.ts";
import type { LogFile } from "../core/report/log.ts";
import { trayModel } from "../core/tray-model.ts";
import type { AppArguments } from "./app-arguments.ts";
import { setAppMenu } from "./app-menu.ts";
import { serveApp } from "./app-protocol.ts";
import { openDesktopCore } from "./desktop-core.ts";
import { createMainWindow } from "./main-window.ts";
import { setupPower } from "./power.ts";
import { pageFor } from "./routes.ts";
import { sandboxNotice } from "./sandbox-notice.ts";
import { setupSecurity } from "./security.ts";
import { systemNotifications } from "./system-notifications.ts";
import { createTray, type TrayView } from "./tray.ts";
import { createTrayActions } from "./tray-actions.ts";
import { awaitTrayHost, hasTrayHost } from "./tray-host.ts";
import { askInDialog, createUpdateFlow, repairRuns, sayInDialog, systemUpdater } from "./updates.ts";
import { createWindowLinks } from "./window-links.ts";
import { openWindowState } from "./window-state-file.ts";

export interface Desktop {
  show(page?: string): void;
  /** Ends everything in order; the app may quit then. */
  close(): Promise<void>;
}

export interface DesktopOptions {
  readonly args: AppArguments;
  readonly dataDir: string;
  readonly version: string;
  /** The folder of the built files. */
  readonly dist: string;
  /** The folder of icons/ and tray/. */
  readonly assets: string;
  readonly clock: Clock;
  readonly log: LogFile;
  /** Ends in order; `last` is done instead of quitting, when everything else has ended. */
  readonly quit: (last?: () => void) => void;
}

/** Puts the shell's parts together around one Core. The app must be ready. @throws AlreadyRunning */
export async function startDesktop(options: DesktopOptions): Promise<Desktop> {
  const { args, dataDir, clock, log, quit } = options;
  const { platform } = process;
  const devTools = !app.isPackaged;
  setAppMenu(platform);
  setupSecurity(session.defaultSession, { log, devTools });
  serveApp(session.defaultSession, join(options.dist, "renderer"));

  const state = openWindowState(join(dataDir, "window.json"), clock, log);
  const hostAtStart = await hasTrayHost(platform);
  const noTray = { id: "no-tray", kind: "info", title: "This desktop shows no tray icons", at: clock.now() } as const;
  const detail = "Gatelight stays open as a window and quits when it is closed. On GNOME the AppIndicator extension brings tray icons.";
  const system = systemUpdater();
  const own = await openDesktopCore({
    dataDir,
    version: options.version,
    clock,
    log,
    notices: [],
    updates: system === null ? "no-address" : "asks",
    app: { show: () => window.show(), quit: () => quit() },
  });
  const { core } = own;
  const tellNoTray = () => {
    if (state.current.toldNoTray) return;
    core.tell({ ...noTray, detail });
    state.update({ toldNoTray: true });
  };
  if (!hostAtStart && !args.hidden) tellNoTray();
  const unsafe = sandboxNotice(clock.now());
  if (unsafe !== null) {
    log.warn(unsafe.title);
    core.tell(unsafe);
  }
  if (args.simulate !== null)
    await core.handlers["simulation.play"]({ scenario: args.simulate }, { signal: AbortSignal.timeout(30_000), link: "command-line" });

  let tray: TrayView | null = null;
  const links = createWindowLinks(core, log);
  const window = createMainWindow({
    preload: join(options.dist, "preload.cjs"),
    icon: platform === "linux" ? join(options.assets, "icons/256x256.png") : null,
    links,
    state,
    clock,
    log,
    devTools,
    closeHides: () => tray !== null && core.settings.current.closeQuits !== true,
    tellOfTray: () =>
      new Notification({ title: "Gatelight keeps watching", body: "The window is closed; the light stays in the tray. Quit from its menu." }).show(),
    quit: () => quit(),
  });
  const notifier = createNotifier({
    clock,
    snapshot: () => core.store.current,
    notify: () => core.settings.current.notify,
    windowVisible: () => window.visible,
    show: systemNotifications(log, ({ server, gateway }) => window.show(pageFor(gateway === null ? "overview" : "diagnosis", server, gateway))),
  });
  const updates =
    system === null
      ? null
      : createUpdateFlow({
          // Sessions are closed first: an installer that ends the program by itself would not wait for them.
          updater: { check: () => system.check(), download: () => system.download(), install: () => quit(() => system.install()) },
          clock,
          log,
          busy: () => repairRuns(core.store.current),
          ask: askInDialog,
          say: sayInDialog,
        });

  const paint = () => {
    const { startAtLogin, notify } = core.settings.current;
    tray?.apply(trayModel(core.store.current, { startAtLogin, mute: notify.mute, updates: updates !== null }));
  };
  const onAction = createTrayActions({ core, log, show: (page) => window.show(page), quit: () => quit(), checkUpdates: () => void updates?.check(true) });
  const stopLooking = awaitTrayHost(
    clock,
    () => (hostAtStart ? Promise.resolve(true) : hasTrayHost(platform)),
    (found) => {
      if (found) tray = openTray();
      else {
        tellNoTray();
        // Started in the tray, but there is none: without its window the person could not reach Gatelight.
        if (args.hidden) window.show();
      }
      paint();
    },
  );
  const openTray = (): TrayView | null => {
    try {
      return createTray({ platform, images: join(options.assets, "tray"), onAction, onClick: () => window.toggle(), onDoubleClick: () => window.show() });
    } catch (error) {
      log.error("the tray icon could not be shown", { error });
      if (args.hidden) window.show();
      return null;
    }
  };
  const stopStore = core.store.subscribe(() => {
    paint();
    notifier.look();
  }, "calm");
  const stopSettings = core.settings.onChange(() => {
    paint();
    notifier.look();
  });
  window.onVisible(() => notifier.look());
  const stopPower = setupPower({ core, notifier, clock, log });
  if (!args.hidden) window.show();
  notifier.look();

  return {
    show: (page) => window.show(page),
    async close() {
      window.release();
      stopLooking();
      stopStore();
      stopSettings();
      stopPower();
      updates?.dispose();
      notifier.dispose();
      links.dispose();
      tray?.dispose();
      await state.flush();
      await own.close();
    },
  };
}
