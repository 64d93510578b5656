import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Simulator, startSimulator } from "../../../electron/simulator/simulator.ts";
import { CHAIN_LIGHTS } from "../../../shared/words.ts";
import { passTime, shiftedBy } from "../../support/shift-clock.ts";
import { openTestCore, type TestCore } from "../../support/test-core.ts";
import { LightWatch } from "./light-watch.ts";
import { TROUBLES, trouble } from "./troubles.ts";

/**
 * Days in the life of two gateways, at ten times their speed and with the quiet hours left out: restarts, nightly resets, drops, wedges, half-open links.
 * Ten times a second both lights are held against the simulator's truth. GATELIGHT_SOAK_MINUTES makes it long, GATELIGHT_SOAK_SEED makes other days.
 */
const MINUTES = Number(process.env.GATELIGHT_SOAK_MINUTES ?? 0);
const SEED = Number(process.env.GATELIGHT_SOAK_SEED ?? 1);
/** Without a length: this one day, which has seen everything that ever went wrong. */
const ONE_DAY = ["nightly reset", "token restart", "wedge", "clients dropped", "frozen link", "container restarted", "deaf API, then a token restart"];
const QUARTER_MS = 6 * 3_600_000;
const LIMITS = { falseGreen: 10_000, falseRed: 15_000, notGreen: 60_000 };
const SETTLE_MS = 90_000;

/** Mulberry32: the same days for the same seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");
const rest = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

let dir: string;
let simulator: Simulator;
let gatelight: TestCore;
const watches = { paper: new LightWatch("paper", LIMITS), live: new LightWatch("live", LIMITS) };
let today = "before the first day";
let looking: NodeJS.Timeout;

/** The API can be used from here: the gateway could, and the way to it is open. */
const usable = (id: "paper" | "live") => (simulator.truth().gateways[id]?.usable ?? false) && !frozen;
let frozen = false;

function look(): void {
  for (const id of ["paper", "live"] as const) {
    const gateway = gatelight.gateway(id);
    const chain = CHAIN_LIGHTS.map((name) => gateway.lights[name].state);
    const red = chain.some((state) => state === "down" || state === "degraded" || state === "needs-you");
    const { api, session, sentence, cause } = { ...gateway, api: gateway.lights.api };
    watches[id].look(performance.now(), {
      usable: usable(id),
      green: gateway.light === "up",
      red,
      words: `${today}; "${sentence}" (${cause?.id ?? "no cause"}), api ${api.word}, session ${session.state}, next try ${session.nextTryAt === null ? "-" : `in ${Math.round((session.nextTryAt - Date.now()) / 1000)} s`}; ${CHAIN_LIGHTS.map((name) => `${name} ${gateway.lights[name].state}`).join(" ")}`,
    });
  }
}
const wellAgain = (name: string) =>
  gatelight.until(`green after ${name}`, () => (["paper", "live"] as const).every((id) => usable(id) && gatelight.gateway(id).light === "up"), SETTLE_MS);

async function suffer(name: string, id: "paper" | "live", ms: number): Promise<void> {
  today = `${name} of ${id}, ${Math.round(ms / 1000)} s`;
  frozen = name === "frozen link";
  const end = await trouble(name).begin(simulator, simulator.stage[id]);
  await rest(ms);
  frozen = false;
  end();
  await wellAgain(today);
}

/** Six hours in which nothing happens: both machines' clocks go on. */
async function quietHours(): Promise<void> {
  today = "after quiet hours";
  passTime(QUARTER_MS);
  // The server's clock too.
  simulator.stage.home.setClockSkew(0);
  await rest(500);
  await wellAgain(today);
}

/** The simulator and this test share the process: its record of commands and the simulated containers' logs are not the product's. */
function measure(): { heap: number; records: number; handles: number; parts: Record<string, number> } {
  collect();
  const logs = [...simulator.stage.home.engine.containers.values()].flatMap((container) => container.log.entries.map(({ text }) => text));
  const records = [...logs, ...simulator.truth().commands].reduce((sum, text) => sum + text.length + 80, 0);
  const parts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) parts[name] = (parts[name] ?? 0) + 1;
  return { heap: process.memoryUsage().heapUsed - records, records, handles: Object.values(parts).reduce((sum, count) => sum + count, 0), parts };
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "gl-soak-"));
  simulator = await startSimulator({
    dir,
    speed: 10,
    get clockOffsetMs() {
      return shiftedBy;
    },
  });
  gatelight = await openTestCore(simulator.settings, { vncPassword: simulator.vncPassword, history: true });
  await wellAgain("the start");
  looking = setInterval(look, 100);
  gatelight.core.store.subscribe(look);
}, 120_000);
afterAll(async () => {
  clearInterval(looking);
  await gatelight?.close();
  await simulator?.dispose();
  rmSync(dir, { recursive: true, force: true });
});

describe("soak", () => {
  it(
    "the light tells the truth through days of trouble, and nothing grows",
    async () => {
      const luck = random(SEED);
      const pick = <T>(from: readonly T[]): T => {
        const found = from[Math.floor(luck() * from.length)];
        if (found === undefined) throw new Error("nothing to pick from");
        return found;
      };
      const ends = performance.now() + MINUTES * 60_000;
      const troubles = MINUTES === 0 ? ONE_DAY : TROUBLES.map(({ name }) => name);
      const before = measure();
      const course: string[] = [];
      let dials = 0;
      let count = 0;
      do {
        const begun = simulator.truth().gateways;
        const some = MINUTES === 0 ? troubles : Array.from({ length: 4 }, () => pick(troubles));
        for (const name of some) {
          // Blinks, and faults long enough to be seen.
          const ms = MINUTES === 0 ? (name === "wedge" || name === "frozen link" ? 5_000 : 1_500) : luck() < 0.3 ? luck() * 2_500 : 2_500 + luck() * 14_000;
          await suffer(name, MINUTES === 0 && count % 2 === 1 ? "live" : pick(["paper", "live"] as const), ms);
          count += 1;
        }
        const now = simulator.truth().gateways;
        for (const id of ["paper", "live"]) {
          const dialled = (now[id]?.connects ?? 0) - (begun[id]?.connects ?? 0);
          dials = Math.max(dials, dialled);
          expect(now[id], `${id}: never two connections, none into a queue, nothing written`).toMatchObject({ maxOpen: 1, duringQueue: 0, writes: 0 });
        }
        await quietHours();
        const size = measure();
        course.push(
          `${count} troubles: heap ${(size.heap / 1e6).toFixed(1)} MB and ${(size.records / 1e6).toFixed(1)} MB of records, handles ${size.handles}, dials of a quarter ${dials}`,
        );
        if (MINUTES > 0)
          process.stdout.write(
            `${course.at(-1)} ${JSON.stringify(size.parts)} longest ${JSON.stringify([watches.paper.longest, watches.live.longest])}\n${[...watches.paper.lies, ...watches.live.lies].join("\n")}\n`,
          );
      } while (performance.now() < ends);
      const after = measure();

      expect([...watches.paper.lies, ...watches.live.lies]).toEqual([]);
      expect(after.handles, course.join("\n")).toBeLessThanOrEqual(before.handles + 15);
      // Of one day most is what the first of everything takes.
      expect(after.heap - before.heap, course.join("\n")).toBeLessThan(40_000_000);
      // A trouble costs at most a few connections.
      expect(dials).toBeLessThanOrEqual(6 * (MINUTES === 0 ? ONE_DAY.length : 4));
    },
    (MINUTES + 5) * 60_000,
  );
});
