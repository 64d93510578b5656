import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { SHOTS, type Visit, visit } from "../support/app.ts";
import { axeInBothThemes } from "../support/axe.ts";
import { DESKTOP_PEERS, type Desktop, startDesktop } from "../support/desktop.ts";
import { createFakeDocker } from "../support/fake-docker.ts";
import { foreignViewer } from "../support/foreign-viewer.ts";
import { missingPeers, peer } from "../support/peers.ts";
import { type RealHome, startRealHome } from "../support/real-home.ts";
import { clickRemote, remoteCanvas, remotePixel, showScreen, viewOnly } from "../support/remote-picture.ts";
import { inspected } from "../unit/probes/samples.ts";

const KINDS = [
  ["x11vnc", "paper", "Paper"],
  ["TigerVNC", "live", "Live"],
] as const;

/** x11vnc is paper's screen and TigerVNC live's: a terminal there writes down every key and click it gets. */
describe.skipIf(missingPeers("sshd", "ssh-keygen", "chromium", "convert", "display", ...DESKTOP_PEERS).length > 0)("the tools of the screen view", () => {
  let home: RealHome;
  let window: Visit;
  let page: Page;
  const desktops: Partial<Record<string, Desktop>> = {};
  /** Paper's container is this process: its children are the real x11vnc and Xvfb, its sockets those of this machine. */
  const docker = createFakeDocker();
  const desktop = (gateway: string): Desktop => {
    const found = desktops[gateway];
    if (found === undefined) throw new Error(`no desktop for ${gateway}`);
    return found;
  };
  beforeAll(async () => {
    mkdirSync(SHOTS, { recursive: true });
    [desktops.paper, desktops.live] = await Promise.all([startDesktop({ kind: "x11vnc" }), startDesktop({ kind: "tigervnc" })]);
    const name = "mcp-ib-gateway-paper";
    docker.setContainer(name, inspected({ state: { Status: "running", Pid: process.pid, StartedAt: "2026-11-22T09:00:00Z" }, ports: {}, networks: {} }));
    home = await startRealHome(
      [
        { id: "paper", name: "Paper", mode: "paper", vncPort: desktop("paper").port, contained: true },
        { id: "live", name: "Live", mode: "live", vncPort: desktop("live").port },
      ],
      { docker: docker.path },
    );
    window = await visit(home.browser, home.app.url);
    page = window.page;
    await page.locator("main").waitFor();
  });
  afterEach(async () => {
    if ((await page.getByRole("dialog").count()) > 0) await page.keyboard.press("Escape");
    expect(window.faults).toEqual([]);
  });
  afterAll(async () => {
    await home?.dispose();
    for (const one of Object.values(desktops)) await one?.dispose();
    docker.dispose();
  });
  const tool = (name: string | RegExp) => page.getByRole("button", { name }).filter({ visible: true });
  const arrived = (gateway: string, keys: string) => expect.poll(() => desktop(gateway).typed(), { timeout: 15_000 }).toContain(keys);

  it("live is locked: no key, click or wheel reaches the X server, and what would send is off", async () => {
    await showScreen(page, "live", "Live");
    const before = desktop("live").pointer();
    await clickRemote(page, [300, 200]);
    await page.mouse.wheel(0, 200);
    await page.keyboard.type("locked");
    await page.keyboard.press("Control+C");
    expect(await tool("Send keys").isDisabled()).toBe(true);
    await tool("Clipboard").click();
    const dialog = page.getByRole("dialog", { name: "Clipboard" });
    expect(await dialog.getByRole("button", { name: "Send" }).isDisabled()).toBe(true);
    await dialog.getByText("The screen is view only.").waitFor();
    await page.keyboard.press("Escape");
    expect(desktop("live").pointer()).toEqual(before);
    await clickRemote(page, [310, 205]);
    await page.getByText("View only: mouse and keys stay here.").waitFor();
    await page.screenshot({ path: join(SHOTS, "tools-locked.png") });
    await page.getByRole("button", { name: "Unlock" }).click();
    expect(await viewOnly(page).isChecked()).toBe(false);
    // Whatever had been sent would have come before this.
    await clickRemote(page, [210, 160]);
    await page.keyboard.type("unlocked");
    await arrived("live", "unlocked");
    // One press and one release of the mouse, as xterm reports them, and the word.
    const [press, release] = ["\x1b[M ", "\x1b[M#"].map((report) => desktop("live").typed().split(report).length - 1);
    expect({ press, release, length: desktop("live").typed().length }).toEqual({ press: 1, release: 1, length: 2 * 6 + "unlocked".length });
  });

  it.each(KINDS)("%s: keys that the own system would keep are sent from the menu", async (_kind, gateway, name) => {
    await showScreen(page, gateway, name);
    await clickRemote(page, [205, 160]);
    // As xterm writes them.
    for (const [item, keys] of [
      ["Ctrl+Alt+Del", "\x1b[3;7~"],
      ["Alt+F4 (closes the window there)", "\x1b[1;3S"],
      ["Esc", "\x1b"],
      ["Tab", "\t"],
    ] as const) {
      const before = desktop(gateway).typed().length;
      await tool("Send keys").click();
      await page.getByRole("menuitem", { name: item, exact: true }).click();
      await expect.poll(() => desktop(gateway).typed().slice(before).endsWith(keys), { timeout: 10_000 }).toBe(true);
    }
    // The focus comes back to the picture with the next frame.
    await expect.poll(() => page.evaluate(() => document.activeElement?.closest(".screen-target") !== null)).toBe(true);
    await page.keyboard.type("and on");
    await arrived(gateway, "and on");
  });

  it.each(KINDS)("%s: text goes over by button, and comes back by button", async (_kind, gateway, name) => {
    await window.context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await showScreen(page, gateway, name);
    await tool("Clipboard").click();
    const dialog = page.getByRole("dialog", { name: "Clipboard" });
    await dialog.getByLabel("Text for the gateway's screen").fill(`4002 for ${gateway}`);
    await dialog.getByRole("button", { name: "Send" }).click();
    await dialog.getByText("Sent. Paste there").waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await clickRemote(page, [205, 160]);
    await expect
      .poll(
        async () => {
          // xterm pastes the selection with Shift+Insert; the server hands it over a moment later.
          await page.keyboard.press("Shift+Insert");
          return desktop(gateway).typed();
        },
        { timeout: 15_000, interval: 300 },
      )
      .toContain(`4002 for ${gateway}`);
    // A word of the terminal's first line, selected there with the mouse; Shift keeps the terminal from reporting the clicks.
    await clickRemote(page, [205, 160]);
    await page.keyboard.down("Shift");
    await clickRemote(page, [30, 12], 2);
    await page.keyboard.up("Shift");
    await tool("Clipboard").click();
    const there = dialog.getByLabel("Copied on the gateway's screen");
    await expect.poll(() => there.inputValue(), { timeout: 15_000 }).toBe("GATELIGHT");
    expect(await axeInBothThemes(page)).toEqual([]);
    await page.screenshot({ path: join(SHOTS, `tools-clipboard-${gateway}.png`) });
    await dialog.getByRole("button", { name: "Copy", exact: true }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe("GATELIGHT");
  });

  it.each([
    ["x11vnc", "paper", "Paper", "Sent. This screen takes Latin letters only"],
    ["TigerVNC", "live", "Live", "Sent. Paste there"],
  ] as const)("%s: it is said when not every character could go over", async (_kind, gateway, name, said) => {
    await showScreen(page, gateway, name);
    await tool("Clipboard").click();
    const dialog = page.getByRole("dialog", { name: "Clipboard" });
    for (const [text, words] of [
      ["Größe", "Sent. Paste there"],
      ["5 €", said],
    ] as const) {
      await dialog.getByLabel("Text for the gateway's screen").fill(text);
      await dialog.getByRole("button", { name: "Send" }).click();
      await dialog.getByText(words).waitFor();
    }
  });

  it("a screenshot is the remote picture itself, whatever its size in the window", async () => {
    await showScreen(page, "paper", "Paper");
    const [download] = await Promise.all([page.waitForEvent("download"), tool("Save a screenshot").click()]);
    expect(download.suggestedFilename()).toMatch(/^paper-\d{4}-\d\d-\d\dT[\d-]+Z\.png$/);
    const file = join(home.quarters.dir, "shot.png");
    await download.saveAs(file);
    const png = readFileSync(file);
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([800, 600]);
    const colours = Number(execFileSync(peer("convert"), [file, "-format", "%k", "info:"], { encoding: "utf8" }));
    expect(colours).toBeGreaterThan(5);
  });

  it("full screen takes the keys at once, shows the whole picture, and is left with Ctrl+Alt+Home", async () => {
    await showScreen(page, "paper", "Paper");
    const width = () => remoteCanvas(page).evaluate((canvas) => canvas.clientWidth);
    const before = await width();
    await tool("Full screen").click();
    await expect.poll(() => page.evaluate(() => document.fullscreenElement?.className)).toBe("screen-frame");
    await expect.poll(width).toBeGreaterThan(before);
    // The guide that says so is out of sight.
    const told = page.locator(".cover-told").filter({ visible: true });
    await told.getByText("Ctrl+Alt+Home brings them back").waitFor();
    // Its words are in nobody's way.
    const below = await told.evaluate((words) => {
      const box = words.getBoundingClientRect();
      return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)?.tagName;
    });
    expect(below).toBe("CANVAS");
    await page.keyboard.type("in full screen");
    await arrived("paper", "in full screen");
    await page.keyboard.press("Control+Alt+Home");
    await expect.poll(() => page.evaluate(() => document.fullscreenElement)).toBe(null);
    await expect.poll(width).toBe(before);
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.closest(".screen-toolbar")?.className ?? document.activeElement?.tagName))
      .toBe("screen-toolbar");
  });

  it("TigerVNC: low traffic sends a fraction of what sharp sends for the same picture", async () => {
    await showScreen(page, "live", "Live");
    const { received } = window;
    const set = async (from: string, to: string) => {
      await tool(from).click();
      await page.getByRole("menuitemradio", { name: to }).click();
      await expect.poll(() => tool(to).count()).toBe(1);
    };
    let seed = 0;
    const cost = async () => {
      seed += 1;
      const [frames, pixel] = [received.length, await remotePixel(page, [300, 550])];
      const file = join(home.quarters.dir, `${seed}.png`);
      execFileSync(peer("convert"), ["-size", "790x66", "-seed", String(seed), "plasma:fractal", file]);
      desktop("live").picture(file);
      await expect.poll(() => remotePixel(page, [300, 550]), { timeout: 15_000 }).not.toBe(pixel);
      // Nothing more of it comes once a later click has been answered.
      const count = desktop("live").typed().length;
      await clickRemote(page, [205, 160]);
      await expect.poll(() => desktop("live").typed().length).toBeGreaterThan(count);
      return received.slice(frames).reduce((sum, frame) => sum + frame.length, 0);
    };
    // A moment later the server makes up for what it left out: on a busy machine that may be counted, so that the least of several pictures tells.
    await set("Balanced", "Sharp");
    const sharp = Math.min(await cost(), await cost());
    await set("Sharp", "Low traffic");
    let low = Number.POSITIVE_INFINITY;
    const least = async () => {
      low = Math.min(low, await cost());
      return low;
    };
    await expect.poll(least, { timeout: 45_000, interval: 100 }).toBeLessThan(sharp / 2);
  });

  it("1:1 is sharp on a display of high density: each remote pixel is a block of its own", async () => {
    const dense = await visit(home.browser, home.app.url, { density: 2 });
    try {
      await dense.page.locator("main").waitFor();
      await showScreen(dense.page, "paper", "Paper");
      const fit = await remoteCanvas(dense.page).evaluate((canvas: HTMLCanvasElement) => [canvas.width, Math.round(canvas.getBoundingClientRect().width)]);
      expect(fit[0]).toBe(800);
      expect(fit[1]).not.toBe(800);
      await dense.page.getByRole("button", { name: "1:1" }).filter({ visible: true }).click();
      await expect.poll(() => remoteCanvas(dense.page).evaluate((canvas) => canvas.getBoundingClientRect().width)).toBe(800);
      const box = await dense.page.locator(".screen-frame").filter({ visible: true }).boundingBox();
      const canvas = await remoteCanvas(dense.page).boundingBox();
      if (box === null || canvas === null) throw new Error("nothing is shown");
      // The first line of the terminal: a title in white on blue.
      const clip = { x: Math.max(box.x, Math.ceil(canvas.x)) + 2, y: Math.max(box.y, Math.ceil(canvas.y)) + 2, width: 200, height: 14 };
      const shot = await dense.page.screenshot({ path: join(SHOTS, "tools-dense.png"), clip });
      const { width, height, at } = pixelsOf(shot);
      expect([width, height]).toEqual([400, 28]);
      let edges = 0;
      for (let y = 0; y < height; y += 2)
        for (let x = 0; x < width; x += 2) {
          expect([at(x + 1, y), at(x, y + 1), at(x + 1, y + 1)], `the block at ${x}, ${y}`).toEqual([at(x, y), at(x, y), at(x, y)]);
          if (x > 0 && at(x - 1, y) !== at(x, y)) edges += 1;
        }
      expect(edges).toBeGreaterThan(50);
      expect(dense.faults).toEqual([]);
    } finally {
      await dense.context.close();
    }
  });

  it("paper stays unlocked and live locked, each for itself", async () => {
    const fresh = await visit(home.browser, home.app.url);
    try {
      await fresh.page.locator("main").waitFor();
      await showScreen(fresh.page, "live", "Live");
      expect(await viewOnly(fresh.page).isChecked()).toBe(true);
      await showScreen(fresh.page, "paper", "Paper");
      expect(await viewOnly(fresh.page).isChecked()).toBe(false);
      // The other window has this one open too.
      await fresh.page.getByText("2 viewers share this screen's mouse and keyboard.").filter({ visible: true }).waitFor();
    } finally {
      await fresh.context.close();
    }
  });

  it("another program's viewer at the same screen is told of while it is there", async () => {
    await showScreen(page, "paper", "Paper");
    const note = page.getByText("2 viewers share this screen's mouse and keyboard.").filter({ visible: true });
    await note.waitFor({ state: "detached", timeout: 20_000 });
    const other = await foreignViewer(desktop("paper").port);
    try {
      await note.waitFor({ timeout: 20_000 });
      // They do share it.
      other.movePointer(432, 321);
      await expect.poll(() => desktop("paper").pointer(), { timeout: 10_000 }).toEqual({ x: 432, y: 321 });
      expect(await axeInBothThemes(page)).toEqual([]);
      await page.screenshot({ path: join(SHOTS, "tools-foreign-viewer.png") });
    } finally {
      await other.close();
    }
    await note.waitFor({ state: "detached", timeout: 20_000 });
  });

  it.each(KINDS)("%s: no key stays held there when the keys are taken back, or when it is locked meanwhile", async (_kind, gateway, name) => {
    await showScreen(page, gateway, name);
    if (await viewOnly(page).isChecked()) await viewOnly(page).locator("xpath=ancestor-or-self::label").click();
    const lock = viewOnly(page);
    const held = async (take: () => Promise<void>, keys: string) => {
      await clickRemote(page, [205, 160]);
      await take();
      await clickRemote(page, [205, 160]);
      await page.keyboard.type(keys);
      // With Ctrl or Alt held there they would be other characters.
      await arrived(gateway, keys);
    };
    await held(() => page.keyboard.press("Control+Alt+Home"), "taken back");
    await held(async () => {
      await page.keyboard.down("Alt");
      await lock.evaluate((element: HTMLElement) => element.click());
      await expect.poll(() => lock.isChecked()).toBe(true);
      await page.keyboard.up("Alt");
      await lock.evaluate((element: HTMLElement) => element.click());
      await expect.poll(() => lock.isChecked()).toBe(false);
    }, "locked and unlocked");
  });

  it("a gateway that is set from paper to live is locked, however it was before", async () => {
    await showScreen(page, "paper", "Paper");
    expect(await viewOnly(page).isChecked()).toBe(false);
    await page.evaluate(() => {
      location.hash = "#/settings";
    });
    await page.getByRole("button", { name: /mcp-ib-gateway-paper/ }).click();
    await page.getByRole("button", { name: /Mode$/ }).click();
    await page.getByRole("option", { name: /live/i }).click();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Settings saved.").waitFor();
    await showScreen(page, "paper", "Paper");
    expect(await viewOnly(page).isChecked()).toBe(true);
    const before = desktop("paper").typed();
    await clickRemote(page, [205, 160]);
    await page.keyboard.type("locked now");
    await page.getByText("View only: mouse and keys stay here.").filter({ visible: true }).waitFor();
    await page.getByRole("button", { name: "Unlock" }).filter({ visible: true }).click();
    await clickRemote(page, [205, 160]);
    await page.keyboard.type("unlocked");
    await arrived("paper", "unlocked");
    expect(desktop("paper").typed().slice(before.length)).not.toContain("locked now");
  });
});

/** @returns colours of a PNG, read by ImageMagick */
function pixelsOf(png: Buffer): { width: number; height: number; at: (x: number, y: number) => number } {
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const raw = execFileSync(peer("convert"), ["png:-", "-depth", "8", "rgb:-"], { input: png, maxBuffer: 64 << 20 });
  return { width, height, at: (x, y) => raw.readUIntBE((y * width + x) * 3, 3) };
}
