import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Visit, visit } from "../support/app.ts";
import { DESKTOP_PEERS, type Desktop, startDesktop } from "../support/desktop.ts";
import { missingPeers } from "../support/peers.ts";
import { type RealHome, startRealHome } from "../support/real-home.ts";
import { clickRemote, showScreen } from "../support/remote-picture.ts";
import { shot } from "../support/shot.ts";

const PASSWORD = "swordf1sh";

/** The picture is scaled: a pixel of the page may be two of the desktop. */
function isNear(desktop: Desktop, [x, y]: readonly [number, number]): boolean {
  const pointer = desktop.pointer();
  return Math.abs(pointer.x - x) <= 2 && Math.abs(pointer.y - y) <= 2;
}

/** x11vnc as paper's screen and TigerVNC as live's, behind Debian's sshd, in the app as it is. There is no Docker on that server. */
describe.skipIf(missingPeers("sshd", "ssh-keygen", "chromium", ...DESKTOP_PEERS).length > 0)("real desktops in the screen view", () => {
  let home: RealHome;
  let paper: Desktop;
  let live: Desktop;
  let window: Visit;
  beforeAll(async () => {
    [paper, live] = await Promise.all([startDesktop({ kind: "x11vnc", password: PASSWORD }), startDesktop({ kind: "tigervnc", password: PASSWORD })]);
    home = await startRealHome(
      [
        { id: "paper", name: "Paper", mode: "paper", vncPort: paper.port },
        { id: "live", name: "Live", mode: "live", vncPort: live.port },
      ],
      { env: { GATELIGHT_VNC_PASSWORD: PASSWORD } },
    );
    window = await visit(home.browser, home.app.url);
  });
  afterEach(() => expect(window.faults).toEqual([]));
  afterAll(async () => {
    await home?.dispose();
    await paper?.dispose();
    await live?.dispose();
  });
  const show = (page: Page, gateway: "paper" | "live") => showScreen(page, gateway, gateway === "paper" ? "Paper" : "Live");

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
    await shot(page, "real-x11vnc");
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
    await shot(page, "real-tigervnc");
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

  it("dims the last picture when its server dies, keeps the other screen open, and opens again by itself once it is back", async () => {
    const { page } = window;
    await show(page, "paper");
    await paper.kill();
    await page
      .getByText(/connection is lost|No screen listens there/)
      .first()
      .waitFor({ timeout: 20_000 });
    const last = page.locator(".screen-last").filter({ visible: true });
    expect(await last.evaluate((canvas: HTMLCanvasElement) => [canvas.width, canvas.height])).toEqual([800, 600]);
    expect(await last.evaluate((canvas) => getComputedStyle(canvas).filter)).toContain("brightness(0.4)");
    await shot(page, "real-died");
    await show(page, "live");
    await clickRemote(page, [220, 170]);
    await expect.poll(() => isNear(live, [220, 170]), { timeout: 10_000 }).toBe(true);
    await paper.restart();
    await show(page, "paper");
    await clickRemote(page, [225, 175]);
    await expect.poll(() => isNear(paper, [225, 175]), { timeout: 10_000 }).toBe(true);
  });

  it("gave the password to nobody", async () => {
    const { page, sent, received } = window;
    expect([...sent, ...received].filter((frame) => frame.includes("swordf1s"))).toEqual([]);
    expect(await page.content()).not.toContain("swordf1s");
    expect(`${home.app.output()}${Object.values(home.app.files()).join()}`).not.toContain("swordf1s");
  });
});
