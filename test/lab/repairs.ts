import { expect } from "vitest";
import type { CauseId, RepairId } from "../../shared/words.ts";
import type { Lab } from "./lab.ts";
import { until } from "./processes.ts";
import { repair, type Watching } from "./watching.ts";

/** A repair with the fault that it cures, as it would befall a gateway: gone with the process or the line, not with our orders. */
export interface Case {
  readonly repair: RepairId;
  readonly cause: CauseId;
  readonly inject: (lab: Lab) => Promise<void>;
  readonly heal?: (lab: Lab) => Promise<void>;
  /** Run every time; the others with GATELIGHT_LAB=full. */
  readonly always?: true;
}

let drops = Date.now();
const mute = async (lab: Lab): Promise<void> => lab.paper.order({ api: { reply: "silent" }, untilRestart: true, drop: ++drops });

export const CASES: readonly Case[] = [
  {
    repair: "restart-screen",
    always: true,
    cause: "vnc-died",
    inject: async (lab) => void (await lab.paper.exec(["pkill", "-x", "x11vnc"], true)),
  },
  {
    repair: "restart-relay",
    cause: "relay-dead",
    inject: async (lab) => void (await lab.paper.exec(["pkill", "-STOP", "-x", "socat"], true)),
  },
  {
    repair: "reconnect-account",
    cause: "broker-unreachable",
    inject: async (lab) => {
      lab.paper.order({ brokerReturns: "when-told" });
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await lab.paper.broker("cut");
    },
    heal: async (lab) => lab.paper.order({}),
  },
  {
    repair: "restart-mcp-workers",
    cause: "mcp-down",
    inject: async (lab) => lab.paper.orderMcp({ mode: "down" }),
    heal: async (lab) => lab.paper.orderMcp({}),
  },
  { repair: "restart-soft", always: true, cause: "gateway-hung", inject: mute },
  { repair: "stop-and-start", cause: "gateway-hung", inject: mute },
  { repair: "restart-container", cause: "container-exited", inject: async (lab) => void (await lab.host.docker(["stop", "-t", "2", lab.paper.gateway])) },
];

/** The fault is there and named, the repair is run for real, the light comes back. */
export async function cures(lab: Lab, watching: Watching, { repair: id, cause, inject, heal }: Case): Promise<void> {
  await watching.green();
  const begun = Date.now();
  await inject(lab);
  await watching.first(begun, (line) => line.cause === cause, 75_000, `${cause} is named`);
  try {
    const ran = await repair(watching.dir, id);
    expect(ran.outcome, `${ran.text}\n${watching.story(10)}`).toBe("cured");
    expect(ran.text).not.toContain("canary");
    expect(ran.text).not.toContain(lab.vncPassword);
    await watching.green();
  } catch (error) {
    // What comes next finds the gateway well.
    lab.paper.order({});
    await lab.host.docker(["restart", "-t", "1", lab.paper.gateway]);
    await watching.start();
    throw error;
  } finally {
    await heal?.(lab);
  }
}

/** Starts of the gateway's container since then, by docker's own events. */
async function starts(lab: Lab, since: number): Promise<number> {
  const { stdout } = await lab.host.docker([
    ...["events", "--since", String(since / 1_000), "--until", String(Date.now() / 1_000)],
    ...["--filter", `container=${lab.paper.gateway}`, "--filter", "event=start", "--format", "{{.Action}}"],
  ]);
  return stdout.split("\n").filter((line) => line === "start").length;
}

/** Two people (or two clicks) want the same: it is done once, and the second is told. */
export async function neverTwice(lab: Lab, watching: Watching): Promise<void> {
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

/** The line falls while Docker restarts the container: what happened is read back, and nothing is repeated. */
export async function readBack(lab: Lab, watching: Watching): Promise<void> {
  await watching.green();
  // Time enough to lose the line in the middle of it.
  lab.paper.mark("slow-stop", "4");
  const asked = Date.now();
  const running = repair(watching.dir, "restart-container");
  try {
    await until(
      async () => (await lab.host.docker(["logs", "--since", new Date(asked).toISOString(), lab.paper.gateway])).stdout.includes("Received SIGINT or SIGTERM"),
      60_000,
      () => "docker stops the container",
    );
    expect(lab.host.killSessions()).toBeGreaterThan(0);
    const ran = await running;
    expect(ran.outcome, ran.text).toBe("cured");
    expect(ran.text).toContain("read back");
    expect(await starts(lab, asked)).toBe(1);
    await watching.green();
  } finally {
    lab.paper.mark("slow-stop", null);
  }
}
