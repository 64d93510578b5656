import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rolldown } from "rolldown";
import type { ForwardSettings, Settings } from "../../shared/settings.ts";
import { missingPeers } from "../support/peers.ts";
import { composePlugin } from "./compose.ts";
import { type Fault, faultOf } from "./faults.ts";
import { importImage } from "./gateway-image.ts";
import { allOf } from "./processes.ts";
import { quietPeer } from "./quiet-region.ts";
import { RemoteHost } from "./remote-host.ts";
import { PROJECTS, Stack, VNC_PASSWORD } from "./stack.ts";
import { PREFIX, tidyUpAfterTheDead } from "./tidy-up.ts";

export interface LabOptions {
  readonly modes?: readonly ("paper" | "live")[];
  /** How many times faster than real a log-in goes. */
  readonly speed?: number;
  /** Between two looks of the MCP server at its own connections, ms. */
  readonly healMs?: number;
  /** Ends a start that is under way; nothing of it stays. */
  readonly signal?: AbortSignal;
}

/** A home server built from real parts, on this machine. */
export interface Lab {
  readonly folder: string;
  readonly host: RemoteHost;
  readonly paper: Stack;
  readonly stacks: readonly Stack[];
  readonly vncPassword: string;
  /** A settings file that reaches it. */
  settings(change?: SettingsChange): Settings;
  /** What a fault needs before its onset, if anything. @throws Error when there is no such fault */
  prepare(id: string): Promise<Fault>;
  /** Prepares it where that was not done. @throws Error when there is no such fault */
  inject(id: string): Promise<Fault>;
  /** Undoes what was injected; resolves when the gateways accept again. */
  heal(): Promise<void>;
  dispose(): Promise<void>;
}

export interface SettingsChange {
  readonly host?: string;
  readonly port?: number;
  readonly identityFile?: string;
  readonly knownHostsFile?: string;
  readonly forwards?: readonly ForwardSettings[];
}

/** Why no lab can be had here, in one sentence; `null` when it can. Under CI=true a missing program is an error. */
export function whyNoLab(): string | null {
  if (process.platform !== "linux") return "The lab needs Linux: network namespaces and Docker.";
  if (process.getuid?.() !== 0) {
    if (process.env.CI === "true") throw new Error("The lab must run as root: it makes a network namespace and starts dockerd.");
    return "The lab must run as root: it makes a network namespace and starts dockerd.";
  }
  const missing = missingPeers("sshd", "dockerd", "docker-compose", "ip", "iptables", "tcpdump", "socat", "Xvfb", "x11vnc");
  return missing.length === 0 ? null : `The lab needs ${missing.join(", ")}; npm run setup:peers installs them.`;
}

export async function startLab(options: LabOptions = {}): Promise<Lab> {
  await tidyUpAfterTheDead(tmpdir());
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  const host = new RemoteHost(folder);
  const bundleDir = join(folder, "bundle");
  const peer = quietPeer(new Date());
  const stacks = (options.modes ?? ["paper"]).map((mode) => new Stack(host, { mode, speed: options.speed ?? 8, healMs: options.healMs ?? 30_000, peer }));
  const [paper] = stacks;
  if (paper === undefined) throw new Error("a lab needs a gateway");
  const injected = new Map<string, Fault>();
  const prepare = async (id: string): Promise<Fault> => {
    const fault = faultOf(id);
    if (fault.prepare === undefined) return fault;
    injected.set(id, fault);
    await fault.prepare(paper, host);
    return fault;
  };
  const dispose = () => host.dispose();
  const goOn = () => options.signal?.throwIfAborted();
  try {
    await allOf([host.start(), bundle(bundleDir)]);
    goOn();
    composePlugin(host.folder);
    await importImage(host);
    for (const stack of stacks) {
      goOn();
      await stack.create();
      stack.startBroker(bundleDir);
    }
    goOn();
    await Promise.race([allOf(stacks.map((stack) => stack.settled())), aborted(options.signal)]);
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    folder,
    host,
    paper,
    stacks,
    vncPassword: VNC_PASSWORD,
    settings: (change = {}) => settingsOf(host, stacks, change),
    prepare,
    async inject(id) {
      const fault = injected.has(id) ? faultOf(id) : await prepare(id);
      injected.set(id, fault);
      await fault.inject(paper, host);
      return fault;
    },
    async heal() {
      const all = [...injected.values()].reverse();
      injected.clear();
      for (const fault of all) await fault.heal(paper, host);
      await Promise.all(stacks.map((stack) => stack.settled()));
    },
    dispose,
  };
}

/** Rejects when it is no longer wanted; else never ends. */
const aborted = (signal: AbortSignal | undefined): Promise<never> =>
  new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason), { once: true }));

async function bundle(dir: string): Promise<void> {
  mkdirSync(dir, { recursive: true });
  for (const name of ["java", "mcp", "broker"]) {
    const build = await rolldown({ input: join(import.meta.dirname, "stand-in", `${name}.ts`), platform: "node", logLevel: "warn" });
    await build.write({ file: join(dir, `${name}.mjs`), format: "esm", codeSplitting: false });
    await build.close();
  }
}

function settingsOf(host: RemoteHost, stacks: readonly Stack[], change: SettingsChange): Settings {
  return {
    version: 1,
    servers: [
      {
        id: "lab",
        name: "linuxserver.lan",
        reach: {
          kind: "ssh",
          host: change.host ?? host.address,
          port: change.port ?? 22,
          user: host.user,
          identityFiles: [change.identityFile ?? host.identityFile],
          useAgent: false,
          useSshConfig: false,
          knownHostsFile: change.knownHostsFile ?? host.knownHostsFile,
        },
        docker: "docker",
        gateways: stacks.map((stack) => ({
          id: stack.mode,
          name: stack.mode === "paper" ? "Paper" : "Live",
          mode: stack.mode,
          container: stack.gateway,
          clientId: 901,
          mcp: { url: `http://127.0.0.1:${stack.mode === "paper" ? 48_012 : 48_014}`, container: stack.mcp },
          compose: { envFile: `$HOME/${PROJECTS}/secrets/mcp-ib-${stack.mode}.env` },
          ...(change.forwards === undefined ? {} : { forwards: [...change.forwards] }),
        })),
      },
    ],
    notify: { afterSeconds: 10, mute: false },
    privacy: { maskAmounts: false },
    startAtLogin: false,
  };
}
