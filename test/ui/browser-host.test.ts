import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TrayAction, type TrayItem, trayModel } from "../../electron/core/tray-model.ts";
import { createClient, enterSocket } from "../../shared/rpc.ts";
import { settings as schema } from "../../shared/settings.ts";
import { type App, makeQuarters, type Quarters, startApp, visit } from "../support/app.ts";
import { missingPeers } from "../support/peers.ts";
import { remoteCanvas } from "../support/remote-picture.ts";
import { launchChromium } from "../support/screen-stage.ts";
import { broken, server, snapshot } from "../unit/report/sample-snapshot.ts";

const ROOT = resolve(import.meta.dirname, "../..");

const FACTOR = "Live asks for the second factor";

/** Every file of the shell, and what stands for it in a browser. One that is new must be decided about here. */
const SHELL: Readonly<Record<string, string>> = {
  "app-arguments.ts": "options of `gatelight serve`",
  "app-menu.ts": "the browser's own copy and paste",
  "app-protocol.ts": "web/static-files.ts",
  "autostart-plan.ts": "cli/serve-at-login.ts",
  "autostart.ts": "cli/serve-at-login.ts",
  "crash-plan.ts": "the browser's reload",
  "desktop-core.ts": "cli/open-core.ts",
  "desktop.ts": "cli/serve.ts",
  "external-links.ts": "the browser's links",
  "faults.ts": "cli/terminal.ts",
  "keychain.ts": "memory and environment, by design",
  "main-window.ts": "the browser's window",
  "open-external.ts": "the browser's links",
  "port-names.ts": "web/web-host.ts",
  "power.ts": "core/net/clock-jump.ts in the link; the page's own watch over its clock",
  "request-rules.ts": "web/response-headers.ts",
  "routes.ts": "renderer/route.ts",
  "sandbox-notice.ts": "the browser's own sandbox",
  "security.ts": "web/admission.ts, web/response-headers.ts",
  "system-notifications.ts": "renderer/notify",
  "tray-actions.ts": "the table of tray actions below",
  "tray-host.ts": "the tray itself",
  "tray-images.ts": "the tray itself",
  "tray.ts": "the tray itself",
  "updates.ts": "the package that brought the command line; Settings say so",
  "window-links.ts": "web/web-host.ts",
  "window-place.ts": "the browser's window",
  "window-state-file.ts": "the browser's window",
  "zoom.ts": "the browser's own",
};

/** Keeps the notifications that the page really made, counts how often it was about to, and lets the test be the person who looks away. */
function watchful(): void {
  const made: Notification[] = [];
  class Kept extends Notification {
    constructor(title: string, options?: NotificationOptions) {
      super(title, options);
      made.push(this);
    }
  }
  let state: DocumentVisibilityState = "visible";
  const seen = { made, tries: 0 };
  const query = navigator.locks.query.bind(navigator.locks);
  navigator.locks.query = () => {
    seen.tries += 1;
    return query();
  };
  Object.defineProperty(document, "visibilityState", { get: () => state });
  Object.assign(window, { Notification: Kept, seen });
  window.addEventListener("test-look", (event) => {
    if (!(event instanceof CustomEvent)) return;
    state = event.detail;
    document.dispatchEvent(new Event("visibilitychange"));
  });
}
const look = (page: Page, state: DocumentVisibilityState) =>
  page.evaluate((next) => window.dispatchEvent(new CustomEvent("test-look", { detail: next })), state);
interface Seen {
  readonly made: readonly Notification[];
  readonly tries: number;
}
const seen = (page: Page) =>
  page.evaluate(() => {
    const { made, tries } = (window as Window & { seen?: Seen }).seen ?? { made: [], tries: -1 };
    return { tries, made: made.map(({ title, body, tag }) => ({ title, body, tag })) };
  });
const go = (page: Page, view: string) =>
  page.evaluate((hash) => {
    window.location.hash = hash;
  }, `#/${view}`);
const switchOf = (page: Page, name: string) => page.locator("label.switch", { hasText: name });

describe.skipIf(missingPeers("chromium").length > 0)("the browser host can do what the desktop can", () => {
  let quarters: Quarters;
  let browser: Browser;
  let app: App;
  let context: BrowserContext;
  let page: Page;
  let faults: readonly string[];
  const saved = () => schema.parse(JSON.parse(readFileSync(join(app.dataDir, "settings.json"), "utf8")));
  const autostart = () => join(quarters.dir, "home/.config/autostart/gatelight-serve.desktop");
  const save = async () => {
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("button", { name: "Save", exact: true }).waitFor({ state: "detached" });
  };
  const flip = async (name: string) => {
    await go(page, "settings");
    await switchOf(page, name).click();
    await save();
  };
  /** Not by clicks: a tab behind another one is painted seldom, and each click waits for that. */
  const play = async (scenario: string) => {
    const client = createClient(await enterSocket(new WebSocket(`ws://127.0.0.1:${app.port}/link`), app.token));
    await client.call("simulation.play", { scenario });
    client.close();
  };
  const more = async (name: string) => {
    await go(page, "overview/home/paper");
    await page.getByRole("button", { name: "More", exact: true }).click();
    await page.getByRole("menuitem", { name }).click();
  };
  beforeAll(async () => {
    quarters = makeQuarters();
    [app, browser] = await Promise.all([startApp(quarters, { usualFolder: true }), launchChromium()]);
    // It takes its time to show, while the first tests run.
    await play("incident");
    ({ page, context, faults } = await visit(browser, app.url));
    await context.addInitScript(watchful);
    await page.reload();
    page.setDefaultTimeout(20_000);
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    quarters?.dispose();
  });

  it("each part of the shell has its counterpart, and the window hides nothing in a browser", () => {
    expect(readdirSync(join(ROOT, "electron/shell")).sort()).toEqual(Object.keys(SHELL).sort());
    const asks = readdirSync(join(ROOT, "renderer"), { recursive: true, encoding: "utf8" })
      .filter((file) => /\.tsx?$/.test(file))
      .filter((file) => /host\s*[!=]==?\s*"electron"/.test(readFileSync(join(ROOT, "renderer", file), "utf8")));
    // The line that names the host, and what closing the window does: a browser's tab is closed by the browser, and quitting has its button.
    expect(asks.sort()).toEqual(["settings-strings.ts", "views/settings/general-form.tsx"]);
  });

  it("starts at log-in, in words where that cannot be set up", async () => {
    await page.getByRole("heading", { level: 1 }).first().waitFor();
    const folder = join(quarters.dir, "home/.config/autostart");
    writeFileSync(folder, "a file where the folder should be");
    await go(page, "settings");
    await switchOf(page, "Start when I log in").click();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.locator("#start-at-login-help", { hasText: "could not be set up" }).waitFor();
    expect(existsSync(join(app.dataDir, "settings.json"))).toBe(false);
    rmSync(folder);
    await save();
    expect(readFileSync(autostart(), "utf8")).toContain(`"${quarters.cli}" serve --no-open --quiet\n`);
  });

  it("asks for notifications by a click alone, and says what the browser answered", async () => {
    expect(await page.evaluate(() => Notification.permission)).toBe("default");
    await page.getByRole("button", { name: "Show notifications in this browser" }).click();
    await page.getByText("This browser refuses notifications of Gatelight.").waitFor();
    await context.grantPermissions(["notifications"], { origin: new URL(app.url).origin });
    await page.getByText("This browser shows them while").waitFor();
  });

  /** What a click in the tray does, done in the window. A new action does not compile without its line here. */
  const TRAY: Readonly<Record<TrayAction["do"], () => Promise<unknown>>> = {
    open: async () => {
      await go(page, "diagnosis/home/paper");
      await page.getByRole("heading", { name: "Incident log" }).waitFor();
    },
    screen: async () => {
      await go(page, "screen/home/paper");
      await remoteCanvas(page).waitFor();
    },
    repair: async () => {
      await go(page, "overview/home/paper");
      await page.getByRole("button", { name: /^Restart without second factor/ }).click();
      const dialog = page.getByRole("dialog", { name: /Restart without second factor/ });
      await dialog.getByRole("region", { name: "What will run" }).waitFor();
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
    },
    reconnect: () => more("Reconnect to the server"),
    "mask-amounts": async () => {
      await flip("Hide amounts until I ask for them");
      expect(saved().privacy.maskAmounts).toBe(true);
    },
    mute: async () => {
      await flip("Tell me when a light changes");
      expect(saved().notify.mute).toBe(true);
      await flip("Tell me when a light changes");
    },
    "start-at-login": async () => {
      await flip("Start when I log in");
      expect([saved().startAtLogin, existsSync(autostart())]).toEqual([false, false]);
    },
    "check-updates": async () => {
      await go(page, "settings");
      await page.getByText("Updates: come with the program that was installed").waitFor();
    },
    "copy-report": async () => {
      await context.grantPermissions(["clipboard-read", "clipboard-write", "notifications"], { origin: new URL(app.url).origin });
      await more("Copy report");
      await page.getByText("Report copied.").waitFor();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("Gatelight");
    },
    quit: async () => {
      await go(page, "settings");
      await page.getByRole("button", { name: "Quit Gatelight" }).click();
      await page.getByRole("button", { name: /^Really quit/ }).click();
      await page.getByRole("alert").getByText("The connection to Gatelight is lost.").waitFor();
      await expect.poll(() => existsSync(`/proc/${app.pid}`), { timeout: 15_000 }).toBe(false);
    },
  };

  it("does each thing that the tray's menu offers", async () => {
    const offered = new Set<string>();
    const walk = (items: readonly TrayItem[]): void => {
      for (const item of items) {
        if (item.kind === "menu") walk(item.items);
        else if (item.kind === "action" || item.kind === "check") offered.add(item.action.do);
      }
    };
    const troubled = server([broken()]);
    const link = { ...troubled.link, state: "down" as const };
    walk(trayModel(snapshot([{ ...troubled, link }]), { startAtLogin: false, mute: false, updates: true }).menu);
    expect([...offered].sort()).toEqual(Object.keys(TRAY).sort());
    await page.getByRole("button", { name: /Paper\s*down/ }).waitFor({ timeout: 40_000 });
    const { quit: _last, ...others } = TRAY;
    for (const act of Object.values(others)) await act();
  });

  it("saves the problem report, and exports and imports the settings", async () => {
    await go(page, "diagnosis/home/paper");
    await page
      .getByRole("button", { name: /report/i })
      .first()
      .click();
    const dialog = page.getByRole("dialog");
    const [report] = await Promise.all([page.waitForEvent("download"), dialog.getByRole("button", { name: "Save" }).click()]);
    expect(report.suggestedFilename()).toBe("gatelight-report.txt");
    await page.keyboard.press("Escape");
    await go(page, "settings");
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Export" }).click()]);
    const path = join(quarters.dir, "exported.json");
    await file.saveAs(path);
    const settings = schema.parse(JSON.parse(readFileSync(path, "utf8")));
    writeFileSync(path, JSON.stringify({ ...settings, notify: { afterSeconds: 1, mute: false } }));
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.getByRole("button", { name: "Import…" }).click()]);
    await chooser.setFiles(path);
    await save();
    expect(saved().notify.afterSeconds).toBe(1);
  });

  it("tells nothing while one of its tabs is looked at, once for all of them otherwise, and goes there by a click", async () => {
    const other = await context.newPage();
    await other.goto(app.url);
    await other.getByRole("button", { name: /Paper\s*down/ }).waitFor();
    const before = (await seen(page)).tries;
    await look(page, "hidden");
    await play("healthy");
    // It was about to, and saw that the other tab shows it.
    await other.getByRole("button", { name: /Paper\s*up/ }).waitFor({ timeout: 40_000 });
    await expect.poll(async () => (await seen(page)).tries, { timeout: 40_000 }).toBeGreaterThan(before);
    expect((await seen(page)).made).toEqual([]);
    await look(other, "hidden");
    await play("second-factor-pending");
    for (const one of [page, other]) {
      // What ended with the scenario before may be told too.
      const told = { title: FACTOR, body: expect.stringMatching(/^Approve the log-in/), tag: "gatelight/home/live" };
      await expect.poll(async () => (await seen(one)).made, { timeout: 40_000 }).toContainEqual(told);
    }
    await go(page, "settings");
    await page.evaluate(
      (title) => (window as Window & { seen?: Seen }).seen?.made.find((one) => one.title === title)?.dispatchEvent(new Event("click")),
      FACTOR,
    );
    expect(await page.evaluate(() => window.location.hash)).toBe("#/diagnosis/home/live");
    await other.close();
    await look(page, "visible");
  });

  it("is quit from its settings", async () => {
    expect(faults).toEqual([]);
    await TRAY.quit();
  });
});
