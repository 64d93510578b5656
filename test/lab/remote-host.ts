import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { peer } from "../support/peers.ts";
import { makeKey } from "../support/sshd.ts";
import { Daemon, descendants, kill, type Ran, run, until } from "./processes.ts";

const START_MS = 60_000;
/** In the lab's folder: who made it, so that a later one can tidy up after one that was killed. */
const OWNER = "owner.json";

/** A whole remote host on this machine: a network namespace behind a veth pair, with Debian's sshd and dockerd in it. */
export class RemoteHost {
  readonly folder: string;
  readonly name: string;
  /** Its address as seen from here. */
  readonly address: string;
  readonly dockerSocket: string;
  readonly identityFile: string;
  readonly strangerFile: string;
  readonly knownHostsFile: string;
  readonly user = "root";
  private readonly near: string;
  private readonly far: string;
  private readonly nearAddress: string;
  private sshd: Daemon | null = null;
  private strict: Daemon | null = null;
  private dockerd: Daemon | null = null;
  private readonly daemons = new Set<Daemon>();
  private holder: Server | null = null;

  constructor(folder: string) {
    this.folder = folder;
    const id = process.pid % 60_000;
    this.name = `gatelight-lab-${process.pid}`;
    this.near = `gla${id}`;
    this.far = `glb${id}`;
    // A /30 of 10.213.0.0/16 of its own, so that two labs do not meet.
    const block = (id % 16_000) * 4;
    const at = (host: number) => `10.213.${Math.floor((block + host) / 256)}.${(block + host) % 256}`;
    this.nearAddress = at(1);
    this.address = at(2);
    this.dockerSocket = join(folder, "docker-run", "docker.sock");
    this.identityFile = join(folder, "id_lab");
    this.strangerFile = join(folder, "id_stranger");
    this.knownHostsFile = join(folder, "known_hosts");
  }

  get netns(): string {
    return `/run/netns/${this.name}`;
  }
  get dockerEnv(): Record<string, string> {
    return { DOCKER_HOST: `unix://${this.dockerSocket}` };
  }
  get sshdLog(): string {
    return this.sshd?.output ?? "";
  }
  get sshdPid(): number {
    return this.sshd?.pid ?? -1;
  }

  async start(): Promise<void> {
    writeFileSync(join(this.folder, OWNER), JSON.stringify({ pid: process.pid, netns: this.name, link: this.near }));
    await this.network();
    this.keys();
    await Promise.all([this.startSshd(), this.startDocker()]);
  }

  /** Runs a program inside the host's network namespace. `ip netns exec` would hide the cgroups. */
  inside(argv: readonly string[], options: Parameters<typeof run>[1] = {}): Promise<Ran> {
    return run(["nsenter", `--net=${this.netns}`, ...argv], options);
  }

  daemonInside(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Daemon {
    const daemon = new Daemon(["nsenter", `--net=${this.netns}`, ...argv], env);
    this.daemons.add(daemon);
    return daemon;
  }

  docker(words: readonly string[], options: { mayFail?: boolean } = {}): Promise<Ran> {
    return run(["docker", ...words], { env: this.dockerEnv, ...options, deadlineMs: 90_000 });
  }

  async startSshd(): Promise<void> {
    this.sshd = this.daemonInside([peer("sshd"), "-D", "-e", "-f", this.config("sshd_config", 22, [])]);
    await this.answers(22);
  }

  /** A second sshd of the same host, on port 2222, that forbids forwarding. */
  async startStrictSshd(): Promise<void> {
    if (this.strict?.running === true) return;
    this.strict = this.daemonInside([peer("sshd"), "-D", "-e", "-f", this.config("sshd_config_strict", 2_222, ["AllowTcpForwarding no"])]);
    await this.answers(2_222);
  }

  /** Ends every session as a lost network would, not the listener. @returns how many */
  killSessions(): number {
    const sessions = this.sshd === null ? [] : descendants(this.sshd.pid).filter((pid) => isSshd(pid));
    for (const pid of sessions) kill(pid, "SIGKILL");
    return sessions.length;
  }

  /** Listener and sessions. */
  async stopSshd(): Promise<void> {
    await this.sshd?.end("SIGKILL");
  }

  async startDocker(): Promise<void> {
    this.dockerd = this.daemonInside([
      peer("dockerd"),
      "--data-root",
      join(this.folder, "docker"),
      "--exec-root",
      join(this.folder, "exec"),
      "--pidfile",
      join(this.folder, "docker.pid"),
      // Containers outlive the daemon, as on many a home server: only so can it be stopped alone.
      "--live-restore",
      "-H",
      `unix://${this.dockerSocket}`,
    ]);
    await until(
      async () => (await this.docker(["version", "--format", "{{.Server.Version}}"], { mayFail: true })).code === 0,
      START_MS,
      () => `dockerd answers\n${this.dockerd?.output.slice(-2_000)}`,
    );
  }

  async stopDocker(): Promise<void> {
    await this.dockerd?.end("SIGTERM", 20_000);
  }

  /** A port of 127.0.0.1 on this machine that another program holds; 0 when none is held. */
  get takenPort(): number {
    const address = this.holder?.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }
  async takeLocalPort(): Promise<void> {
    const holder = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve, reject) => {
      holder.once("error", reject);
      holder.listen(0, "127.0.0.1", resolve);
    });
    this.holder = holder;
  }
  async freeLocalPort(): Promise<void> {
    this.holder?.close();
    this.holder = null;
  }

  /** Drops every packet that comes from here, as a dead line does. */
  async cutLine(cut: boolean): Promise<void> {
    await this.inside(["iptables", cut ? "-I" : "-D", "INPUT", "-i", this.far, "-j", "DROP"], { mayFail: !cut });
  }

  async dispose(): Promise<void> {
    await this.freeLocalPort();
    if (this.dockerd !== null) {
      if (!this.dockerd.running) await this.startDocker().catch(() => undefined);
      const names = (await this.docker(["ps", "-aq"], { mayFail: true })).stdout.split("\n").filter(Boolean);
      if (names.length > 0) await this.docker(["rm", "-f", ...names], { mayFail: true });
      await this.stopDocker();
    }
    for (const daemon of this.daemons) await daemon.end("SIGKILL");
    // A container whose daemon went before it.
    killAllOf(this.folder);
    await unmountBelow(this.folder);
    await run(["ip", "netns", "del", this.name], { mayFail: true });
    await run(["ip", "link", "del", this.near], { mayFail: true });
  }

  private async network(): Promise<void> {
    const { name, near, far } = this;
    await run(["ip", "netns", "add", name]);
    await run(["ip", "link", "add", near, "type", "veth", "peer", "name", far, "netns", name]);
    await run(["ip", "addr", "add", `${this.nearAddress}/30`, "dev", near]);
    await run(["ip", "link", "set", near, "up"]);
    await run(["ip", "-n", name, "addr", "add", `${this.address}/30`, "dev", far]);
    await run(["ip", "-n", name, "link", "set", far, "up"]);
    await run(["ip", "-n", name, "link", "set", "lo", "up"]);
  }

  private keys(): void {
    mkdirSync("/run/sshd", { recursive: true });
    mkdirSync(join(this.folder, "bin"), { recursive: true });
    mkdirSync(join(this.folder, "docker-run"), { recursive: true });
    const host = makeKey(join(this.folder, "host_key"));
    const own = makeKey(this.identityFile);
    makeKey(this.strangerFile);
    writeFileSync(join(this.folder, "authorized_keys"), `${own.publicKey}\n`, { mode: 0o600 });
    const key = host.publicKey.split(" ").slice(0, 2).join(" ");
    writeFileSync(this.knownHostsFile, `${this.address} ${key}\n[${this.address}]:2222 ${key}\n`);
    const other = readFileSync(`${this.strangerFile}.pub`, "utf8").split(" ").slice(0, 2).join(" ");
    writeFileSync(`${this.knownHostsFile}.other`, `${this.address} ${other}\n`);
    writeFileSync(`${this.knownHostsFile}.empty`, "");
  }

  private config(name: string, port: number, first: readonly string[]): string {
    const file = join(this.folder, name);
    const path = `${join(this.folder, "bin")}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
    writeFileSync(
      file,
      [
        ...first,
        `Port ${port}`,
        `ListenAddress ${this.address}`,
        `HostKey ${join(this.folder, "host_key")}`,
        `AuthorizedKeysFile ${join(this.folder, "authorized_keys")}`,
        `PidFile ${join(this.folder, `${name}.pid`)}`,
        "UsePAM no",
        "StrictModes no",
        "PermitRootLogin yes",
        "UseDNS no",
        "LogLevel VERBOSE",
        "PrintMotd no",
        `SetEnv HOME=${this.folder} DOCKER_HOST=unix://${this.dockerSocket} PATH=${path}`,
        "",
      ].join("\n"),
    );
    return file;
  }

  private answers(port: number): Promise<boolean> {
    const tryOnce = () =>
      new Promise<boolean>((resolve) => {
        const socket = connect({ host: this.address, port, timeout: 2_000 });
        const end = (good: boolean) => {
          socket.destroy();
          resolve(good);
        };
        socket.once("data", () => end(true));
        socket.once("error", () => end(false));
        socket.once("timeout", () => end(false));
      });
    return until(tryOnce, START_MS, () => `sshd answers on ${port}\n${this.sshdLog.slice(-2_000)}`);
  }
}

function isSshd(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "sshd";
  } catch {
    // The process has ended meanwhile.
    return false;
  }
}

/** What dockerd may leave mounted below its folders. */
async function unmountBelow(folder: string): Promise<void> {
  const mounts = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .flatMap((line) => line.split(" ")[1] ?? [])
    .filter((path) => path.startsWith(`${folder}/`));
  for (const path of mounts.reverse()) await run(["umount", "-l", path], { mayFail: true });
}

/** Ends what labs have left behind whose own process was killed. @param parent the folder in which labs' folders lie */
export async function tidyUpAfterTheDead(parent: string): Promise<void> {
  for (const name of readdirSync(parent).filter((one) => one.startsWith("gl-lab-"))) {
    const folder = join(parent, name);
    const file = join(folder, OWNER);
    if (!existsSync(file)) continue;
    const owner = JSON.parse(readFileSync(file, "utf8")) as { pid: number; netns: string; link: string };
    if (existsSync(`/proc/${owner.pid}`)) continue;
    const env = { DOCKER_HOST: `unix://${join(folder, "docker-run", "docker.sock")}` };
    const names = (await run(["docker", "ps", "-aq"], { env, mayFail: true, deadlineMs: 10_000 })).stdout.split("\n").filter(Boolean);
    if (names.length > 0) await run(["docker", "rm", "-f", ...names], { env, mayFail: true });
    killAllOf(folder);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await unmountBelow(folder);
    await run(["ip", "netns", "del", owner.netns], { mayFail: true });
    await run(["ip", "link", "del", owner.link], { mayFail: true });
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Every process that names the lab's folder (daemons, shims of containers), with what runs below it. */
function killAllOf(folder: string): void {
  for (const pid of readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)) {
    if (pid === process.pid || !argumentsOf(pid).includes(`${folder}/`)) continue;
    for (const each of [pid, ...descendants(pid)]) if (each !== process.pid) kill(each, "SIGKILL");
  }
}

function argumentsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    // The process has ended meanwhile.
    return "";
  }
}
