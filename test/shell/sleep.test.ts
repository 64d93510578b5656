import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock as clock } from "../../electron/core/clock.ts";
import { createLog, type LogFile } from "../../electron/core/report/log.ts";
import { type Simulator, startSimulator } from "../../electron/simulator/simulator.ts";
import { until } from "../support/contract-fixture.ts";
import { passTime, shiftedBy } from "../support/shift-clock.ts";
import * as electron from "./electron-stand-in.ts";

vi.mock("electron", () => import("./electron-stand-in.ts"));
vi.mock("electron-updater", () => ({ default: {} }));
const { openDesktopCore } = await import("../../electron/shell/desktop-core.ts");
const { systemNotifications } = await import("../../electron/shell/system-notifications.ts");
const { createNotifier } = await import("../../shared/notifier.ts");
const { setupPower } = await import("../../electron/shell/power.ts");
type DesktopCore = Awaited<ReturnType<typeof openDesktopCore>>;

const HOUR = 3_600_000;
const SOON_MS = 40_000;

/** Core with keychain, notifier and power as in the desktop, watching a simulated home over SSH; the computer's sleep is played. */
describe("sleep", () => {
  let dir: string;
  let simulator: Simulator;
  let log: LogFile;
  let own: DesktopCore;
  let end: () => void = () => {};
  /** Both machines' clocks go on, and nothing runs meanwhile. */
  const sleep = () => {
    passTime(HOUR);
    simulator.stage.home.setClockSkew(0);
  };
  /** As the desktop does. @returns what ends it */
  const watchPower = (graceMs?: number) => {
    const { core } = own;
    const notifier = createNotifier({
      clock,
      snapshot: () => core.store.current,
      notify: () => core.settings.current.notify,
      windowVisible: () => false,
      show: systemNotifications(log, () => {}),
      graceMs,
    });
    const stopPower = setupPower({ core, notifier, clock, log });
    const stopStore = core.store.subscribe(() => notifier.look());
    notifier.look();
    return () => {
      stopStore();
      stopPower();
      notifier.dispose();
    };
  };
  const shown = () => electron.NotificationStandIn.shown.map(({ options }) => options.title);
  const lights = () => own.core.store.current.servers.flatMap((server) => server.gateways.map((gateway) => gateway.light));
  const gateways = () => Object.values(simulator.truth().gateways);
  const open = () => gateways().map((gateway) => gateway.open);
  const connects = () => gateways().map((gateway) => gateway.connects);
  const green = () => lights().length === 2 && lights().every((light) => light === "up") && open().every((count) => count === 1);

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "gl-sleep-"));
    for (const name of ["sim", "data"]) mkdirSync(join(dir, name), { mode: 0o700 });
    simulator = await startSimulator({
      dir: join(dir, "sim"),
      speed: 4,
      get clockOffsetMs() {
        return shiftedBy;
      },
    });
    writeFileSync(join(dir, "data", "settings.json"), JSON.stringify({ ...simulator.settings, notify: { afterSeconds: 1 } }));
    log = createLog({ file: join(dir, "data", "gatelight.log") });
    own = await openDesktopCore({ dataDir: join(dir, "data"), version: "0.0.0", clock, log, notices: [], updates: "no-address" });
    end = watchPower();
    await until("green lights", green, SOON_MS);
  }, 60_000);
  afterAll(async () => {
    end();
    await own?.close();
    log?.dispose();
    await simulator?.dispose();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  });
  const apiWords = () => (own?.core.store.current.servers ?? []).flatMap((server) => server.gateways.map((gateway) => gateway.lights.api.detail));
  beforeEach(() => {
    electron.NotificationStandIn.shown.length = 0;
  });

  it("closes the API sessions before it, opens one each after it at once, and raises no alarm", async () => {
    const before = connects();
    electron.powerMonitor.emit("suspend");
    await until("closed sessions", () => open().every((count) => count === 0), SOON_MS);
    await until("true words", () => apiWords().every((words) => words.includes("this computer goes to sleep")), SOON_MS);
    sleep();
    electron.powerMonitor.emit("resume");
    await until("green lights again", green, SOON_MS);
    expect(connects()).toEqual(before.map((count) => count + 1));
    expect(simulator.truth().gateways).toMatchObject({ paper: { duringQueue: 0, maxOpen: 1 }, live: { duringQueue: 0, maxOpen: 1 } });
    expect(shown()).toEqual([]);
  });
  it("that only the clock tells of breaks no connection that still stands, and raises no alarm", async () => {
    const before = [connects(), simulator.truth().sshLogins];
    sleep();
    await until("the clock's word", () => log.tail(50).some((line) => line.includes("the clock says that time was lost")), SOON_MS);
    await until("green lights again", green, SOON_MS);
    expect([connects(), simulator.truth().sshLogins]).toEqual(before);
    expect(shown()).toEqual([]);
  });
  it("after which a fault stands is told once, when the grace is over", async () => {
    end();
    end = watchPower(1_500);
    electron.powerMonitor.emit("suspend");
    await until("closed sessions", () => open().every((count) => count === 0), SOON_MS);
    await simulator.play("container-exited");
    sleep();
    const woke = Date.now();
    electron.powerMonitor.emit("resume");
    await until("the notification", () => shown().length > 0, SOON_MS);
    expect(Date.now() - woke).toBeGreaterThanOrEqual(1_500);
    expect(shown()).toEqual(["Paper cannot be used"]);
    expect(electron.NotificationStandIn.shown[0]?.options.body).toMatch(/Way out: /);
  });
});
