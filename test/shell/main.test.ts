import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { until } from "../support/contract-fixture.ts";
import { click, dir, electron, listeners, log, onPlatform, running, settings, start, tray, window } from "./main-stage.ts";

describe("start", () => {
  it("turns the sandbox on and registers the scheme before the app is ready, keeps files private", async () => {
    await running();
    expect(electron.app.calls).toEqual(["lock", "sandbox"]);
    expect(electron.protocol.schemes).toEqual([{ scheme: "app", privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } }]);
    expect(electron.app.paths.get("userData")).toBe(join(dir, "data", "electron"));
    expect(process.umask()).toBe(0o077);
    expect(statSync(join(dir, "data")).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, "data", "gatelight.log")).mode & 0o777).toBe(0o600);
  });
  it("ends at once where another one runs, before it has built anything", async () => {
    await start({ lock: false });
    expect(electron.app.exitCode).toBe(0);
    expect(electron.app.calls).toEqual(["lock"]);
    expect(existsSync(join(dir, "data", "gatelight.log"))).toBe(false);
    expect(electron.BrowserWindowStandIn.all).toHaveLength(0);
  });
  it("stays in the tray with --hidden, and shows the window to a second start and to a click on the dock", async () => {
    await start({ args: ["--hidden"] });
    await until("the tray", () => (tray()?.menusSet ?? 0) > 0);
    expect(window()).toBeUndefined();
    // A session that is restored may start again what the log-in has started.
    electron.app.emit("second-instance", {}, ["gatelight", "--hidden"], dir);
    expect(window()).toBeUndefined();
    electron.app.emit("second-instance", {}, ["gatelight"], dir);
    await until("the window", () => window()?.visible === true);
    window()?.hide();
    electron.app.emit("activate");
    expect(window()?.visible).toBe(true);
  });
  it("remembers a second start that came before it was ready", async () => {
    await start({ args: ["--hidden"] });
    expect(tray()).toBeUndefined();
    electron.app.emit("second-instance", {}, ["gatelight"], dir);
    await until("the window", () => window()?.visible === true);
  });
  it("stays in the tray where macOS opened it at log-in, which passes no arguments", async () => {
    await onPlatform("darwin", async () => {
      await start({ prepare: (fresh) => void Object.assign(fresh.app, { wasOpenedAtLogin: true }) });
      await until("the tray", () => (tray()?.menusSet ?? 0) > 0);
      expect(window()).toBeUndefined();
      electron.app.quit();
      await until("the end", () => electron.app.quitDone);
      await running({ prepare: (fresh) => void Object.assign(fresh.app, { wasOpenedAtLogin: false }) });
    });
  });
  it("says nothing at log-in where the browser's Gatelight runs already, and says it to a person", async () => {
    await running();
    const first = electron.app;
    await start({ args: ["--hidden"] });
    await until("the end", () => electron.app.quitDone);
    expect(electron.dialog.errors).toEqual([]);
    await start();
    await until("the end", () => electron.app.quitDone);
    expect(electron.dialog.errors).toEqual([expect.stringContaining("already")]);
    first.quit();
    await until("the first one's end", () => first.quitDone);
  });
  it("makes a sandboxed, isolated window from our own scheme", async () => {
    await running();
    expect(window()?.loaded[0]).toBe("app://gatelight/index.html");
    expect(window()?.options.webPreferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      webSecurity: true,
    });
    expect(window()?.options.webPreferences?.preload?.endsWith("preload.cjs")).toBe(true);
  });
  it("keeps a damaged settings file aside and starts all the same", async () => {
    mkdirSync(join(dir, "data"));
    writeFileSync(join(dir, "data", "settings.json"), "{ damaged");
    await running();
    expect(readFileSync(join(dir, "data", "settings.json"), "utf8")).toBe("{ damaged");
  });
});

describe("window", () => {
  it("closes into the tray, says so the first time only, and remembers its place", async () => {
    await running();
    const first = window();
    if (first === undefined) throw new Error("no window");
    first.bounds = { x: 40, y: 50, width: 900, height: 700 };
    first.close();
    expect([first.destroyed, first.visible]).toEqual([false, false]);
    expect(electron.NotificationStandIn.shown.map((one) => one.options.title)).toEqual(["Gatelight keeps watching"]);
    click("Open Gatelight");
    expect(first.visible).toBe(true);
    first.close();
    expect(electron.NotificationStandIn.shown).toHaveLength(1);
    electron.app.quit();
    await until("the end", () => electron.app.quitDone);
    await running();
    expect(window()?.bounds).toEqual({ x: 40, y: 50, width: 900, height: 700 });
  });
  it("is hidden by a click on the tray that has just taken its focus, as on Windows, and shown by a later one or a double click", async () => {
    const platform = Object.getOwnPropertyDescriptor(process, "platform");
    await onPlatform("win32", async () => {
      await running();
      const shown = window();
      shown?.blur();
      tray()?.emit("click");
      expect(shown?.visible).toBe(false);
      tray()?.emit("click");
      expect(shown?.visible).toBe(true);
      shown?.blur();
      tray()?.emit("click");
      tray()?.emit("double-click");
      expect(shown?.visible).toBe(true);
      shown?.blur();
      const { now } = Date;
      vi.spyOn(Date, "now").mockImplementation(() => now() + 10_000);
      tray()?.emit("click");
      vi.restoreAllMocks();
      expect([shown?.visible, shown?.focused]).toEqual([true, true]);
    });
    expect(Object.getOwnPropertyDescriptor(process, "platform")).toEqual(platform);
  });
  it("grows and shrinks by the keys of every browser", async () => {
    await running();
    const contents = window()?.webContents;
    const press = (key: string, more: object = {}) => {
      const event = electron.preventable();
      contents?.emit("before-input-event", event, { type: "keyDown", key, control: true, meta: false, alt: false, ...more });
      return event.defaultPrevented;
    };
    expect([press("+"), press("="), contents?.zoom]).toEqual([true, true, 1]);
    expect([press("-"), contents?.zoom]).toEqual([true, 0.5]);
    expect([press("a"), press("+", { control: false }), press("+", { type: "keyUp" }), press("+", { alt: true }), contents?.zoom]).toEqual([
      false,
      false,
      false,
      false,
      0.5,
    ]);
    for (let times = 0; times < 30; times++) press("-");
    expect(contents?.zoom).toBe(-3);
    expect([press("0"), contents?.zoom]).toEqual([true, 0]);
  });
  it("quits when it is closed and the person wants that", async () => {
    mkdirSync(join(dir, "data"));
    writeFileSync(join(dir, "data", "settings.json"), '{"version":1,"closeQuits":true}');
    await running();
    window()?.close();
    await until("the end", () => electron.app.quitDone);
    expect(electron.NotificationStandIn.shown).toHaveLength(0);
  });
  it("quits when it is closed and there is no tray, and says once that there is none", async () => {
    await running({ tray: false });
    expect(electron.TrayStandIn.all).toHaveLength(0);
    window()?.close();
    await until("the end", () => electron.app.quitDone);
    expect(JSON.parse(readFileSync(join(dir, "data", "window.json"), "utf8")).toldNoTray).toBe(true);
  });
  it("loads a crashed page again once, then asks", async () => {
    await running();
    const contents = window()?.webContents;
    contents?.emit("render-process-gone", {}, { reason: "crashed" });
    await until("the reload", () => contents?.reloads === 1);
    expect(electron.dialog.boxes).toHaveLength(0);
    electron.dialog.answer = 1;
    contents?.emit("render-process-gone", {}, { reason: "oom" });
    await until("the question", () => electron.dialog.boxes.length === 1 && window() === undefined);
    expect(log()).toContain("the window's process ended");
    click("Open Gatelight");
    await until("a new window", () => window()?.visible === true);
  });
});

describe("tray", () => {
  it("is drawn from the files that exist, in words too, and its menu is set anew after each change", async () => {
    await running();
    for (const image of tray()?.images ?? []) expect(existsSync(image), image).toBe(true);
    expect(tray()?.tooltip).toBe("Gatelight: no server is set up yet");
    const sets = tray()?.menusSet ?? 0;
    click("Mask amounts");
    await until("the change", () => settings()?.privacy.maskAmounts === true);
    await until("a new menu", () => (tray()?.menusSet ?? 0) > sets);
    click("Mute notifications");
    await until("the change", () => settings()?.notify.mute === true);
    expect(settings()?.privacy.maskAmounts).toBe(true);
  });
  it("copies a problem report without names", async () => {
    await running();
    click("Copy problem report");
    await until("the report", () => electron.clipboard.text.startsWith("Gatelight problem report"));
  });
  it("plays the incident: the gateway's line, its screen and its diagnosis", async () => {
    await running({ args: ["--simulate", "healthy"] });
    await until("a gateway in the menu", () => JSON.stringify(tray()?.menu.items ?? []).includes("API settings"), 30_000);
    click("API settings");
    expect(window()?.loaded.at(-1)).toMatch(/^app:\/\/gatelight\/index\.html#\/screen\/[^/]+\/[^/]+$/);
    click("Diagnosis");
    expect(window()?.loaded.at(-1)).toMatch(/#\/diagnosis\//);
    await until("a picture of the state", () => (tray()?.images.at(-1) ?? "").endsWith("up.png"), 60_000);
    expect(electron.dialog.errors).toEqual([]);
  });
  it("quits in order from its menu", async () => {
    await running();
    const first = tray();
    click("Quit Gatelight");
    await until("the end", () => electron.app.quitDone);
    expect(first?.destroyed).toBe(true);
    expect(electron.ipcMain.listenerCount("gatelight:port-wanted")).toBe(0);
    for (const name of ["suspend", "resume", "lock-screen", "unlock-screen", "shutdown"]) expect(electron.powerMonitor.listenerCount(name)).toBe(0);
    expect(existsSync(join(dir, "data", "control.sock"))).toBe(false);
  });
});

describe("power", () => {
  it("survives sleep, lock and waking in any order", async () => {
    await running();
    for (const name of ["suspend", "suspend", "lock-screen", "resume", "resume", "unlock-screen", "resume"]) electron.powerMonitor.emit(name);
    expect(electron.NotificationStandIn.shown).toHaveLength(0);
    expect(log()).not.toContain('"level":"error"');
  });
});

describe("the end of the session", () => {
  it("is waited for by Linux and macOS until all has ended, and told by its window on Windows", async () => {
    await running();
    const event = electron.preventable();
    electron.powerMonitor.emit("shutdown", event);
    expect(event.defaultPrevented).toBe(true);
    expect([electron.app.quitDone, electron.powerMonitor.listenerCount("shutdown")]).toEqual([false, 1]);
    await until("the end", () => electron.app.quitDone);
    expect([existsSync(join(dir, "data", "control.sock")), electron.powerMonitor.listenerCount("shutdown")]).toEqual([false, 0]);
    await running();
    window()?.emit("session-end", {});
    await until("the end", () => electron.app.quitDone);
    expect(existsSync(join(dir, "data", "control.sock"))).toBe(false);
  });
});

describe("rules for pages", () => {
  it("deny permissions, devices, screens to share, webviews, new windows and navigation", async () => {
    await running();
    const session = electron.session.defaultSession;
    const asked = (permission: string, url: string) => {
      let answer: boolean | null = null;
      session.permissionRequest?.(null, permission, (allowed) => (answer = allowed), { requestingUrl: url });
      return answer;
    };
    expect(asked("media", "app://gatelight/index.html")).toBe(false);
    expect(asked("clipboard-sanitized-write", "app://gatelight/index.html")).toBe(true);
    expect(session.permissionCheck?.(null, "geolocation", "app://gatelight")).toBe(false);
    expect(session.device?.()).toBe(false);
    expect(session.spellChecker).toBe(false);
    session.displayMedia?.({}, (streams) => expect(streams).toEqual({}));
    const request = (url: string) => {
      let cancelled: boolean | undefined;
      session.beforeRequest?.({ url }, ({ cancel }) => (cancelled = cancel));
      return cancelled;
    };
    expect(request("https://example.org/x.js")).toBe(true);
    expect(request("file:///etc/passwd")).toBe(true);
    expect(request("app://gatelight/assets/a.js")).toBe(false);

    const contents = window()?.webContents;
    for (const name of ["will-navigate", "will-redirect", "will-frame-navigate"]) {
      const away = electron.preventable({ url: "https://example.org/" });
      contents?.emit(name, away);
      expect(away.defaultPrevented).toBe(true);
      const within = electron.preventable({ url: "app://gatelight/index.html#/log" });
      contents?.emit(name, within);
      expect(within.defaultPrevented).toBe(false);
    }
    const webview = electron.preventable();
    contents?.emit("will-attach-webview", webview);
    expect(webview.defaultPrevented).toBe(true);
    expect(contents?.openHandler?.({ url: "https://evil.example/" })).toEqual({ action: "deny" });
    expect(contents?.openHandler?.({ url: "https://www.interactivebrokers.com/help" })).toEqual({ action: "deny" });
    await until("the browser", () => electron.shell.opened.length === 1);
    expect(electron.shell.opened).toEqual(["https://www.interactivebrokers.com/help"]);
    const download = electron.preventable();
    session.emit("will-download", download, { getURL: () => "https://example.org/x" });
    expect(download.defaultPrevented).toBe(true);
  });
  it("give a port to the main frame of our own window alone", async () => {
    await running();
    const contents = window()?.webContents;
    const ask = (sender: unknown, senderFrame: unknown) => electron.ipcMain.emit("gatelight:port-wanted", { sender, senderFrame });
    ask(contents, { url: "app://gatelight/index.html" });
    ask(contents, null);
    const stranger = new electron.WebContentsStandIn();
    ask(stranger, stranger.mainFrame);
    if (contents !== undefined) contents.mainFrame.url = "https://evil.example/";
    ask(contents, contents?.mainFrame);
    expect([contents?.posted, stranger.posted]).toEqual([[], []]);
    if (contents !== undefined) contents.mainFrame.url = "app://gatelight/index.html#/log";
    ask(contents, contents?.mainFrame);
    expect(contents?.posted.map((one) => [one.channel, one.ports.length])).toEqual([["gatelight:port", 1]]);
    expect(log()).toContain("a port was asked for by a stranger");
  });
});

describe("faults", () => {
  it("start Gatelight anew once", async () => {
    await running();
    const handler = process.listeners("uncaughtException").find((listener) => !listeners.get("uncaughtException")?.includes(listener));
    vi.stubEnv("APPIMAGE", "/home/u/Gatelight.AppImage");
    handler?.(new Error("boom for DU1234567"), "uncaughtException");
    vi.unstubAllEnvs();
    expect(electron.app.relaunched?.at(-1)).toBe("--after-crash");
    // Its mount is gone with this process.
    expect(electron.app.relaunchedBy).toBe("/home/u/Gatelight.AppImage");
    expect(electron.app.exitCode).toBe(1);
    expect(log()).toContain("a fault that nobody caught");
    expect(log()).not.toContain("DU1234567");
    electron.app.exitCode = null;
  });
});

describe("secrets", () => {
  it("stay in memory with a keychain that protects nothing, and those of the environment reach neither children nor log", async () => {
    process.env.GATELIGHT_VNC_PASSWORD = "hunter22-vnc";
    await running();
    expect(process.env.GATELIGHT_VNC_PASSWORD).toBeUndefined();
    await until("the keychain's answer", () => log().includes('"keychain":"memory"'));
    expect(log()).not.toContain("hunter22-vnc");
    expect(existsSync(join(dir, "data", "secrets.json"))).toBe(false);
  });
});
