import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ServeFacts, serveAtLogin } from "../../../electron/cli/serve-at-login.ts";
import { serveLoginFile } from "../../../electron/core/autostart/serve-login-file.ts";
import { atLoginBeforeSave } from "../../../electron/core/autostart/start-at-login.ts";
import { createLog } from "../../../electron/core/report/log.ts";
import { openSettings } from "../../../electron/core/settings/settings-store.ts";
import { EMPTY_SETTINGS } from "../../../shared/settings.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { missingPeers, peer } from "../../support/peers.ts";

const log = createLog({ file: null });
let home: string;
let file: string;
let facts: ServeFacts;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "gatelight-home-"));
  file = join(home, ".config/autostart/gatelight-serve.desktop");
  const script = "/home/u/My $tuff/100%/dist/cli.js";
  facts = { platform: "linux", env: {}, home, execPath: "/opt/node/bin/node", script, desktop: false, simulated: false, usualFolder: true };
});
afterEach(() => rmSync(home, { recursive: true }));

describe("the browser host at log-in", () => {
  it("is run by the node and the script that run now, without a window and without its token in a log", () => {
    expect(serveAtLogin(facts, log).apply(true, true)).toBe(null);
    const text = readFileSync(file, "utf8");
    expect(text).toContain('\nExec="/opt/node/bin/node" "/home/u/My \\\\$tuff/100%%/dist/cli.js" serve --no-open --quiet\n');
    expect(text).toContain("\nTryExec=/opt/node/bin/node\n");
    if (missingPeers("desktop-file-validate").length === 0) execFileSync(peer("desktop-file-validate"), [file]);
    serveAtLogin({ ...facts, script: "/moved/cli.js" }, log).apply(true, false);
    expect(readFileSync(file, "utf8")).toContain('"/moved/cli.js"');
    serveAtLogin(facts, log).apply(false, false);
    expect(existsSync(file)).toBe(false);
  });
  it.each<[string, Partial<ServeFacts>]>([
    ["in a simulation", { simulated: true }],
    ["with a data folder of its own", { usualFolder: false }],
    ["of the desktop program", { desktop: true }],
    ["of a system whose way is not known", { platform: "freebsd" }],
  ])("is left alone %s, and that is said", (_name, other) => {
    serveAtLogin(facts, log).apply(true, true);
    const hindered = serveAtLogin({ ...facts, ...other }, log);
    expect(hindered.hindrance).toMatch(/^[A-Z].*\.$/);
    hindered.apply(false, true);
    expect(existsSync(file)).toBe(true);
  });
  it("is a launch agent of macOS", () => {
    const agent = join(home, "Library/LaunchAgents/com.gatelight.serve.plist");
    const mac: ServeFacts = { ...facts, platform: "darwin", script: "/Users/u/R&D <new>/dist/cli.js" };
    expect(serveAtLogin(mac, log).hindrance).toBe(null);
    expect(serveAtLogin(mac, log).apply(true, true)).toBe(null);
    const text = readFileSync(agent, "utf8");
    const argv = [...text.matchAll(/^ {4}<string>(.*)<\/string>$/gm)].map(([, word]) => word);
    expect(argv).toEqual(["/opt/node/bin/node", "/Users/u/R&amp;D &lt;new&gt;/dist/cli.js", "serve", "--no-open", "--quiet"]);
    expect(text).toContain("<key>Label</key>\n  <string>com.gatelight.serve</string>");
    expect(text).toContain("<key>RunAtLoad</key>\n  <true/>");
    // Ended by the person, it stays ended.
    expect(text).not.toContain("KeepAlive");
    serveAtLogin(mac, log).apply(false, true);
    expect(existsSync(agent)).toBe(false);
  });
  it("is a command file in Windows' Startup folder", () => {
    const env = { APPDATA: "C:\\Users\\J\u00fcrgen\\AppData\\Roaming" };
    const plan = serveLoginFile({ platform: "win32", env, home: "C:\\Users\\J\u00fcrgen" });
    expect(plan?.file).toBe(`${env.APPDATA}\\Microsoft\\Windows\\Start Menu\\Programs\\Startup\\gatelight-serve.cmd`);
    expect(serveLoginFile({ platform: "win32", env: {}, home: "C:\\Users\\u" })?.file).toMatch(/^C:\\Users\\u\\AppData\\Roaming\\Microsoft\\/);
    const words = ["C:\\Program Files\\nodejs\\node.exe", "C:\\100%\\R&D (J\u00fcrgen)\\cli.js", "serve", "--no-open", "--quiet"];
    expect(plan?.text(words).split("\r\n")).toEqual([
      "@echo off",
      expect.stringMatching(/^rem /),
      "chcp 65001 >nul",
      'start "Gatelight" /min "C:\\Program Files\\nodejs\\node.exe" "C:\\100%%\\R&D (J\u00fcrgen)\\cli.js" serve --no-open --quiet',
      "",
    ]);
    for (const word of ['a"b', "a\nb", "a\rb"]) expect(() => plan?.text([word])).toThrow("cannot stand in a command file");
  });
  it("is one host alone: the one in which it was switched on", () => {
    const desktop = join(home, ".config/autostart/gatelight.desktop");
    mkdirSync(join(home, ".config/autostart"), { recursive: true });
    writeFileSync(desktop, "of the desktop");
    const serve = serveAtLogin(facts, log);
    serve.apply(true, false);
    expect([existsSync(desktop), existsSync(file)]).toEqual([true, false]);
    serve.apply(true, true);
    expect([existsSync(desktop), existsSync(file)]).toEqual([false, true]);
    serve.apply(false, true);
    expect([existsSync(desktop), existsSync(file)]).toEqual([false, false]);
  });
  it("that cannot be set up is a fault of its switch, and nothing is saved", async () => {
    mkdirSync(join(home, ".config"));
    writeFileSync(join(home, ".config/autostart"), "a file where the folder should be");
    const dataDir = join(home, "data");
    const store = openSettings({ dataDir, clock: new FakeClock(), watch: false, apply: atLoginBeforeSave(serveAtLogin(facts, log)) });
    const { faults } = await store.save({ ...EMPTY_SETTINGS, startAtLogin: true });
    expect(faults).toEqual([expect.stringMatching(/^startAtLogin: could not be set up \(/)]);
    expect([store.current.startAtLogin, existsSync(store.file)]).toEqual([false, false]);
    rmSync(join(home, ".config/autostart"));
    expect(await store.save({ ...EMPTY_SETTINGS, startAtLogin: true })).toEqual({ faults: [] });
    expect(existsSync(file)).toBe(true);
    store.dispose();
  });
});
