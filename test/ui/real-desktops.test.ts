import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type App, makeQuarters, type Quarters, SHOTS, startApp, type Visit, visit } from "../support/app.ts";
import { DESKTOP_PEERS, type Desktop, startDesktop } from "../support/desktop.ts";
import { missingPeers } from "../support/peers.ts";
import { clickRemote, remoteCanvas, remoteColours } from "../support/remote-picture.ts";
import { launchChromium } from "../support/screen-stage.ts";
import { type Sshd, startSshd } from "../support/sshd.ts";

const PASSWORD = "swordf1sh";

/** The picture is scaled: a pixel of the page may be two of the desktop. */
function isNear(desktop: Desktop, [x, y]: readonly [number, number]): boolean {
  const pointer = desktop.pointer();
  return Math.abs(pointer.x - x) <= 2 && Math.abs(pointer.y - y) <= 2;
}

/** x11vnc as paper's screen and TigerVNC as live's, behind Debian's sshd, in the app as it is. There is no Docker on that server. */
describe.skipIf(missingPeers("sshd", "ssh-keygen", "chromium", ...DESKTOP_PEERS).length > 0)("real desktops in the screen view", () => {
  let quarters: Quarters;
  let sshd: Sshd;
  let paper: Desktop;
  let live: Desktop;
  let browser: Browser;
  let app: App;
  let window: Visit;
  beforeAll(async () => {
    mkdirSync(SHOTS, { recursive: true });
    quarters = makeQuarters();
    [sshd, browser, paper, live] = await Promise.all([
      startSshd(),
      launchChromium(),
      startDesktop({ kind: "x11vnc", password: PASSWORD }),
      startDesktop({ kind: "tigervnc", password: PASSWORD }),
    ]);
    const gateway = (mode: "paper" | "live", desktop: Desktop) => ({
      id: mode,
      name: mode === "paper" ? "Paper" : "Live",
      mode,
      container: `mcp-ib-gateway-${mode}`,
      endpoints: { vnc: `127.0.0.1:${desktop.port}` },
    });
    app = await startApp(quarters, {
      env: { GATELIGHT_VNC_PASSWORD: PASSWORD },
      settings: {
        version: 1,
        servers: [
          {
            id: "home",
            docker: "/nonexistent/docker",
            reach: {
              kind: "ssh",
              host: "127.0.0.1",
              port: sshd.port,
              user: sshd.user,
              identityFiles: [sshd.identityFile],
              useAgent: false,
              useSshConfig: false,
              knownHostsFile: sshd.knownHostsFile,
            },
            gateways: [gateway("paper", paper), gateway("live", live)],
          },
        ],
      },
    });
    window = await visit(browser, app.url);
  });
  afterEach(() => expect(window.faults).toEqual([]));
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    await paper?.dispose();
    await live?.dispose();
    await sshd?.dispose();
    quarters?.dispose();
  });
  async function show(page: Page, gateway: "paper" | "live"): Promise<void> {
    await page.evaluate((to) => {
      location.hash = to;
    }, `#/screen/home/${gateway}`);
    await page.getByRole("heading", { level: 1, name: gateway === "paper" ? "Screen of Paper" : "Screen of Live" }).waitFor();
    await remoteCanvas(page).waitFor({ timeout: 30_000 });
    await expect.poll(() => remoteColours(page), { timeout: 15_000 }).toBeGreaterThan(5);
  }

  it("x11vnc: the picture is seen, a click and text arrive", async () => {
    const { page } = window;
    await page.locator("main").waitFor();
    await show(page, "paper");
    await clickRemote(page, [203, 157]);
    await expect.poll(() => isNear(paper, [203, 157]), { timeout: 10_000 }).toBe(true);
    await expect.poll(() => paper.typed(), { timeout: 10_000 }).toContain("\x1b[M ");
    await page.keyboard.type("Hello, Gate=42! 1");
    await expect.poll(() => paper.typed(), { timeout: 10_000 }).toContain("Hello, Gate=42! 1");
    // The view's own shortcuts are digits: keys belonged to the remote screen.
    expect(page.url()).toContain("#/screen/home/paper");
    await page.screenshot({ path: join(SHOTS, "real-x11vnc.png") });
    // Ctrl+Alt+Home takes them back.
    await page.keyboard.press("Control+Alt+Home");
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).not.toBe("CANVAS");
  });

  it("TigerVNC as live: nothing arrives until it is unlocked", async () => {
    const { page } = window;
    await show(page, "live");
    const lock = page.getByRole("switch", { name: "View only" }).filter({ visible: true });
    expect(await lock.isChecked()).toBe(true);
    await clickRemote(page, [300, 200]);
    await page.keyboard.type("locked");
    await lock.locator("xpath=ancestor-or-self::label").click();
    await expect.poll(() => lock.isChecked()).toBe(false);
    await clickRemote(page, [210, 160]);
    await page.keyboard.type("unlocked at last");
    await expect.poll(() => live.typed(), { timeout: 10_000 }).toContain("unlocked at last");
    expect(live.typed().replace("unlocked at last", "")).not.toContain("locked");
    expect(isNear(live, [210, 160])).toBe(true);
    await page.screenshot({ path: join(SHOTS, "real-tigervnc.png") });
  });

  it("keeps its picture while hidden and when the window is resized", async () => {
    const { page } = window;
    await show(page, "live");
    await page.evaluate(() => {
      location.hash = "#/overview/home/live";
    });
    await page.getByRole("region", { name: "Verdict" }).waitFor();
    await page.setViewportSize({ width: 900, height: 640 });
    await show(page, "live");
    const sizes = await page
      .locator(".screen-target canvas")
      .evaluateAll((all) => all.map((canvas) => [canvas.clientWidth > 0, canvas instanceof HTMLCanvasElement && canvas.width]));
    expect(sizes).toEqual([
      [true, 800],
      [true, 800],
    ]);
    await clickRemote(page, [215, 165]);
    await expect.poll(() => isNear(live, [215, 165]), { timeout: 10_000 }).toBe(true);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it("keeps the other screen open behind, and dims the last picture when its server dies", async () => {
    const { page } = window;
    await show(page, "paper");
    await paper.kill();
    await page
      .getByText(/connection is lost|No screen listens there/)
      .first()
      .waitFor({ timeout: 20_000 });
    await page.screenshot({ path: join(SHOTS, "real-died.png") });
    await show(page, "live");
    await clickRemote(page, [220, 170]);
    await expect.poll(() => isNear(live, [220, 170]), { timeout: 10_000 }).toBe(true);
  });

  it("gave the password to nobody", async () => {
    const { page, sent, received } = window;
    expect([...sent, ...received].filter((frame) => frame.includes("swordf1s"))).toEqual([]);
    expect(await page.content()).not.toContain("swordf1s");
    expect(`${app.output()}${Object.values(app.files()).join()}`).not.toContain("swordf1s");
  });
});
