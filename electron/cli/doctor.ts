import { maskAccounts } from "../../shared/account-numbers.ts";
import type { Snapshot } from "../../shared/snapshot.ts";
import { worst } from "../../shared/words.ts";
import { doctorText } from "../core/report/doctor-text.ts";
import { redact } from "../core/report/redact.ts";
import { exitCode, reportJson } from "../core/report/report-json.ts";
import { type Access, openAccess } from "./access.ts";
import type { Arguments } from "./arguments.ts";
import { UsageError } from "./arguments.ts";
import { isDecided } from "./doctor-decided.ts";
import type { Terminal } from "./terminal.ts";

/** A verdict must have stood this long (ms) before it is printed, unless all is up: one that rests on evidence of its own changes seldom. */
const STABLE_MS = { certain: 1_500, likely: 2_500, possible: 3_500 } as const;
/** What is kept of the deadline for printing and for closing the session cleanly (ms). */
const RESERVE_MS = 1_500;
const LOOK_MS = 100;

/** Only the server and gateway asked for; the whole light is theirs then. @throws UsageError for an id that is not there */
export function select(snapshot: Snapshot, server: string | null, gateway: string | null): Snapshot {
  const servers = snapshot.servers
    .filter((one) => server === null || one.id === server)
    .map((one) => ({ ...one, gateways: one.gateways.filter((each) => gateway === null || each.id === gateway) }))
    .filter((one) => gateway === null || one.gateways.length > 0);
  if (server !== null && !snapshot.servers.some((one) => one.id === server)) throw new UsageError(`There is no server "${server}" in the settings.`);
  if (gateway !== null && servers.length === 0) throw new UsageError(`There is no gateway "${gateway}" in the settings.`);
  if (server === null && gateway === null) return snapshot;
  const light = worst(servers.flatMap((one) => [one.light, ...one.gateways.map((each) => each.light)]));
  return { ...snapshot, servers, light };
}

const lightsOf = (snapshot: Snapshot): string =>
  JSON.stringify(
    snapshot.servers.map((server) => [
      server.light,
      server.gateways.map((gateway) => [gateway.light, gateway.cause?.id, Object.values(gateway.lights).map((light) => light.state)]),
    ]),
  );

/** The least sure cause sets the time; of a start it is said at once that it goes on, and only after a while what it waits for. */
const stableMs = (snapshot: Snapshot): number =>
  Math.max(
    0,
    ...snapshot.servers.flatMap((server) =>
      server.gateways.map(({ cause, light }) => (cause === null ? 0 : light === "connecting" ? STABLE_MS.possible : STABLE_MS[cause.confidence])),
    ),
  );

/** Tries each screen's password once, as soon as the screen answers. @returns whether one is still being tried */
function screenChecks(access: Access, signal: AbortSignal): (snapshot: Snapshot) => boolean {
  const begun = new Set<string>();
  let running = 0;
  return (snapshot) => {
    for (const server of snapshot.servers)
      for (const gateway of server.gateways) {
        const key = `${server.id}/${gateway.id}`;
        if (gateway.lights.screen.state !== "up" || begun.has(key)) continue;
        begun.add(key);
        running++;
        void access.checkScreen(server.id, gateway.id, signal).finally(() => {
          running--;
        });
      }
    return running > 0;
  };
}

/** All up, or a verdict that stood for a while, or the end of the deadline: what is not known by then stays unknown. */
async function waitForVerdict(access: Access, wanted: Arguments, startedAt: number): Promise<Snapshot> {
  const until = startedAt + wanted.deadlineMs - RESERVE_MS;
  const leave = new AbortController();
  const checking = screenChecks(access, leave.signal);
  let stableSince = Date.now();
  let last = "";
  try {
    for (;;) {
      const now = select(access.snapshot(), wanted.server, wanted.gateway);
      const lights = lightsOf(now);
      if (lights !== last) {
        last = lights;
        stableSince = Date.now();
      }
      const decided = !checking(now) && isDecided(now.servers, Date.now());
      const complete = now.servers
        .flatMap((server) => server.gateways)
        .every((gateway) => gateway.session.state !== "ready" || gateway.accounts.every((account) => account.at !== null));
      if (decided && now.light === "up" && complete) return now;
      if (decided && Date.now() - stableSince >= (access.shared ? 0 : stableMs(now))) return now;
      if (Date.now() >= until) return now;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, Math.min(LOOK_MS, until - Date.now()))));
    }
  } finally {
    leave.abort();
  }
}

/** @returns the exit code */
export async function doctor(wanted: Arguments, terminal: Terminal): Promise<number> {
  const startedAt = Date.now();
  const access = await openAccess(wanted.dataDir);
  try {
    if (access.snapshot().servers.length === 0) {
      terminal.error("No server is set up yet. Start Gatelight (gatelight serve) and add your home server.");
      return 2;
    }
    const left = () => Math.max(1_000, startedAt + wanted.deadlineMs - RESERVE_MS - Date.now());
    const before = await waitForVerdict(access, wanted, startedAt);
    const tools = wanted.mcpTools ? await callTools(access, before, left()) : [];
    // What the calls showed is part of the verdict.
    const snapshot = wanted.mcpTools ? await waitForVerdict(access, wanted, startedAt) : before;
    if (wanted.json) terminal.out(JSON.stringify(reportJson(snapshot, Date.now())));
    else {
      // A report is pasted into forums: no account number, and no user name unless asked for.
      const text = [
        doctorText(snapshot).trimEnd(),
        ...tools.map((tool) => `${tool.ok ? "PASS" : "FAIL"}  MCP tool call, ${tool.gateway}: ${tool.detail}`),
      ].join("\n");
      terminal.out(wanted.showNames ? text : maskAccounts(redact(text, { users: userNames() })));
    }
    return Math.max(exitCode(snapshot.light), tools.some((tool) => !tool.ok) ? 1 : 0);
  } finally {
    await access.close();
  }
}

const userNames = (): string[] =>
  [process.env.USER, process.env.USERNAME, process.env.LOGNAME].flatMap((name) => (name === undefined || name === "" ? [] : [name]));

async function callTools(access: Access, snapshot: Snapshot, deadlineMs: number): Promise<{ gateway: string; ok: boolean; detail: string }[]> {
  const wanted = snapshot.servers.flatMap((server) =>
    server.gateways.filter((gateway) => gateway.lights.mcp.state !== "off").map((gateway) => ({ server: server.id, gateway: gateway.id })),
  );
  return Promise.all(
    wanted.map(async (ref) => {
      try {
        return { gateway: ref.gateway, ...(await access.call("mcp.callTool", ref, deadlineMs)) };
      } catch (error) {
        return { gateway: ref.gateway, ok: false, detail: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
}
