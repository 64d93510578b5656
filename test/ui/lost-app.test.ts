import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type App, makeQuarters, type Quarters, startApp, visit } from "../support/app.ts";
import { axeInBothThemes } from "../support/axe.ts";
import { missingPeers } from "../support/peers.ts";
import { launchChromium } from "../support/screen-stage.ts";
import { shot } from "../support/shot.ts";

describe.skipIf(missingPeers("chromium").length > 0)("a window whose Gatelight is gone", () => {
  let quarters: Quarters;
  let browser: Browser;
  let app: App;
  beforeAll(async () => {
    quarters = makeQuarters();
    [app, browser] = await Promise.all([startApp(quarters, { simulate: "healthy" }), launchChromium()]);
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    quarters?.dispose();
  });

  it("says so at once, keeps what was last known as such, and asks for the new address after a restart", async () => {
    const { page, faults } = await visit(browser, app.url);
    const verdict = page.getByRole("region", { name: "Verdict" });
    await expect.poll(() => verdict.getAttribute("data-state"), { timeout: 30_000 }).toBe("up");
    expect(faults).toEqual([]);
    await app.stop("SIGKILL");
    const banner = page.getByRole("alert");
    await banner.getByText("The connection to Gatelight is lost.").waitFor();
    await banner.getByText("What you see is the last known state.").waitFor();
    expect(await verdict.isVisible()).toBe(true);
    // A green light that nobody vouches for must not look like one.
    expect(await page.title()).toBe("Paper unknown · Gatelight");
    expect(await page.locator("#content").evaluate((content) => getComputedStyle(content).filter)).toBe("grayscale(1)");
    expect(await axeInBothThemes(page)).toEqual([]);
    await shot(page, "lost-1-gone");

    const { port, dataDir } = app;
    app = await startApp(quarters, { simulate: "healthy", port, dataDir });
    await banner.getByText("This window is no longer signed in. Open the address that Gatelight printed when it started.").waitFor({ timeout: 30_000 });
    await shot(page, "lost-2-signed-out");
    await page.goto(app.url);
    await expect.poll(() => verdict.getAttribute("data-state"), { timeout: 30_000 }).toBe("up");
    await banner.waitFor({ state: "detached" });
    expect(page.url()).not.toContain(app.token);
    // Refused connections stand in the console by the browser's own hand; nothing else may.
    expect(faults.filter((fault) => !/ERR_CONNECTION_REFUSED|WebSocket connection to/.test(fault))).toEqual([]);
  });
});
