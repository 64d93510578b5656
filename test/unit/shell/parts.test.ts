import { existsSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { execWord } from "../../../electron/core/autostart/desktop-file.ts";
import { appArguments } from "../../../electron/shell/app-arguments.ts";
import { autostartPlan } from "../../../electron/shell/autostart-plan.ts";
import { crashPlan } from "../../../electron/shell/crash-plan.ts";
import { externalAddress } from "../../../electron/shell/external-links.ts";
import { PORT_MESSAGE, PORT_WANTED } from "../../../electron/shell/port-names.ts";
import { navigationAllowed, permissionAllowed, requestAllowed } from "../../../electron/shell/request-rules.ts";
import { PAGE, pageFor } from "../../../electron/shell/routes.ts";
import { awaitTrayHost, hasTrayHost } from "../../../electron/shell/tray-host.ts";
import { trayImage } from "../../../electron/shell/tray-images.ts";
import { FIRST_STATE, placeWindow, windowState } from "../../../electron/shell/window-place.ts";
import * as pageSide from "../../../renderer/api/port-link.ts";
import { parseRoute } from "../../../renderer/route.ts";
import { LIGHT_STATES } from "../../../shared/words.ts";

describe("addresses", () => {
  it("open the views that the page knows", () => {
    for (const view of ["overview", "screen", "diagnosis", "log", "settings"] as const)
      expect(parseRoute(new URL(pageFor(view, "home/1", "pa per")).hash)).toEqual({ view, server: "home/1", gateway: "pa per" });
    expect(parseRoute(new URL(pageFor("overview")).hash)).toEqual({ view: "overview", server: null, gateway: null });
  });
  it("page and preload call the port alike", () => {
    expect([pageSide.PORT_MESSAGE, pageSide.PORT_WANTED]).toEqual([PORT_MESSAGE, PORT_WANTED]);
  });
  it.each([
    ["https://www.interactivebrokers.com/en/software/ibapi.php", true],
    ["https://github.com/gnzsnz/ib-gateway-docker", true],
    ["http://www.interactivebrokers.com/", false],
    ["https://www.interactivebrokers.com.evil.example/", false],
    ["https://evil.example/www.interactivebrokers.com", false],
    ["https://user@github.com/", false],
    ["https://github.com:8443/", false],
    ["file:///etc/passwd", false],
    ["javascript:alert(1)", false],
    ["ms-settings:", false],
    ["smb://github.com/x", false],
    ["nonsense", false],
  ])("opens %s outside: %s", (url, wanted) => {
    expect(externalAddress(url) !== null).toBe(wanted);
  });
  it.each([
    [PAGE, true],
    ["app://gatelight/assets/index.js", true],
    ["app://evil/index.html", false],
    ["app://user@gatelight/index.html", false],
    ["file:///etc/passwd", false],
    ["http://127.0.0.1:4711/", false],
    ["https://fonts.example/x.woff2", false],
    ["ws://127.0.0.1:1/", false],
    ["data:image/png;base64,AAAA", true],
    ["data:text/html,x", false],
    ["blob:app://gatelight/1234", true],
    ["blob:https://evil.example/1234", false],
    ["devtools://devtools/bundled/inspector.html", false],
  ])("request %s allowed: %s", (url, wanted) => {
    expect(requestAllowed(url, false)).toBe(wanted);
  });
  it("lets the developer tools load only in development", () => {
    expect(requestAllowed("devtools://devtools/bundled/inspector.html", true)).toBe(true);
  });
  it("keeps the page where it is", () => {
    expect(navigationAllowed(pageFor("screen", "home", "paper"))).toBe(true);
    for (const url of ["app://gatelight/other.html", "https://github.com/", "file:///", "about:blank", "data:text/html,x", "javascript:1"])
      expect(navigationAllowed(url)).toBe(false);
  });
  it("grants nothing but writing the clipboard and full screen, and that to our page alone", () => {
    const asked = [
      "media",
      "geolocation",
      "notifications",
      "clipboard-read",
      "openExternal",
      "hid",
      "serial",
      "usb",
      "midi",
      "fileSystem",
      "display-capture",
      "pointerLock",
    ];
    for (const permission of asked) expect(permissionAllowed(permission, PAGE)).toBe(false);
    expect(permissionAllowed("clipboard-sanitized-write", PAGE)).toBe(true);
    expect(permissionAllowed("clipboard-sanitized-write", "https://evil.example/")).toBe(false);
    expect(permissionAllowed("fullscreen", "app://gatelight")).toBe(true);
  });
});

describe("window place", () => {
  const wide = { x: 0, y: 0, width: 1920, height: 1040 };
  const left = { x: -1280, y: 0, width: 1280, height: 1000 };
  it.each([
    ["nothing saved: middle of the first", null, [wide], { x: 370, y: 130, width: 1180, height: 780 }],
    ["as it was", { x: 10, y: 20, width: 900, height: 600 }, [wide], { x: 10, y: 20, width: 900, height: 600 }],
    ["on the second display", { x: -1200, y: 20, width: 900, height: 600 }, [wide, left], { x: -1200, y: 20, width: 900, height: 600 }],
    ["that display is gone", { x: -1200, y: 20, width: 900, height: 600 }, [wide], { x: 510, y: 220, width: 900, height: 600 }],
    ["title bar above the screen", { x: 10, y: -300, width: 900, height: 600 }, [wide], { x: 510, y: 220, width: 900, height: 600 }],
    ["larger than the display now", { x: 0, y: 0, width: 3000, height: 2000 }, [wide], { x: 0, y: 0, width: 1920, height: 1040 }],
    ["larger, and begun far to the left of it", { x: -5000, y: 20, width: 8000, height: 600 }, [wide], { x: 0, y: 20, width: 1920, height: 600 }],
    ["absurdly small", { x: 10, y: 10, width: 5, height: 5 }, [wide], { x: 370, y: 130, width: 1180, height: 780 }],
  ])("%s", (_name, saved, areas, wanted) => {
    expect(placeWindow(saved, areas)).toEqual(wanted);
  });
  it("always leaves a grip of the title bar on a display", () => {
    const number = fc.integer({ min: -100_000, max: 100_000 });
    fc.assert(
      fc.property(fc.record({ x: number, y: number, width: number, height: number }), (saved) => {
        const placed = placeWindow(saved, [wide, left]);
        const seen = [wide, left].some(
          (area) =>
            placed.y >= area.y &&
            placed.y + 40 <= area.y + area.height &&
            Math.min(placed.x + placed.width, area.x + area.width) - Math.max(placed.x, area.x) >= 120,
        );
        expect(seen).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
  it("reads a damaged state as far as it goes", () => {
    expect(windowState.parse({})).toEqual(FIRST_STATE);
    expect(windowState.parse({ bounds: { x: "1" }, maximized: 3, toldOfTray: true })).toEqual({ ...FIRST_STATE, toldOfTray: true });
  });
});

describe("small decisions", () => {
  it("loads a crashed page again once, then tells", () => {
    expect(crashPlan("crashed", [], 1_000_000)).toBe("reload");
    expect(crashPlan("oom", [900_000], 1_000_000)).toBe("tell");
    expect(crashPlan("crashed", [100_000], 1_000_000)).toBe("reload");
    expect(crashPlan("clean-exit", [], 0)).toBe("ignore");
  });
  it("reads its arguments among Chromium's", () => {
    expect(appArguments(["--hidden", "--no-sandbox", "--data-dir=/x y", "--simulate"])).toMatchObject({ hidden: true, dataDir: "/x y", simulate: "healthy" });
    expect(appArguments(["--simulate", "wedge", "--data-dir", "/d"])).toMatchObject({ hidden: false, dataDir: "/d", simulate: "wedge" });
    expect(appArguments(["."])).toEqual({ hidden: false, dataDir: null, simulate: null, version: false, help: false, afterCrash: false });
  });
  it.each(LIGHT_STATES)("has a drawn picture for %s everywhere", (state) => {
    for (const platform of ["linux", "win32", "darwin"] as const)
      for (const dark of [true, false]) expect(existsSync(join(import.meta.dirname, "../../../build/tray", trayImage(state, platform, dark)))).toBe(true);
    expect(existsSync(join(import.meta.dirname, `../../../build/tray/${state}@2x.png`))).toBe(true);
    expect(existsSync(join(import.meta.dirname, `../../../build/tray/${state}Template@2x.png`))).toBe(true);
  });
  it("asks the session bus for a tray host, and assumes none where it cannot", async () => {
    expect(await hasTrayHost("win32")).toBe(true);
    expect(await hasTrayHost("linux", async () => "(true,)")).toBe(true);
    expect(await hasTrayHost("linux", async () => "(false,)")).toBe(false);
    expect(await hasTrayHost("linux", async (program) => (program === "busctl" ? "b true" : Promise.reject(new Error("not found"))))).toBe(true);
    expect(await hasTrayHost("linux", async () => Promise.reject(new Error("not found")))).toBe(false);
    // KDE's watcher is there before the panel that is its host.
    const questions: string[] = [];
    await hasTrayHost("linux", async (program, args) => {
      questions.push(`${program} ${args.join(" ")}`);
      throw new Error("org.freedesktop.DBus.Error.ServiceUnknown");
    });
    expect(questions.map((question) => /IsStatusNotifierHostRegistered$/.test(question))).toEqual([true, true, true]);
  });
  it("waits for a panel that starts late, and gives up in the end", async () => {
    const waits: number[] = [];
    const clock = {
      now: () => 0,
      after(ms: number, run: () => void) {
        waits.push(ms);
        queueMicrotask(run);
        return () => {};
      },
    };
    let looks = 0;
    const found = await new Promise<boolean>((resolve) => awaitTrayHost(clock, async () => ++looks === 3, resolve));
    expect([found, looks]).toEqual([true, 3]);
    waits.length = 0;
    expect(await new Promise<boolean>((resolve) => awaitTrayHost(clock, async () => false, resolve))).toBe(false);
    expect(waits.reduce((sum, ms) => sum + ms, 0)).toBe(60_000);
  });
});

describe("start at login", () => {
  const facts = { platform: "linux", env: {}, home: "/home/u", execPath: "/opt/Gatelight/gatelight", packaged: true } as const;
  it("writes the XDG file, for an AppImage with the place of the image", () => {
    const plan = autostartPlan({ ...facts, env: { APPIMAGE: "/home/u/My Apps/Gatelight.AppImage", XDG_CONFIG_HOME: "/cfg" } });
    expect(plan).toMatchObject({ kind: "desktop-file", file: "/cfg/autostart/gatelight.desktop" });
    expect(plan.kind === "desktop-file" ? plan.text : "").toContain('\nExec="/home/u/My Apps/Gatelight.AppImage" --hidden\n');
    expect(autostartPlan(facts)).toMatchObject({ file: "/home/u/.config/autostart/gatelight.desktop" });
  });
  it("uses the log-in items of macOS and Windows, hidden", () => {
    expect(autostartPlan({ ...facts, platform: "win32" })).toEqual({ kind: "login-item", args: ["--hidden"] });
    // Told by the system itself, see startedAtLogin.
    expect(autostartPlan({ ...facts, platform: "darwin" })).toEqual({ kind: "login-item", args: [] });
  });
  it("leaves the log-in of developers alone", () => {
    expect(autostartPlan({ ...facts, packaged: false }).kind).toBe("none");
  });
  it("quotes as the Desktop Entry specification says", () => {
    expect(execWord('/a "b" $c `d` \\e %f')).toBe('"/a \\\\"b\\\\" \\\\$c \\\\`d\\\\` \\\\\\\\e %%f"');
  });
});
