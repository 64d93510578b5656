import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { connectControl } from "../../electron/core/control/control-socket.ts";
import type { RepairId } from "../../shared/words.ts";
import type { Lab } from "./lab.ts";
import type { LabTest } from "./lab-test.ts";
import { until } from "./processes.ts";
import { repair, type Watching } from "./watching.ts";

/** What may fall in the middle of a repair. Whatever it is: never run twice, never half-reported. */

/** Starts of the gateway's container since then, by docker's own events. */
export async function starts(lab: Lab, since: number): Promise<number> {
  const { stdout } = await lab.host.docker([
    ...["events", "--since", String(since / 1_000), "--until", String(Date.now() / 1_000)],
    ...["--filter", `container=${lab.paper.gateway}`, "--filter", "event=start", "--format", "{{.Action}}"],
  ]);
  return stdout.split("\n").filter((line) => line === "start").length;
}

/** Two people (or two clicks) want the same: it is done once, and the second is told. */
async function neverTwice(lab: Lab, watching: Watching): Promise<void> {
  await watching.green();
  const begun = Date.now();
  await lab.host.docker(["stop", "-t", "2", lab.paper.gateway]);
  await watching.first(begun, (line) => line.cause === "container-exited", 75_000, "the stop is named");
  const asked = Date.now();
  const both = await Promise.all([repair(watching.dir, "restart-container"), repair(watching.dir, "restart-container")]);
  expect(both.map((one) => one.outcome).sort(), both.map((one) => one.text).join("\n")).toEqual(["cured", "not run"]);
  expect(await starts(lab, asked)).toBe(1);
  await watching.green();
}

/** A stop that takes its time, up to where Docker has told the container to stop. */
async function inTheMiddle(
  lab: Lab,
  watching: Watching,
  id: RepairId,
  work: (running: ReturnType<typeof repair>, asked: number) => Promise<void>,
): Promise<void> {
  await watching.green();
  lab.paper.mark("slow-stop", "4");
  const asked = Date.now();
  const running = repair(watching.dir, id);
  try {
    await until(
      async () => (await logSince(lab, asked)).includes("Received SIGINT or SIGTERM"),
      60_000,
      () => "docker stops the container",
    );
    await work(running, asked);
    await watching.green();
  } finally {
    lab.paper.mark("slow-stop", null);
    await running;
  }
}

const logSince = async (lab: Lab, since: number): Promise<string> =>
  (await lab.host.docker(["logs", "--since", new Date(since).toISOString(), lab.paper.gateway])).stdout;
/** Starts of what runs in the container, by its own log: it outlives the daemon. */
const begun = async (lab: Lab, since: number): Promise<number> => (await logSince(lab, since)).split("Starting IBC/IB gateway").length - 1;

/** The newest repair in the incident log of the Gatelight that runs. */
async function incident(watching: Watching): Promise<{ title: string; detail: string } | null> {
  const client = await connectControl(watching.dir);
  if (client === null) throw new Error("no Gatelight runs");
  try {
    await client.ready;
    const all = await client.call("history.incidents", { server: "lab", gateway: "paper", limit: 20 }, { deadlineMs: 10_000 });
    const found = all.find((one) => one.kind === "repair");
    return found === undefined ? null : { title: found.title, detail: found.detail };
  } finally {
    client.close();
  }
}

/** The line falls while Docker (or compose) restarts the container: what happened is read back, and nothing is repeated. */
const readBack = (lab: Lab, watching: Watching, id: RepairId): Promise<void> =>
  inTheMiddle(lab, watching, id, async (running, asked) => {
    expect(lab.host.killSessions()).toBeGreaterThan(0);
    const ran = await running;
    expect(ran.outcome, ran.text).toBe("cured");
    expect(ran.text).toContain("read back");
    expect(await starts(lab, asked)).toBe(1);
  });

/** Docker's daemon is stopped while it restarts the container: what came of it is told as it is, and nothing is repeated when it is back. */
const daemonGone = (lab: Lab, watching: Watching): Promise<void> =>
  inTheMiddle(lab, watching, "restart-container", async (running, asked) => {
    await lab.host.stopDocker();
    const ran = await running;
    expect(ran, ran.text).toMatchObject({ outcome: "failed", verdict: expect.stringMatching(/^It ended with exit code \d+: .+/) });
    await lab.host.startDocker();
    // The container takes its time to end, and is started by the daemon then.
    await until(
      async () => (await begun(lab, asked)) > 0,
      60_000,
      () => "the daemon starts the container again",
    );
    await lab.paper.settled();
    await watching.green();
    expect(await begun(lab, asked)).toBe(1);
    expect(await incident(watching)).toEqual({ title: "Restart the container: failed", detail: expect.stringContaining(ran.verdict) });
  });

/** Gatelight is killed while Docker restarts the container: the next one follows the repair to its proof, and repeats nothing. */
const killed = (lab: Lab, watching: Watching): Promise<void> =>
  inTheMiddle(lab, watching, "restart-container", async (running, asked) => {
    expect(readdirSync(lab.host.temporary)).toHaveLength(2);
    await watching.end("SIGKILL");
    expect((await running).outcome).toBe("not run");
    await watching.start();
    await watching.green();
    await until(
      () => readdirSync(join(watching.dir, "repairs")).length === 0,
      30_000,
      () => "the repair has been followed to its end",
    );
    expect(await starts(lab, asked)).toBe(1);
    expect(await incident(watching)).toEqual({
      title: "Restart the container: cured",
      detail: expect.stringContaining("Restart the container: done, was interrupted; outcome read back: exit code 0"),
    });
    expect(readdirSync(lab.host.temporary)).toEqual([]);
  });

export const INTERRUPTIONS: readonly LabTest[] = [
  { name: "two who want the same repair at once: it runs once", run: neverTwice, timeout: 300_000, when: "whole" },
  {
    name: "the line falls in the middle of recreate-container: read back, not repeated",
    run: (lab, watching) => readBack(lab, watching, "recreate-container"),
    timeout: 300_000,
    when: "every",
  },
  {
    name: "the line falls in the middle of restart-container: read back, not repeated",
    run: (lab, watching) => readBack(lab, watching, "restart-container"),
    timeout: 300_000,
    when: "whole",
  },
  { name: "Docker's daemon is stopped in the middle of a repair: told as it is, not repeated", run: daemonGone, timeout: 300_000, when: "whole" },
  { name: "Gatelight is killed in the middle of a repair: the next one follows it to its proof", run: killed, timeout: 300_000, when: "whole" },
];
