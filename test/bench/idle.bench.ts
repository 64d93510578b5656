/**
 * What Gatelight costs while nothing happens: one server, two gateways, connected and idle, with the market closed and open. Beside it, in the same run, the
 * bare libraries doing the least that could be called connected, and what a user would keep running instead: an ssh tunnel, websockify for the screen and a
 * Python client that asks for the time.
 * GATELIGHT_BENCH_SECONDS (default 300) sets how long is looked.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const CLI = resolve(import.meta.dirname, "../../dist/cli.js");
const SECONDS = Number(process.env.GATELIGHT_BENCH_SECONDS ?? 300);
const TICKS = 100;

/** The handshake of the TWS API and a request for the time every 10 s, with Python's standard library. */
const PYTHON_CLIENT = `
import socket, struct, sys, time
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
def send(*f):
    b = "".join(str(x) + "\\0" for x in f).encode(); s.sendall(struct.pack(">I", len(b)) + b)
v = b"v100..193"; s.sendall(b"API\\0" + struct.pack(">I", len(v)) + v)
def frame():
    n = struct.unpack(">I", s.recv(4, socket.MSG_WAITALL))[0]; return s.recv(n, socket.MSG_WAITALL)
frame(); send(71, 2, int(sys.argv[2]), "")
while True:
    send(49, 1)
    while not frame().startswith(b"49\\0"): pass
    time.sleep(10)
`;

interface Cost {
  readonly residentMiB: number;
  readonly cpuPercent: number;
}

const children: ChildProcess[] = [];
function start(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"], env: { ...process.env, ...env } });
  children.push(child);
  return child;
}

/** utime + stime of a process, in clock ticks, and its resident memory. */
function look(pid: number): { ticks: number; residentMiB: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const resident = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return { ticks: Number(fields[11]) + Number(fields[12]), residentMiB: Number(resident?.[1] ?? 0) / 1024 };
}

async function cost(pids: readonly number[]): Promise<Cost> {
  const before = pids.map(look);
  await new Promise((done) => setTimeout(done, SECONDS * 1_000));
  const after = pids.map(look);
  const ticks = after.reduce((sum, one, at) => sum + one.ticks - (before[at]?.ticks ?? 0), 0);
  return { residentMiB: after.reduce((sum, one) => sum + one.residentMiB, 0), cpuPercent: (ticks / TICKS / SECONDS) * 100 };
}

const freePort = async (): Promise<number> => {
  const { createServer } = await import("node:net");
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
};

async function gatelight(dir: string, settings: unknown, password: string): Promise<{ cost: Cost; firstLightMs: number }> {
  const data = join(dir, "data");
  mkdirSync(data, { recursive: true, mode: 0o700 });
  writeFileSync(join(data, "settings.json"), JSON.stringify(settings));
  const begun = performance.now();
  const child = start(process.execPath, [CLI, "watch", "--json", "--data-dir", data], { GATELIGHT_VNC_PASSWORD: password });
  const green = new Set<string>();
  const firstLightMs = await new Promise<number>((done, fail) => {
    const timer = setTimeout(() => fail(new Error("no green light within 60 s")), 60_000);
    createInterface({ input: child.stdout ?? process.stdin }).on("line", (line) => {
      const change: { light: string; to: string; gateway: string } = JSON.parse(line);
      if (change.light === "gateway" && change.to === "up") green.add(change.gateway);
      if (green.size === 2) {
        clearTimeout(timer);
        done(performance.now() - begun);
      }
    });
  });
  const result = await cost([child.pid ?? 0]);
  child.kill("SIGTERM");
  await once(child, "exit");
  return { cost: result, firstLightMs };
}

async function instead(ssh: { host: string; port: number; user: string; identityFile: string }): Promise<Cost> {
  const api = [await freePort(), await freePort()];
  const vnc = [await freePort(), await freePort()];
  const web = [await freePort(), await freePort()];
  const forwards = [`${api[0]}:172.18.0.2:4004`, `${api[1]}:172.18.0.4:4003`, `${vnc[0]}:127.0.0.1:15900`, `${vnc[1]}:127.0.0.1:15901`].flatMap((forward) => [
    "-L",
    `127.0.0.1:${forward}`,
  ]);
  const tunnel = start("ssh", [
    "-N",
    "-F",
    "none",
    "-o",
    "StrictHostKeyChecking=no",
    "-o",
    "UserKnownHostsFile=/dev/null",
    "-o",
    "ServerAliveInterval=15",
    "-i",
    ssh.identityFile,
    "-p",
    String(ssh.port),
    ...forwards,
    `${ssh.user}@${ssh.host}`,
  ]);
  await new Promise((done) => setTimeout(done, 3_000));
  const sockify = [0, 1].map((at) => start("websockify", [`127.0.0.1:${web[at]}`, `127.0.0.1:${vnc[at]}`]));
  const clients = [0, 1].map((at) => start("python3", ["-c", PYTHON_CLIENT, String(api[at]), String(950 + at)]));
  await new Promise((done) => setTimeout(done, 5_000));
  const all = [tunnel, ...sockify, ...clients];
  if (all.some((child) => child.exitCode !== null)) throw new Error("the other side did not stay up");
  return cost(all.map((child) => child.pid ?? 0));
}

/** The two libraries with the flags of Gatelight: what no care of ours gets below. */
async function bareLibraries(ssh: { port: number; user: string; identityFile: string }): Promise<Cost> {
  const flags = ["--max-semi-space-size=1", "--incremental-marking-soft-trigger=25", "--max-lazy", "--optimize-for-size", "--no-opt", "--no-maglev"];
  const script = join(import.meta.dirname, "idle/bare-libraries.mjs");
  const malloc = { MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "131072", MALLOC_MMAP_THRESHOLD_: "32768" };
  const child = start(process.execPath, [...flags, script, String(ssh.port), ssh.user, ssh.identityFile, "172.18.0.2:4004", "172.18.0.4:4003"], malloc);
  await once(createInterface({ input: child.stdout ?? process.stdin }), "line");
  const result = await cost([child.pid ?? 0]);
  child.kill("SIGTERM");
  return result;
}

async function simulated(scenario: string) {
  const simulator = start(process.execPath, [CLI, "simulate", "--scenario", scenario, "--json"]);
  const [line] = await once(createInterface({ input: simulator.stdout ?? process.stdin }), "line");
  const told: { ssh: { host: string; port: number; user: string; identityFile: string }; settings: unknown; vncPassword: string } = JSON.parse(String(line));
  return told;
}

const dir = mkdtempSync(join(tmpdir(), "gatelight-idle-"));
try {
  const closed = await simulated("market-closed");
  const open = await simulated("healthy");
  process.stdout.write(`looking for ${SECONDS} s at each side …\n`);
  const quiet = await gatelight(join(dir, "quiet"), closed.settings, closed.vncPassword);
  const busy = await gatelight(join(dir, "busy"), open.settings, open.vncPassword);
  const bare = await bareLibraries(closed.ssh);
  const theirs = await instead(closed.ssh);
  const row = (name: string, one: Cost) =>
    process.stdout.write(
      `${name.padEnd(44)} ${one.residentMiB.toFixed(1).padStart(7)} MiB (${((one.residentMiB * 1_048_576) / 1e6).toFixed(0)} MB) ${one.cpuPercent.toFixed(2).padStart(6)} % of a core\n`,
    );
  row("Gatelight, market closed", quiet.cost);
  row("Gatelight, results moving every second", busy.cost);
  row("ssh2 and @stoqey/ib alone, market closed", bare);
  row("ssh + 2 websockify + 2 Python clients", theirs);
  process.stdout.write(
    `ratio, market closed                         ${(quiet.cost.residentMiB / theirs.residentMiB).toFixed(2).padStart(7)}     ${(quiet.cost.cpuPercent / Math.max(theirs.cpuPercent, 0.01)).toFixed(2).padStart(6)}\n`,
  );
  process.stdout.write(`both gateways green ${Math.round(quiet.firstLightMs)} and ${Math.round(busy.firstLightMs)} ms after the process was started\n`);
} finally {
  for (const child of children) child.kill("SIGKILL");
  rmSync(dir, { recursive: true, force: true });
}
