import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type App, makeQuarters, type Quarters, type SimulatedHome, startApp, startSimulatedHome, type Visit, visit } from "../support/app.ts";
import { axeInBothThemes } from "../support/axe.ts";
import { missingPeers } from "../support/peers.ts";
import { remoteCanvas, remoteColours } from "../support/remote-picture.ts";
import { launchChromium } from "../support/screen-stage.ts";
import { shot } from "../support/shot.ts";

const WRONG = "wr0ngpas";
const picture = (page: Page, name: string) => shot(page, `first-${name}`);
const verdict = (page: Page) => page.getByRole("region", { name: "Verdict" });
const isUp = (page: Page) => expect.poll(() => verdict(page).getAttribute("data-state"), { timeout: 40_000 }).toBe("up");
const go = (page: Page, hash: string) =>
  page.evaluate((to) => {
    window.location.hash = to;
  }, hash);

/** From nothing to a green light on a server with a key of its own, as a person does it. The tests build on each other. */
describe.skipIf(missingPeers("chromium").length > 0)("the first server", () => {
  let quarters: Quarters;
  let browser: Browser;
  let home: SimulatedHome;
  let app: App;
  let window: Visit;
  beforeAll(async () => {
    quarters = makeQuarters();
    [app, home, browser] = await Promise.all([startApp(quarters), startSimulatedHome(quarters, "healthy"), launchChromium()]);
    window = await visit(browser, app.url);
  });
  afterEach(() => expect(window.faults).toEqual([]));
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    await home?.stop();
    quarters?.dispose();
  });

  it("offers two ways on; the simulated one is green at once, and can be left", async () => {
    const { page } = window;
    await page.getByRole("heading", { name: "A light for your IB Gateway" }).waitFor();
    expect(await axeInBothThemes(page)).toEqual([]);
    await picture(page, "1-welcome");
    await page.getByRole("button", { name: "Try the simulated one" }).click();
    await isUp(page);
    await page.getByText("This home server is simulated.").waitFor();
    await page.getByRole("button", { name: /^Leave/ }).click();
    await page.getByRole("heading", { name: "A light for your IB Gateway" }).waitFor();
    expect(Object.keys(app.files())).not.toContain("settings.json");
  });

  it("asks about the unknown host key with its fingerprint, and finds the containers", async () => {
    const { page } = window;
    await page.getByRole("button", { name: "Add your home server" }).click();
    await page.getByRole("heading", { name: "Add your home server" }).waitFor();
    // At home these stand there already; here the server is on this machine.
    await page.getByLabel("Host", { exact: true }).fill("127.0.0.1");
    await page.getByLabel("Port", { exact: true }).fill(String(home.ssh.port));
    await page.getByRole("button", { name: "Keys and agent" }).click();
    await page.getByLabel("Key files").fill(home.ssh.identityFile);
    await page.getByLabel("User", { exact: true }).fill(home.ssh.user);
    await page.getByRole("button", { name: "Test the connection" }).click();
    const question = page.getByRole("alertdialog");
    await question.getByText(home.ssh.hostKey, { exact: true }).waitFor({ timeout: 20_000 });
    expect(await axeInBothThemes(page)).toEqual([]);
    await picture(page, "2-host-key");
    // Enter alone must not trust a key.
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Do not connect");
    await question.getByRole("button", { name: "Trust and connect" }).click();
    await question.waitFor({ state: "detached" });
    const found = page.getByRole("list", { name: "Containers found" });
    await found.getByText("mcp-ib-gateway-paper", { exact: true }).waitFor({ timeout: 20_000 });
    expect(await found.getByText("looks like IB Gateway, paper").count()).toBe(1);
    expect(await found.getByText("looks like IB Gateway, live").count()).toBe(1);
    expect(await axeInBothThemes(page)).toEqual([]);
    await picture(page, "3-found");
  });

  it("goes green once added, without another question", async () => {
    const { page } = window;
    await page.getByRole("button", { name: "Add server", exact: true }).click();
    await isUp(page);
    await page.getByRole("region", { name: "Accounts" }).getByText("DU1234567").waitFor({ timeout: 20_000 });
    expect(await page.getByRole("alertdialog").count()).toBe(0);
    const saved = JSON.parse(app.files()["settings.json"] ?? "null");
    expect(saved).toMatchObject({ version: 1, servers: [{ reach: { host: "127.0.0.1", port: home.ssh.port, user: home.ssh.user } }] });
    expect(saved.servers[0].gateways.map((gateway: { container: string }) => gateway.container)).toEqual(["mcp-ib-gateway-paper", "mcp-ib-gateway-live"]);
    await picture(page, "4-green");
  });

  it("asks once for the screen's password, tells a wrong one, does not loop, and opens with the right one", async () => {
    const { page } = window;
    await page.getByRole("button", { name: "Screen", exact: false }).first().click();
    const question = page.getByRole("dialog", { name: "Screen password of Paper" });
    await question.waitFor({ timeout: 20_000 });
    expect(await question.innerText()).toMatch(/only the first 8 characters/i);
    expect(await axeInBothThemes(page)).toEqual([]);
    await picture(page, "5-password");
    await question.getByLabel("VNC password").fill(WRONG);
    await page.keyboard.press("Enter");
    const refused = page.getByRole("alert").filter({ hasText: "The VNC password was refused" });
    await refused.waitFor({ timeout: 20_000 });
    await picture(page, "6-refused");
    expect(await axeInBothThemes(page)).toEqual([]);
    // Left alone, it stays as it is: the next try is the person's.
    expect(await page.getByRole("dialog").count()).toBe(0);
    await refused.getByRole("button", { name: "Try again" }).click();
    await question.getByLabel("VNC password").fill(home.vncPassword);
    await question.getByRole("button", { name: "Continue" }).click();
    await remoteCanvas(page).waitFor({ timeout: 20_000 });
    await expect.poll(() => remoteColours(page)).toBeGreaterThan(40);
    expect(await question.count()).toBe(0);
  });

  it("shows live's screen view only until it is unlocked", async () => {
    const { page } = window;
    await page.getByRole("tab", { name: /Live/ }).click();
    const question = page.getByRole("dialog", { name: "Screen password of Live" });
    await question.getByLabel("VNC password").fill(home.vncPassword);
    await page.keyboard.press("Enter");
    await remoteCanvas(page).waitFor({ timeout: 20_000 });
    expect(await page.getByRole("switch", { name: "View only" }).filter({ visible: true }).isChecked()).toBe(true);
    await picture(page, "7-live-view-only");
    await page.getByRole("tab", { name: /Paper/ }).click();
    await expect.poll(() => page.getByRole("switch", { name: "View only" }).filter({ visible: true }).isChecked()).toBe(false);
  });

  it("hides amounts by the setting, again whenever the window loses the focus", async () => {
    const { page } = window;
    await go(page, "#/settings");
    await page
      .getByRole("switch", { name: /^Hide amounts/ })
      .locator("xpath=ancestor-or-self::label")
      .click();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Settings saved.").waitFor();
    await go(page, "#/overview");
    const money = page.getByRole("region", { name: "Accounts" });
    const worth = money.locator("[data-name=NetLiquidation] dd");
    await expect.poll(() => worth.innerText()).toBe("•••••");
    expect(await page.evaluate(() => document.body.innerText)).not.toMatch(/DU1234567|\$\d/);
    await page.getByRole("button", { name: "Show amounts" }).click();
    expect(await worth.innerText()).toMatch(/^\$\d/);
    await page.evaluate(() => globalThis.dispatchEvent(new Event("blur")));
    await expect.poll(() => worth.innerText()).toBe("•••••");
  });

  it("keeps no password anywhere but where it was typed for", async () => {
    const { page, received } = window;
    // The simulator's is the beginning of the app's own name.
    const secrets = [new RegExp(WRONG), new RegExp(`${home.vncPassword}(?!t)`)];
    const stores = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.documentElement.outerHTML]));
    const files = Object.entries(app.files());
    expect(files.map(([name]) => name)).toContain("settings.json");
    for (const secret of secrets) {
      expect(received.filter((frame) => secret.test(frame))).toEqual([]);
      expect(stores).not.toMatch(secret);
      expect(app.output()).not.toMatch(secret);
      expect(files.filter(([, text]) => secret.test(text)).map(([name]) => name)).toEqual([]);
    }
  });
});
