import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SettingsInput } from "../../shared/settings.ts";
import type { ScenarioInfo } from "../../shared/snapshot.ts";
import { ControlSocket } from "./control/control-socket.ts";
import { writeShim } from "./control/shim.ts";
import { dockerProgram } from "./docker/docker-program.ts";
import { Home } from "./home.ts";
import { HostDial } from "./host-dial.ts";
import { PublishedPorts } from "./published-ports.ts";
import { findScenario, listScenarios } from "./scenarios/catalogue.ts";
import type { Scenario, Stage } from "./scenarios/scenario.ts";
import { HostShell } from "./shell/host-shell.ts";
import { SimClock } from "./sim-clock.ts";
import { makeSshKey } from "./ssh/keys.ts";
import { SshServer } from "./ssh/ssh-server.ts";
import { readTruth, type Truth } from "./truth.ts";

export { listScenarios } from "./scenarios/catalogue.ts";
export type { Truth } from "./truth.ts";

const USER = "administrator";
/** What docker-proxy would listen on where nothing real does. */
const HOST_PORTS: Readonly<Record<string, number>> = {
  "paper:5900": 15_900,
  "paper:4004": 14_002,
  "paper:4002": 14_012,
  "paper:8000": 48_012,
  "live:5900": 15_901,
  "live:4003": 14_011,
  "live:4001": 14_021,
  "live:8000": 48_014,
};

export interface SimulatorOptions {
  /** Default "healthy". */
  readonly scenario?: string;
  /** Of the SSH server; 0 (default) lets the system choose. */
  readonly port?: number;
  /** A private folder that only this user can read; the caller makes and removes it. Keep its path under 80 characters (Unix socket). */
  readonly dir: string;
  /** Opens real loopback listeners for the published container ports, for use behind a real sshd. */
  readonly publish?: boolean;
  /** Durations of the simulated server are divided by it. Default 1. */
  readonly speed?: number;
  /** Only the first 8 characters count, as in VNC. Default "gatelight" → "gateligh". */
  readonly vncPassword?: string;
  /** How far this process' clock is ahead of the machine's (tests that moved it), in ms. Default: GATELIGHT_SIM_CLOCK_OFFSET_MS, else 0. */
  readonly clockOffsetMs?: number;
}

export interface Simulator {
  readonly ssh: { readonly host: string; readonly port: number; readonly user: string; readonly hostKey: string; readonly identityFile: string };
  /** What known_hosts must hold for this server. */
  readonly knownHostsLine: string;
  readonly knownHostsFile: string;
  /** Settings that reach it. */
  readonly settings: SettingsInput;
  readonly vncPassword: string;
  readonly scenario: string;
  readonly scenarios: readonly ScenarioInfo[];
  /** The simulated docker as a program, for a real shell. */
  readonly dockerProgram: string;
  /** Environment for a real sshd's sessions: PATH and GATELIGHT_PROC. */
  readonly environment: Readonly<Record<string, string>>;
  /** Stands in the containers' environment; must never leave the server. */
  readonly canary: string;
  /** Turns the running server. @throws Error for an unknown id */
  play(id: string): Promise<void>;
  /** For tests: the truth about what the product can only infer. */
  truth(): Truth;
  /** For tests: the stage itself. */
  readonly stage: Stage;
  dispose(): Promise<void>;
}

/** Of each MCP server. */
const WORKERS = 3;
const WORKERS_MS = 5_000;

function baseSettings(port: number, identityFile: string, knownHostsFile: string, hostPort: (key: string) => number): SettingsInput {
  const gateway = (mode: "paper" | "live") => ({
    id: mode,
    name: mode === "paper" ? "Paper" : "Live",
    mode,
    container: `mcp-ib-gateway-${mode}`,
    clientId: mode === "paper" ? 901 : 911,
    mcp: { url: `http://127.0.0.1:${hostPort(`${mode}:8000`)}`, container: `mcp-ib-${mode}` },
    compose: { dir: null, service: null, envFile: `$HOME/projects/secrets/mcp-ib-${mode}.env` },
  });
  return {
    version: 1,
    servers: [
      {
        id: "home",
        name: "linuxserver.lan",
        reach: { kind: "ssh", host: "127.0.0.1", port, user: USER, identityFiles: [identityFile], useAgent: false, useSshConfig: false, knownHostsFile },
        gateways: [gateway("paper"), gateway("live")],
      },
    ],
  };
}

/** The home has stood for days when it is first looked at: its MCP servers' workers have long been connected. */
async function workersConnected(home: Home): Promise<void> {
  const until = performance.now() + WORKERS_MS;
  const waiting = () => home.gateways.some(({ gateway }) => [...(gateway?.api.connections ?? [])].filter((one) => one.clientId !== null).length < WORKERS);
  while (waiting() && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Starts a home server that is not there. @throws Error for an unknown scenario or when a port is taken */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const first = findScenario(options.scenario ?? "healthy");
  if (first === null) throw new Error(`unknown scenario: ${options.scenario}`);
  const { dir } = options;
  const vncPassword = options.vncPassword ?? "gateligh";
  for (const own of ["home", "tmp"]) mkdirSync(join(dir, own), { recursive: true });
  chmodSync(dir, 0o700);
  const clock = new SimClock(options.speed ?? 1);
  const published = new PublishedPorts();
  if (options.publish === true) await published.open(Object.keys(HOST_PORTS));
  const hostPort = (key: string) => published.port(key) ?? HOST_PORTS[key] ?? 0;
  const home = new Home({
    clock,
    dir,
    vncPassword,
    publishAll: options.publish === true,
    hostPort: (gateway, port) => hostPort(`${gateway}:${port}`),
    // Read anew each time: a test may let hours pass.
    get clockOffsetMs() {
      return options.clockOffsetMs ?? Number(process.env.GATELIGHT_SIM_CLOCK_OFFSET_MS ?? 0);
    },
  });
  const dial = new HostDial(home);
  published.use(dial);
  const shell = new HostShell({ dir, user: USER, engine: home.engine });
  const control = new ControlSocket((argv, io, where) => dockerProgram(home.engine, argv, io, where));
  const socketPath = join(dir, "control.sock");
  const program = writeShim(dir, socketPath);
  await control.listen(socketPath);

  const clientKey = makeSshKey("gatelight@simulator");
  const identityFile = join(dir, "id_ed25519");
  writeFileSync(identityFile, clientKey.privateText, { mode: 0o600 });
  writeFileSync(`${identityFile}.pub`, `${clientKey.publicText}\n`);
  const hostKey = makeSshKey("root@linuxserver");
  const ssh = new SshServer({ user: USER, hostKey, clientKey, run: (command, io) => shell.run(command, io), dial: (host, port) => dial.dial(host, port) });
  await ssh.listen(options.port ?? 0);

  const [paper, live] = home.gateways;
  if (paper === undefined || live === undefined) throw new Error("the home has two gateways");
  let generation = 0;
  const stage: Stage = {
    home,
    ssh,
    paper,
    live,
    later: (ms, run) => {
      const born = generation;
      clock.after(ms, () => {
        if (born === generation) run();
      });
    },
  };
  const knownHostsFile = join(dir, "known_hosts");
  const knownHost = (key: string) => `[127.0.0.1]:${ssh.port} ${key.split(" ").slice(0, 2).join(" ")}`;
  const writeKnownHosts = (scenario: Scenario) => {
    const kind = scenario.knownHosts ?? "right";
    const key = kind === "wrong" ? makeSshKey("old").publicText : hostKey.publicText;
    writeFileSync(knownHostsFile, kind === "empty" ? "" : `${knownHost(key)}\n`, { mode: 0o600 });
  };
  let current = first;
  const play = async (scenario: Scenario) => {
    generation += 1;
    current = scenario;
    ssh.setFrozen(false);
    ssh.policy.keyAuthorised = true;
    ssh.setForwarding(true);
    if (ssh.hostKey !== hostKey) ssh.replaceHostKey(hostKey);
    await ssh.listen(0);
    home.reset();
    writeKnownHosts(scenario);
    await scenario.play(stage);
  };
  home.start();
  await workersConnected(home);
  await play(first);

  const base = baseSettings(ssh.port, identityFile, knownHostsFile, hostPort);
  return {
    ssh: { host: "127.0.0.1", port: ssh.port, user: USER, hostKey: hostKey.fingerprint, identityFile },
    knownHostsLine: knownHost(hostKey.publicText),
    knownHostsFile,
    settings: first.settings?.(base) ?? base,
    vncPassword,
    get scenario() {
      return current.id;
    },
    scenarios: listScenarios(),
    dockerProgram: program,
    environment: shell.environment,
    canary: home.canary,
    stage,
    async play(id) {
      const scenario = findScenario(id);
      if (scenario === null) throw new Error(`unknown scenario: ${id}`);
      await play(scenario);
    },
    truth: () => readTruth({ home, dial, ssh, shell, control }),
    async dispose() {
      generation += 1;
      await ssh.dispose();
      await published.dispose();
      shell.dispose();
      await control.dispose();
      dial.dispose();
      home.dispose();
      clock.dispose();
    },
  };
}
