import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { cleanUp, knownUnder, later, openLink, reachOf, throttle, until } from "../integration/host-link/support.ts";
import { peer } from "../support/peers.ts";
import { freePort, startSshd } from "../support/sshd.ts";
import { download, firstValue, type Open, type Order, openPort, TARGETS, type Target, Traffic, timed, upload } from "./ssh-traffic.ts";

/**
 * Gatelight's link beside `ssh -L` of OpenSSH, over the same sshd, with the same cipher, in one run, taking turns. Prints medians, ratios
 * (ours divided by theirs, round by round) and the goals. Twice: a channel and its reader in one process, which is how Gatelight itself uses the link, and a
 * forward with a local port in a process of its own, which is what `ssh -L` is. A report, not a test: it always ends with 0. `--quick` leaves out the long ones.
 *
 * Round trips take turns by the hundred, and once more one by one, where each finds the caches full of the other's code: a Node program suffers more from
 * that than a C program. Measured on 2 cores (`perf`): of a forward's round trip the JavaScript before the two writes takes 36 µs (21 up, 15 down; encryption
 * and decryption through node:crypto, an object a packet, a third of it), the writes themselves and the waiting are the kernel's. Without effect beyond the
 * noise: a local socket that reads into one buffer, a packet's pieces copied into one write, ciphers made ahead, the channel's stream bypassed, other sizes of
 * the young generation, collection on one thread. Bulk down hangs on V8's collector: see the soft trigger in build/lean-start.js.
 */
const QUICK = process.argv.includes("--quick");
const CIPHER = "aes128-gcm@openssh.com";
const MB = 1_000_000;

interface Row {
  readonly what: string;
  readonly ours: number;
  readonly theirs: number;
  readonly unit: string;
  /** Of each round by itself, the median: what else the machine does meets both halves of a round. Default: of the two medians. */
  readonly ratio?: number;
  /** Ours divided by theirs should be at most (times) or at least (rates) this. */
  readonly goal?: { readonly atMost?: number; readonly atLeast?: number };
}
const rows: Row[] = [];
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const pairs = (a: readonly number[], b: readonly number[]) => median(a.map((value, index) => value / (b[index] ?? Number.NaN)));
const percentile = (values: readonly number[], share: number) => values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;

const sshd = await startSshd();
later(() => sshd.dispose());
const targets = await startTargets();

async function startTargets(): Promise<Record<Target, number>> {
  return (await startScript("./ssh-targets.ts")).ports;
}

interface Script {
  readonly pid: number;
  readonly ports: Record<Target, number>;
  /** Sends a line and takes the next one back. */
  readonly ask: (line: string) => Promise<string>;
}

/** A script beside this one that prints ports by name, or nothing of note, as its first line. */
async function startScript(file: string, ...args: string[]): Promise<Script> {
  const child = spawn(process.execPath, [...process.execArgv, new URL(file, import.meta.url).pathname, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  later(async () => {
    child.stdin.end();
    const timer = setTimeout(() => child.kill("SIGKILL"), 2_000);
    await ended;
    clearTimeout(timer);
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${file} ended`);
    return String(value);
  };
  const ask = (line: string) => {
    child.stdin.write(`${line}\n`);
    return next();
  };
  return { pid: child.pid ?? 0, ports: JSON.parse(await next()), ask };
}

async function startOurs() {
  const { link } = openLink(reachOf(sshd));
  await until(link, "up");
  const open: Open = (target) => link.dial({ host: "127.0.0.1", port: targets[target] }, { deadlineMs: 10_000 });
  return { link, open };
}

async function startTheirs(): Promise<{ child: ChildProcess; pid: number; open: Open }> {
  const ports: Record<Target, number> = { echo: await freePort(), source: await freePort(), sink: await freePort(), api: await freePort() };
  const child = spawn(
    peer("ssh"),
    [
      ...["-F", "none", "-N", "-i", sshd.identityFile, "-p", String(sshd.port), "-o", "IdentitiesOnly=yes", "-o", `Ciphers=${CIPHER}`],
      ...["-o", `UserKnownHostsFile=${sshd.knownHostsFile}`, "-o", "StrictHostKeyChecking=yes", "-o", "ExitOnForwardFailure=yes"],
      ...TARGETS.flatMap((name) => ["-L", `127.0.0.1:${ports[name]}:127.0.0.1:${targets[name]}`]),
      `${sshd.user}@127.0.0.1`,
    ],
    { stdio: "ignore", env: { PATH: process.env.PATH, HOME: sshd.folder } },
  );
  later(() => void child.kill("SIGKILL"));
  const open: Open = (target) => openPort(ports[target]);
  const end = Date.now() + 20_000;
  for (;;) {
    const socket = await open("api").catch(() => null);
    socket?.destroy();
    if (socket !== null) return { child, pid: child.pid ?? 0, open };
    if (Date.now() > end) throw new Error("ssh did not come up");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Alternating, so that whatever else the machine does meets both. */
async function alternate(times: number, ours: () => Promise<void>, theirs: () => Promise<void>): Promise<[number[], number[]]> {
  const a: number[] = [];
  const b: number[] = [];
  for (let i = 0; i < times; i++) {
    a.push(await timed(ours));
    b.push(await timed(theirs));
  }
  return [a, b];
}

/** User and system time of a process in seconds (proc(5): utime, stime, in ticks of 10 ms). */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
const rssOf = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;

const theirs = await startTheirs();

const [coldOurs, coldTheirs] = await alternate(
  QUICK ? 3 : 7,
  async () => {
    const { link, open } = await startOurs();
    await firstValue(open);
    void link.dispose();
  },
  async () => {
    const { child, open } = await startTheirs();
    await firstValue(open);
    child.kill("SIGKILL");
  },
);
rows.push({ what: "first account value, cold", ours: median(coldOurs), theirs: median(coldTheirs), unit: "ms", goal: { atMost: 0.5 } });

/** One of the two that are compared. */
interface Side {
  readonly pid: number;
  run(order: Order): Promise<number[]>;
}
const side = (pid: number, open: Open): Side => {
  const traffic = new Traffic(open);
  return { pid, run: (order) => traffic.run(order) };
};
/** The times of both, round by round. */
async function turns(rounds: number, mine: Side, other: Side, order: Order): Promise<[number[], number[]]> {
  const a: number[] = [];
  const b: number[] = [];
  for (let i = 0; i < rounds; i++) {
    a.push(...(await mine.run(order)));
    b.push(...(await other.run(order)));
  }
  return [a, b];
}
/** The medians of each hundred. */
const hundreds = (times: readonly number[]) => Array.from({ length: times.length / 100 }, (_, i) => median(times.slice(i * 100, i * 100 + 100)));

async function roundTrips(way: string, mine: Side, other: Side, goal?: Row["goal"]): Promise<void> {
  const trips = { do: "trips", times: 100 } as const;
  const add = (what: string, [a, b]: [number[], number[]], atMost?: Row["goal"]) =>
    rows.push({
      what: `64-byte round trip, ${what}, ${way}`,
      ours: median(a),
      theirs: median(b),
      ratio: pairs(hundreds(a), hundreds(b)),
      unit: "ms",
      ...(atMost ? { goal: atMost } : {}),
    });
  add("the first 1000", await turns(10, mine, other, trips));
  // A tunnel is there for days: V8 has compiled what it needs after some thousands.
  await turns(QUICK ? 10 : 70, mine, other, trips);
  const [a, b] = await turns(QUICK ? 10 : 40, mine, other, trips);
  add("median", [a, b], goal);
  rows.push({ what: `64-byte round trip, 99th of 100, ${way}`, ours: percentile(a, 0.99), theirs: percentile(b, 0.99), unit: "ms" });
  add("one by one", await turns(QUICK ? 500 : 2_000, mine, other, { do: "trips", times: 1 }));
}

async function bulkRows(way: string, mine: Side, other: Side): Promise<void> {
  for (const [name, atLeast] of [
    ["down", 0.8],
    ["up", 0.6],
  ] as const) {
    const rounds = QUICK ? 5 : 15;
    const before = [cpuOf(mine.pid), cpuOf(theirs.pid)] as const;
    const [a, b] = await turns(rounds, mine, other, { do: name, bytes: bulk, streams: 1 });
    const rate = (times: readonly number[]) => bulk / MB / (median(times) / 1_000);
    rows.push({ what: `bulk ${name}, ${way}`, ours: rate(a), theirs: rate(b), ratio: pairs(b, a), unit: "MB/s", goal: { atLeast } });
    const perGb = (seconds: number) => seconds / ((bulk * rounds) / 1e9);
    const including = way === "channel" ? " (ours with the program's own end)" : "";
    rows.push({
      what: `  CPU of the process${including}`,
      ours: perGb(cpuOf(mine.pid) - before[0]),
      theirs: perGb(cpuOf(theirs.pid) - before[1]),
      unit: "s/GB",
    });
  }
}

/** Small and large things over one way of ours and the one of `ssh -L`. The goals are the same for both ways. */
async function compare(way: string, mine: Side, other: Side): Promise<void> {
  await roundTrips(way, mine, other, { atMost: 1.3 });
  // After the round trips: a connection fresh from its start acknowledges at once and hides what Nagle's algorithm costs later.
  const [a, b] = await turns(QUICK ? 5 : 15, mine, other, { do: "first value" });
  rows.push({ what: `first account value, open tunnel, ${way}`, ours: median(a), theirs: median(b), ratio: pairs(a, b), unit: "ms", goal: { atMost: 0.2 } });
  await bulkRows(way, mine, other);
}

const bulk = (QUICK ? 50 : 100) * MB;
const argument = JSON.stringify({ reach: reachOf(sshd), targets });
const channelScript = await startScript("./ssh-channels.ts", argument);
const channels: Side = { pid: channelScript.pid, run: async (order) => JSON.parse(await channelScript.ask(JSON.stringify(order))) };
await compare("channel", channels, side(theirs.pid, theirs.open));
const forwards = await startScript("./ssh-forwards.ts", argument);
await compare(
  "forward",
  side(forwards.pid, (target) => openPort(forwards.ports[target])),
  side(theirs.pid, theirs.open),
);

const proxy = await startScript("./ssh-bare-proxy.ts", String(targets.echo));
const bare = side(proxy.pid, (target) => openPort(proxy.ports[target]));
await roundTrips("a Node proxy without SSH", bare, side(theirs.pid, theirs.open));

for (const streams of QUICK ? [10] : [10, 50]) {
  for (const name of ["down", "up"] as const) {
    const [a, b] = await turns(QUICK ? 1 : 5, channels, side(theirs.pid, theirs.open), { do: name, bytes: bulk, streams });
    const rate = (times: readonly number[]) => bulk / MB / (median(times) / 1_000);
    rows.push({ what: `${streams} channels ${name}`, ours: rate(a), theirs: rate(b), ratio: pairs(b, a), unit: "MB/s" });
  }
  rows.push({ what: `memory after ${streams} channels (ours: the whole process)`, ours: rssOf(channels.pid), theirs: rssOf(theirs.pid), unit: "MiB" });
}

let falseDeath = "not run";
if (!QUICK) {
  const line = await throttle(sshd.port, 125_000);
  const { link, states } = openLink(reachOf(sshd, { port: line.port, knownHostsFile: knownUnder(sshd, line.port) }));
  await until(link, "up");
  const dial = (target: Target) => link.dial({ host: "127.0.0.1", port: targets[target] }, { deadlineMs: 20_000 });
  const flows = [download(() => dial("source"), 500 * MB), upload(() => dial("sink"), 500 * MB)].map((flow) => flow.catch(() => {}));
  const before = line.bytes();
  await new Promise((resolve) => setTimeout(resolve, 45_000));
  falseDeath = states.some((state) => state.kind === "waiting") ? "FALSE DEATH" : `alive, ${((line.bytes() - before) / MB).toFixed(1)} MB passed`;
  await link.dispose();
  await Promise.all(flows);
}

console.log(`Ours, ssh -L (${CIPHER}), unit, ours ÷ theirs, goal`);
for (const row of rows) {
  const ratio = row.ratio ?? row.ours / row.theirs;
  const { atMost, atLeast } = row.goal ?? {};
  const reached = (atMost === undefined || ratio <= atMost) && (atLeast === undefined || ratio >= atLeast);
  const goal = atMost !== undefined ? `≤ ${atMost}` : atLeast !== undefined ? `≥ ${atLeast}` : "";
  const figures = `${row.ours.toFixed(3).padStart(10)} ${row.theirs.toFixed(3).padStart(10)} ${row.unit.padEnd(5)} ${ratio.toFixed(2).padStart(6)}`;
  console.log(`${row.what.padEnd(52)} ${figures} ${goal.padEnd(6)} ${goal === "" ? "" : reached ? "reached" : "NOT REACHED"}`);
}
console.log(`45 s on a saturated line of 1 Mbit/s, both ways: ${falseDeath}`);
await cleanUp();
// Sockets of OpenSSH's side may linger; the work is done.
process.exit(0);
