import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import type { Duplex } from "node:stream";
import type { HostLink } from "../../electron/core/host-link/host-link.ts";
import { cleanUp, knownUnder, later, openLink, reachOf, throttle, until } from "../integration/host-link/support.ts";
import { peer } from "../support/peers.ts";
import { freePort, startSshd } from "../support/sshd.ts";

/**
 * Gatelight's link beside `ssh -L` of OpenSSH, over the same sshd, with the same cipher, in one run, taking turns. Prints medians, ratios
 * (ours divided by theirs, round by round) and the goals. Twice: a channel in the process, which is how Gatelight itself uses the link, and a forward with
 * a local port in a process of its own, which is what `ssh -L` is. A report, not a test: it always ends with 0. `--quick` leaves out the long ones.
 *
 * A forward's small round trip is at the edge of its goal: 1.5 to 1.6 times `ssh -L` in its first thousand, 1.30 to 1.45 once V8 has compiled it, the more
 * the busier the machine. Measured on 2 cores (`perf`, schedstat, µs of processor a round trip): the client of `ssh -L` 28, a bare Node proxy without any
 * SSH 29 (a row below), ours 57 to 65. Of these 23 are the kernel's (two writes 12, epoll 11; each packet is read and written with one call already), 11
 * node:crypto's (a cipher object for each packet 5.5, the rest update, final and tag), 8 the collection of what they leave behind on V8's other threads,
 * the remainder ssh2's packets and the streams, all with cold caches between two messages. Without effect beyond the noise: a local socket that reads into
 * one buffer, a packet's pieces copied into one write, ciphers made ahead (worse), the channel's stream bypassed, another size of the young generation.
 * All that helped, with ssh2's inner functions called directly, came to 1.31 to 1.36 where the forward as it is stood at 1.40 to 1.50. What is left is
 * ssh2's way to use node:crypto; only its native addon, which Electron does not have, does without. Over a network these 40 µs vanish in the line's own delay.
 */
const QUICK = process.argv.includes("--quick");
const CIPHER = "aes128-gcm@openssh.com";
const MB = 1_000_000;

const TARGETS = ["echo", "source", "sink", "api"] as const;
type Target = (typeof TARGETS)[number];
type Open = (target: Target) => Promise<Duplex>;
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

/** A script beside this one that prints ports by name. */
async function startScript(file: string, ...args: string[]): Promise<{ pid: number; ports: Record<Target, number> }> {
  const child = spawn(process.execPath, [...process.execArgv, new URL(file, import.meta.url).pathname, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  later(async () => {
    child.stdin.end();
    const timer = setTimeout(() => child.kill("SIGKILL"), 2_000);
    await ended;
    clearTimeout(timer);
  });
  for await (const line of createInterface({ input: child.stdout })) return { pid: child.pid ?? 0, ports: JSON.parse(line) };
  throw new Error(`${file} did not start`);
}

async function startOurs(): Promise<{ link: HostLink; open: Open }> {
  const { link } = openLink(reachOf(sshd));
  await until(link, "up");
  return { link, open: (target) => link.dial({ host: "127.0.0.1", port: targets[target] }, { deadlineMs: 10_000 }) };
}

const openPort = (port: number) =>
  new Promise<Duplex>((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
  });

async function startTheirs(): Promise<{ child: ChildProcess; open: Open }> {
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
    if (socket !== null) return { child, open };
    if (Date.now() > end) throw new Error("ssh did not come up");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Reads until so many bytes have come. */
function receive(stream: Duplex, bytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let seen = 0;
    const take = (chunk: Buffer) => {
      seen += chunk.length;
      if (seen < bytes) return;
      stream.off("data", take);
      stream.off("close", broken);
      resolve();
    };
    const broken = () => reject(new Error("the stream closed"));
    stream.on("data", take);
    stream.once("close", broken);
  });
}
async function exchange(stream: Duplex, text: string, bytes: number): Promise<void> {
  const done = receive(stream, bytes);
  stream.write(text);
  await done;
}
/** From opening a channel to the first account value. */
async function firstValue(open: Open): Promise<void> {
  const stream = await open("api");
  await exchange(stream, "API\0v100..178", 24);
  await exchange(stream, "start", 48);
  await exchange(stream, "request", 24);
  stream.destroy();
}
const length = (bytes: number) => {
  const head = Buffer.alloc(8);
  head.writeBigUInt64BE(BigInt(bytes));
  return head;
};
async function download(open: Open, bytes: number): Promise<void> {
  const stream = await open("source");
  const done = receive(stream, bytes);
  stream.write(length(bytes));
  await done;
  stream.destroy();
}
const BLOCK = Buffer.alloc(64 * 1024, 1);
async function upload(open: Open, bytes: number): Promise<void> {
  const stream = await open("sink");
  const done = receive(stream, 1);
  stream.write(length(bytes));
  for (let left = bytes; left > 0 && !stream.destroyed; left -= BLOCK.length) {
    if (stream.write(BLOCK.subarray(0, Math.min(left, BLOCK.length)))) continue;
    const room = new Promise((resolve) => stream.once("drain", resolve));
    await Promise.race([room, done]);
  }
  await done;
  stream.destroy();
}
async function timed(run: () => Promise<void>): Promise<number> {
  const since = performance.now();
  await run();
  return performance.now() - since;
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

const ours = await startOurs();
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

/** Small and large things over one way of ours and the one of `ssh -L`. The goals are the same for both ways. */
async function compare(way: string, open: Open, pid: number): Promise<void> {
  const [mine, other] = [await open("echo"), await theirs.open("echo")];
  const ping = "x".repeat(64);
  const trips = (times: number) =>
    alternate(
      times,
      () => exchange(mine, ping, 64),
      () => exchange(other, ping, 64),
    );
  const [fresh, freshTheirs] = await trips(QUICK ? 300 : 1_000);
  rows.push({
    what: `64-byte round trip, the first ${fresh.length}, ${way}`,
    ours: median(fresh),
    theirs: median(freshTheirs),
    ratio: pairs(fresh, freshTheirs),
    unit: "ms",
  });
  // A forward is there for days: V8 has compiled what it needs after some thousands.
  await trips(QUICK ? 1_000 : 7_000);
  const [a, b] = await trips(QUICK ? 300 : 2_000);
  rows.push({ what: `64-byte round trip, median, ${way}`, ours: median(a), theirs: median(b), ratio: pairs(a, b), unit: "ms", goal: { atMost: 1.3 } });
  rows.push({ what: `64-byte round trip, 99th of 100, ${way}`, ours: percentile(a, 0.99), theirs: percentile(b, 0.99), unit: "ms" });
  mine.destroy();
  other.destroy();

  // After the round trips: a connection fresh from its start acknowledges at once and hides what Nagle's algorithm costs later.
  const [warmOurs, warmTheirs] = await alternate(
    QUICK ? 5 : 15,
    () => firstValue(open),
    () => firstValue(theirs.open),
  );
  rows.push({
    what: `first account value, open tunnel, ${way}`,
    ours: median(warmOurs),
    theirs: median(warmTheirs),
    ratio: pairs(warmOurs, warmTheirs),
    unit: "ms",
    goal: { atMost: 0.2 },
  });

  for (const [name, run, atLeast] of [
    ["down", download, 0.8],
    ["up", upload, 0.6],
  ] as const) {
    const cpu: [number, number] = [0, 0];
    const rounds = QUICK ? 5 : 15;
    const measure = async (index: 0 | 1, over: Open) => {
      const measured = index === 0 ? pid : (theirs.child.pid ?? 0);
      const before = cpuOf(measured);
      await run(over, bulk);
      cpu[index] += cpuOf(measured) - before;
    };
    const [x, y] = await alternate(
      rounds,
      () => measure(0, open),
      () => measure(1, theirs.open),
    );
    const rate = (times: readonly number[]) => bulk / MB / (median(times) / 1_000);
    rows.push({ what: `bulk ${name}, ${way}`, ours: rate(x), theirs: rate(y), ratio: pairs(y, x), unit: "MB/s", goal: { atLeast } });
    const perGb = (seconds: number) => seconds / ((bulk * rounds) / 1e9);
    const including = pid === process.pid ? " (ours with the program's own end)" : "";
    rows.push({ what: `  CPU of the process${including}`, ours: perGb(cpu[0]), theirs: perGb(cpu[1]), unit: "s/GB" });
  }
}

const bulk = (QUICK ? 50 : 100) * MB;
await compare("channel", ours.open, process.pid);
const forwards = await startScript("./ssh-forwards.ts", JSON.stringify({ reach: reachOf(sshd), targets }));
await compare("forward", (target) => openPort(forwards.ports[target]), forwards.pid);

const proxy = await openPort((await startScript("./ssh-bare-proxy.ts", String(targets.echo))).ports.echo);
const beside = await theirs.open("echo");
const bounce = (stream: Duplex) => () => exchange(stream, "x".repeat(64), 64);
await alternate(QUICK ? 1_000 : 7_000, bounce(proxy), bounce(beside));
const [bare, bareTheirs] = await alternate(QUICK ? 300 : 2_000, bounce(proxy), bounce(beside));
const what = "64-byte round trip, a Node proxy without SSH";
rows.push({ what, ours: median(bare), theirs: median(bareTheirs), ratio: pairs(bare, bareTheirs), unit: "ms" });
proxy.destroy();
beside.destroy();

for (const channels of QUICK ? [10] : [10, 50]) {
  const each = Math.floor(bulk / channels);
  const many = (run: (open: Open, bytes: number) => Promise<void>, open: Open) => async () =>
    void (await Promise.all(Array.from({ length: channels }, () => run(open, each))));
  for (const [name, run] of [
    ["down", download],
    ["up", upload],
  ] as const) {
    const [a, b] = await alternate(QUICK ? 1 : 5, many(run, ours.open), many(run, theirs.open));
    const rate = (times: readonly number[]) => (each * channels) / MB / (median(times) / 1_000);
    rows.push({ what: `${channels} channels ${name}`, ours: rate(a), theirs: rate(b), ratio: pairs(b, a), unit: "MB/s" });
  }
  rows.push({
    what: `memory after ${channels} channels (ours: the whole process)`,
    ours: rssOf(process.pid),
    theirs: rssOf(theirs.child.pid ?? 0),
    unit: "MiB",
  });
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
