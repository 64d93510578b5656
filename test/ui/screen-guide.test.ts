import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type App, makeQuarters, type Quarters, startApp, type Visit, visit } from "../support/app.ts";
import { axeInBothThemes } from "../support/axe.ts";
import { missingPeers } from "../support/peers.ts";
import { clickRemote, remoteCanvas, showScreen } from "../support/remote-picture.ts";
import { launchChromium } from "../support/screen-stage.ts";
import { shot } from "../support/shot.ts";

/** The running app with a simulated home server on which all is well. */
describe.skipIf(missingPeers("chromium").length > 0)("the ways to the screen, and the guide beside it", () => {
  let quarters: Quarters;
  let browser: Browser;
  let app: App;
  const opened: Visit[] = [];
  beforeAll(async () => {
    quarters = makeQuarters();
    [app, browser] = await Promise.all([startApp(quarters, { simulate: "healthy" }), launchChromium()]);
  });
  afterEach(async () => {
    const faults = opened.flatMap((one) => one.faults);
    for (const { context } of opened.splice(0)) await context.close();
    expect(faults).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    quarters?.dispose();
  });
  async function open(size?: readonly [number, number]): Promise<Page> {
    const made = await visit(browser, app.url, size === undefined ? {} : { size });
    opened.push(made);
    await made.page.locator("main").waitFor();
    return made.page;
  }
  const guideOf = (page: Page) => page.getByRole("complementary", { name: "API settings" }).filter({ visible: true });

  it("a light's card leads there, and so does a key", async () => {
    const page = await open();
    for (const light of ["Socket", "Screen"]) {
      await page
        .getByRole("region", { name: "Chain of lights" })
        .getByRole("button", { name: new RegExp(`^${light}`) })
        .click();
      const card = page.getByRole("dialog", { name: new RegExp(`^${light}`) });
      await card.waitFor();
      expect(await axeInBothThemes(page)).toEqual([]);
      await card.getByRole("button", { name: "API settings" }).click();
      await remoteCanvas(page).waitFor({ timeout: 30_000 });
      expect(page.url()).toContain("#/screen/home/paper");
      // The card is no way to where one is.
      await page
        .getByRole("region", { name: "Chain of lights" })
        .filter({ visible: true })
        .getByRole("button", { name: new RegExp(`^${light}`) })
        .click();
      await card.getByRole("button", { name: "Evidence" }).waitFor();
      expect(await card.getByRole("button", { name: "API settings" }).count()).toBe(0);
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Overview" }).click();
      await remoteCanvas(page).waitFor({ state: "hidden" });
    }
    await page.keyboard.press("2");
    await remoteCanvas(page).waitFor({ timeout: 30_000 });
    expect(page.url()).toContain("#/screen/home/paper");
  });

  it.each([
    ["paper", "Paper", "4002"],
    ["live", "Live", "4001"],
  ])("%s: says the way, what should stand there and why, and what of it is proven", async (gateway, name, port) => {
    const page = await open();
    await showScreen(page, gateway, name);
    const guide = guideOf(page);
    expect(await guide.locator(".guide-path span").allInnerTexts()).toEqual(["Configure", "Settings", "API", "Settings"]);
    await guide.getByText(`${name} can be used`).waitFor({ timeout: 30_000 });
    expect(await guide.locator(".guide-light").getAttribute("data-state")).toBe("up");
    const states = () => guide.locator("[data-guide]").evaluateAll((all) => all.map((one) => one.getAttribute("data-guide")));
    // Through the relay an answer proves nothing about "localhost only".
    await expect.poll(states, { timeout: 20_000 }).toEqual(["proven", "proven", "open", "proven"]);
    const said = await guide.locator("[data-guide]").allInnerTexts();
    for (const [index, title, state, why] of [
      [0, `Socket port: ${port}`, "proven", "The relay sends"],
      [1, "Read-Only API: not ticked", "proven", "every order is refused"],
      [2, "localhost only: not ticked", "not known", "does not come from 127.0.0.1"],
      [3, "Trusted IPs: 127.0.0.1", "proven", "asks on its screen"],
    ] as const)
      for (const words of [title, state, why]) expect(said[index]).toContain(words);
  });

  it("says that settings are lost with a restart, offers the graceful stop with its price, and leaves without running it", async () => {
    const page = await open();
    await showScreen(page, "paper", "Paper");
    const guide = guideOf(page);
    await guide.getByText("lost when the container restarts, unless the gateway was stopped gracefully").waitFor();
    await guide.getByRole("button", { name: /^Save by stop and start/ }).click();
    const plan = page.getByRole("dialog", { name: /Paper/ });
    await plan.getByRole("region", { name: "What will run" }).getByText(/STOP/).first().waitFor({ timeout: 20_000 });
    expect(await axeInBothThemes(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await plan.waitFor({ state: "detached" });
    await guide.getByText("Paper can be used").waitFor();
  });

  it("tells of the keys also where the guide was put away", async () => {
    const page = await open();
    await showScreen(page, "paper", "Paper");
    const words = "Ctrl+Alt+Home brings them back";
    await guideOf(page).getByText(words).waitFor();
    const told = page.locator(".cover-told").filter({ visible: true });
    await clickRemote(page, [20, 20]);
    expect(await told.count()).toBe(0);
    await page.keyboard.press("Control+Alt+Home");
    await page.getByRole("button", { name: "Guide" }).click();
    await guideOf(page).waitFor({ state: "detached" });
    await clickRemote(page, [20, 20]);
    await told.getByText(words).waitFor();
    expect(await axeInBothThemes(page)).toEqual([]);
    await told.waitFor({ state: "detached", timeout: 20_000 });
  });

  it("in a small window nothing is cut off, and what belongs together stays together", async () => {
    const page = await open([800, 600]);
    await showScreen(page, "live", "Live");
    const tools = page.getByRole("toolbar", { name: "Screen controls" }).filter({ visible: true });
    const box = (name: string) => tools.getByRole("button", { name }).boundingBox();
    const [reconnect, guide] = [await box("Reconnect"), await box("Guide")];
    const age = await tools.locator(".update-age").boundingBox();
    if (reconnect === null || guide === null || age === null) throw new Error("not shown");
    const middle = (one: { y: number; height: number }) => one.y + one.height / 2;
    expect(Math.abs(middle(age) - middle(reconnect))).toBeLessThan(4);
    expect(Math.abs(middle(guide) - middle(reconnect))).toBeLessThan(4);
    const picture = await remoteCanvas(page).boundingBox();
    expect((picture?.x ?? 0) + (picture?.width ?? 0)).toBeLessThanOrEqual(800);
    expect((picture?.y ?? 0) + (picture?.height ?? 0)).toBeLessThanOrEqual(600);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(800);
    await shot(page, "screen-800");
  });
});
