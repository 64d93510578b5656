import { existsSync } from "node:fs";
import { join } from "node:path";
import { app, dialog } from "electron";
import electronUpdater from "electron-updater";
import type { Snapshot } from "../../shared/snapshot.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/report/log.ts";

/** What the flow needs of electron-updater. */
export interface Updater {
  /** @returns the newer version, or `null` */
  check(): Promise<string | null>;
  download(): Promise<void>;
  /** Ends this program and starts the new one. */
  install(): void;
}
export interface UpdateFlow {
  /** `byPerson`: also says that there is nothing new, or that it failed. */
  check(byPerson: boolean): Promise<void>;
  dispose(): void;
}
export interface UpdateFlowPorts {
  readonly updater: Updater;
  readonly clock: Clock;
  readonly log: Log;
  /** A repair runs: the program must not end under it. */
  readonly busy: () => boolean;
  readonly ask: (message: string, detail: string, yes: string) => Promise<boolean>;
  readonly say: (message: string, detail: string) => void;
}

const FIRST_MS = 60_000;
const EVERY_MS = 24 * 3_600_000;
const BUSY_MS = 30_000;

/** A repair in any gateway of any server. */
export function repairRuns(snapshot: Snapshot): boolean {
  return snapshot.servers.some((server) => server.gateways.some((gateway) => gateway.run?.outcome === "running"));
}

/** Looks, asks, downloads, asks again, installs: nothing happens by itself, and nothing while a repair runs. */
export function createUpdateFlow(ports: UpdateFlowPorts): UpdateFlow {
  const { updater, clock, log } = ports;
  let running = false;
  let disposed = false;
  let refused: string | null = null;
  let cancel: () => void = () => {};
  let wake: () => void = () => {};

  const quiet = async () => {
    while (ports.busy() && !disposed) {
      await new Promise<void>((resolve) => {
        const stop = clock.after(BUSY_MS, resolve);
        wake = () => {
          stop();
          resolve();
        };
      });
    }
  };
  const flow = async (byPerson: boolean) => {
    const version = await updater.check();
    if (version === null) {
      if (byPerson) ports.say("Gatelight is up to date", "");
      return;
    }
    if (!byPerson && refused === version) return;
    if (!(await ports.ask(`Gatelight ${version} is available`, "It is downloaded first; you are asked again before it is installed.", "Download"))) {
      refused = version;
      return;
    }
    await updater.download();
    await quiet();
    if (disposed) return;
    if (
      await ports.ask(`Gatelight ${version} is ready`, "Gatelight starts anew; API sessions are closed cleanly and opened again.", "Install and start anew")
    ) {
      await quiet();
      if (!disposed) updater.install();
    }
  };
  const check = async (byPerson: boolean) => {
    if (running) return;
    running = true;
    try {
      await flow(byPerson);
    } catch (error) {
      log.warn("looking for an update failed", { error });
      if (byPerson) ports.say("Looking for an update failed", error instanceof Error ? error.message : String(error));
    } finally {
      running = false;
    }
  };
  const plan = (ms: number) => {
    cancel = clock.after(ms, () => {
      plan(EVERY_MS);
      void check(false);
    });
  };
  plan(FIRST_MS);
  return {
    check,
    dispose() {
      disposed = true;
      cancel();
      wake();
    },
  };
}

/** `null` where this build was not made with an address to look at (development, distribution packages). */
export function systemUpdater(): Updater | null {
  if (!app.isPackaged || !existsSync(join(process.resourcesPath, "app-update.yml"))) return null;
  const { autoUpdater } = electronUpdater;
  autoUpdater.autoDownload = false;
  autoUpdater.autoInstallOnAppQuit = false;
  autoUpdater.logger = null;
  // Errors also reject the calls below; without a listener they would end the program.
  autoUpdater.on("error", () => {});
  return {
    async check() {
      const found = await autoUpdater.checkForUpdates();
      return found?.isUpdateAvailable === true ? found.updateInfo.version : null;
    },
    async download() {
      await autoUpdater.downloadUpdate();
    },
    install: () => autoUpdater.quitAndInstall(false, true),
  };
}

export async function askInDialog(message: string, detail: string, yes: string): Promise<boolean> {
  const { response } = await dialog.showMessageBox({
    type: "question",
    title: "Gatelight",
    message,
    detail,
    buttons: [yes, "Not now"],
    defaultId: 0,
    cancelId: 1,
  });
  return response === 0;
}

export function sayInDialog(message: string, detail: string): void {
  void dialog.showMessageBox({ type: "info", title: "Gatelight", message, detail, buttons: ["OK"] });
}
