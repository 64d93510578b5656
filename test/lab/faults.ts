import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CauseId } from "../../shared/words.ts";
import type { SettingsChange } from "./lab.ts";
import { kill, run, until } from "./processes.ts";
import { everywhereAway } from "./quiet-region.ts";
import type { RemoteHost } from "./remote-host.ts";
import type { Stack } from "./stack.ts";
import type { Orders } from "./stand-in/orders.ts";

/** One failure as the lab produces it. */
export interface Fault {
  readonly id: string;
  readonly cause: CauseId;
  readonly inject: (stack: Stack, host: RemoteHost) => Promise<void>;
  readonly heal: (stack: Stack, host: RemoteHost) => Promise<void>;
  /**
   * `running`: noticed by one who has been watching. `fresh`: the container is started anew by us or a thing is refused to new connections only,
   * so it is shown to one who comes later. `settings`: lies in the settings, nothing is done to the server.
   */
  readonly seen: "running" | "fresh" | "settings";
  readonly settings?: (host: RemoteHost) => SettingsChange;
  /** What it rightly turns into after a while, as when a silent line is given up and cannot be opened anew. */
  readonly becomes?: CauseId;
  /** The restarts it brings are remembered for a quarter of an hour: the whole stays `degraded` though all can be used again. */
  readonly echoes?: boolean;
  /** Beside the chain, or an answer that only comes after a while: the light that must leave `up` within this time, ms. */
  readonly noticedMs?: number;
  /** Nobody reaches the server meanwhile. */
  readonly wholeServer?: boolean;
  /** The container must have run for so long before, ms: younger ones are given time by the diagnosis. */
  readonly ageMs?: number;
}

const nothing = async (): Promise<void> => undefined;
let drops = 0;
/** Orders that meet the clients: their connections are cut, so that they come again. */
const cutting = (orders: Orders): Orders => ({ ...orders, drop: ++drops });
const restart = (stack: Stack, host: RemoteHost) => host.docker(["restart", "-t", "1", stack.gateway]);

/** The gateway's process is told while it runs. */
const told = (id: string, cause: CauseId, orders: Orders, more: Partial<Fault> = {}): Fault => ({
  id,
  cause,
  seen: "running",
  inject: async (stack) => stack.order(cutting(orders)),
  heal: async (stack) => stack.order(cutting({})),
  ...more,
});

/** The gateway starts that way. */
const started = (id: string, cause: CauseId, orders: Orders, more: Partial<Fault> = {}): Fault => ({
  id,
  cause,
  seen: "fresh",
  inject: async (stack, host) => {
    stack.order(orders);
    await restart(stack, host);
  },
  heal: async (stack, host) => {
    stack.order({});
    await restart(stack, host);
  },
  ...more,
});

/** The container ends with this code and stays down. */
const exits = (id: string, cause: CauseId, code: number): Fault => ({
  id,
  cause,
  seen: "running",
  inject: async (stack, host) => {
    await host.docker(["update", "--restart=no", stack.gateway]);
    stack.mark("exit", String(code));
    await stack.signalJava("KILL");
  },
  heal: comeBack,
});

async function comeBack(stack: Stack, host: RemoteHost): Promise<void> {
  stack.mark("exit", null);
  stack.order({});
  await host.docker(["update", "--restart=always", stack.gateway]);
  await host.docker(["start", stack.gateway]);
}

const link = (id: string, cause: CauseId, settings: (host: RemoteHost) => SettingsChange): Fault => ({
  id,
  cause,
  seen: "settings",
  settings,
  inject: nothing,
  heal: nothing,
});

/** Clients that come and give up while nobody accepts: what fills the queue. */
async function knock(stack: Stack, times: number): Promise<void> {
  const port = stack.apiPort;
  await stack.exec(["timeout", "8", "bash", "-c", `for i in $(seq ${times}); do (exec 3<>/dev/tcp/127.0.0.1/${port}) 2>/dev/null & done; wait`], true);
}

const mcpPid = async (stack: Stack, host: RemoteHost) => Number((await host.docker(["inspect", "--format", "{{.State.Pid}}", stack.mcp])).stdout.trim());
const mcp = (id: string, cause: CauseId, plan: Readonly<Record<string, unknown>>): Fault => ({
  id,
  cause,
  seen: "running",
  // Its health is asked every so often, not followed.
  noticedMs: 40_000,
  inject: async (stack) => stack.orderMcp(plan),
  heal: async (stack) => stack.orderMcp({}),
});

export const FAULTS: readonly Fault[] = [
  // ── the way to the server ──
  link("dns-name-missing", "name-not-found", () => ({ host: "no-such-host.invalid" })),
  link("sshd-not-there", "server-unreachable", () => ({ port: 2_299 })),
  link("key-refused", "ssh-auth-failed", (host) => ({ identityFile: host.strangerFile })),
  link("host-key-unknown", "host-key-unknown", (host) => ({ knownHostsFile: `${host.knownHostsFile}.empty` })),
  link("host-key-changed", "host-key-changed", (host) => ({ knownHostsFile: `${host.knownHostsFile}.other` })),
  { ...link("forwarding-forbidden", "forwarding-forbidden", () => ({ port: 2_222 })), inject: (_stack, host) => host.startStrictSshd() },
  {
    id: "sshd-stopped",
    cause: "server-unreachable",
    seen: "running",
    wholeServer: true,
    inject: (_stack, host) => host.stopSshd(),
    heal: (_stack, host) => host.startSshd(),
  },
  {
    id: "line-dead",
    cause: "tunnel-half-open",
    becomes: "server-unreachable",
    seen: "running",
    wholeServer: true,
    noticedMs: 10_000,
    inject: (_stack, host) => host.cutLine(true),
    heal: (_stack, host) => host.cutLine(false),
  },
  // ── docker and the container ──
  { id: "dockerd-stopped", cause: "docker-down", seen: "running", inject: (_stack, host) => host.stopDocker(), heal: (_stack, host) => host.startDocker() },
  {
    id: "docker-forbidden",
    cause: "docker-permission",
    seen: "fresh",
    inject: async (_stack, host) => {
      const real = (await run(["sh", "-c", "command -v docker"])).stdout.trim();
      writeFileSync(join(host.folder, "bin", "docker"), `#!/bin/sh\nexec setpriv --reuid 65534 --regid 65534 --clear-groups ${real} "$@"\n`, { mode: 0o755 });
    },
    heal: async (_stack, host) => rmSync(join(host.folder, "bin", "docker"), { force: true }),
  },
  {
    id: "container-renamed",
    cause: "container-missing",
    seen: "running",
    inject: async (stack, host) => void (await host.docker(["rename", stack.gateway, `${stack.gateway}-old`])),
    heal: async (stack, host) => void (await host.docker(["rename", `${stack.gateway}-old`, stack.gateway])),
  },
  {
    id: "container-stopped",
    cause: "container-exited",
    seen: "running",
    inject: async (stack, host) => void (await host.docker(["stop", "-t", "2", stack.gateway])),
    heal: async (stack, host) => void (await host.docker(["start", stack.gateway])),
  },
  {
    id: "container-paused",
    cause: "container-exited",
    seen: "running",
    inject: async (stack, host) => void (await host.docker(["pause", stack.gateway])),
    heal: async (stack, host) => void (await host.docker(["unpause", stack.gateway])),
  },
  {
    id: "out-of-memory",
    cause: "container-exited",
    seen: "running",
    noticedMs: 30_000,
    inject: async (stack, host) => {
      await host.docker(["update", "--restart=no", stack.gateway]);
      stack.order({ eat: true });
      await until(
        async () => !(await stack.state()).running,
        60_000,
        () => "the kernel ends the container",
      );
    },
    heal: comeBack,
  },
  {
    ...exits("exit-87", "container-exited", 87),
    seen: "fresh",
    inject: async (stack, host) => {
      await host.docker(["update", "--restart=no", stack.gateway]);
      stack.order({ login: "second-factor-pending", secondFactor: true });
      const begun = new Date().toISOString();
      await restart(stack, host);
      await until(
        async () => (await host.docker(["logs", "--since", begun, stack.gateway])).stdout.includes("Second Factor Authentication initiated"),
        60_000,
        () => "the second factor is asked for",
      );
      stack.mark("exit", "87");
      await stack.signalJava("KILL");
    },
  },
  exits("exit-83", "container-exited", 83),
  started("crash-loop", "restart-loop", { login: "crash" }),
  {
    id: "mcp-heals",
    cause: "competing-healer",
    seen: "running",
    echoes: true,
    inject: async (stack) => {
      stack.orderMcp({ healing: true });
      stack.order(cutting({ api: { reply: "close-after-start" } }));
    },
    heal: async (stack) => {
      stack.orderMcp({});
      stack.order(cutting({}));
    },
  },
  // ── the log-in ──
  started("still-starting", "booting", { login: "booting" }),
  started("login-window-missing", "login-window-missing", { login: "window-missing" }),
  started("wrong-password", "wrong-password", { login: "wrong-password" }),
  started("too-many-attempts", "too-many-attempts", { login: "too-many-attempts" }),
  started("second-factor-waits", "second-factor-pending", { login: "second-factor-pending", secondFactor: true }),
  started("second-factor-missed", "second-factor-missed", { login: "second-factor-missed", secondFactor: true }),
  started("second-factor-device", "second-factor-device", { login: "second-factor-device", secondFactor: true }),
  started("password-expired", "password-expired", { login: "password-expired" }),
  started("existing-session", "existing-session", { login: "existing-session" }),
  started("build-desupported", "build-desupported", { login: "build-desupported" }),
  started("paper-notice", "paper-disclaimer", { login: "paper-disclaimer" }),
  {
    ...started("no-display", "xvfb-dead", { login: "xvfb-dead" }),
    inject: async (stack, host) => {
      stack.mark("no-xvfb", "");
      stack.order({ login: "xvfb-dead" });
      await restart(stack, host);
    },
    heal: async (stack, host) => {
      stack.mark("no-xvfb", null);
      stack.order({});
      await restart(stack, host);
    },
  },
  // ── sockets and the API ──
  {
    id: "wedge",
    cause: "accept-queue-wedge",
    seen: "running",
    inject: async (stack) => {
      await stack.signalJava("STOP");
      await knock(stack, 56);
    },
    heal: async (stack) => stack.signalJava("CONT"),
  },
  {
    id: "process-stopped",
    cause: "gateway-hung",
    // Until ps is asked (every half minute), a first client in the queue looks the same.
    becomes: "accept-queue-wedge",
    seen: "running",
    // A mute session is known only by its heartbeat.
    noticedMs: 12_000,
    inject: async (stack) => stack.signalJava("STOP"),
    heal: async (stack) => stack.signalJava("CONT"),
  },
  {
    id: "localhost-only",
    cause: "localhost-only",
    seen: "running",
    inject: async (stack) => {
      stack.mark("relay-target", "own");
      await stack.exec(["pkill", "-x", "socat"], true);
      stack.order(cutting({}));
    },
    heal: async (stack) => {
      stack.mark("relay-target", null);
      await stack.exec(["pkill", "-x", "socat"], true);
    },
  },
  told("accept-dialog", "accept-dialog", { acceptDialog: true }),
  told("client-id-taken", "client-id-in-use", { heldClientIds: Array.from({ length: 64 }, (_unused, at) => 901 + at) }),
  told("silent-api", "gateway-hung", { api: { reply: "silent" } }),
  told("wrong-service", "wrong-service", { api: { reply: "wrong-protocol" } }),
  told("wrong-mode", "mode-mismatch", { tradingMode: "live", accounts: ["U1234567"] }),
  {
    ...told("port-moved", "api-port-changed", { portOverride: 4_000 }),
    inject: async (stack) => stack.order({ portOverride: 4_000 }),
    heal: async (stack) => stack.order({}),
  },
  started("other-port", "port-mismatch", { portOverride: 4_000 }),
  {
    id: "relay-gone",
    cause: "relay-dead",
    seen: "running",
    ageMs: 32_000,
    inject: async (stack) => {
      stack.mark("no-relay", "");
      await stack.exec(["pkill", "-x", "socat"], true);
    },
    heal: async (stack) => stack.mark("no-relay", null),
  },
  {
    id: "read-only",
    cause: "read-only-api",
    seen: "fresh",
    inject: async (stack, host) => {
      await stack.exec([
        "sh",
        "-c",
        `echo '{"socketPort":${stack.apiPort},"readOnly":true,"localhostOnly":true,"trustedIps":["127.0.0.1"]}' > /home/ibgateway/tws_settings/ibg.json`,
      ]);
      await restart(stack, host);
    },
    heal: async (stack, host) => {
      await stack.exec(["rm", "-f", "/home/ibgateway/tws_settings/ibg.json"]);
      await restart(stack, host);
    },
  },
  // ── the broker ──
  {
    id: "broker-away",
    // In the hours in which IBKR is away for everybody, that is what it is taken for.
    cause: everywhereAway(new Date()) ? "broker-maintenance" : "broker-unreachable",
    seen: "running",
    inject: (stack) => stack.broker("away"),
    heal: (stack) => stack.broker("back"),
  },
  told("farm-down", "farms-down", { brokenFarms: ["usfarm.nj"] }),
  told("account-silent", "account-data-silent", { api: { accountSilent: true } }, { noticedMs: 15_000 }),
  // ── beside the chain ──
  {
    id: "x11vnc-killed",
    cause: "vnc-died",
    seen: "running",
    ageMs: 32_000,
    inject: async (stack) => void (await stack.exec(["pkill", "-x", "x11vnc"], true)),
    heal: async (stack) =>
      void (await stack.exec(
        ["sh", "-c", 'pkill -x x11vnc; exec x11vnc -display :1 -forever -shared -bg -noipv6 -quiet -passwd "$VNC_SERVER_PASSWORD" >/dev/null 2>&1'],
        true,
      )),
  },
  {
    id: "vnc-not-set-up",
    cause: "vnc-off",
    seen: "fresh",
    inject: async (stack, host) => {
      stack.mark("no-vnc", "");
      await restart(stack, host);
    },
    heal: async (stack, host) => {
      stack.mark("no-vnc", null);
      await restart(stack, host);
    },
  },
  {
    id: "mcp-stopped",
    cause: "mcp-down",
    seen: "running",
    inject: async (stack, host) => void (await host.docker(["stop", "-t", "1", stack.mcp])),
    heal: async (stack, host) => void (await host.docker(["start", stack.mcp])),
  },
  {
    id: "mcp-frozen",
    cause: "mcp-down",
    seen: "running",
    noticedMs: 45_000,
    inject: async (stack, host) => kill(await mcpPid(stack, host), "SIGSTOP"),
    heal: async (stack, host) => kill(await mcpPid(stack, host), "SIGCONT"),
  },
  mcp("mcp-workers-dead", "mcp-down", { mode: "down" }),
  mcp("mcp-misleading", "mcp-misleading", { mode: "misleading" }),
];
