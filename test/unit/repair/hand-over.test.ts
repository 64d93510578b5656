import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createHandOvers, type HandOverTarget } from "../../../electron/core/repair/hand-over.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const MIN = 60_000;
const REF = { server: "home", gateway: "live" };
let dir = "";
let clock = new FakeClock();
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gatelight-tws-"));
  clock = new FakeClock();
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function target() {
  const log: string[] = [];
  const state = { runs: true, reachable: true };
  const made: HandOverTarget = {
    release: async (until) => void log.push(`release ${until === null ? "open" : until - clock.now()}`),
    resume: () => void log.push("resume"),
    get containerRuns() {
      return state.runs;
    },
    stop: async () => {
      log.push("stop");
      state.runs = false;
    },
    start: async () => {
      if (!state.reachable) throw new Error("The connection to the server is down.");
      log.push("start");
      state.runs = true;
    },
  };
  return { made, log, state };
}
const handOvers = (made: HandOverTarget | null) => createHandOvers({ clock, file: join(dir, "hand-over.json"), target: () => made, log: () => undefined });

it("takes the session back at the end, and starts the gateway that it stopped", async () => {
  const { made, log } = target();
  const overs = handOvers(made);
  await overs.release(REF, clock.now() + 30 * MIN, true);
  await clock.advance(30 * MIN - 1);
  expect(log).toEqual([`release ${30 * MIN}`, "stop"]);
  await clock.advance(1);
  expect(log.slice(2)).toEqual(["resume", "start"]);
  expect(() => readFileSync(join(dir, "hand-over.json"))).toThrow();
  await clock.advance(600 * MIN);
  expect(log).toHaveLength(4);
});
it("does not start what it has not stopped", async () => {
  const { made, log, state } = target();
  state.runs = false;
  const overs = handOvers(made);
  await overs.release(REF, clock.now() + MIN, true);
  await clock.advance(2 * MIN);
  expect(log).toEqual([`release ${MIN}`, "resume"]);
});
it("tries again while the server is away", async () => {
  const { made, log, state } = target();
  const overs = handOvers(made);
  await overs.release(REF, clock.now() + MIN, true);
  state.reachable = false;
  await clock.advance(5 * MIN);
  expect(log).not.toContain("start");
  state.reachable = true;
  await clock.advance(10_000);
  expect(log.filter((word) => word === "start")).toHaveLength(1);
});
it("outlives a change of the settings and a restart of Gatelight", async () => {
  const first = target();
  const overs = handOvers(first.made);
  await overs.release(REF, clock.now() + 30 * MIN, true);
  await clock.advance(10 * MIN);
  overs.adopt("home");
  expect(first.log.at(-1)).toBe(`release ${20 * MIN}`);
  overs.dispose();
  const second = target();
  const again = handOvers(second.made);
  again.adopt("elsewhere");
  expect(second.log).toEqual([]);
  again.adopt("home");
  await clock.advance(20 * MIN);
  expect(second.log).toEqual([`release ${20 * MIN}`, "resume", "start"]);
});
it("asked back early, it is over; until asked back, it lasts", async () => {
  const { made, log } = target();
  const overs = handOvers(made);
  await overs.release(REF, null, true);
  await clock.advance(3_000 * MIN);
  expect(log).toEqual(["release open", "stop"]);
  await overs.resume(REF);
  expect(log.slice(2)).toEqual(["resume", "start"]);
  await overs.resume(REF);
  expect(log.slice(4)).toEqual(["resume"]);
});
it("prolonged, it still knows whom to start", async () => {
  const { made, log } = target();
  const overs = handOvers(made);
  await overs.release(REF, clock.now() + MIN, true);
  await overs.release(REF, clock.now() + 5 * MIN, false);
  await clock.advance(2 * MIN);
  expect(log).not.toContain("resume");
  await clock.advance(4 * MIN);
  expect(log.slice(-2)).toEqual(["resume", "start"]);
});
it("a kept file that is damaged is no reason to fail", async () => {
  for (const text of ["", "{}", '[{"server":1}]', "[1", "null"]) {
    writeFileSync(join(dir, "hand-over.json"), text);
    const { made, log } = target();
    handOvers(made).adopt("home");
    expect(log).toEqual([]);
  }
});
