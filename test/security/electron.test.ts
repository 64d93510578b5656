import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { EXTERNAL_HOSTS } from "../../electron/shell/external-links.ts";

const ROOT = join(import.meta.dirname, "../..");
const sources = ["electron", "renderer", "shared"]
  .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && /\.(ts|tsx|cts|html)$/.test(entry.name))
  .map((entry) => ({ path: relative(ROOT, join(entry.parentPath, entry.name)), text: readFileSync(join(entry.parentPath, entry.name), "utf8") }));
const having = (pattern: RegExp) => sources.filter(({ text }) => pattern.test(text)).map(({ path }) => path);
const builder = readFileSync(join(ROOT, "electron-builder.yml"), "utf8");

describe("the desktop promises", () => {
  it("a sandbox everywhere: no page without it, none with Node", () => {
    expect(
      having(/sandbox:\s*false|nodeIntegration(?:InWorker|InSubFrames)?:\s*true|contextIsolation:\s*false|webSecurity:\s*false|webviewTag:\s*true/),
    ).toEqual([]);
    expect(having(/allowRunningInsecureContent|experimentalFeatures|enableBlinkFeatures|disable-web-security|ignore-certificate-errors/)).toEqual([]);
    // No switch is ever set; the one that takes the sandbox away is looked for, to say so.
    expect(having(/appendSwitch|appendArgument/)).toEqual([]);
    expect(having(/no-sandbox/)).toEqual(["electron/shell/sandbox-notice.ts"]);
    expect(builder).toMatch(/^toolsets:\n(?: +#.*\n)* +appimage: 1\.0\.\d+$/m);
    expect(builder).not.toMatch(/executableArgs|no-sandbox/);
    expect(having(/app\.enableSandbox\(\)/)).toEqual(["electron/main.ts"]);
    expect(having(/new BrowserWindow\(|new WebContentsView\(|new BrowserView\(/)).toEqual(["electron/shell/main-window.ts"]);
  });
  it("no file:// page: windows are loaded from app:// alone", () => {
    expect(having(/\.loadFile\(|loadURL\(\s*[`"']/)).toEqual([]);
    expect(having(/[`"']file:\/\//)).toEqual([]);
  });
  it("no inline script or style, nothing loaded from elsewhere", () => {
    const html = readFileSync(join(ROOT, "renderer/index.html"), "utf8");
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\son\w+=|https?:/);
    const policy = /POLICY = \[([\s\S]*?)\]/.exec(readFileSync(join(ROOT, "electron/shell/app-protocol.ts"), "utf8"))?.[1] ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe-|\*|https?:|wss?:/);
    expect(having(/dangerouslySetInnerHTML|\.innerHTML\s*=|\beval\(|new Function\(/)).toEqual([]);
  });
  it("a preload that exposes nothing: it passes one port", () => {
    const preload = readFileSync(join(ROOT, "electron/preload.cts"), "utf8");
    expect(preload).not.toMatch(/contextBridge|exposeInMainWorld|\.invoke\(|sendSync/);
    expect(having(/contextBridge|ipcMain\.handle\(|ipcRenderer\.(invoke|sendSync)/)).toEqual([]);
    expect(having(/\bipcMain\b/)).toEqual(["electron/shell/window-links.ts"]);
  });
  it("one place that opens anything outside, and only by https to hosts that are named", () => {
    expect(having(/shell\.openExternal|shell\.openPath|shell\.openItem/)).toEqual(["electron/shell/open-external.ts"]);
    for (const host of EXTERNAL_HOSTS) expect(host).toMatch(/^[a-z0-9.-]+\.[a-z]{2,}$/);
  });
  it("no crash dump, no tracing, no remote debugging, no remote module", () => {
    expect(having(/crashReporter|contentTracing|remote-debugging|@electron\/remote/)).toEqual([]);
  });
  it("no use of the keychain's plain text mode or of its blocking calls", () => {
    expect(having(/setUsePlainTextEncryption|password-store|safeStorage\.(?:encryptString|decryptString|isEncryptionAvailable)\(/)).toEqual([]);
    expect(having(/import \{[^}]*\bsafeStorage\b/)).toEqual(["electron/shell/keychain.ts"]);
  });
  it("fuses that leave no second door into the program", () => {
    for (const line of [
      "runAsNode: false",
      "enableNodeOptionsEnvironmentVariable: false",
      "enableNodeCliInspectArguments: false",
      "grantFileProtocolExtraPrivileges: false",
      "onlyLoadAppFromAsar: true",
      "enableEmbeddedAsarIntegrityValidation: true",
      "enableCookieEncryption: true",
    ])
      expect(builder).toContain(line);
  });
  it("files for this user alone, from the first line on", () => {
    for (const [file, before] of [
      ["electron/main.ts", "createLog("],
      ["electron/main.ts", "app.setPath"],
    ] as const) {
      const text = readFileSync(join(ROOT, file), "utf8");
      const called = text.indexOf("\nprivateUmask();");
      expect(called).toBeGreaterThan(0);
      expect(called).toBeLessThan(text.indexOf(before));
    }
  });
  it("no secret in any argument: none of the options takes one", () => {
    const help = spawnSync(process.execPath, [join(ROOT, "build/gatelight.mjs"), "--help"], { encoding: "utf8", cwd: ROOT });
    expect(help.status).toBe(0);
    expect(help.stdout).toContain("doctor");
    expect(help.stdout).not.toMatch(/--[\w-]*(password|passphrase|secret|token|key)\b/i);
    expect(having(/"--[\w-]*(?:password|passphrase|secret)/)).toEqual([]);
  });
});
