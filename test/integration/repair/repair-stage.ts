import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock } from "../../../electron/core/clock.ts";
import { type Core, createCore } from "../../../electron/core/core.ts";
import { openHistory } from "../../../electron/core/history/history.ts";
import { createLog } from "../../../electron/core/report/log.ts";
import { createMemorySecrets } from "../../../electron/core/secrets/memory-secrets.ts";
import { openSettings } from "../../../electron/core/settings/settings-store.ts";
import { type Simulator, startSimulator } from "../../../electron/simulator/simulator.ts";
import type { CallContext } from "../../../shared/contract.ts";
import { type Settings, type SettingsInput, settings } from "../../../shared/settings.ts";
import type { GatewaySnapshot, Incident, RepairPlan, RepairRun } from "../../../shared/snapshot.ts";
import type { RepairId } from "../../../shared/words.ts";
import { shiftedBy } from "../../support/shift-clock.ts";

type GatewaySettingsInput = Settings["servers"][number]["gateways"][number];

export interface RepairStage {
  readonly simulator: Simulator;
  readonly core: Core;
  readonly dir: string;
  readonly dataDir: string;
  /** Everything that a view was ever shown, for canaries. */
  readonly seen: () => string;
  gateway(id?: "paper" | "live"): GatewaySnapshot;
  /** Waits for a condition on a gateway's snapshot. @throws Error with the snapshot's verdict after 40 s */
  until(what: string, met: (gateway: GatewaySnapshot) => boolean, id?: "paper" | "live"): Promise<GatewaySnapshot>;
  plan(repair: RepairId, id?: "paper" | "live"): Promise<RepairPlan>;
  start(plan: RepairPlan, confirm?: { confirmations?: number; typedName?: string | null }): Promise<string>;
  /** Plans, starts and follows to the end. */
  repair(repair: RepairId, id?: "paper" | "live"): Promise<RepairRun>;
  ended(id?: "paper" | "live"): Promise<RepairRun>;
  incidents(id?: "paper" | "live"): Promise<Incident[]>;
  /** Gatelight is quit; `restart` follows. */
  quit(): Promise<void>;
  /** A Core on the same data folder anew, as after a restart of Gatelight. */
  restart(): Promise<void>;
  dispose(): Promise<void>;
}

const CONTEXT: CallContext = { signal: new AbortController().signal, link: "test" };
const PATIENCE_MS = 40_000;
const ref = (id: string) => ({ server: "home", gateway: id });

/** The real Core over the real SSH link, against a simulated home server that plays a scenario. */
export async function repairStage(options: {
  scenario?: string;
  speed?: number;
  clock?: Clock;
  change?: (gateway: GatewaySettingsInput) => Partial<GatewaySettingsInput>;
}): Promise<RepairStage> {
  const dir = mkdtempSync(join(tmpdir(), "gl-repair-"));
  const simulator = await startSimulator({ dir, scenario: options.scenario ?? "healthy", speed: options.speed ?? 10, clockOffsetMs: shiftedBy });
  const dataDir = join(dir, "data");
  mkdirSync(dataDir, { mode: 0o700 });
  const plain = settings.parse(simulator.settings);
  const file: SettingsInput = {
    ...plain,
    servers: plain.servers.map((server) => ({ ...server, gateways: server.gateways.map((gateway) => ({ ...gateway, ...options.change?.(gateway) })) })),
  };
  writeFileSync(join(dataDir, "settings.json"), JSON.stringify(file));
  const clock = options.clock ?? systemClock;
  const texts: string[] = [];
  let close: () => Promise<void> = async () => undefined;
  const open = async (): Promise<Core> => {
    const store = openSettings({ dataDir, clock, watch: false });
    const log = createLog({ file: join(dataDir, "gatelight.log"), users: [] });
    const history = await openHistory({ file: join(dataDir, "history.sqlite"), clock });
    const core = createCore({
      clock,
      random: Math.random,
      host: "browser",
      version: "0",
      dataDir,
      settings: store,
      secrets: createMemorySecrets({}),
      log,
      history: history.history,
      notices: [],
      simulation: null,
      somebody: () => false,
    });
    core.store.subscribe((snapshot) => texts.push(JSON.stringify(snapshot)));
    close = async () => {
      close = async () => undefined;
      await core.dispose();
      history.history?.close();
      store.dispose();
      log.dispose();
    };
    return core;
  };
  let core = await open();

  const gateway = (id = "paper"): GatewaySnapshot => {
    const found = core.store.current.servers.flatMap((server) => server.gateways).find((one) => one.id === id);
    if (found === undefined) throw new Error(`there is no gateway ${id}`);
    return found;
  };
  const until: RepairStage["until"] = (what, met, id = "paper") =>
    new Promise((resolve, reject) => {
      const finish = (end: () => void) => {
        stop();
        clearInterval(poll);
        clearTimeout(late);
        end();
      };
      const look = () => {
        const now = gateway(id);
        if (met(now)) finish(() => resolve(now));
      };
      const late = setTimeout(
        () => finish(() => reject(new Error(`not seen: ${what}; ${JSON.stringify({ ...gateway(id), evidence: [], guide: [], accounts: [] }, null, 1)}`))),
        PATIENCE_MS,
      );
      const poll = setInterval(look, 100);
      const stop = core.store.subscribe(look);
      look();
    });
  const plan: RepairStage["plan"] = (repair, id = "paper") => core.handlers["repair.plan"]({ ...ref(id), repair }, CONTEXT);
  const start: RepairStage["start"] = async (chosen, confirm = {}) =>
    (
      await core.handlers["repair.start"](
        { planId: chosen.planId, confirmations: confirm.confirmations ?? 2, typedName: confirm.typedName === undefined ? chosen.gateway : confirm.typedName },
        CONTEXT,
      )
    ).run;
  const ended: RepairStage["ended"] = async (id = "paper") => {
    const { run } = await until("the end of the repair", (now) => now.run !== null && now.run.outcome !== "running", id);
    if (run === null) throw new Error("no run");
    return run;
  };
  return {
    simulator,
    get core() {
      return core;
    },
    dir,
    dataDir,
    seen: () => texts.join("\n"),
    gateway,
    until,
    plan,
    start,
    ended,
    async repair(id, on = "paper") {
      const chosen = await plan(id, on);
      if (chosen.refused !== null) throw new Error(`refused: ${chosen.refused}`);
      const run = await start(chosen);
      await until("the start of the repair", (now) => now.run?.id === run, on);
      return await ended(on);
    },
    incidents: (id = "paper") => core.handlers["history.incidents"]({ ...ref(id), limit: 100 }, CONTEXT),
    quit: () => close(),
    async restart() {
      await close();
      core = await open();
    },
    async dispose() {
      await close();
      await simulator.dispose();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
