import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type App, makeQuarters, type Quarters, startApp, type Visit, visit } from "../support/app.ts";
import { missingPeers } from "../support/peers.ts";
import { AT, BLUE, clickRemote, remoteCanvas, remoteColours, remotePixel, WHITE } from "../support/remote-picture.ts";
import { launchChromium } from "../support/screen-stage.ts";
import { shot } from "../support/shot.ts";

const picture = (page: Page, name: string) => shot(page, `demo-${name}`);
const heading = (page: Page) => page.getByRole("region", { name: "Verdict" }).getByRole("heading", { level: 1 });

/** A newcomer's first minutes in the demo, from the green light through the incident and back. */
describe.skipIf(missingPeers("chromium").length > 0)("the demo", () => {
  let quarters: Quarters;
  let browser: Browser;
  let app: App;
  let window: Visit;
  beforeAll(async () => {
    quarters = makeQuarters();
    [app, browser] = await Promise.all([startApp(quarters, { simulate: "healthy" }), launchChromium()]);
  });
  afterEach(() => expect(window.faults).toEqual([]));
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    quarters?.dispose();
  });

  it("shows the paper gateway green with its money and live beside it within 10 s", async () => {
    window = await visit(browser, app.url);
    const { page } = window;
    const began = performance.now();
    await expect.poll(() => heading(page).innerText(), { timeout: 30_000 }).toBe("Paper can be used: the API answers and IBKR is connected.");
    const money = page.getByRole("region", { name: "Accounts" });
    await money.getByText("DU1234567").waitFor();
    await expect.poll(() => money.locator("[data-name=NetLiquidation] dd").innerText(), { timeout: 30_000 }).toMatch(/^\$[\d,]+\.\d\d/);
    const rail = page.getByRole("navigation", { name: "Gateways and views" });
    await rail.getByRole("button", { name: /Live\s*LIVE\s*up/ }).waitFor({ timeout: 30_000 });
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(await page.title()).toBe("Paper up · Gatelight");
    await picture(page, "1-green");
  });

  it("turns red when the incident is played, with the cause and its numbers", async () => {
    const { page } = window;
    await page.getByRole("button", { name: /Play a scenario/ }).click();
    await page.getByRole("option", { name: "API port listens but answers nobody" }).click();
    const verdict = page.getByRole("region", { name: "Verdict" });
    await expect.poll(() => verdict.getAttribute("data-state"), { timeout: 30_000 }).toBe("down");
    await verdict
      .getByText(/51 of 51/)
      .first()
      .waitFor();
    expect(await verdict.getByText("Cause: certain").count()).toBe(1);
    await page
      .getByRole("region", { name: "Chain of lights" })
      .getByRole("button", { name: /^Socket down/ })
      .waitFor();
    // What was owned stays to be seen, and is said to be old.
    await page.getByText("Not current").waitFor({ timeout: 30_000 });
    await picture(page, "2-red");
  });

  it("opens the gateway's own window, where a person unticks “localhost only” and applies", async () => {
    const { page } = window;
    await page.getByRole("region", { name: "Verdict" }).getByRole("button", { name: "API settings" }).click();
    await remoteCanvas(page).waitFor({ timeout: 30_000 });
    await expect.poll(() => remoteColours(page)).toBeGreaterThan(40);
    await picture(page, "3-screen");
    await clickRemote(page, AT.menuConfigure);
    await expect.poll(() => remotePixel(page, AT.menuFace)).toBe(WHITE);
    await clickRemote(page, AT.menuSettings);
    await expect.poll(() => remotePixel(page, AT.okFace)).toBe(BLUE);
    expect(await remotePixel(page, AT.localhostOnly)).toBe(BLUE);
    await picture(page, "4-dialog");
    await clickRemote(page, AT.localhostOnly);
    await expect.poll(() => remotePixel(page, AT.localhostOnly)).not.toBe(BLUE);
    await picture(page, "5-unticked");
    await clickRemote(page, AT.apply);
  });

  it("comes back to green in the same view, and the guide ticks what is proven", async () => {
    const { page } = window;
    const guide = page.getByRole("complementary", { name: "API settings" });
    await guide.getByText("Paper can be used: the API answers").waitFor({ timeout: 45_000 });
    await expect.poll(() => guide.locator("[data-guide=proven]").count(), { timeout: 15_000 }).toBeGreaterThan(0);
    expect(await guide.locator("[data-guide=contradicted]").count()).toBe(0);
    expect(page.url()).toContain("#/screen/home/paper");
    await picture(page, "6-green-again");
    await page.getByRole("button", { name: "Overview" }).click();
    await page.getByText("Not current").waitFor({ state: "detached", timeout: 15_000 });
    await picture(page, "7-overview");
  });

  it("never sent a password, and kept nothing but the token of this tab and the choice of theme", async () => {
    const { page, sent, received } = window;
    expect([...sent, ...received].filter((frame) => /gateligh(?!t)/.test(frame))).toEqual([]);
    expect(await page.evaluate(() => ({ local: Object.keys(localStorage), session: Object.keys(sessionStorage) }))).toEqual({
      local: ["gatelight.theme"],
      session: ["gatelight.token"],
    });
  });
});
