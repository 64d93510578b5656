import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { Connections } from "./connections.ts";
import type { Lab } from "./lab.ts";
import type { LabTest } from "./lab-test.ts";
import { descendants, until } from "./processes.ts";
import type { Watching } from "./watching.ts";

/** What Gatelight costs the server, seen from the server's own side. */

/** USER_HZ, the unit of /proc/PID/stat, is 100 on every Linux that Debian supports. */
const TICKS = 100;

async function seenFromThere(lab: Lab, during: () => Promise<void>): Promise<Connections> {
  const connections = new Connections(lab.paper);
  await connections.start();
  try {
    await during();
  } finally {
    await connections.end();
  }
  return connections;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A wedge: not one connection of ours joins the queue. */
async function keepsOutOfTheQueue(lab: Lab, watching: Watching): Promise<void> {
  await watching.green();
  const seen = await seenFromThere(lab, async () => {
    const begun = Date.now();
    await lab.inject("wedge");
    await watching.first(begun, (line) => line.cause === "accept-queue-wedge", 60_000, "the wedge is named");
    // Long enough for the heartbeat to give the old session up and for the first retries, were there any.
    await pause(16_000);
    await lab.heal();
    await watching.green();
  });
  expect(seen.opened.filter((one) => one.queued)).toEqual([]);
  expect(seen.together, watching.story(30)).toEqual([]);
}

/**
 * A gateway that closes on everybody: retries are few, ever slower, one at a time. After 2, 5, 15 and 60 s (each a fifth more or less) there is one in
 * five minutes, which with those before makes twelve in an hour at most.
 */
async function retriesSlowly(lab: Lab, watching: Watching): Promise<void> {
  await watching.green();
  const seen = await seenFromThere(lab, async () => {
    const begun = Date.now();
    lab.paper.order({ api: { reply: "close-after-start" }, drop: begun });
    await watching.first(begun, (line) => line.light === "api" && line.to === "down", 60_000, "the API is down");
    await pause(105_000);
  });
  const times = seen.opened.map((one) => one.at);
  const gaps = times.slice(1).map((at, index) => (at - (times[index] ?? at)) / 1_000);
  console.info(`retries after ${gaps.map((gap) => gap.toFixed(1)).join(", ")} s`);
  const story = `${gaps.join(" ")}\n${watching.story(30)}`;
  expect(times.length, story).toBeGreaterThanOrEqual(4);
  // Anything noticed meanwhile may call for one at once, and the back-off begins anew then.
  expect(times.length, story).toBeLessThanOrEqual(8);
  expect(Math.max(...gaps), story).toBeGreaterThan(40);
  expect(seen.together, story).toEqual([]);
  // By itself it would come in five minutes; the next watcher begins anew.
  lab.paper.order({ drop: Date.now() });
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

interface Cost {
  readonly seconds: number;
  /** What sshd said of the programs that it was asked to start. */
  readonly commands: readonly string[];
  /** Processes below sshd that were not there at the beginning. */
  readonly fresh: number;
  /** Share of one core, percent, of sshd's sessions and what runs in them. */
  readonly cpuPercent: number;
}

/** A quiet while under watch. */
async function quietCost(lab: Lab, watching: Watching, ms: number): Promise<Cost> {
  await watching.green();
  const { host } = lab;
  const before = new Set(descendants(host.sshdPid));
  const seen = new Set(before);
  const said = host.listenToSshd();
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
    commands: said()
      .split("\n")
      .filter((line) => line.includes("Starting session: command")),
    fresh: seen.size - before.size,
    cpuPercent: ((cpuTicks([...seen]) - ticksBefore) / TICKS / seconds) * 100,
  };
}

/** @param ms how long is looked at */
const costsNextToNothing = (ms: number) => async (lab: Lab, watching: Watching) => {
  const cost = await quietCost(lab, watching, ms);
  console.info(`${cost.commands.length} commands, ${cost.fresh} processes, ${cost.cpuPercent.toFixed(2)} % of a core in ${cost.seconds.toFixed(0)} s`);
  const minutes = Math.max(1, cost.seconds / 60);
  // Fewer than two a minute: one that comes once a minute may come twice in the time looked at.
  expect(cost.commands.length, cost.commands.join("\n")).toBeLessThan(2 * minutes);
  // Each command is a session of sshd, a shell and the program.
  expect(cost.fresh, cost.commands.join("\n")).toBeLessThanOrEqual(3 * minutes);
  expect(cost.cpuPercent).toBeLessThan(1);
};

export const POLITENESS: readonly LabTest[] = [
  { name: "a quiet while costs the server next to nothing", run: costsNextToNothing(20_000), timeout: 240_000, when: "quick" },
  { name: "a quiet minute costs the server next to nothing", run: costsNextToNothing(61_000), timeout: 240_000, when: "whole" },
  { name: "no connection of ours joins an accept queue", run: keepsOutOfTheQueue, timeout: 240_000, when: "every" },
  { name: "a gateway that closes on us is asked ever more seldom, by one connection at a time", run: retriesSlowly, timeout: 300_000, when: "whole" },
];
