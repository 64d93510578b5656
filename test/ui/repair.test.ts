import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type App, makeQuarters, type Quarters, startApp, type Visit, visit } from "../support/app.ts";
import { missingPeers } from "../support/peers.ts";
import { launchChromium } from "../support/screen-stage.ts";
import { shot } from "../support/shot.ts";

describe.skipIf(missingPeers("chromium").length > 0)("a repair from the window", () => {
  let quarters: Quarters;
  let browser: Browser;
  let app: App;
  let window: Visit;
  beforeAll(async () => {
    quarters = makeQuarters();
    [app, browser] = await Promise.all([startApp(quarters, { simulate: "relay-dead" }), launchChromium()]);
    window = await visit(browser, app.url);
  });
  afterEach(() => expect(window.faults).toEqual([]));
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    quarters?.dispose();
  });

  it("restarts the relay: the exact commands, then the run, then the proof, then green", async () => {
    const { page } = window;
    const verdict = page.getByRole("region", { name: "Verdict" });
    await expect.poll(() => verdict.getAttribute("data-state"), { timeout: 30_000 }).toBe("down");
    await verdict.getByRole("button", { name: /Restart the relay/ }).click();
    const dialog = page.getByRole("dialog");
    const commands = dialog.getByRole("region", { name: "What will run" });
    await commands
      .getByText(/mcp-ib-gateway-paper/)
      .first()
      .waitFor();
    expect((await commands.innerText()).toLowerCase()).toContain("socat");
    expect(await dialog.getByRole("list", { name: "What it costs" }).innerText()).toContain("No second factor is needed.");
    await shot(page, "repair-plan");
    await dialog.getByRole("button", { name: "Run it" }).click();
    await dialog.getByText("Cured.").waitFor({ timeout: 60_000 });
    await shot(page, "repair-cured");
    await dialog.getByRole("button", { name: "Close" }).last().click();
    await expect.poll(() => verdict.getAttribute("data-state"), { timeout: 30_000 }).toBe("up");
    // The finished repair is news, and stands in the incident log.
    await verdict.getByText("Cured.").waitFor();
    await page.keyboard.press("3");
    await page.getByRole("heading", { name: "Incident log" }).waitFor();
    await expect.poll(() => page.locator(".incidents").innerText()).toMatch(/relay/i);
  });

  it("asks twice before it restarts live's container, and runs nothing after the first time", async () => {
    const { page } = window;
    await page.getByRole("button", { name: /Play a scenario/ }).click();
    await page.getByRole("option", { name: "The second factor was not answered", exact: true }).click();
    await page.getByRole("navigation", { name: "Gateways and views" }).getByRole("button", { name: /^Live/ }).click();
    await page.keyboard.press("1");
    const verdict = page.getByRole("region", { name: "Verdict" });
    await verdict.getByText("LIVE", { exact: true }).waitFor();
    await verdict
      .getByRole("button", { name: /^Restart the container|^Restart without/ })
      .first()
      .click({ timeout: 30_000 });
    const dialog = page.getByRole("dialog");
    await dialog.getByText("LIVE gateway: programs that trade with real money lose their connection for a while.").waitFor();
    await dialog.getByRole("button", { name: "Run it" }).click();
    await dialog.getByRole("alert").getByText("This is confirmed twice.").waitFor();
    await shot(page, "repair-live-twice");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    expect(await page.locator(".run-strip").count()).toBe(0);
  });
});
