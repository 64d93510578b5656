import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const ELECTRON = resolve(import.meta.dirname, "../../electron");
const read = (path: string) => readFileSync(join(ELECTRON, path), "utf8");

/** Every listener and handler that main and preload register, by file: read from the sources. */
function registered(): string[] {
  const files = ["main.ts", "preload.cts", ...readdirSync(join(ELECTRON, "shell")).map((name) => `shell/${name}`)];
  return files.flatMap((file) => {
    const text = read(file);
    const loops = new Map(
      [...text.matchAll(/for \(const (\w+) of \[([^\]]+)\] as const\)/g)].map(([, name = "", list = ""]) => [
        name,
        [...list.matchAll(/"([^"]+)"/g)].map(([, one = ""]) => one),
      ]),
    );
    const listened = [...text.matchAll(/\.(?:on|once)\(\s*(?:"([^"]+)"|(\w+))/g)].flatMap(([, literal, name = ""]) =>
      literal === undefined ? (loops.get(name) ?? [name]) : [literal],
    );
    const handled = [...text.matchAll(/\.(set\w+Handler|onBeforeRequest|handle)\(/g)].map(([, name = ""]) => name);
    return [...new Set([...listened, ...handled])].map((name) => `${file} ${name}`);
  });
}

/** Where each is driven: a test file of this suite and what must stand in it. */
const DRIVEN: Readonly<Record<string, readonly [string, RegExp]>> = {
  "main.ts before-quit": ["electron-stand-in.ts", /emit\("before-quit"/],
  "main.ts window-all-closed": ["electron-stand-in.ts", /emit\("window-all-closed"/],
  "main.ts second-instance": ["main.test.ts", /emit\("second-instance"/],
  "main.ts activate": ["main.test.ts", /emit\("activate"/],
  "main.ts SIGINT": ["every-event.test.ts", /"SIGINT", "SIGTERM", "SIGHUP"/],
  "main.ts SIGTERM": ["every-event.test.ts", /"SIGINT", "SIGTERM", "SIGHUP"/],
  "main.ts SIGHUP": ["every-event.test.ts", /"SIGINT", "SIGTERM", "SIGHUP"/],
  "preload.cts PORT_MESSAGE": ["page.test.ts", /gatelight:port-wanted/],
  "shell/app-protocol.ts handle": ["protocol.test.ts", /app:\/\//],
  "shell/faults.ts error": ["every-event.test.ts", /EPIPE/],
  "shell/faults.ts unhandledRejection": ["every-event.test.ts", /"unhandledRejection"/],
  "shell/faults.ts uncaughtException": ["main.test.ts", /"uncaughtException"/],
  "shell/main-window.ts close": ["electron-stand-in.ts", /emit\("close", event\)/],
  "shell/main-window.ts closed": ["electron-stand-in.ts", /emit\("closed"/],
  "shell/main-window.ts resize": ["every-event.test.ts", /"resize", "move"/],
  "shell/main-window.ts move": ["every-event.test.ts", /"resize", "move"/],
  "shell/main-window.ts blur": ["electron-stand-in.ts", /emit\("blur"/],
  "shell/main-window.ts session-end": ["main.test.ts", /emit\("session-end"/],
  "shell/zoom.ts before-input-event": ["main.test.ts", /emit\("before-input-event"/],
  "shell/main-window.ts show": ["electron-stand-in.ts", /emit\("show"/],
  "shell/main-window.ts focus": ["electron-stand-in.ts", /emit\("focus"/],
  "shell/main-window.ts restore": ["electron-stand-in.ts", /emit\("restore"/],
  "shell/main-window.ts ready-to-show": ["electron-stand-in.ts", /emit\("ready-to-show"/],
  "shell/main-window.ts render-process-gone": ["main.test.ts", /emit\("render-process-gone"/],
  "shell/system-notifications.ts click": ["parts.test.ts", /emit\("click"/],
  "shell/system-notifications.ts close": ["parts.test.ts", /emit\("close"\)/],
  "shell/system-notifications.ts failed": ["parts.test.ts", /emit\("failed"/],
  "shell/power.ts suspend": ["sleep.test.ts", /emit\("suspend"/],
  "shell/power.ts resume": ["sleep.test.ts", /emit\("resume"/],
  "shell/power.ts shutdown": ["main.test.ts", /emit\("shutdown"/],
  "shell/power.ts lock-screen": ["parts.test.ts", /emit\("lock-screen"/],
  "shell/power.ts unlock-screen": ["parts.test.ts", /emit\("unlock-screen"/],
  "shell/security.ts will-download": ["main.test.ts", /emit\("will-download"/],
  "shell/security.ts web-contents-created": ["electron-stand-in.ts", /emit\("web-contents-created"/],
  "shell/security.ts certificate-error": ["every-event.test.ts", /emit\("certificate-error"/],
  "shell/security.ts login": ["every-event.test.ts", /emit\("login"/],
  "shell/security.ts will-navigate": ["main.test.ts", /"will-navigate"/],
  "shell/security.ts will-redirect": ["main.test.ts", /"will-redirect"/],
  "shell/security.ts will-frame-navigate": ["main.test.ts", /"will-frame-navigate"/],
  "shell/security.ts will-attach-webview": ["main.test.ts", /"will-attach-webview"/],
  "shell/security.ts setPermissionRequestHandler": ["main.test.ts", /permissionRequest/],
  "shell/security.ts setPermissionCheckHandler": ["main.test.ts", /permissionCheck/],
  "shell/security.ts setDevicePermissionHandler": ["main.test.ts", /\.device/],
  "shell/security.ts setDisplayMediaRequestHandler": ["main.test.ts", /displayMedia/],
  "shell/security.ts onBeforeRequest": ["main.test.ts", /beforeRequest/],
  "shell/security.ts setWindowOpenHandler": ["main.test.ts", /openHandler/],
  "shell/tray.ts click": ["parts.test.ts", /emit\("click"/],
  "shell/tray.ts double-click": ["parts.test.ts", /emit\("double-click"/],
  "shell/tray.ts updated": ["parts.test.ts", /emit\("updated"/],
  "shell/updates.ts error": ["main-care.test.ts", /"listens for error"/],
  "shell/window-links.ts PORT_WANTED": ["main.test.ts", /gatelight:port-wanted/],
  "shell/window-links.ts render-process-gone": ["main.test.ts", /emit\("render-process-gone"/],
  "shell/window-links.ts destroyed": ["electron-stand-in.ts", /emit\("destroyed"/],
};

describe("every listener and handler of main and preload", () => {
  it("is driven by a test of this suite", () => {
    expect(registered().sort()).toEqual(Object.keys(DRIVEN).sort());
    const missing = Object.entries(DRIVEN).filter(([, [file, mark]]) => !mark.test(readFileSync(join(import.meta.dirname, file), "utf8")));
    expect(missing.map(([name]) => name)).toEqual([]);
  });
});
