import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import type { Notice } from "../../shared/snapshot.ts";
import { atLoginBeforeSave } from "../core/autostart/start-at-login.ts";
import { systemClock } from "../core/clock.ts";
import { type Core, createCore } from "../core/core.ts";
import type { AppPort } from "../core/core-handlers.ts";
import { openHistory } from "../core/history/history.ts";
import { createLog } from "../core/report/log.ts";
import { createMemorySecrets } from "../core/secrets/memory-secrets.ts";
import { ensureDataDir, platformDataDir } from "../core/settings/data-dir.ts";
import { openSettings } from "../core/settings/settings-store.ts";
import { simulationPort } from "../simulator/simulation-port.ts";
import { serveAtLogin, serveFacts } from "./serve-at-login.ts";
import { createThrift } from "./thrift.ts";

export const VERSION = process.env.GATELIGHT_VERSION ?? "0.0.0";

export interface OpenCore {
  readonly core: Core;
  readonly dataDir: string;
  /** Ends everything and removes a throw-away data folder. */
  close(): Promise<void>;
}

export interface OpenCoreOptions {
  readonly host: "browser" | "command-line";
  /** `null`: the platform's, or a throw-away one where `temporary` is set. */
  readonly dataDir: string | null;
  /** A simulation without a data folder of its own leaves nothing behind. */
  readonly temporary: boolean;
  /** What is done is written into the incident log; otherwise only the browser's Core does. */
  readonly history?: boolean;
  /** The browser host brings windows up, and can be ended by one. */
  readonly app?: AppPort;
}

export function chooseDataDir(options: Pick<OpenCoreOptions, "dataDir" | "temporary">): { dir: string; remove: boolean } {
  if (options.dataDir !== null) return { dir: options.dataDir, remove: false };
  if (options.temporary) return { dir: mkdtempSync(join(tmpdir(), "gatelight-")), remove: true };
  return { dir: platformDataDir(), remove: false };
}

/** Core for a process of its own. @throws SettingsFault (command line only) when the settings file is not valid */
export async function openCore(options: OpenCoreOptions): Promise<OpenCore> {
  const { dir, remove } = chooseDataDir(options);
  const browser = options.host === "browser";
  const secrets = createMemorySecrets(process.env);
  const log = createLog({ file: browser ? join(ensureDataDir(dir), "gatelight.log") : null, users: [userInfo().username] });
  const startAtLogin = browser ? serveAtLogin(serveFacts(options), log) : null;
  const settings = openSettings({
    dataDir: dir,
    clock: systemClock,
    onDamage: browser ? "set-aside" : "throw",
    watch: browser,
    ...(startAtLogin === null ? {} : { apply: atLoginBeforeSave(startAtLogin) }),
  });
  for (const secret of secrets.fromEnvironment) log.hide(secret);
  const notices: Notice[] = [];
  const history =
    browser || options.history === true
      ? await openHistory({ file: join(dir, "history.sqlite"), clock: systemClock, onFault: (message) => log.warn(message) })
      : null;
  if (history?.notice != null) notices.push(history.notice);
  const core = createCore({
    clock: systemClock,
    random: Math.random,
    host: options.host,
    version: VERSION,
    dataDir: dir,
    settings,
    secrets,
    log,
    ...(startAtLogin === null ? {} : { startAtLogin }),
    ...(options.app === undefined ? {} : { app: options.app }),
    history: history?.history ?? null,
    notices,
    simulation: browser ? simulationPort() : null,
    somebody: () => browser,
  });
  const forwards = () => settings.current.servers.some(({ gateways }) => gateways.some((gateway) => (gateway.forwards?.length ?? 0) > 0));
  const thrift = createThrift(() => core.store.watched || core.store.current.app.simulation !== null || forwards());
  core.store.onWatched(thrift);
  core.store.subscribe(thrift, "calm");
  return {
    core,
    dataDir: dir,
    async close() {
      await core.dispose();
      history?.history?.close();
      settings.dispose();
      log.dispose();
      if (remove) rmSync(dir, { recursive: true, force: true });
    },
  };
}
