import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { peer } from "./peers.ts";

export interface SshdOptions {
  /** Further lines of sshd_config; the first value of a keyword counts, and these come first. */
  readonly config?: readonly string[];
  /** Types of the host keys, default ed25519 alone. */
  readonly hostKeys?: readonly KeyType[];
  /** Public keys (lines) that may log in, besides the one made for the test. */
  readonly authorizedKeys?: readonly string[];
  /** Default: one the system chooses. */
  readonly port?: number;
  /** Put before the command that starts sshd, and must become it (`exec`). Default: nothing. */
  readonly within?: readonly string[];
}
export type KeyType = "ed25519" | "rsa" | "ecdsa";

/** A real OpenSSH server on 127.0.0.1 that accepts one fresh key for the user who runs the tests. */
export interface Sshd {
  readonly port: number;
  readonly user: string;
  /** Private key that may log in. */
  readonly identityFile: string;
  readonly folder: string;
  /** Lines for known_hosts, one a host key. */
  readonly knownHosts: string;
  /** `SHA256:…` of the first host key. */
  readonly fingerprint: string;
  /** Writes a known_hosts file that knows this server. */
  readonly knownHostsFile: string;
  readonly pid: number;
  /** sshd's own log so far. */
  log(): string;
  /** SIGSTOP or SIGCONT for sshd and every session of it. */
  signal(name: "SIGSTOP" | "SIGCONT"): void;
  /** Kills the sessions (as when the network drops them), not the listener. @returns how many */
  killSessions(): number;
  /** Number of living sessions. */
  sessions(): number;
  /** Ids of the programs that were started through it and still run, whether or not their session does. */
  programs(): number[];
  /** Ends listener and sessions; the port and the keys stay for `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
  dispose(): Promise<void>;
}

export interface KeyOptions {
  readonly type?: KeyType;
  readonly passphrase?: string;
  /** Further arguments of ssh-keygen, such as `-m PEM`. */
  readonly args?: readonly string[];
}

/** Makes a key pair with ssh-keygen. @returns the private file and the public line */
export function makeKey(file: string, options: KeyOptions = {}): { file: string; publicKey: string } {
  const bits = options.type === "rsa" ? ["-b", "2048"] : [];
  execFileSync(peer("ssh-keygen"), [
    "-q",
    "-t",
    options.type ?? "ed25519",
    ...bits,
    "-N",
    options.passphrase ?? "",
    // Few rounds: the tests open many keys.
    ...(options.passphrase === undefined ? [] : ["-a", "4"]),
    "-C",
    "test",
    ...(options.args ?? []),
    "-f",
    file,
  ]);
  chmodSync(file, 0o600);
  return { file, publicKey: readFileSync(`${file}.pub`, "utf8").trim() };
}

/** @returns a port of 127.0.0.1 that was free a moment ago */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("no port"))));
    });
  });
}

const START_MS = 20_000;
/** In the environment of every program started through a test sshd. */
const MARK = "GATELIGHT_TEST_SSHD";

export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), "gatelight-sshd-"));
  const port = options.port ?? (await freePort());
  const user = userInfo().username;
  // The privilege separation folder is fixed at compile time.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
  const hostKeys = (options.hostKeys ?? ["ed25519"]).map((type) => makeKey(join(folder, `host_${type}`), { type }));
  const identity = makeKey(join(folder, "id_test"));
  const authorized = join(folder, "authorized_keys");
  writeFileSync(authorized, `${[identity.publicKey, ...(options.authorizedKeys ?? [])].join("\n")}\n`, { mode: 0o600 });
  const configFile = join(folder, "sshd_config");
  writeFileSync(
    configFile,
    `${[
      ...(options.config ?? []),
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      ...hostKeys.map((key) => `HostKey ${key.file}`),
      `AuthorizedKeysFile ${authorized}`,
      `PidFile ${join(folder, "pid")}`,
      "UsePAM no",
      "StrictModes no",
      "PermitRootLogin yes",
      "UseDNS no",
      "LogLevel VERBOSE",
      "PrintMotd no",
      "MaxStartups 200",
      "MaxSessions 200",
      // bash reads ~/.bashrc for every command it runs for sshd; the tester's own must not slow down or change anything.
      `SetEnv HOME=${folder} ${MARK}=${folder}`,
    ].join("\n")}\n`,
  );
  const knownHosts = hostKeys.map((key) => `[127.0.0.1]:${port} ${key.publicKey.split(" ").slice(0, 2).join(" ")}`).join("\n");
  const knownHostsFile = join(folder, "known_hosts");
  writeFileSync(knownHostsFile, `${knownHosts}\n`);
  const print = execFileSync(peer("ssh-keygen"), ["-lf", `${hostKeys[0]?.file}.pub`], { encoding: "utf8" }).split(" ")[1] ?? "";
  let child: ChildProcess | null = null;
  let log = "";

  const start = async (): Promise<void> => {
    const [program = "", ...args] = [...(options.within ?? []), peer("sshd"), "-D", "-e", "-f", configFile];
    const process = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
    child = process;
    process.stderr.on("data", (chunk: Buffer) => {
      log = `${log}${chunk.toString()}`.slice(-200_000);
    });
    const until = Date.now() + START_MS;
    while (!(await accepts(port))) {
      if (process.exitCode !== null || Date.now() > until) throw new Error(`sshd did not start:\n${log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const stop = async (): Promise<void> => {
    const running = child;
    child = null;
    if (running?.pid === undefined) return;
    const all = [running.pid, ...descendants(running.pid)];
    const ended = running.exitCode !== null || running.signalCode !== null ? Promise.resolve() : new Promise((resolve) => running.once("exit", resolve));
    for (const pid of all) kill(pid, "SIGKILL");
    await ended;
  };
  const dispose = async (): Promise<void> => {
    await stop();
    // One that is being started may show its mark only now.
    for (let left = programsOf(folder); left.length > 0; left = programsOf(folder)) {
      for (const pid of left) kill(pid, "SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    port,
    user,
    identityFile: identity.file,
    folder,
    knownHosts,
    fingerprint: print,
    knownHostsFile,
    get pid() {
      return child?.pid ?? -1;
    },
    log: () => log,
    signal: (name) => {
      for (const pid of child?.pid === undefined ? [] : [child.pid, ...descendants(child.pid)]) kill(pid, name);
    },
    killSessions: () => {
      const sessions = child?.pid === undefined ? [] : descendants(child.pid);
      for (const pid of sessions) kill(pid, "SIGKILL");
      return sessions.length;
    },
    sessions: () => (child?.pid === undefined ? 0 : children(child.pid).length),
    programs: () => programsOf(folder),
    stop,
    start,
    dispose,
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("data", () => {
      resolve(true);
      socket.destroy();
    });
    socket.once("error", () => resolve(false));
  });
}

function children(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  } catch {
    // The process has ended meanwhile.
    return [];
  }
}

function descendants(pid: number): number[] {
  return children(pid).flatMap((child) => [child, ...descendants(child)]);
}

/** sshd does not end a program whose session is gone: it goes on as a child of the system's first process. */
function programsOf(folder: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/environ`, "latin1").split("\0").includes(`${MARK}=${folder}`);
      } catch {
        // It has ended meanwhile, or is another user's.
        return false;
      }
    })
    .map(Number);
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
