import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { EMPTY_SETTINGS } from "../../shared/settings.ts";
import type { Snapshot } from "../../shared/snapshot.ts";
import { BARE_SNAPSHOT, notice, someHandlers, testDoor, until } from "../support/contract-fixture.ts";
import { missingPeers, peer } from "../support/peers.ts";
import { asWebContents, ipcMain, type PortStandIn, WebContentsStandIn } from "./electron-stand-in.ts";

vi.mock("electron", () => import("./electron-stand-in.ts"));

const ROOT = join(import.meta.dirname, "../..");
/** Chromium knows no scheme of ours, so the page stands under this address; what it loads and its headers are the ones of app://. */
const STAGE = "https://gatelight.test";

/**
 * The built window and the built preload in a real page; the process boundary between them and Core is played. Everything the page loads comes through
 * the app:// handler, with its policy.
 */
describe.skipIf(missingPeers("chromium").length > 0)("the window's page", () => {
  let browser: Browser;
  let page: Page;
  let answer: typeof import("../../electron/shell/app-protocol.ts").answer;
  let links: import("../../electron/shell/window-links.ts").WindowLinks;
  let current: Snapshot;
  let listeners: Set<(snapshot: Snapshot) => void>;
  let faults: string[];
  let contents: WebContentsStandIn;
  let saved: unknown[];

  beforeAll(async () => {
    execFileSync(process.execPath, [join(ROOT, "build/build.mjs")], { stdio: "inherit", env: { ...process.env, NODE_ENV: "production" } });
    ({ answer } = await import("../../electron/shell/app-protocol.ts"));
    browser = await chromium.launch({ executablePath: peer("chromium"), args: ["--no-sandbox", "--disable-gpu"] });
  });
  afterAll(() => browser?.close());

  beforeEach(async () => {
    const { createWindowLinks } = await import("../../electron/shell/window-links.ts");
    const { createLog } = await import("../../electron/core/report/log.ts");
    listeners = new Set();
    current = { ...BARE_SNAPSHOT, app: { ...BARE_SNAPSHOT.app, host: "electron" }, revision: 1 };
    const store = {
      get current() {
        return current;
      },
      subscribe(listener: (snapshot: Snapshot) => void) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
    saved = [];
    const handlers = someHandlers({
      "settings.get": async () => ({ settings: EMPTY_SETTINGS, file: "/data/settings.json" }),
      "settings.save": async (value) => {
        saved.push(value);
        return { faults: [] };
      },
    });
    links = createWindowLinks({ handlers, store, screens: testDoor().door }, createLog({ file: null }));
    contents = new WebContentsStandIn();
    links.admit(asWebContents(contents));
    page = await browser.newPage();
    faults = [];
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") faults.push(message.text());
    });
    await page.route("**/*", async (route) => {
      const { pathname } = new URL(route.request().url());
      const response = await answer({ url: `app://gatelight${pathname}`, method: route.request().method() }, join(ROOT, "dist/renderer"));
      let body: Buffer = Buffer.from(await response.arrayBuffer());
      // The page asks its own address for the scheme; this is the one place where the stage shows.
      if (pathname.endsWith(".js"))
        body = Buffer.from(body.toString("utf8").replace(/protocol===?([`"'])app:\1/, (_all, quote) => `protocol===${quote}https:${quote}`));
      await route.fulfill({ status: response.status, headers: Object.fromEntries(response.headers), body });
    });
    await bridge(page, contents);
  });
  afterEach(async () => {
    links.dispose();
    await page.close();
  });

  it("gets its port through the preload, shows the state and follows it, under the policy", async () => {
    await page.goto(`${STAGE}/index.html`);
    await page.getByText("Add your home server").first().waitFor({ timeout: 20_000 });
    expect(links.open).toBe(1);
    current = { ...current, revision: 2, notices: [notice("n", "The settings file could not be used")] };
    for (const listener of listeners) listener(current);
    await page.getByText("The settings file could not be used").first().waitFor({ timeout: 20_000 });
    expect(faults).toEqual([]);
  });
  it("gets a new port when it is loaded anew, and the old one ends", async () => {
    await page.goto(`${STAGE}/index.html`);
    await page.getByText("Add your home server").first().waitFor({ timeout: 20_000 });
    const before = listeners.size;
    await page.reload();
    await page.getByText("Add your home server").first().waitFor({ timeout: 20_000 });
    await until("the old link's end", () => links.open === 1 && listeners.size === before);
  });
  it("asks in its settings, and only in the desktop, what closing the window does", async () => {
    const close = page.locator("label.switch", { hasText: "Quit when the window is closed" });
    await page.goto(`${STAGE}/index.html#/settings`);
    await close.click();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await until("what was saved", () => saved.length > 0);
    expect(saved).toEqual([{ ...EMPTY_SETTINGS, closeQuits: true }]);
    current = { ...current, app: { ...current.app, host: "browser" } };
    await page.reload();
    await page.getByRole("button", { name: "Quit Gatelight" }).waitFor();
    expect(await close.count()).toBe(0);
  });
  it("finds nothing of Electron or Node in its world", async () => {
    await page.goto(`${STAGE}/index.html`);
    const found = await page.evaluate(() => ["require", "process", "module", "Buffer", "ipcRenderer", "electron", "global"].filter((name) => name in window));
    expect(found).toEqual([]);
  });
  it("is given nothing that a frame inside it asks for", async () => {
    await page.goto(`${STAGE}/index.html`);
    await page.getByText("Add your home server").first().waitFor({ timeout: 20_000 });
    const asked = vi.fn();
    ipcMain.on("gatelight:port-wanted", asked);
    await page.evaluate(() => void document.body.append(document.createElement("iframe")));
    const frame = page.frames()[1];
    // The frame's own script: for the page, the message comes from another window.
    await frame?.evaluate(() => window.parent.postMessage("gatelight:port-wanted", "*"));
    await page.evaluate(() => window.postMessage("something else", "*"));
    await page.evaluate(() => window.postMessage("gatelight:port-wanted", "*"));
    // The page's own wish comes through, after the frame's did not.
    await until("the page's own wish", () => asked.mock.calls.length > 0);
    ipcMain.off("gatelight:port-wanted", asked);
    expect(frame).toBeDefined();
    expect(asked).toHaveBeenCalledTimes(1);
  });
  it.each(["/../package.json", "/%2e%2e/package.json", "/..%5cpackage.json", "/.built", "/assets/", "//evil.example/x.js", "/index.html%00.js"])(
    "is served nothing outside its folder: %s",
    async (path) => {
      const response = await answer({ url: `app://gatelight${path}`, method: "GET" }, join(ROOT, "dist/renderer"));
      expect(response.status).toBe(404);
      expect(response.headers.get("Content-Security-Policy")).toContain("default-src 'none'");
    },
  );
  it("is served nothing for another host or another method", async () => {
    expect((await answer({ url: "app://evil/index.html", method: "GET" }, join(ROOT, "dist/renderer"))).status).toBe(404);
    expect((await answer({ url: "app://gatelight/index.html", method: "POST" }, join(ROOT, "dist/renderer"))).status).toBe(405);
  });
});

/** Plays Electron's side of the page: `require("electron")` for the built preload, and ports that cross the process boundary. */
async function bridge(page: Page, contents: WebContentsStandIn): Promise<void> {
  let port: PortStandIn | null = null;
  await page.exposeFunction("standInSend", (channel: string) => {
    ipcMain.emit(channel, { sender: contents, senderFrame: contents.mainFrame });
  });
  await page.exposeFunction("standInToMain", (frame: { text?: string; bytes?: string }) => {
    port?.postMessage(
      frame.bytes === undefined
        ? frame.text?.startsWith('{"bye"') === true
          ? JSON.parse(frame.text)
          : frame.text
        : new Uint8Array(Buffer.from(frame.bytes, "base64")),
    );
  });
  contents.postMessage = (channel, _message, ports = []) => {
    const given = ports[0] as PortStandIn;
    port = given;
    given.on("message", ({ data }: { data: unknown }) => {
      const frame = data instanceof Uint8Array ? { bytes: Buffer.from(data).toString("base64") } : { value: data };
      page.evaluate((value) => window.dispatchEvent(new CustomEvent("stand-in-frame", { detail: value })), frame).catch(() => {});
    });
    void page
      .evaluate((name) => window.dispatchEvent(new CustomEvent("stand-in-port", { detail: name })), channel)
      .then(() => given.start())
      .catch(() => {});
  };
  const preload = readFileSync(join(ROOT, "dist/preload.cjs"), "utf8");
  await page.addInitScript({
    content: `(() => {
      if (window.top !== window) return;
      const send = window.standInSend, toMain = window.standInToMain;
      const listeners = new Map();
      const ipcRenderer = { send: (channel) => void send(channel), on: (channel, listener) => void listeners.set(channel, listener) };
      let mine = null;
      window.addEventListener("stand-in-port", (event) => {
        const { port1, port2 } = new MessageChannel();
        mine = port1;
        port1.onmessage = ({ data }) => {
          if (typeof data === "string") toMain({ text: data });
          else if (data instanceof Uint8Array) toMain({ bytes: btoa(String.fromCharCode(...data)) });
          else toMain({ text: JSON.stringify(data) });
        };
        listeners.get(event.detail)?.({ ports: [port2] });
      });
      window.addEventListener("stand-in-frame", (event) => {
        const { bytes, value } = event.detail;
        mine?.postMessage(bytes === undefined ? value : Uint8Array.from(atob(bytes), (char) => char.charCodeAt(0)));
      });
      ((require, module, exports) => { ${preload}
      })((name) => { if (name !== "electron") throw new Error("a sandboxed preload has no " + name); return { ipcRenderer }; }, { exports: {} }, {});
    })();`,
  });
}
