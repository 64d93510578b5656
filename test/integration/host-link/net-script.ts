import { execFileSync } from "node:child_process";
import { DialError } from "../../../electron/core/host-link/host-link.ts";
import { peer } from "../../support/peers.ts";
import { startSshd } from "../../support/sshd.ts";
import { cleanUp, later, listen, openLink, reachOf, until, waitFor, watchDelay } from "./support.ts";

/**
 * One scene on a loopback of its own, whose packets the kernel drops or slows down; run by net.test.ts through `unshare --net`, so that
 * nothing of it reaches the machine. Prints what it saw as one line of JSON.
 */
const [scene = "", seconds = "10"] = process.argv.slice(2);
execFileSync(peer("ip"), ["link", "set", "lo", "up", "mtu", "1500"]);
const sshd = await startSshd();
later(() => sshd.dispose());
const { link, states } = openLink(reachOf(sshd), { random: () => 0 });
await until(link, "up");

const drop = (what: "-A" | "-D") => {
  for (const side of ["--dport", "--sport"]) execFileSync(peer("iptables"), ["-w", what, "INPUT", "-p", "tcp", side, String(sshd.port), "-j", "DROP"]);
};

/** How long the loss of every packet goes unnoticed, and whether the link comes back with the packets. */
async function dropped(before: () => () => void, hurryAfter: boolean): Promise<unknown> {
  let calm = before();
  drop("-A");
  if (hurryAfter) calm = link.hurry();
  const since = performance.now();
  const delay = watchDelay();
  const { failure } = await until(link, "waiting", 40_000);
  const noticedMs = performance.now() - since;
  const delayMs = delay();
  calm();
  drop("-D");
  await until(link, "up", 60_000);
  return { noticedMs: Math.round(noticedMs), delayMs, reason: failure.reason, stage: failure.stage };
}

/** A target that answers no SYN: ssh2 says nothing for as long as sshd tries. What opens after the deadline must be closed. */
async function lateTarget(): Promise<unknown> {
  let accepted = 0;
  const target = await listen(() => {
    accepted += 1;
  });
  const rule = ["INPUT", "-p", "tcp", "--dport", String(target.port), "--syn", "-j", "DROP"];
  execFileSync(peer("iptables"), ["-w", "-A", ...rule]);
  const failure: unknown = await link.dial({ host: "127.0.0.1", port: target.port }, { deadlineMs: 500 }).catch((error: unknown) => error);
  execFileSync(peer("iptables"), ["-w", "-D", ...rule]);
  await waitFor(() => accepted === 1 && target.sockets.size === 0, "the late connection to be made and closed", 30_000);
  return { reason: failure instanceof DialError ? failure.reason : "none", states: [...new Set(states.map((state) => state.kind))] };
}

/** 1 Mbit/s for both directions together, full in both. */
async function saturated(): Promise<unknown> {
  let bytes = 0;
  const sink = await listen((socket) => {
    socket.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
  });
  const source = await listen((socket) => {
    const fill = () => {
      while (socket.write(Buffer.alloc(16_384)));
    };
    socket.on("drain", fill);
    fill();
  });
  execFileSync("tc", ["qdisc", "add", "dev", "lo", "root", "tbf", "rate", "1mbit", "burst", "32kb", "latency", "400ms"]);
  const calm = link.hurry();
  const [up, down] = [
    await link.dial({ host: "127.0.0.1", port: sink.port }, { deadlineMs: 20_000 }),
    await link.dial({ host: "127.0.0.1", port: source.port }, { deadlineMs: 20_000 }),
  ];
  down.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  const push = () => {
    while (up.write(Buffer.alloc(16_384)));
  };
  up.on("drain", push);
  push();
  await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1_000));
  calm();
  return { states: [...new Set(states.map((state) => state.kind))], bytes };
}

try {
  const seen =
    scene === "silent"
      ? await dropped(() => () => {}, false)
      : scene === "silent-in-a-hurry"
        ? await dropped(() => link.hurry(), false)
        : scene === "hurry-afterwards"
          ? await dropped(() => () => {}, true)
          : scene === "late-target"
            ? await lateTarget()
            : await saturated();
  process.stdout.write(`${JSON.stringify(seen)}\n`);
} finally {
  await cleanUp();
}
process.exit(0);
