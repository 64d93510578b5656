import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../electron/core/clock.ts";
import { type Core, createCore } from "../../electron/core/core.ts";
import { openHistory } from "../../electron/core/history/history.ts";
import { createLog, type Log } from "../../electron/core/report/log.ts";
import { createMemorySecrets } from "../../electron/core/secrets/memory-secrets.ts";
import { openSettings } from "../../electron/core/settings/settings-store.ts";
import type { SettingsInput } from "../../shared/settings.ts";
import type { GatewaySnapshot } from "../../shared/snapshot.ts";

export interface TestCore {
  readonly core: Core;
  readonly dataDir: string;
  readonly log: Log;
  gateway(id: string): GatewaySnapshot;
  /** Resolves with how long it took (ms). @throws Error with what was seen instead */
  until(what: string, met: () => boolean, deadlineMs: number): Promise<number>;
  close(): Promise<void>;
}

interface TestCoreOptions {
  readonly vncPassword?: string;
  readonly history?: boolean;
  readonly somebody?: boolean;
  /** What befalls a gateway in months befalls a simulated one in minutes. */
  readonly dialsPerHour?: number;
}

/** The real Core on a throw-away data folder, with nobody to answer prompts unless `somebody` is set. */
export async function openTestCore(settings: SettingsInput, options: TestCoreOptions = {}): Promise<TestCore> {
  const dataDir = mkdtempSync(join(tmpdir(), "gatelight-core-"));
  const store = openSettings({ dataDir, clock: systemClock, watch: false });
  const { faults } = await store.save(settings);
  if (faults.length > 0) throw new Error(faults.join("; "));
  const log = createLog({ file: join(dataDir, "gatelight.log"), level: "debug" });
  const { history } = options.history === true ? await openHistory({ file: join(dataDir, "history.sqlite"), clock: systemClock }) : { history: null };
  const core = createCore({
    clock: systemClock,
    random: Math.random,
    host: "command-line",
    version: "0.0.0",
    dataDir,
    settings: store,
    secrets: createMemorySecrets(options.vncPassword === undefined ? {} : { GATELIGHT_VNC_PASSWORD: options.vncPassword }),
    log,
    history,
    notices: [],
    simulation: null,
    ...(options.dialsPerHour === undefined ? {} : { dialsPerHour: options.dialsPerHour }),
    somebody: () => options.somebody === true,
  });
  const gateway = (id: string): GatewaySnapshot => {
    const found = core.store.current.servers.flatMap((server) => server.gateways).find((one) => one.id === id);
    if (found === undefined) throw new Error(`no gateway ${id}`);
    return found;
  };
  return {
    core,
    dataDir,
    log,
    gateway,
    until(what, met, deadlineMs) {
      const begun = performance.now();
      return new Promise((resolve, reject) => {
        const finish = (end: () => void) => {
          stop();
          clearTimeout(timer);
          end();
        };
        const look = () => {
          if (met()) finish(() => resolve(performance.now() - begun));
        };
        const stop = core.store.subscribe(look);
        const timer = setTimeout(() => {
          const seen = core.store.current.servers.map((server) => [
            server.link.word,
            server.gateways.map((one) => [one.id, one.light, one.cause?.id ?? null, one.sentence]),
          ]);
          finish(() => reject(new Error(`not within ${deadlineMs} ms: ${what}; seen: ${JSON.stringify(seen)}`)));
        }, deadlineMs);
        look();
      });
    },
    async close() {
      await core.dispose();
      history?.close();
      store.dispose();
      log.dispose();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
