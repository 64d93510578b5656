import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ElectronApplication, _electron as electron, type Page } from "playwright-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { electronBinary } from "./electron-binary.ts";

const ROOT = join(import.meta.dirname, "../..");
const binary = electronBinary();
if (binary === null)
  process.stderr.write("Electron's binary is not on this machine (npx install-electron brings it where there is internet): its suite is left out.\n");

describe.skipIf(binary === null)("Gatelight on real Electron", () => {
  let dir: string;
  let app: ElectronApplication | null;
  let page: Page;

  beforeAll(() => {
    execFileSync(process.execPath, [join(ROOT, "build/build.mjs")], { stdio: "inherit", env: { ...process.env, NODE_ENV: "production" } });
  });
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "gatelight-electron-"));
    app = null;
  });
  afterEach(async () => {
    await app?.close();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  });
  const launch = async (...args: string[]): Promise<ElectronApplication> => {
    // Containers and CI machines often forbid Chromium's own sandbox helper; the page's sandbox flag is checked below all the same.
    const loose = process.platform === "linux" ? ["--no-sandbox"] : [];
    app = await electron.launch({
      executablePath: binary ?? "",
      args: [...loose, ROOT, "--data-dir", dir, ...args],
      env: { ...process.env, GATELIGHT_VNC_PASSWORD: "hunter22-vnc" },
    });
    return app;
  };
  const open = async (...args: string[]): Promise<Page> => {
    page = await (await launch(...args)).firstWindow();
    return page;
  };

  it("opens the first page from app:// with the policy in force", async () => {
    await open();
    await page.getByText("Add your home server").first().waitFor();
    expect(page.url()).toMatch(/^app:\/\/gatelight\/index\.html/);
    const refused = await page.evaluate(async () => {
      const seen: string[] = [];
      document.addEventListener("securitypolicyviolation", (event) => seen.push(event.violatedDirective));
      const script = document.createElement("script");
      script.textContent = "window.inline = true";
      document.head.append(script);
      await fetch("https://example.org/").catch(() => seen.push("fetch"));
      return { seen, inline: "inline" in window };
    });
    expect(refused.inline).toBe(false);
    expect(refused.seen).toContain("fetch");
  });
  it("gives the page a sandbox and nothing of Node or Electron", async () => {
    await open();
    const inside = await page.evaluate(() => ["require", "process", "module", "Buffer", "electron"].filter((name) => name in window));
    expect(inside).toEqual([]);
    const preferences = await app?.evaluate(({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents;
      return contents === undefined ? null : { url: contents.getURL(), crashed: contents.isCrashed() };
    });
    expect(preferences?.crashed).toBe(false);
  });
  it("denies permissions, new windows and navigation", async () => {
    await open();
    const denied = await page.evaluate(async () => ({
      notifications: (await navigator.permissions.query({ name: "notifications" })).state,
      media: await navigator.mediaDevices.getUserMedia({ audio: true }).then(
        () => "granted",
        () => "denied",
      ),
      opened: window.open("https://example.org/") === null,
    }));
    expect(denied).toEqual({ notifications: "denied", media: "denied", opened: true });
    await page.evaluate(() => {
      window.location.href = "https://example.org/";
    });
    await page.waitForTimeout(500);
    expect(page.url()).toMatch(/^app:\/\/gatelight\//);
  });
  it("plays the simulated home server to a green light, through ssh2 on Electron's own crypto", async () => {
    await open("--simulate", "healthy");
    // The command line asks the running program through its control socket.
    const doctor = () => {
      const run = spawnSync(process.execPath, [join(ROOT, "dist/cli.js"), "doctor", "--json", "--data-dir", dir], { encoding: "utf8", timeout: 40_000 });
      return run.stdout === "" ? run.stderr : JSON.parse(run.stdout).light;
    };
    await expect.poll(doctor, { timeout: 50_000, interval: 1000 }).toBe("up");
    await page.getByText("Paper").first().waitFor();
    await page.screenshot({ path: join(tmpdir(), `gatelight-electron-${process.platform}.png`) });
  });
  it("lets a second start show the window of the first and end", async () => {
    await open();
    await app?.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide());
    const loose = process.platform === "linux" ? ["--no-sandbox"] : [];
    const second = spawnSync(binary ?? "", [...loose, ROOT, "--data-dir", dir], { timeout: 30_000 });
    expect(second.status).toBe(0);
    await expect.poll(() => app?.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible())).toBe(true);
  });
  it("keeps secrets by the system's keychain or says that it cannot, and never in the files", async () => {
    await open();
    const report = await app?.evaluate(async ({ safeStorage }) => ({
      available: await safeStorage.isAsyncEncryptionAvailable(),
      backend: process.platform === "linux" ? safeStorage.getSelectedStorageBackend() : "system",
    }));
    expect(report?.backend).toBeTypeOf("string");
    await app?.close();
    app = null;
    const log = readFileSync(join(dir, "gatelight.log"), "utf8");
    expect(log).not.toContain("hunter22-vnc");
    if (process.platform !== "win32") expect(statSync(join(dir, "gatelight.log")).mode & 0o777).toBe(0o600);
    expect(existsSync(join(dir, "control.sock"))).toBe(false);
  });
  it("takes up the page's process again after it was killed", async () => {
    await open();
    await app?.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer());
    await expect.poll(() => app?.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.isCrashed()), { timeout: 20_000 }).toBe(false);
  });
  it("quits cleanly and quickly", async () => {
    await open();
    const ended = new Promise<number | null>((resolve) => app?.process().once("exit", resolve));
    await app?.evaluate(({ app: electronApp }) => electronApp.quit());
    expect(await ended).toBe(0);
    app = null;
  });
});
