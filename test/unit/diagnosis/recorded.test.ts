import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { diagnose } from "../../../electron/core/diagnosis/diagnose.ts";
import type { GatewayEvidence } from "../../../electron/core/diagnosis/evidence.ts";
import { type Settled, settle } from "../../../electron/core/diagnosis/settle.ts";
import { type CauseId, LIGHTS } from "../../../shared/words.ts";

/** What the lab's faults looked like to a Gatelight that watched, step by step, judged anew once a second as Core does. */
const FOLDER = join(import.meta.dirname, "recorded");
const TICK_MS = 1_000;
/** From the onset until a light has left `up`, where it is not five seconds: a mute session is known only by its heartbeat. */
const NOTICED_MS: Readonly<Record<string, number>> = { "process-stopped": 8_000 };
/** Rightly told on the way: the container is started anew first. */
const BEFORE: Readonly<Record<string, readonly CauseId[]>> = {
  "second-factor-waits": ["booting"],
  "too-many-attempts": ["booting"],
  "wrong-password": ["booting"],
};

interface Head {
  readonly fault: string;
  readonly cause: CauseId;
  readonly onset: number;
  readonly injected: number;
  readonly until: number;
}
interface Step {
  readonly now: number;
  readonly evidence: Partial<GatewayEvidence>;
}
interface Replay {
  readonly head: Head;
  readonly first: Settled;
  readonly told: readonly CauseId[];
  readonly noticedAt: number | null;
  readonly last: GatewayEvidence;
}

function replay(file: string): Replay {
  const [first, ...rest] = readFileSync(join(FOLDER, file), "utf8").trimEnd().split("\n");
  const head = JSON.parse(first ?? "") as Head;
  const steps = rest.map((line) => JSON.parse(line) as Step);
  const [begin] = steps;
  if (begin === undefined) throw new Error(`${file} is empty`);
  let evidence = begin.evidence as GatewayEvidence;
  let state = settle(null, diagnose(evidence, begin.now), begin.now);
  const told: CauseId[] = [];
  let noticedAt: number | null = null;
  const judge = (now: number) => {
    state = settle(state, diagnose(evidence, now), now);
    const cause = state.diagnosis.cause?.id ?? null;
    if (cause !== null && cause !== told.at(-1)) told.push(cause);
    if (noticedAt === null && LIGHTS.some((name) => state.diagnosis.lights[name].state !== "up")) noticedAt = now;
  };
  const start = state;
  let at = begin.now;
  for (const step of [...steps.slice(1), { now: head.until, evidence: {} }]) {
    for (; at + TICK_MS < step.now; judge(at)) at += TICK_MS;
    evidence = { ...evidence, ...step.evidence };
    judge(step.now);
  }
  return { head, first: start, told, noticedAt, last: evidence };
}

const REPLAYS = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".ndjson"))
  .map(replay);

describe("faults as the lab showed them", () => {
  it("are at least the ten commonest", () => {
    const causes = new Set(REPLAYS.map(({ head }) => head.cause));
    expect(causes.size).toBeGreaterThanOrEqual(10);
  });
  it.each(REPLAYS.map((each) => [each.head.fault, each.head.cause, each] as const))(
    "%s: noticed in time and named %s, and nothing else",
    (fault, cause, { head, first, told, noticedAt, last }) => {
      expect(first.diagnosis).toMatchObject({ light: "up", cause: null });
      expect(told).toEqual([...(BEFORE[fault] ?? []), cause]);
      expect((noticedAt ?? Number.POSITIVE_INFINITY) - head.injected).toBeLessThanOrEqual(NOTICED_MS[fault] ?? 5_000);
      const raw = diagnose(last, head.until);
      expect(raw.cause?.id).toBe(cause);
      expect(raw.cause?.because.join(" ")).not.toMatch(/undefined|NaN|Infinity|null|10\.213\./);
    },
  );
  it("prints how long each took", () => {
    const seconds = (ms: number | null) => (ms === null ? "-" : (ms / 1_000).toFixed(1)).padStart(6);
    const rows = REPLAYS.map(
      ({ head, noticedAt, told }) => `${head.fault.padEnd(20)} noticed ${seconds(noticedAt === null ? null : noticedAt - head.onset)} s  ${told.join(" > ")}`,
    );
    console.log(["Recorded from the lab:", ...rows].join("\n"));
    expect(rows.length).toBe(REPLAYS.length);
  });
});
