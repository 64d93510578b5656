import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Simulator, startSimulator } from "../../../electron/simulator/simulator.ts";
import { decideNotifications, NOTHING_TOLD, type Notice } from "../../../shared/decide-notifications.ts";
import type { LightState } from "../../../shared/words.ts";
import { passTime, shiftedBy } from "../../support/shift-clock.ts";
import { openTestCore, type TestCore } from "../../support/test-core.ts";

/** What happens to every gateway every night is followed without alarm: the whole Core against the simulated home server. */
let dir: string;
let simulator: Simulator;
let gatelight: TestCore;
let told = NOTHING_TOLD;
let notices: Notice[] = [];
let lights: Set<LightState>;
let looking: NodeJS.Timeout;
const HOUR = 3_600_000;
const context = { link: "test", signal: new AbortController().signal };

function look(): void {
  const { current } = gatelight.core.store;
  // Told after a second, where people are told after ten.
  const step = decideNotifications(told, current, { now: Date.now(), notify: { afterSeconds: 1, mute: false }, windowVisible: false, graceUntil: 0 });
  told = step.told;
  notices = [...notices, ...step.notices];
  lights.add(gatelight.gateway("paper").light);
}
const isUp = () => gatelight.gateway("paper").light === "up";

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "gl-nights-"));
  simulator = await startSimulator({
    dir,
    speed: 10,
    get clockOffsetMs() {
      return shiftedBy;
    },
  });
  gatelight = await openTestCore(simulator.settings, { vncPassword: simulator.vncPassword, history: true });
  await gatelight.until("green", isUp, 30_000);
  lights = new Set();
  gatelight.core.store.subscribe(look);
  looking = setInterval(look, 100);
});
afterAll(async () => {
  clearInterval(looking);
  await gatelight?.close();
  await simulator?.dispose();
  rmSync(dir, { recursive: true, force: true });
});

it("the gateway's own restart of each night: on its way, never down, and back by one connection", async () => {
  const before = simulator.truth().gateways.paper?.connects ?? 0;
  simulator.stage.paper.gateway?.softRestart();
  await gatelight.until("left", () => gatelight.gateway("paper").lights.api.state !== "up", 20_000);
  await gatelight.until("green again", isUp, 60_000);
  look();
  expect([...lights].filter((state) => state !== "up" && state !== "connecting" && state !== "unknown")).toEqual([]);
  expect(notices).toEqual([]);
  expect(await gatelight.core.handlers["history.incidents"]({ server: "home", gateway: "paper", limit: 5 }, context)).toEqual([]);
  expect(simulator.truth().gateways.paper).toMatchObject({ connects: before + 1, maxOpen: 1, duringQueue: 0 });
});

it("IBKR's nightly reset: said and excused, on the same connection, and fresh again after 1101", async () => {
  passTime(13 * HOUR + HOUR / 2);
  simulator.stage.home.setClockSkew(0);
  await gatelight.until("green at night", isUp, 60_000);
  const before = simulator.truth().gateways.paper?.connects;
  const gateway = () => simulator.stage.paper.gateway;
  gateway()?.setBrokerLine(false);
  await gatelight.until("excused", () => gatelight.gateway("paper").excused !== null, 30_000);
  expect(gatelight.gateway("paper").sentence).toMatch(/waits for IBKR/);
  await new Promise((done) => setTimeout(done, 3_000));
  gateway()?.setBrokerLine(true, 1101);
  await gatelight.until("green again", isUp, 60_000);
  await gatelight.until("fresh", () => gatelight.gateway("paper").accounts.every(({ stale }) => !stale), 30_000);
  expect(notices).toEqual([]);
  expect(simulator.truth().gateways.paper).toMatchObject({ connects: before, open: 1 });
});
