import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { expect } from "vitest";
import { AT, BLUE, clickRemote, remoteCanvas, remoteColours, remotePixel, WHITE } from "../support/remote-picture.ts";
import { launchChromium } from "../support/screen-stage.ts";
import type { Lab } from "./lab.ts";
import type { LabTest } from "./lab-test.ts";
import type { Watching } from "./watching.ts";

const SHOTS = resolve(import.meta.dirname, "../ui/shots");

interface Visit {
  readonly page: Page;
  readonly faults: string[];
  readonly sent: string[];
  readonly received: string[];
}

/** At the machine's own time, as everything in the lab is. */
async function visit(browser: Browser, url: string): Promise<Visit> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const [faults, sent, received]: [string[], string[], string[]] = [[], [], []];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("websocket", (socket) => {
    socket.on("framesent", ({ payload }) => sent.push(Buffer.from(payload).toString("latin1")));
    socket.on("framereceived", ({ payload }) => received.push(Buffer.from(payload).toString("latin1")));
  });
  await page.goto(url);
  return { page, faults, sent, received };
}

/**
 * What ended the incident, as a person does it in Gatelight's own window: the red light's way out, the password once, the box unticked on the
 * real X display through x11vnc, sshd and the browser, and the light that comes back in the same view.
 */
async function untickedThroughTheScreen(lab: Lab, watching: Watching): Promise<void> {
  await watching.green();
  const asked = Date.now();
  const browser = await launchChromium();
  let seen: Page | null = null;
  try {
    await lab.inject("localhost-only");
    await watching.first(asked, (line) => line.cause === "localhost-only", 75_000, "localhost-only is named");
    const { page, faults, sent, received } = await visit(browser, watching.url());
    seen = page;
    await page.getByRole("region", { name: "Verdict" }).getByRole("button", { name: "API settings" }).click();
    const question = page.getByRole("dialog", { name: "Screen password of Paper" });
    await question.getByLabel("VNC password").fill(lab.vncPassword);
    await page.keyboard.press("Enter");
    await remoteCanvas(page).waitFor({ timeout: 60_000 });
    await expect.poll(() => remoteColours(page), { timeout: 30_000 }).toBeGreaterThan(40);
    const guide = page.getByRole("complementary", { name: "API settings" });
    await guide.locator("[data-guide=contradicted]", { hasText: "localhost only" }).waitFor({ timeout: 30_000 });

    await clickRemote(page, AT.menuConfigure);
    await expect.poll(() => remotePixel(page, AT.menuFace), { timeout: 30_000 }).toBe(WHITE);
    await clickRemote(page, AT.menuSettings);
    await expect.poll(() => remotePixel(page, AT.localhostOnly), { timeout: 30_000 }).toBe(BLUE);
    await clickRemote(page, AT.localhostOnly);
    await expect.poll(() => remotePixel(page, AT.localhostOnly), { timeout: 30_000 }).not.toBe(BLUE);
    const applied = Date.now();
    await clickRemote(page, AT.apply);

    await guide.getByText("Paper can be used").waitFor({ timeout: 120_000 });
    expect(await guide.locator("[data-guide=contradicted]").count()).toBe(0);
    expect(await guide.locator("[data-guide=proven]").count()).toBeGreaterThan(0);
    expect(page.url()).toContain("#/screen/lab/paper");
    mkdirSync(SHOTS, { recursive: true });
    await page.screenshot({ path: join(SHOTS, "lab-unticked.png") });
    await watching.first(applied, (line) => line.light === "gateway" && line.to === "up", 120_000, "the light is green again");
    expect(faults).toEqual([]);
    expect(received.filter((frame) => frame.includes(lab.vncPassword))).toEqual([]);
    expect(sent.filter((frame) => frame.includes(lab.vncPassword))).toHaveLength(1);
  } catch (error) {
    console.warn(`The window said:\n${(await seen?.locator("body").innerText())?.slice(0, 3_000) ?? "nothing yet"}\n${watching.story(12)}`);
    await lab.paper.anew();
    throw error;
  } finally {
    await browser.close();
    await lab.heal();
  }
}

export const BY_SCREEN: readonly LabTest[] = [
  {
    name: "“localhost only” is unticked through the gateway's own screen, and the cause is gone",
    run: untickedThroughTheScreen,
    timeout: 300_000,
    when: "every",
  },
];
