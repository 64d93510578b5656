import { release } from "node:os";
import { join } from "node:path";
import type { Notice } from "../../shared/snapshot.ts";
import { atLoginBeforeSave } from "../core/autostart/start-at-login.ts";
import type { Clock } from "../core/clock.ts";
import { serveControl } from "../core/control/control-socket.ts";
import { type Core, createCore } from "../core/core.ts";
import type { AppPort } from "../core/core-handlers.ts";
import { openHistory } from "../core/history/history.ts";
import type { LogFile } from "../core/report/log.ts";
import { openKeychainSecrets } from "../core/secrets/keychain-secrets.ts";
import { lateSecrets } from "../core/secrets/late-secrets.ts";
import { createMemorySecrets } from "../core/secrets/memory-secrets.ts";
import type { SecretStore } from "../core/secrets/secret-store.ts";
import { openSettings } from "../core/settings/settings-store.ts";
import { simulationPort } from "../simulator/simulation-port.ts";
import { desktopAtLogin } from "./autostart.ts";
import { askAboutBackend, systemEncryptor } from "./keychain.ts";

export interface DesktopCore {
  readonly core: Core;
  close(): Promise<void>;
}

/** Core with what the desktop gives it: keychain, history, log. @throws AlreadyRunning where another Gatelight holds the data folder */
export async function openDesktopCore(options: {
  dataDir: string;
  version: string;
  clock: Clock;
  log: LogFile;
  notices: readonly Notice[];
  updates: "asks" | "no-address";
  app?: AppPort;
}): Promise<DesktopCore> {
  const { dataDir, clock, log } = options;
  const memory = createMemorySecrets(process.env);
  for (const secret of memory.fromEnvironment) log.hide(secret);
  const warn = (message: string) => log.warn(message);
  const opening = openKeychainSecrets({ encryptor: systemEncryptor(), file: join(dataDir, "secrets.json"), memory, onChangedBackend: askAboutBackend, warn });
  const secrets = hiding(lateSecrets({ opening, memory, clock, warn }), log);
  log.info("Gatelight starts", { version: options.version, system: `${process.platform} ${release()}` });
  // Why it failed, if it did, is warned of above.
  opening.then(({ backend }) => log.info("the keychain was asked", { keychain: backend.name, kept: backend.persistent })).catch(() => {});
  const startAtLogin = desktopAtLogin(log);
  const settings = openSettings({ dataDir, clock, apply: atLoginBeforeSave(startAtLogin) });
  const history = await openHistory({ file: join(dataDir, "history.sqlite"), clock, onFault: (message) => log.warn(message) });
  const core = createCore({
    clock,
    random: Math.random,
    host: "electron",
    version: options.version,
    dataDir,
    settings,
    updates: options.updates,
    startAtLogin,
    ...(options.app === undefined ? {} : { app: options.app }),
    secrets,
    log,
    history: history.history,
    notices: [...options.notices, ...(history.notice === null ? [] : [history.notice])],
    simulation: simulationPort(),
    somebody: () => true,
  });
  const end = async () => {
    await core.dispose();
    history.history?.close();
    settings.dispose();
  };
  try {
    const control = await serveControl(dataDir, core);
    return {
      core,
      async close() {
        await control.close();
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Every secret that passes is taken out of the log from then on. */
function hiding(store: SecretStore, log: LogFile): SecretStore {
  return {
    get backend() {
      return store.backend;
    },
    async get(name) {
      const value = await store.get(name);
      if (value !== null) log.hide(value);
      return value;
    },
    set(name, value) {
      log.hide(value);
      return store.set(name, value);
    },
    forget: (name) => store.forget(name),
  };
}
