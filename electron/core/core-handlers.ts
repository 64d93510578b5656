import type { CallContext, Handlers } from "../../shared/contract.ts";
import type { Clock } from "./clock.ts";
import { testServer } from "./discovery/test-server.ts";
import type { GatewayRuntime } from "./gateway-runtime.ts";
import { curveCsv, positionsCsv, summaryCsv } from "./history/csv.ts";
import type { History } from "./history/history.ts";
import { type ResolveEnvironment, resolveSshHost } from "./host-link/ssh/resolve-route.ts";
import type { Prompts } from "./prompt-broker.ts";
import type { HandOvers } from "./repair/hand-over.ts";
import type { Log, LogFile } from "./report/log.ts";
import { namesToHide } from "./report/names-to-hide.ts";
import { problemReport } from "./report/problem-report.ts";
import type { Screens } from "./screen/screens.ts";
import type { SecretStore } from "./secrets/secret-store.ts";
import type { ServerRuntime } from "./server-runtime.ts";
import type { SettingsStore } from "./settings/settings-store.ts";
import type { SimulationSwitch } from "./simulation-switch.ts";
import type { OwnedSnapshotStore } from "./snapshot-store.ts";

export interface HandlerPorts {
  readonly servers: ReadonlyMap<string, ServerRuntime>;
  readonly settings: SettingsStore;
  readonly secrets: SecretStore;
  readonly prompts: Prompts;
  readonly screens: Screens;
  readonly simulation: SimulationSwitch;
  readonly store: OwnedSnapshotStore;
  readonly history: History | null;
  readonly log: Log & Partial<Pick<LogFile, "tail" | "scrub" | "hide">>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly dataDir: string;
  readonly sshEnvironment?: ResolveEnvironment;
  readonly handOvers: HandOvers;
  readonly dismissNotice: (id: string) => void;
  readonly app: AppPort | null;
}

/** What the program around Core can do. */
export interface AppPort {
  /** Brings a window up. @throws Error where there is no place for one */
  show(): void;
  quit(): void;
}

interface Ref {
  readonly server: string;
  readonly gateway: string;
}

const REPORT_LOG_LINES = 200;

/** What each call of the contract does. Inputs are already checked. Errors are sentences for people. */
export function coreHandlers(ports: HandlerPorts): Handlers {
  const { servers, settings, prompts, screens, simulation, store, history } = ports;

  const serverOf = (id: string): ServerRuntime => {
    const server = servers.get(id);
    if (server === undefined) throw new Error(`There is no server ${id}.`);
    return server;
  };
  const gatewayOf = (ref: Ref): GatewayRuntime => {
    const gateway = serverOf(ref.server).gateway(ref.gateway);
    if (gateway === null) throw new Error(`There is no gateway ${ref.gateway} on ${ref.server}.`);
    return gateway;
  };
  const keep = (): History => {
    if (history === null) throw new Error("The history cannot be kept on this machine; the notice in the window says why.");
    return history;
  };
  const appPort = (): AppPort => {
    if (ports.app === null) throw new Error("This Gatelight has no window.");
    return ports.app;
  };
  const who = ({ link }: CallContext) => (link === "command-line" ? "the command line" : link === "tray" ? "the tray" : `window ${link.slice(0, 6)}`);

  return {
    "settings.get": async () => ({ settings: settings.current, file: settings.file }),
    "settings.save": (value) => settings.save(value),
    "server.resolve": async ({ host }) => resolveSshHost({ kind: "ssh", host, useAgent: true, useSshConfig: true }, ports.sshEnvironment),
    "server.test": (server, { signal }) =>
      testServer(server, {
        prompts,
        secrets: ports.secrets,
        dataDir: ports.dataDir,
        clock: ports.clock,
        random: ports.random,
        sshEnvironment: ports.sshEnvironment,
        signal,
      }),
    "link.reconnect": async ({ server }) => {
      serverOf(server).link.reconnectNow("asked by a person", { force: true });
      return null;
    },
    "look.now": async (ref) => {
      gatewayOf(ref).session.nudge({ by: "person" });
      await serverOf(ref.server).lookAtAll(ref.gateway);
      return null;
    },
    "prompt.answer": async ({ id, values, remember }) => {
      // Before anybody gets it: whatever goes wrong with it from here on, no line of the log shows it.
      const fields = prompts.open.find((prompt) => prompt.id === id)?.fields ?? [];
      for (const field of fields) if (field.secret) ports.log.hide?.(values[field.name] ?? "");
      if (!prompts.answer(id, values, remember)) throw new Error("This question is no longer open.");
      return null;
    },
    "prompt.dismiss": async ({ id }) => {
      prompts.dismiss(id);
      return null;
    },
    "notice.dismiss": async ({ id }) => {
      ports.dismissNotice(id);
      return null;
    },
    "session.release": async ({ minutes, stopGateway, ...ref }) => {
      const running = gatewayOf(ref).repairs.running;
      if (running !== null) throw new Error(`A repair is running: ${running}. Give the account away when it is done.`);
      await ports.handOvers.release(ref, minutes === null ? null : ports.clock.now() + minutes * 60_000, stopGateway);
      return null;
    },
    "session.resume": async (ref) => {
      gatewayOf(ref);
      await ports.handOvers.resume(ref);
      return null;
    },
    "screen.open": (ref, context) => screens.open(ref, context),
    "screen.close": async ({ screen }, { link }) => {
      screens.close(screen, link);
      return null;
    },
    "screen.picture": async ({ screen, picture }, { link }) => {
      screens.picture(screen, picture, link);
      return null;
    },
    "secret.forget": async (ref) => {
      screens.forgetPassword(ref.server, ref.gateway);
      await ports.secrets.forget({ kind: "vnc-password", ...ref });
      return null;
    },
    "repair.plan": async ({ repair, ...ref }) => gatewayOf(ref).repairs.plan(repair),
    "repair.start": async ({ planId, confirmations, typedName }, context) => {
      for (const server of servers.values())
        for (const gateway of server.gateways)
          if (gateway.repairs.knows(planId)) return { run: gateway.repairs.start(planId, { confirmations, typedName }, who(context)) };
      throw new Error("This plan is no longer valid: it was started already, or is older than two minutes. Ask for it again.");
    },
    "repair.cancel": async (ref) => {
      gatewayOf(ref).repairs.cancel();
      return null;
    },
    "log.tail": ({ lines, ...ref }, { signal }) => serverOf(ref.server).logTail(gatewayOf(ref).target, lines, signal),
    "history.curve": async ({ account, from, points, ...ref }) => keep().curve({ ...ref, account, from, points }),
    "history.incidents": async ({ limit, ...ref }) => keep().incidents({ ...ref, limit }),
    "export.csv": async ({ what, ...ref }) => {
      const gateway = gatewayOf(ref);
      const accounts = gateway.session.report.accounts;
      const day = new Date(ports.clock.now()).toISOString().slice(0, 10);
      const name = `gatelight-${ref.gateway}-${what}-${day}.csv`;
      if (what === "positions") return { name, text: positionsCsv(accounts) };
      if (what === "summary") return { name, text: summaryCsv(accounts) };
      return { name, text: curveCsv(accounts.map(({ id }) => ({ account: id, points: keep().curve({ ...ref, account: id, from: 0, points: 5_000 }) }))) };
    },
    "report.create": async ({ showNames }) => {
      const options = { showNames, now: ports.clock.now(), ...namesToHide(settings.current) };
      const text = problemReport(store.current, ports.log.tail?.(REPORT_LOG_LINES) ?? [], options);
      return { text: ports.log.scrub?.(text) ?? text };
    },
    "mcp.callTool": (ref, { signal }) => serverOf(ref.server).callMcpTool(gatewayOf(ref).target, signal),
    "app.show": async () => {
      appPort().show();
      return null;
    },
    "app.quit": async () => {
      const { quit } = appPort();
      // The answer goes out before the end begins.
      ports.clock.after(50, quit);
      return null;
    },
    "simulation.play": async ({ scenario }) => {
      await simulation.play(scenario);
      return null;
    },
  };
}
