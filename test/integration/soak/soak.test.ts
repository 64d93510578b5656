import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Simulator, startSimulator } from "../../../electron/simulator/simulator.ts";
import { CHAIN_LIGHTS } from "../../../shared/words.ts";
import { passTime, shiftedBy } from "../../support/shift-clock.ts";
import { openTestCore, type TestCore } from "../../support/test-core.ts";
import { LightWatch } from "./light-watch.ts";
import { growth, measure, type Size, sizeLine } from "./size.ts";
import { TROUBLES, trouble } from "./troubles.ts";

/**
 * Days in the life of two gateways, at ten times their speed and with the quiet hours left out: restarts, nightly resets, drops, wedges, half-open links.
 * Ten times a second both lights are held against the simulator's truth. GATELIGHT_SOAK_MINUTES makes it long, GATELIGHT_SOAK_SEED makes other days.
 */
const MINUTES = Number(process.env.GATELIGHT_SOAK_MINUTES ?? 0);
const SEED = Number(process.env.GATELIGHT_SOAK_SEED ?? 1);
/** Without a length: this one day, which has seen everything that ever went wrong. */
const ONE_DAY = ["nightly reset", "token restart", "wedge", "clients dropped", "frozen link", "container restarted", "deaf API, then a token restart"];
const STARTS: ReadonlySet<string> = new Set(["container restarted", "container stopped"]);
const QUARTER_MS = 6 * 3_600_000;
const LIMITS = { falseGreen: 10_000, falseRed: 15_000, notGreen: 60_000 };
const SETTLE_MS = 90_000;
/** Shorter soaks are still loading and compiling. */
const FLAT_FROM_MINUTES = 20;

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
  // The next trouble may begin in this very moment: two short lies are not a long one.
  look();
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

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "gl-soak-"));
  simulator = await startSimulator({
    dir,
    speed: 10,
    get clockOffsetMs() {
      return shiftedBy;
    },
  });
  gatelight = await openTestCore(simulator.settings, { vncPassword: simulator.vncPassword, history: true, dialsPerHour: Number.POSITIVE_INFINITY });
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
      const begun = performance.now();
      const minutes = () => (performance.now() - begun) / 60_000;
      const troubles = MINUTES === 0 ? ONE_DAY : TROUBLES.map(({ name }) => name);
      const sizes: Size[] = [measure(simulator, 0)];
      const say = (text: string) => process.stdout.write(`${text}\n`);
      let dials = 0;
      let count = 0;
      const seconds = (lie: keyof typeof LIMITS) => (Math.max(watches.paper.longest[lie], watches.live.longest[lie]) / 1000).toFixed(1);
      const lies = () => [...watches.paper.lies, ...watches.live.lies];
      const summary = () =>
        `${count} troubles; longest false green ${seconds("falseGreen")} s, false red ${seconds("falseRed")} s, not green ${seconds("notGreen")} s; most dials of a quarter ${dials}`;
      const eachMinute = setInterval(() => {
        sizes.push(measure(simulator, minutes()));
        if (MINUTES > 0) say([`${sizeLine(sizes.at(-1) ?? measure(simulator, minutes()))}; ${summary()}`, ...lies()].join("\n"));
      }, 60_000);
      try {
        do {
          const before = simulator.truth().gateways;
          const some = MINUTES === 0 ? troubles : Array.from({ length: 4 }, () => pick(troubles));
          const starts = { paper: 0, live: 0 };
          for (const name of some) {
            // Blinks, and faults long enough to be seen.
            const ms = MINUTES === 0 ? (name === "wedge" || name === "frozen link" ? 5_000 : 1_500) : luck() < 0.3 ? luck() * 2_500 : 2_500 + luck() * 14_000;
            const id = MINUTES === 0 && count % 2 === 1 ? "live" : pick(["paper", "live"] as const);
            // A third start within a quarter of an hour is somebody who keeps restarting the gateway, and is to be told: no calm light would be the truth.
            const tooOften = STARTS.has(name) && starts[id]++ >= 2;
            await suffer(tooOften ? "clients dropped" : name, id, ms);
            count += 1;
          }
          const now = simulator.truth().gateways;
          for (const id of ["paper", "live"]) {
            const dialled = (now[id]?.connects ?? 0) - (before[id]?.connects ?? 0);
            dials = Math.max(dials, dialled);
            expect(now[id], `${id}: never two connections, none into a queue, nothing written`).toMatchObject({ maxOpen: 1, duringQueue: 0, writes: 0 });
          }
          await quietHours();
        } while (minutes() < MINUTES);
      } finally {
        clearInterval(eachMinute);
      }
      sizes.push(measure(simulator, minutes()));
      const [first, last] = [sizes[0], sizes.at(-1)];
      if (first === undefined || last === undefined) throw new Error("nothing was measured");
      const course = sizes.filter((size, index) => size === last || index % 10 === 0).map(sizeLine);
      const grown = growth(sizes);
      const flat = `grown from the second quarter to the last: heap ${grown.heap.toFixed(2)} MB, buffers ${grown.buffers.toFixed(2)} MB, handles ${grown.handles}`;
      if (MINUTES > 0) say(["", `${MINUTES} minutes, seed ${SEED}: ${summary()}`, ...course, ...(MINUTES < FLAT_FROM_MINUTES ? [] : [flat])].join("\n"));

      expect(lies()).toEqual([]);
      expect(last.handles, course.join("\n")).toBeLessThanOrEqual(first.handles + 15);
      // Of one day most is what the first of everything takes.
      expect(last.heap - first.heap, course.join("\n")).toBeLessThan(40);
      if (MINUTES >= FLAT_FROM_MINUTES) {
        expect(grown.heap, course.join("\n")).toBeLessThan(2);
        expect(grown.buffers, course.join("\n")).toBeLessThan(5);
        expect(grown.handles, course.join("\n")).toBeLessThanOrEqual(5);
      }
      // A trouble costs at most a few connections.
      expect(dials).toBeLessThanOrEqual(6 * (MINUTES === 0 ? ONE_DAY.length : 4));
    },
    (MINUTES + 5) * 60_000,
  );
});
