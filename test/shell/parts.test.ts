import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Clock } from "../../electron/core/clock.ts";
import { createLog } from "../../electron/core/report/log.ts";
import { openSettings } from "../../electron/core/settings/settings-store.ts";
import { type TrayAction, trayModel } from "../../electron/core/tray-model.ts";
import type { RepairPlan, Snapshot } from "../../shared/snapshot.ts";
import { someHandlers, until } from "../support/contract-fixture.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { missingPeers, peer } from "../support/peers.ts";
import { broken, gateway, NOW, server, snapshot, WEDGE } from "../unit/report/sample-snapshot.ts";
import * as electron from "./electron-stand-in.ts";

vi.mock("electron", () => import("./electron-stand-in.ts"));
vi.mock("electron-updater", () => ({ default: {} }));
const { systemNotifications } = await import("../../electron/shell/system-notifications.ts");
const { createNotifier } = await import("../../shared/notifier.ts");
const { setupPower } = await import("../../electron/shell/power.ts");
const { createTray } = await import("../../electron/shell/tray.ts");
const { createTrayActions } = await import("../../electron/shell/tray-actions.ts");
const { createUpdateFlow, repairRuns } = await import("../../electron/shell/updates.ts");
const { desktopAtLogin } = await import("../../electron/shell/autostart.ts");
const { systemEncryptor, askAboutBackend } = await import("../../electron/shell/keychain.ts");

const log = createLog({ file: null });
/** Time that the test moves. */
function handClock(): Clock & { pass(ms: number): void } {
  let now = NOW;
  const waiting = new Set<{ at: number; run: () => void }>();
  return {
    now: () => now,
    after(ms, run) {
      const one = { at: now + ms, run };
      waiting.add(one);
      return () => waiting.delete(one);
    },
    pass(ms) {
      const end = now + ms;
      for (;;) {
        const next = [...waiting].filter((one) => one.at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        waiting.delete(next);
        now = Math.max(now, next.at);
        next.run();
      }
      now = end;
    },
  };
}
beforeEach(() => {
  electron.NotificationStandIn.shown.length = 0;
  electron.TrayStandIn.all.length = 0;
  electron.dialog.boxes.length = 0;
  electron.dialog.errors.length = 0;
  electron.dialog.answer = 0;
});

describe("notifier", () => {
  const up = snapshot([server([gateway()])]);
  const down = snapshot([server([broken()])]);
  function stage() {
    const clock = handClock();
    let state: Snapshot = up;
    const clicked = vi.fn();
    const notifier = createNotifier({
      clock,
      snapshot: () => state,
      notify: () => ({ afterSeconds: 10, mute: false }),
      windowVisible: () => false,
      show: systemNotifications(log, clicked),
    });
    notifier.look();
    const set = (next: Snapshot) => {
      state = next;
      notifier.look();
    };
    return { clock, notifier, set, clicked };
  }
  const shown = () => electron.NotificationStandIn.shown.map((one) => one.options.title);

  it("shows a lasting fault by its own timer, replaces it by the recovery, and goes there by a click", () => {
    const { clock, set, clicked, notifier } = stage();
    set(down);
    clock.pass(9_900);
    expect(shown()).toEqual([]);
    clock.pass(200);
    expect(shown()).toEqual(["Paper cannot be used"]);
    electron.NotificationStandIn.shown[0]?.emit("click");
    expect(clicked).toHaveBeenCalledWith(expect.objectContaining({ server: "home", gateway: "paper" }));
    set(up);
    clock.pass(11_000);
    expect(shown()).toEqual(["Paper cannot be used", "Paper can be used again"]);
    notifier.dispose();
    expect(electron.NotificationStandIn.shown[1]?.closed).toBe(true);
  });
  it("lets go of one that was closed by hand or refused by the system, and says the refusal in the log", () => {
    const warned = vi.spyOn(log, "warn");
    for (const end of ["close", "failed"] as const) {
      electron.NotificationStandIn.shown.length = 0;
      const { clock, set, notifier } = stage();
      set(down);
      clock.pass(11_000);
      const [one] = electron.NotificationStandIn.shown;
      if (end === "close") one?.emit("close");
      else one?.emit("failed", {}, "not signed");
      notifier.dispose();
      expect(one?.closed).toBe(false);
    }
    expect(warned.mock.calls).toEqual([["a notification could not be shown", { error: "not signed" }]]);
    warned.mockRestore();
  });
  it("shows nothing while the screen is locked, and after unlocking only what still stands", () => {
    const { clock, set, notifier } = stage();
    notifier.hold(true);
    set(down);
    clock.pass(600_000);
    expect(shown()).toEqual([]);
    notifier.hold(false);
    clock.pass(29_000);
    expect(shown()).toEqual([]);
    clock.pass(2_000);
    expect(shown()).toEqual(["Paper cannot be used"]);
    notifier.dispose();
  });
  it("takes a question back that is no longer asked, and leaves what was told", () => {
    const { set, notifier } = stage();
    const asking = broken({ light: "needs-you", cause: { ...WEDGE, id: "second-factor-pending", endsAt: NOW + 178_000 } });
    set(snapshot([server([asking])]));
    expect(shown()).toEqual(["Paper asks for the second factor"]);
    expect(electron.NotificationStandIn.shown[0]?.options.urgency).toBe("critical");
    set(up);
    expect(electron.NotificationStandIn.shown[0]?.closed).toBe(true);
    expect(shown()).toHaveLength(1);
    notifier.dispose();
  });
  it("makes no burst after sleep when all comes back within the grace", () => {
    const { clock, set, notifier } = stage();
    clock.pass(3_600_000);
    notifier.grace();
    set(down);
    clock.pass(15_000);
    set(up);
    clock.pass(120_000);
    expect(shown()).toEqual([]);
    notifier.dispose();
  });
});

describe("power", () => {
  it("parks before sleep, takes back after it, and takes a lost hour for sleep", async () => {
    const clock = new FakeClock();
    const calls: string[] = [];
    const core = {
      suspend: async () => void calls.push("suspend"),
      resume: () => void calls.push("resume"),
      reconnect: () => void calls.push("reconnect"),
      setLocked: (on: boolean) => void calls.push(`locked ${on}`),
    };
    const notifier = { look: () => {}, grace: () => void calls.push("grace"), hold: (on: boolean) => void calls.push(`hold ${on}`), dispose: () => {} };
    const stop = setupPower({ core, notifier, clock, log });
    electron.powerMonitor.emit("suspend");
    electron.powerMonitor.emit("suspend");
    electron.powerMonitor.emit("resume");
    electron.powerMonitor.emit("resume");
    electron.powerMonitor.emit("lock-screen");
    electron.powerMonitor.emit("unlock-screen");
    expect(calls).toEqual(["suspend", "grace", "resume", "grace", "reconnect", "hold true", "locked true", "hold false", "locked false"]);
    // Linux may miss both events: only the clock shows that an hour is gone.
    calls.length = 0;
    clock.sleep(3_600_000);
    await clock.advance(2_000);
    expect(calls).toEqual(["grace"]);
    // Or the second of them: the sessions must not stay parked.
    electron.powerMonitor.emit("suspend");
    clock.sleep(3_600_000);
    await clock.advance(2_000);
    expect(calls).toEqual(["grace", "suspend", "grace", "resume"]);
    stop();
    electron.powerMonitor.emit("suspend");
    clock.sleep(3_600_000);
    await clock.advance(2_000);
    expect(calls).toHaveLength(4);
  });
});

describe("tray", () => {
  const images = join(import.meta.dirname, "../../build/tray");
  const model = (light: "up" | "down") =>
    trayModel(snapshot([server([light === "up" ? gateway() : broken()])]), { startAtLogin: false, mute: false, updates: false });
  it.each([
    ["linux", false, "up.png", "down.png"],
    ["darwin", false, "upTemplate.png", "downTemplate.png"],
    ["win32", false, "up-light.ico", "down-light.ico"],
    ["win32", true, "up-dark.ico", "down-dark.ico"],
  ] as const)("on %s (dark bar: %s) shows %s, then %s", (platform, dark, first, second) => {
    electron.nativeTheme.shouldUseDarkColorsForSystemIntegratedUI = dark;
    const [clicks, doubleClicks] = [vi.fn(), vi.fn()];
    const view = createTray({ platform, images, onAction: () => {}, onClick: clicks, onDoubleClick: doubleClicks });
    const tray = electron.TrayStandIn.all[0];
    view.apply(model("up"));
    expect(tray?.images.at(-1)).toBe(join(images, first));
    view.apply(model("down"));
    expect(tray?.images.at(-1)).toBe(join(images, second));
    expect(tray?.tooltip).toContain("Paper down");
    const sets = tray?.menusSet;
    view.apply(model("down"));
    expect(tray?.menusSet).toBe(sets);
    tray?.emit("click");
    tray?.emit("double-click");
    const once = platform === "win32" ? 1 : 0;
    expect([clicks.mock.calls.length, doubleClicks.mock.calls.length]).toEqual([once, once]);
    if (platform === "win32") {
      electron.nativeTheme.shouldUseDarkColorsForSystemIntegratedUI = !dark;
      electron.nativeTheme.emit("updated");
      expect(tray?.images.at(-1)).not.toBe(join(images, second));
    }
    view.dispose();
    expect(tray?.destroyed).toBe(true);
  });
});

describe("the tray's wishes", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "gatelight-tray-"));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));
  const plan: RepairPlan = {
    repair: "restart-relay",
    title: "Restart the relay",
    gateway: "Paper",
    commands: [{ where: "linuxserver.lan", text: "docker exec mcp-ib-gateway-paper pkill socat" }],
    price: { secondFactor: false, losesUiSettings: false, downtimeSeconds: 5 },
    clientsAffected: 3,
    cures: "Begins the relay anew",
    tryFirst: [],
    refused: null,
    confirm: 1,
    planId: "plan-1",
  };
  function stage(given: RepairPlan) {
    const started = vi.fn(async () => ({ run: "r" }));
    const show = vi.fn();
    const settings = openSettings({ dataDir: dir, clock: handClock(), watch: false });
    const handlers = someHandlers({ "repair.plan": async () => given, "repair.start": started });
    const act = createTrayActions({ core: { handlers, settings }, log, show, quit: () => {}, checkUpdates: () => {} });
    return { act, started, show, settings };
  }
  const wish: TrayAction = { do: "repair", server: "home", gateway: "paper", repair: "restart-relay" };
  it("shows commands and price before it repairs, and asks once", async () => {
    const { act, started } = stage(plan);
    act(wish);
    await until("the start", () => started.mock.calls.length === 1);
    expect(started.mock.calls[0]).toEqual([{ planId: "plan-1", confirmations: 1, typedName: null }, expect.anything()]);
    expect(electron.dialog.boxes[0]?.detail).toContain("docker exec mcp-ib-gateway-paper pkill socat");
    expect(electron.dialog.boxes[0]?.detail).toContain("about 5 s down");
    expect(electron.dialog.boxes[0]?.detail).toContain("3 program(s) lose their connection");
    expect(electron.dialog.boxes[0]?.defaultId).toBe(1);
  });
  it("does nothing on Cancel", async () => {
    const { act, started } = stage(plan);
    electron.dialog.answer = 1;
    act(wish);
    await until("the question", () => electron.dialog.boxes.length === 1);
    await Promise.resolve();
    expect(started).not.toHaveBeenCalled();
  });
  it("goes to the window where more than one yes is needed, or it is refused", async () => {
    for (const given of [
      { ...plan, confirm: 2 as const },
      { ...plan, refused: "A repair runs." },
    ]) {
      const { act, started, show } = stage(given);
      act(wish);
      await until("the window", () => show.mock.calls.length === 1);
      expect(show).toHaveBeenCalledWith("app://gatelight/index.html#/diagnosis/home/paper");
      expect(started).not.toHaveBeenCalled();
    }
    expect(electron.dialog.boxes).toHaveLength(0);
  });
  it("says what failed", async () => {
    const { act } = stage(plan);
    act({ do: "reconnect", server: "home" });
    await until("the message", () => electron.dialog.errors.length === 1);
    expect(electron.dialog.errors[0]).toContain("link.reconnect is not part of this test");
  });
});

describe("updates", () => {
  function stage(version: string | null) {
    const clock = handClock();
    const calls: string[] = [];
    let busy = false;
    let yes = true;
    let asked: (message: string) => void = () => {};
    const flow = createUpdateFlow({
      updater: {
        check: async () => {
          calls.push("check");
          return version;
        },
        download: async () => void calls.push("download"),
        install: () => void calls.push("install"),
      },
      clock,
      log,
      busy: () => busy,
      ask: async (message) => {
        calls.push(`ask ${message}`);
        asked(message);
        return yes;
      },
      say: (message) => void calls.push(`say ${message}`),
    });
    return {
      clock,
      calls,
      flow,
      busy: (on: boolean) => (busy = on),
      answer: (on: boolean) => (yes = on),
      whenAsked: (run: (message: string) => void) => (asked = run),
    };
  }
  it("asks before the download and before the installation", async () => {
    const { calls, flow } = stage("1.2.3");
    await flow.check(true);
    expect(calls).toEqual(["check", "ask Gatelight 1.2.3 is available", "download", "ask Gatelight 1.2.3 is ready", "install"]);
    flow.dispose();
  });
  it("never installs, and does not ask for it, while a repair runs", async () => {
    const { clock, calls, flow, busy } = stage("1.2.3");
    busy(true);
    const done = flow.check(true);
    await until("the download", () => calls.includes("download"));
    for (let turn = 0; turn < 10; turn++) {
      clock.pass(30_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(calls.at(-1)).toBe("download");
    busy(false);
    clock.pass(30_000);
    await done;
    expect(calls.at(-1)).toBe("install");
    flow.dispose();
  });
  it("counts a repair of any gateway, and only one that runs", () => {
    const run = { id: "r", repair: "restart-soft", title: "Restart", startedAt: NOW, expectedSeconds: 90, endedAt: null, steps: [], output: [] } as const;
    const rest = { cancellable: true, secondFactorUntil: null, verdict: null, next: null } as const;
    const home = (outcome: "running" | "cured") => snapshot([server([gateway(), gateway({ id: "live", run: { ...run, ...rest, outcome } })])]);
    expect([repairRuns(home("running")), repairRuns(home("cured")), repairRuns(snapshot([]))]).toEqual([true, false, false]);
  });
  it("is not begun by a yes if a repair began while the question was on the screen", async () => {
    const { clock, calls, flow, busy, whenAsked } = stage("1.2.3");
    whenAsked((message) => busy(message.endsWith("is ready")));
    const done = flow.check(true);
    await until("the last question", () => calls.at(-1) === "ask Gatelight 1.2.3 is ready");
    for (let turn = 0; turn < 10; turn++) {
      clock.pass(60_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(calls).not.toContain("install");
    busy(false);
    clock.pass(30_000);
    await done;
    expect(calls.at(-1)).toBe("install");
    flow.dispose();
  });
  it("looks by itself once a day, and does not nag about a refused version", async () => {
    const { clock, calls, flow, answer } = stage("1.2.3");
    answer(false);
    clock.pass(60_000);
    await until("the question", () => calls.some((call) => call.startsWith("ask")));
    clock.pass(86_400_000);
    await until("the second look", () => calls.filter((call) => call === "check").length === 2);
    expect(calls.filter((call) => call.startsWith("ask"))).toHaveLength(1);
    flow.dispose();
    clock.pass(86_400_000);
    expect(calls.filter((call) => call === "check")).toHaveLength(2);
  });
  it("says that there is nothing new only when a person asked", async () => {
    const { calls, flow } = stage(null);
    await flow.check(false);
    expect(calls).toEqual(["check"]);
    await flow.check(true);
    expect(calls.at(-1)).toBe("say Gatelight is up to date");
    flow.dispose();
  });
});

describe("start at login", () => {
  it("writes, keeps in step and removes the file on Linux", () => {
    const home = mkdtempSync(join(tmpdir(), "gatelight-home-"));
    const facts = { platform: "linux", env: {}, home, execPath: "/opt/a/gatelight", packaged: true } as const;
    const file = join(home, ".config/autostart/gatelight.desktop");
    desktopAtLogin(log, facts).apply(true, true);
    expect(readFileSync(file, "utf8")).toContain('Exec="/opt/a/gatelight" --hidden');
    desktopAtLogin(log, { ...facts, execPath: "/opt/b/gatelight" }).apply(true, false);
    expect(readFileSync(file, "utf8")).toContain("/opt/b/gatelight");
    desktopAtLogin(log, facts).apply(false, true);
    expect(existsSync(file)).toBe(false);
    desktopAtLogin(log, facts).apply(false, true);
    rmSync(home, { recursive: true });
  });
  it.skipIf(missingPeers("desktop-file-validate").length > 0).each(["/opt/Gatelight/gatelight", "/home/u/My Apps/Gate$light `1` 100%.AppImage", '/tmp/a"b\\c'])(
    "writes what the system's checker accepts for %s",
    (program) => {
      const home = mkdtempSync(join(tmpdir(), "gatelight-home-"));
      desktopAtLogin(log, { platform: "linux", env: { APPIMAGE: program }, home, execPath: "/tmp/.mount_x/gatelight", packaged: true }).apply(true, false);
      const file = join(home, ".config/autostart/gatelight.desktop");
      execFileSync(peer("desktop-file-validate"), [file]);
      expect(readFileSync(file, "utf8")).not.toContain(".mount_");
      rmSync(home, { recursive: true });
    },
  );
  it("asks macOS and Windows", () => {
    const facts = { platform: "win32", env: {}, home: "/", execPath: "x", packaged: true } as const;
    desktopAtLogin(log, facts).apply(true, true);
    expect(electron.app.loginItem).toEqual({ openAtLogin: true, args: ["--hidden"] });
    desktopAtLogin(log, facts).apply(false, true);
    expect(electron.app.loginItem.openAtLogin).toBe(false);
  });
  it("takes the place of the browser host on macOS too", () => {
    const home = mkdtempSync(join(tmpdir(), "gatelight-home-"));
    const agent = join(home, "Library/LaunchAgents/com.gatelight.serve.plist");
    mkdirSync(join(agent, ".."), { recursive: true });
    writeFileSync(agent, "of the browser host");
    const mac = desktopAtLogin(log, { platform: "darwin", env: {}, home, execPath: "x", packaged: true });
    mac.apply(true, false);
    expect(existsSync(agent)).toBe(true);
    mac.apply(true, true);
    expect([existsSync(agent), electron.app.loginItem.openAtLogin]).toEqual([false, true]);
    rmSync(home, { recursive: true });
  });
});

describe("the system's keychain", () => {
  it("is named by what Electron says on Linux, and by the system elsewhere", async () => {
    electron.safeStorage.backend = "gnome_libsecret";
    expect(systemEncryptor("linux").backend()).toBe("gnome_libsecret");
    expect(systemEncryptor("darwin").backend()).toBe("keychain");
    expect(systemEncryptor("win32").backend()).toBe("dpapi");
    const encryptor = systemEncryptor("linux");
    expect(await encryptor.decrypt(await encryptor.encrypt("hunter22"))).toEqual({ text: "hunter22", reEncrypt: false });
  });
  it("asks before another one is begun, and keeps all as it is on Cancel", async () => {
    electron.dialog.answer = 0;
    expect(await askAboutBackend("KWallet", "GNOME keyring")).toBe("memory-only");
    expect(electron.dialog.boxes[0]).toMatchObject({ cancelId: 0, defaultId: 0 });
    electron.dialog.answer = 1;
    expect(await askAboutBackend("KWallet", "GNOME keyring")).toBe("start-new");
  });
});
