import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { CauseId, RepairId } from "../../shared/words.ts";
import { AT } from "../support/remote-picture.ts";
import { FIRST_BUILD, publish } from "./gateway-image.ts";
import { starts } from "./interruptions.ts";
import type { Lab } from "./lab.ts";
import type { LabTest } from "./lab-test.ts";
import { run, until } from "./processes.ts";
import { PROJECTS } from "./stack.ts";
import { plan, repair, type Watching } from "./watching.ts";

/** A repair with the fault that it cures, as it would befall a gateway: gone with the process or the line, not with our orders. */
interface Case {
  readonly repair: RepairId;
  readonly cause: CauseId;
  readonly inject: (lab: Lab) => Promise<void>;
  /** Once the cause was named, right before the repair. */
  readonly before?: (lab: Lab) => Promise<void>;
  /** What the repair must have changed, beside the light. */
  readonly after?: (lab: Lab) => Promise<void>;
  /** Longer than the 75 s in which a cause is named, ms. */
  readonly namedMs?: number;
  readonly heal?: (lab: Lab) => Promise<void>;
  /** Run every time; the others with GATELIGHT_LAB=full. */
  readonly always?: true;
}

let drops = Date.now();
const mute = async (lab: Lab): Promise<void> => lab.paper.order({ api: { reply: "silent" }, untilRestart: true, drop: ++drops });

const restart = async (lab: Lab): Promise<void> => void (await lab.host.docker(["restart", "-t", "1", lab.paper.gateway]));
const inspected = async (lab: Lab, format: string): Promise<string> =>
  (await lab.host.docker(["inspect", "--format", format, lab.paper.gateway])).stdout.trim();
/** The container's environment, with its image's. */
const environment = (lab: Lab): Promise<string> => inspected(lab, "{{range .Config.Env}}{{println .}}{{end}}");
const VOLUME = "ib-paper_tws-settings";
const TOKEN = "/home/ibgateway/tws_settings/autorestart";

const CASES: readonly Case[] = [
  {
    repair: "wait",
    cause: "broker-unreachable",
    inject: (lab) => lab.paper.broker("away"),
    // Comes back while the repair waits for it.
    before: async (lab) => {
      setTimeout(() => void lab.paper.broker("back"), 4_000);
    },
  },
  {
    repair: "resubscribe",
    cause: "account-data-silent",
    // Nobody answers what is asked now; who asks again later is answered.
    inject: async (lab) => lab.paper.order({ api: { accountSilent: true }, drop: ++drops }),
    before: async (lab) => lab.paper.order({ drop: drops }),
  },
  {
    repair: "change-client-id",
    cause: "client-id-in-use",
    inject: async (lab) => lab.paper.order({ heldClientIds: [901, 902, 903, 904, 905], drop: ++drops }),
    before: (lab) => lab.paper.orderNow({ heldClientIds: [901, 902, 903, 905], drop: drops }),
    heal: async (lab) => lab.paper.order({ drop: drops }),
  },
  {
    repair: "reconnect-data",
    cause: "farms-down",
    inject: async (lab) => lab.paper.order({ brokenFarms: ["usfarm.nj"], drop: ++drops }),
    heal: async (lab) => lab.paper.order({ drop: drops }),
  },
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
  {
    repair: "recreate-container",
    cause: "container-missing",
    inject: async (lab) => void (await lab.host.docker(["rm", "-f", lab.paper.gateway])),
    after: async (lab) => {
      // Made by compose of the owner's own file, with what the env file gives.
      expect(await inspected(lab, '{{index .Config.Labels "com.docker.compose.service"}} {{.HostConfig.RestartPolicy.Name}}')).toBe("ib-gateway-paper always");
      expect(await environment(lab)).toContain(`VNC_SERVER_PASSWORD=${lab.vncPassword}`);
      // The folders' names hold commands.
      const { stdout } = await run(["find", lab.folder, "-path", join(lab.folder, "docker"), "-prune", "-o", "-name", "owned", "-print"]);
      expect(stdout).toBe("");
    },
  },
  {
    repair: "pull-image",
    cause: "build-desupported",
    inject: async (lab) => {
      await publish(lab.host, "10.50.1d");
      lab.paper.order({ desupported: FIRST_BUILD });
      await restart(lab);
    },
    after: async (lab) => expect(await environment(lab)).toContain("LAB_BUILD=10.50.1d"),
    heal: async (lab) => lab.paper.order({}),
  },
  {
    repair: "fresh-reinstall",
    cause: "stale-autorestart",
    // It takes a minute of nothing at the log-in form to be sure.
    namedMs: 120_000,
    inject: async (lab) => {
      await publish(lab.host, "10.50.1e");
      await lab.paper.exec(["sh", "-c", `echo stale > ${TOKEN}; touch ${TOKEN}.before`]);
      await restart(lab);
    },
    after: async (lab) => {
      expect(await environment(lab)).toContain("LAB_BUILD=10.50.1e");
      expect((await lab.paper.exec(["ls", "-A", "/home/ibgateway/tws_settings"])).stdout).not.toContain("autorestart");
      expect((await lab.host.docker(["volume", "ls", "-q"])).stdout).toContain(VOLUME);
    },
  },
];

/** The fault is there and named, the repair is run for real, the light comes back. */
async function cures(lab: Lab, watching: Watching, one: Case): Promise<void> {
  const { repair: id, cause } = one;
  await watching.green();
  const begun = Date.now();
  await one.inject(lab);
  try {
    await watching.first(begun, (line) => line.cause === cause, one.namedMs ?? 75_000, `${cause} is named`);
    await one.before?.(lab);
    const ran = await repair(watching.dir, id);
    expect(ran.outcome, `${ran.text}\n${watching.story(10)}`).toBe("cured");
    expect(ran.text).not.toContain("canary");
    expect(ran.text).not.toContain(lab.vncPassword);
    await watching.green();
    await one.after?.(lab);
  } catch (error) {
    // What comes next finds the gateway well.
    await lab.paper.anew();
    await watching.start();
    throw error;
  } finally {
    await one.heal?.(lab);
  }
}

/** The repair that Gatelight leaves to a person: at the gateway's own screen, by its real mouse. The light comes back by itself. */
async function byHand(lab: Lab, watching: Watching): Promise<void> {
  await watching.green();
  const asked = Date.now();
  await lab.inject("localhost-only");
  try {
    await watching.first(asked, (line) => line.cause === "localhost-only", 75_000, "localhost-only is named");
    const offered = await plan(watching.dir, "open-api-settings");
    expect(offered).toMatchObject({ commands: [], price: { secondFactor: false }, refused: expect.stringContaining("done by you") });
    for (const at of [AT.menuConfigure, AT.menuSettings, AT.localhostOnly, AT.apply]) {
      await lab.paper.exec(["env", "DISPLAY=:1", "xdotool", "mousemove", ...at.map(String), "click", "1"]);
      // The picture follows what was done to it.
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    await watching.green();
  } catch (error) {
    await lab.paper.anew();
    throw error;
  } finally {
    await lab.heal();
  }
}

/** What a person sees before: the exact commands, and the price by what the server's kernel counts. */
async function toldBefore(lab: Lab, watching: Watching): Promise<void> {
  await watching.green();
  // Three workers of the MCP server, and one program more that came to the API port itself.
  const other = lab.paper.holdOpen();
  try {
    await until(
      async () => (await plan(watching.dir, "restart-container")).clientsAffected === 4,
      30_000,
      () => "four programs are counted",
    );
    expect(await plan(watching.dir, "restart-relay")).toMatchObject({ clientsAffected: 3, price: { secondFactor: false }, refused: null });
    const recreate = await plan(watching.dir, "recreate-container");
    expect(recreate).toMatchObject({ clientsAffected: 4, confirm: "name", price: { losesUiSettings: true } });
    const folder = lab.paper.project.replaceAll("'", "'\\''");
    expect(recreate.commands[0]).toEqual({
      where: "linuxserver.lan",
      text: `cd '${folder}'; set -a; . "$HOME"/'${PROJECTS.replaceAll("'", "'\\''")}/secrets/mcp-ib-paper.env'; set +a; docker compose -f docker-compose.yml up -d --force-recreate ib-gateway-paper`,
    });
    expect((await plan(watching.dir, "fresh-reinstall")).commands.map((one) => one.text).join("\n")).toContain(`docker volume rm -f ${VOLUME}`);
  } finally {
    await other.end();
  }
}

/** Compose's own words, where the owner's files are not right: nothing was done, and nothing of the env file is said. */
async function composeRefuses(lab: Lab, watching: Watching): Promise<void> {
  await watching.green();
  const { envFile } = lab.paper;
  const good = readFileSync(envFile, "utf8");
  const asked = Date.now();
  try {
    writeFileSync(envFile, good.replace(/^VNC_SERVER_PASSWORD=.*$/m, ""));
    const unset = await repair(watching.dir, "recreate-container");
    expect(unset, unset.text).toMatchObject({ outcome: "failed", verdict: expect.stringMatching(/exit code 1: .*not set/) });
    renameSync(envFile, `${envFile}.away`);
    const gone = await repair(watching.dir, "recreate-container");
    expect(gone, gone.text).toMatchObject({ outcome: "failed", verdict: expect.stringContaining("env file cannot be read") });
    expect(`${unset.text}${gone.text}`).not.toContain("canary");
    expect(await starts(lab, asked)).toBe(0);
  } finally {
    writeFileSync(envFile, good);
  }
  await watching.green();
}

export const REPAIRS: readonly LabTest[] = [
  ...CASES.map(
    (one): LabTest => ({
      name: `repair: ${one.repair} cures ${one.cause}`,
      run: (lab, watching) => cures(lab, watching, one),
      timeout: 300_000,
      when: one.always === true ? "every" : "whole",
    }),
  ),
  {
    name: "open-api-settings: a person unticks “localhost only” at the screen, and the light comes back",
    run: byHand,
    timeout: 300_000,
    when: "whole",
  },
  { name: "before: the commands as they will run, and who loses a connection by the kernel's count", run: toldBefore, timeout: 120_000, when: "whole" },
  { name: "what compose says of the owner's files is handed on, and nothing is done", run: composeRefuses, timeout: 120_000, when: "whole" },
];
