import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { peer } from "../support/peers.ts";
import { makeKey } from "../support/sshd.ts";
import { allOf, Daemon, descendants, kill, type Ran, run, until } from "./processes.ts";
import { argumentsOf, own, tidyUp } from "./tidy-up.ts";

const START_MS = 60_000;
/** Blocks of four addresses in 10.213.0.0/16. */
const BLOCKS = 16_000;

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
  private disown: () => void = () => undefined;

  constructor(folder: string) {
    this.folder = folder;
    const block = freeBlock();
    this.name = `gatelight-lab-${block}`;
    this.near = `gla${block}`;
    this.far = `glb${block}`;
    const at = (host: number) => addressIn(block, host);
    this.nearAddress = at(1);
    this.address = at(2);
    this.dockerSocket = join(folder, "docker-run", "docker.sock");
    this.identityFile = join(folder, "id_lab");
    this.strangerFile = join(folder, "id_stranger");
    this.knownHostsFile = join(folder, "known_hosts");
  }

  /** The host's folder for temporary files. */
  get temporary(): string {
    return join(this.folder, "tmp");
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
  /** @returns what gives all that sshd says from now on */
  listenToSshd(): () => string {
    return this.sshd?.listen() ?? (() => "");
  }
  get sshdPid(): number {
    return this.sshd?.pid ?? -1;
  }

  async start(): Promise<void> {
    this.disown = own(this.folder, this.name, this.near);
    await this.network();
    this.keys();
    await allOf([this.startSshd(), this.startDocker()]);
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

  /** No program of somebody at the server's door is on its way into a container, and none has been for three seconds. */
  async nobodyEnters(): Promise<void> {
    let since = Date.now();
    await until(
      () => {
        if (this.sshd !== null && descendants(this.sshd.pid).some((pid) => argumentsOf(pid).includes("docker exec "))) since = Date.now();
        return Date.now() - since > 3_000;
      },
      60_000,
      () => "nobody enters a container",
    );
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

  /** Drops every packet between here and there, both ways, as a dead line does. */
  async cutLine(cut: boolean): Promise<void> {
    for (const way of [
      ["INPUT", "-i"],
      ["OUTPUT", "-o"],
    ])
      await this.inside(["iptables", "-w", "10", cut ? "-I" : "-D", ...way, this.far, "-j", "DROP"], { mayFail: !cut });
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
    // A container whose daemon went before it, mounts, the namespace.
    await tidyUp(this.folder);
    this.disown();
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
    mkdirSync(this.temporary, { recursive: true });
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
        `SetEnv HOME=${this.folder} TMPDIR=${this.temporary} DOCKER_HOST=unix://${this.dockerSocket} PATH=${path}`,
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

const addressIn = (block: number, host: number) => `10.213.${Math.floor((block * 4 + host) / 256)}.${(block * 4 + host) % 256}`;

/** A /30 that no lab on this machine has: two labs do not meet. */
function freeBlock(): number {
  const taken = new Set(Object.values(networkInterfaces()).flatMap((each) => each?.map(({ address }) => address) ?? []));
  for (let tries = 0; ; tries += 1) {
    const block = (process.pid + tries) % BLOCKS;
    if (!taken.has(addressIn(block, 1))) return block;
  }
}
