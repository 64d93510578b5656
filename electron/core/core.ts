import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Handlers } from "../../shared/contract.ts";
import type { ServerSettings, Settings } from "../../shared/settings.ts";
import type { AppInfo, Notice, RepairRun, Snapshot } from "../../shared/snapshot.ts";
import { worst } from "../../shared/words.ts";
import type { StartAtLogin } from "./autostart/start-at-login.ts";
import type { Clock } from "./clock.ts";
import { type AppPort, coreHandlers } from "./core-handlers.ts";
import type { History } from "./history/history.ts";
import type { ResolveEnvironment } from "./host-link/ssh/resolve-route.ts";
import { createJudgingPace } from "./judging-pace.ts";
import { createNoticeBoard } from "./notice-board.ts";
import { createPrompts, type Prompts } from "./prompt-broker.ts";
import { createHandOvers } from "./repair/hand-over.ts";
import { createKeptRuns, isAlive } from "./repair/kept-run.ts";
import type { Log } from "./report/log.ts";
import { createRefusedPasswords } from "./screen/refused-passwords.ts";
import { createScreens, type Screens } from "./screen/screens.ts";
import type { SecretStore } from "./secrets/secret-store.ts";
import { ServerRuntime } from "./server-runtime.ts";
import { createKeptDials } from "./session/kept-dials.ts";
import type { SettingsStore } from "./settings/settings-store.ts";
import { createSimulationSwitch, type SimulationPort } from "./simulation-switch.ts";
import { createSnapshotStore, type OwnedSnapshotStore } from "./snapshot-store.ts";

export interface CoreOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly host: AppInfo["host"];
  readonly version: string;
  readonly dataDir: string;
  readonly settings: SettingsStore;
  readonly secrets: SecretStore;
  readonly log: Log;
  /** `null` where the file cannot be had; the notice says why. */
  readonly history: History | null;
  /** Absent: this host does not look for new versions. */
  readonly updates?: AppInfo["updates"];
  /** Absent: this host has no such thing. */
  readonly startAtLogin?: StartAtLogin;
  /** The program around it; absent: it has no window. */
  readonly app?: AppPort;
  /** What the person should know from the start. */
  readonly notices: readonly Notice[];
  /** How to play the simulated home server; `null` where it is left out. */
  readonly simulation: SimulationPort | null;
  /** Absent: twelve. More only for gateways that are simulated. */
  readonly dialsPerHour?: number;
  /** Whether a person can answer a prompt. */
  readonly somebody: () => boolean;
  /** Where SSH's files are looked for; absent: this person's. */
  readonly sshEnvironment?: ResolveEnvironment;
}

export interface Core {
  readonly store: OwnedSnapshotStore;
  readonly handlers: Handlers;
  readonly screens: Screens;
  readonly prompts: Prompts;
  readonly settings: SettingsStore;
  /** Something the person should know once, found out while running. */
  tell(notice: Notice): void;
  /** Logs in to a gateway's screen once, with a password that is known, and looks whether anything is painted. Never rejects. */
  checkScreen(server: string, gateway: string, signal: AbortSignal): Promise<void>;
  /** All links at once: after sleep, a network change, a click on the tray. */
  reconnect(reason: string): void;
  /** The machine goes to sleep: API sessions are closed cleanly. */
  suspend(): Promise<void>;
  resume(): void;
  /** The desktop was locked or unlocked: amounts that are masked by default hide again. */
  setLocked(on: boolean): void;
  /** The servers as they run now (command line, tests). */
  readonly servers: ReadonlyMap<string, ServerRuntime>;
  dispose(): Promise<void>;
}

/** Builds everything that is not a window. Starts watching at once. */
export function createCore(options: CoreOptions): Core {
  const { clock, log } = options;
  const servers = new Map<string, ServerRuntime>();
  const lastRuns = new Map<string, RepairRun>();
  const ending = new Set<Promise<void>>();
  let disposed = false;
  let locked = false;
  /** Every gateway is judged anew; what comes of it is published once. */
  let judging = false;
  const suspended: Promise<(() => void)[]>[] = [];

  const simulation = createSimulationSwitch(options.simulation, () => reconcile());
  const active = (): Settings => simulation.settings ?? options.settings.current;
  const board = createNoticeBoard(options.notices, () => publish());
  const passing = options.host === "command-line";
  const handOvers = createHandOvers({
    clock,
    file: passing ? null : join(options.dataDir, "hand-over.json"),
    target: (ref) => servers.get(ref.server)?.handOver(ref.gateway) ?? null,
    log: (message) => log.warn(message),
  });
  // Who only looks follows no repair on: that takes minutes.
  const keptRuns =
    passing && options.history === null
      ? null
      : createKeptRuns({ clock, dir: join(options.dataDir, "repairs"), log: (message) => log.warn(message), pid: process.pid, alive: isAlive });
  const keptDials = (server: string, gateway: string) =>
    createKeptDials({
      file: join(options.dataDir, "dials", server, gateway),
      writer: randomUUID(),
      log: (message) => log.warn(message, { server, gateway }),
    });
  const prompts = createPrompts({ clock, somebody: options.somebody, onChange: () => publish() });

  const app = (): AppInfo => ({
    version: options.version,
    host: options.host,
    platform: process.platform,
    ...(options.updates === undefined ? {} : { updates: options.updates }),
    ...(options.startAtLogin?.hindrance == null ? {} : { noStartAtLogin: options.startAtLogin.hindrance }),
    secrets: options.secrets.backend,
    simulation: simulation.info,
  });
  const snapshot = (): Omit<Snapshot, "revision"> => {
    const list = [...servers.values()].map((server) => server.snapshot());
    const lights = list.flatMap((server) => [server.light, ...server.gateways.map((gateway) => gateway.light)]);
    return {
      app: app(),
      light: prompts.open.length > 0 ? "needs-you" : worst(lights),
      servers: list,
      prompts: prompts.open,
      notices: [...board.notices, ...(options.settings.notice === null ? [] : [options.settings.notice])],
      notify: options.settings.current.notify,
      privacy: { ...active().privacy, locked },
    };
  };
  const store = createSnapshotStore(snapshot(), clock);
  const pace = createJudgingPace({
    clock,
    judge() {
      judging = true;
      try {
        for (const server of servers.values()) server.judge();
      } finally {
        judging = false;
        publish();
      }
    },
    steadyFor: (ms) =>
      !store.watched && [...servers.values()].every((server) => server.lineAnswers && server.gateways.every((gateway) => gateway.steadyFor(ms))),
    undoubted: () => [...servers.values()].every((server) => server.lineAnswers),
  });
  function publish(): void {
    if (disposed || judging) return;
    store.set(snapshot);
    pace.rouse();
  }

  const refused = createRefusedPasswords();
  const screens = createScreens({
    refused,
    link: (server) => servers.get(server)?.link ?? null,
    address: (server, gateway, signal) => servers.get(server)?.screenAddress(gateway, signal) ?? Promise.resolve(null),
    secrets: { ...options.secrets, get: async (name) => simulation.secret(name) ?? (await options.secrets.get(name)) },
    prompts,
    nameOf: (server, gateway) => servers.get(server)?.gateway(gateway)?.target.name ?? gateway,
    clients: (server, gateway) => servers.get(server)?.gateway(gateway)?.evidence().sockets?.value.screenClients ?? 0,
    report: (server, gateway, report) => servers.get(server)?.screenReport(gateway, report),
    clock,
  });

  function makeServer(settings: ServerSettings): ServerRuntime {
    return new ServerRuntime(settings, {
      clock,
      random: options.random,
      log,
      prompts,
      secrets: options.secrets,
      refused,
      history: options.history,
      dataDir: options.dataDir,
      sshEnvironment: options.sshEnvironment,
      screenOpen: (gateway) => screens.openCount(settings.id, gateway) > 0,
      onChange() {
        publish();
        screens.recount();
      },
      // Nobody watches them move: the next second is soon enough.
      onFigures: () => {
        if (store.watched) publish();
      },
      watched: () => store.watched,
      dialsPerHour: simulation.settings === null ? options.dialsPerHour : Number.POSITIVE_INFINITY,
      keptDials: simulation.settings === null ? keptDials : null,
      // Settings that had to wait for its end are taken up.
      onRepairEnd: (gateway, run) => {
        lastRuns.set(JSON.stringify([settings.id, gateway]), run);
        queueMicrotask(reconcile);
      },
      keptRuns,
      lastRun: (gateway) => lastRuns.get(JSON.stringify([settings.id, gateway])) ?? null,
      board,
      passing,
    });
  }

  /** Ends servers whose settings went or changed, starts the new ones. */
  function reconcile(): void {
    if (disposed) return;
    const wanted = new Map(active().servers.map((server) => [server.id, server]));
    for (const [id, server] of servers) {
      const next = wanted.get(id);
      if (next !== undefined && JSON.stringify(next) === JSON.stringify(server.settings)) continue;
      // Nothing is half done because a name was changed; what was removed is let go of at once.
      if (next !== undefined && server.busy) continue;
      servers.delete(id);
      const end = server.dispose().catch((error: unknown) => log.error("ending a server failed", { error: String(error) }));
      ending.add(end);
      end.finally(() => ending.delete(end));
    }
    for (const [id, settings] of wanted) {
      if (servers.has(id)) continue;
      const server = makeServer(settings);
      servers.set(id, server);
      handOvers.adopt(id);
      server.start();
    }
    // The order of the settings is the order of the window.
    const order = [...wanted.keys()];
    const sorted = [...servers].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
    servers.clear();
    for (const [id, server] of sorted) servers.set(id, server);
    publish();
  }

  const atLogin = () => void options.startAtLogin?.apply(options.settings.current.startAtLogin, false);
  const stopSettings = options.settings.onChange(() => {
    atLogin();
    reconcile();
  });
  store.onWatched(() => {
    for (const server of servers.values()) server.watchChanged();
    publish();
  });
  const reconnect = (reason: string) => {
    for (const server of servers.values()) server.link.reconnectNow(reason, { force: true });
  };
  atLogin();
  reconcile();

  const core: Core = {
    store,
    screens,
    prompts,
    settings: options.settings,
    servers,
    handlers: coreHandlers({
      servers,
      settings: options.settings,
      secrets: options.secrets,
      prompts,
      screens,
      simulation,
      store,
      history: options.history,
      log,
      clock,
      random: options.random,
      dataDir: options.dataDir,
      sshEnvironment: options.sshEnvironment,
      handOvers,
      dismissNotice: (id) => board.dismiss(id),
      app: options.app ?? null,
    }),
    reconnect,
    tell: (notice) => board.put(notice),
    async checkScreen(server, gateway, signal) {
      await servers.get(server)?.checkScreen(gateway, signal);
    },
    async suspend() {
      const parked = Promise.all([...servers.values()].map((server) => server.suspend())).then((list) => list.flat());
      suspended.push(parked);
      await parked;
    },
    resume() {
      // The machine often sleeps before the last session is closed, and wakes in the middle of it: each is given back when it is.
      for (const parked of suspended.splice(0))
        parked.then(
          (list) => {
            for (const giveBack of list) giveBack();
          },
          () => {},
        );
      reconnect("resume");
    },
    setLocked(on) {
      locked = on;
      publish();
    },
    async dispose() {
      if (disposed) return;
      disposed = true;
      pace.dispose();
      stopSettings();
      handOvers.dispose();
      prompts.dispose();
      screens.dispose();
      await Promise.all([...[...servers.values()].map((server) => server.dispose()), ...ending]);
      servers.clear();
      await simulation.dispose();
      store.dispose();
    },
  };
  return core;
}
