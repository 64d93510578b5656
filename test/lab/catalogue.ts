import { loadavg } from "node:os";
import { expect } from "vitest";
import { Connections } from "./connections.ts";
import type { Fault } from "./faults.ts";
import type { Lab } from "./lab.ts";
import { until } from "./processes.ts";
import { dataDir, doctor, type Watching } from "./watching.ts";

/** Noticed within this time of the onset (ms), where nothing else is known to be needed; more where the machine is overrun. */
const NOTICED_MS = 5_000;
const CAUSE_MS = 75_000;
/** All is told green within this time of the cure (ms): most gateways need some of it to start their relay or to log in anew. */
const RECOVERED_MS = 20_000;
const RECOVERY_MS = 120_000;
const slack = () => Math.max(1, (loadavg()[0] ?? 0) / 4);

export interface Row {
  readonly id: string;
  readonly cause: string;
  readonly noticedMs: number | null;
  readonly namedMs: number;
  readonly recoveredMs: number | null;
  /** API connections that Gatelight opened meanwhile. */
  readonly connects?: number;
}

/** Whoever comes is turned away before anything else: a fresh `doctor`. */
export async function refused(lab: Lab, fault: Fault): Promise<Row> {
  await fault.inject(lab.paper, lab.host);
  const begun = Date.now();
  const { paper, code } = await doctor(dataDir(lab.folder, `data-${fault.id}`, lab.settings(fault.asking?.(lab).settings)), { deadlineS: 25 });
  expect(paper?.cause?.id, JSON.stringify(paper?.cause ?? paper, null, 1)).toBe(fault.cause);
  expect(code).toBeGreaterThan(0);
  return { id: fault.id, cause: fault.cause, noticedMs: null, namedMs: Date.now() - begun, recoveredMs: null };
}

/** Produced under the eyes of a Gatelight that runs: noticed in time, named by watch and doctor, and over when it is over. */
export async function noticed(lab: Lab, watching: Watching, fault: Fault): Promise<Row> {
  await lab.prepare(fault.id);
  if (fault.prepare !== undefined) await watching.start();
  await watching.green();
  if (fault.ageMs !== undefined) await aged(lab, fault.ageMs);
  const connections = new Connections(lab.paper);
  await connections.start();
  const begun = Date.now();
  try {
    await lab.inject(fault.id);
    const onset = Date.now();
    const first = await watching.first(begun, (line) => line.from === "up" && line.to !== "up", fault.namedMs ?? CAUSE_MS, `${fault.id} is noticed`);
    const noticedMs = Math.max(0, first.at - onset);
    const named = await watching.first(begun, (line) => line.cause === fault.cause, fault.namedMs ?? CAUSE_MS, `${fault.id} is named ${fault.cause}`);
    const { paper } = await doctor(watching.dir);
    const right: string[] = [fault.cause, ...(fault.becomes === undefined ? [] : [fault.becomes])];
    expect(right, JSON.stringify(paper?.cause ?? paper, null, 1)).toContain(paper?.cause?.id);
    expect(noticedMs).toBeLessThan((fault.noticedMs ?? NOTICED_MS) * slack());
    // On the way to the right name no wrong one is said.
    const wrong = watching.causes(begun).filter((cause) => !right.includes(cause) && !(fault.first ?? []).some((one) => one === cause));
    expect(wrong, watching.story(30)).toEqual([]);
    await lab.heal();
    const healed = Date.now();
    if (fault.echoes === true) {
      await watching.usable(RECOVERY_MS);
      await watching.start();
    } else await watching.green(RECOVERY_MS);
    const recoveredMs = Date.now() - healed;
    await connections.end();
    expect(recoveredMs, watching.story(30)).toBeLessThan(RECOVERED_MS * slack());
    // Over a line that died unseen the server keeps the old one until its own time-out: that cannot be helped from here.
    if (fault.wholeServer !== true) expect(connections.together, `two API connections at a time\n${watching.story(40)}`).toEqual([]);
    else if (connections.together.length > 0) console.info(`${fault.id}: the server kept the old API connection: ${connections.together.length} looks saw two`);
    return {
      id: fault.id,
      cause: fault.cause,
      noticedMs,
      namedMs: Math.max(0, named.at - onset),
      recoveredMs,
      connects: connections.opened.length,
    };
  } finally {
    await connections.end();
    await lab.heal();
  }
}

/** Shown to one who comes later: a log-in that goes wrong, what new connections are refused. */
export async function found(lab: Lab, watching: Watching, fault: Fault): Promise<Row> {
  await lab.prepare(fault.id);
  const { settings, env, words } = fault.asking?.(lab) ?? {};
  const dir = dataDir(lab.folder, `data-${fault.id}`, lab.settings(settings));
  if (fault.ageMs !== undefined) await aged(lab, fault.ageMs);
  await lab.inject(fault.id);
  const onset = Date.now();
  let last = "";
  try {
    await until(
      async () => {
        const { paper } = await doctor(dir, { deadlineS: 30, env, words });
        last = JSON.stringify(paper?.cause ?? paper, null, 1);
        return paper?.cause?.id === fault.cause;
      },
      fault.namedMs ?? CAUSE_MS,
      () => `${fault.id} is named ${fault.cause}, not ${last}`,
    );
    const namedMs = Date.now() - onset;
    await lab.heal();
    const healed = Date.now();
    await watching.usable(RECOVERY_MS);
    return { id: fault.id, cause: fault.cause, noticedMs: null, namedMs, recoveredMs: Date.now() - healed };
  } finally {
    await lab.heal();
  }
}

async function aged(lab: Lab, ms: number): Promise<void> {
  await until(
    async () => {
      const { stdout } = await lab.host.docker(["inspect", "--format", "{{.State.StartedAt}}", lab.paper.gateway]);
      return Date.now() - Date.parse(stdout.trim()) > ms;
    },
    ms + 10_000,
    () => "the container is old enough",
  );
}

/** What was seen, a row a fault. */
export function table(rows: readonly Row[]): string {
  const cell = (value: number | null) => (value === null ? "-" : (value / 1_000).toFixed(1)).padStart(9);
  return [
    `${"fault".padEnd(24)}${"cause".padEnd(24)} noticed    named recovered connects`,
    ...rows.map(
      (row) =>
        `${row.id.padEnd(24)}${row.cause.padEnd(24)}${cell(row.noticedMs)}${cell(row.namedMs)}${cell(row.recoveredMs)}${String(row.connects ?? "-").padStart(9)}`,
    ),
  ].join("\n");
}
