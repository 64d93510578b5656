import { readFileSync } from "node:fs";
import { expect } from "vitest";
import type { Lab } from "./lab.ts";
import { descendants, until } from "./processes.ts";
import type { Stack } from "./stack.ts";
import type { Watching } from "./watching.ts";

/** What Gatelight costs the server, seen from the server's own side. */

const SAMPLE_MS = 100;
const MOMENT_LOOKS = 6;
/** USER_HZ, the unit of /proc/PID/stat, is 100 on every Linux that Debian supports. */
const TICKS = 100;

/** Our connections to the relay: remote ports that exist now. */
function ours(pid: number, relayPort: number, subnet: string): string[] {
  const [a = 0, b = 0, c = 0] = subnet.split(".").map(Number);
  const from = [1, c, b, a].map((byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join("");
  const port = relayPort.toString(16).toUpperCase().padStart(4, "0");
  return readFileSync(`/proc/${pid}/net/tcp`, "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => words[1]?.endsWith(`:${port}`) && words[2]?.startsWith(`${from}:`) && words[3] === "01")
    .flatMap((words) => words[2] ?? []);
}

interface Watched {
  readonly most: number;
  readonly ports: ReadonlySet<string>;
  /** Opened while somebody waited in the accept queue. */
  readonly whileQueued: readonly string[];
  /** When there were more at a time than ever before. */
  readonly story: string;
}

/** Looks at the socket table ten times a second while `during` goes on. */
export async function watchConnections(stack: Stack, during: () => Promise<void>): Promise<Watched> {
  let over = false;
  let most = 0;
  const ports = new Set<string>();
  const whileQueued: string[] = [];
  const story: string[] = [];
  const last: number[] = [];
  const { pid } = await stack.state();
  const looking = (async () => {
    let first = true;
    let queuedBefore = false;
    while (!over) {
      const now = ours(pid, stack.relayPort, stack.subnet);
      const queued = ((await stack.queue()) ?? 0) > 0;
      last.push(now.length);
      // One that is being closed may be seen beside its successor for a moment, until the relay has heard of its end.
      const lasting = Math.min(...last.slice(-MOMENT_LOOKS));
      if (last.length >= MOMENT_LOOKS && lasting > most) {
        most = lasting;
        story.push(`${new Date().toISOString().slice(11, 23)} ${now.join(" ")}`);
      }
      for (const port of now) {
        // One that was opened between two looks is laid to neither: only a queue seen both before and after counts.
        if (!first && !ports.has(port) && queued && queuedBefore) whileQueued.push(port);
        ports.add(port);
      }
      first = false;
      queuedBefore = queued;
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    }
  })();
  try {
    await during();
  } finally {
    over = true;
    await looking;
  }
  return { most, ports, whileQueued, story: story.join("\n") };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A wedge: not one connection of ours joins the queue. */
export async function keepsOutOfTheQueue(lab: Lab, watching: Watching): Promise<void> {
  await watching.green();
  const seen = await watchConnections(lab.paper, async () => {
    const begun = Date.now();
    await lab.inject("wedge");
    await watching.first(begun, (line) => line.cause === "accept-queue-wedge", 60_000, "the wedge is named");
    // Long enough for the heartbeat to give the old session up and for the first retries, were there any.
    await pause(16_000);
    await lab.heal();
    await watching.green();
  });
  expect(seen.whileQueued).toEqual([]);
  expect(seen.most, `${seen.story}\n${watching.story(30)}`).toBeLessThanOrEqual(1);
}

/** A gateway that closes on everybody: retries are few, ever slower, one at a time. */
export async function retriesSlowly(lab: Lab, watching: Watching): Promise<void> {
  await watching.green();
  const times: number[] = [];
  const seen = await watchConnections(lab.paper, async () => {
    const begun = Date.now();
    lab.paper.order({ api: { reply: "close-after-start" }, drop: begun });
    await watching.first(begun, (line) => line.light === "api" && line.to === "down", 60_000, "the API is down");
    await pause(25_000);
    times.push(...lab.paper.record().flatMap((entry) => (entry.what === "accepted" && entry.at >= begun ? [entry.at] : [])));
    lab.paper.order({ drop: Date.now() });
    await watching.green();
  });
  // 2, 5, 15, 60, 300 s: four in the first half minute at most, twelve in an hour; some noticed changes may call for one at once.
  expect(seen.ports.size).toBeLessThanOrEqual(7);
  expect(seen.most, `${seen.story}\n${watching.story(30)}`).toBeLessThanOrEqual(1);
  expect(times.length).toBeGreaterThan(0);
}

function cpuTicks(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/stat`, "utf8")
        .replace(/^.*\) /, "")
        .split(" ");
      return sum + Number(words[11]) + Number(words[12]);
    } catch {
      // It has ended meanwhile; its time is lost, as is a short-lived program's.
      return sum;
    }
  }, 0);
}

export interface Cost {
  readonly seconds: number;
  /** Programs that sshd was asked to start. */
  readonly commands: number;
  /** Processes below sshd that were not there at the beginning. */
  readonly fresh: number;
  /** Share of one core, percent, of sshd's sessions and what runs in them. */
  readonly cpuPercent: number;
}

/** A quiet while under watch. */
export async function quietCost(lab: Lab, watching: Watching, ms: number): Promise<Cost> {
  await watching.green();
  const { host } = lab;
  const before = new Set(descendants(host.sshdPid));
  const seen = new Set(before);
  const commands = () => host.sshdLog.split("Starting session: command").length - 1;
  const saidBefore = commands();
  const ticksBefore = cpuTicks([...before]);
  const begun = Date.now();
  await until(
    async () => {
      for (const pid of descendants(host.sshdPid)) seen.add(pid);
      return Date.now() - begun > ms;
    },
    ms + 10_000,
    () => "the while is over",
  );
  const seconds = (Date.now() - begun) / 1_000;
  return {
    seconds,
    commands: commands() - saidBefore,
    fresh: seen.size - before.size,
    cpuPercent: ((cpuTicks([...seen]) - ticksBefore) / TICKS / seconds) * 100,
  };
}
