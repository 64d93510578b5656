import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { HostLink } from "../../../electron/core/host-link/host-link.ts";
import { until } from "../../support/contract-fixture.ts";
import { DESKTOP_PEERS, type Desktop, type DesktopOptions, startDesktop } from "../../support/desktop.ts";
import { missingPeers } from "../../support/peers.ts";
import { buildScreenPage, launchChromium, pageLog, removeFolder, type ScreenStage, screenStage } from "../../support/screen-stage.ts";
import { type Sshd, startSshd } from "../../support/sshd.ts";
import { cleanUp, openLink, reachOf, until as untilState } from "../host-link/support.ts";

const SHOTS = resolve(import.meta.dirname, "../../ui/shots");

describe.skipIf(missingPeers("sshd", "ssh-keygen", "chromium", ...DESKTOP_PEERS).length > 0)(
  "a gateway's screen in a real browser, through a real sshd",
  () => {
    let staticDir: string;
    let sshd: Sshd;
    let link: HostLink;
    let browser: Browser;
    const undo: (() => Promise<unknown>)[] = [];
    beforeAll(async () => {
      mkdirSync(SHOTS, { recursive: true });
      [staticDir, sshd, browser] = await Promise.all([buildScreenPage(), startSshd(), launchChromium()]);
      link = openLink(reachOf(sshd)).link;
      await untilState(link, "up");
    });
    afterAll(async () => {
      await browser?.close();
      await cleanUp();
      await sshd?.dispose();
      await removeFolder(staticDir);
    });
    afterEach(async () => {
      for (const step of undo.splice(0).reverse()) await step();
    });

    async function desktopOf(options: DesktopOptions): Promise<Desktop> {
      const desktop = await startDesktop(options);
      undo.push(() => desktop.dispose());
      return desktop;
    }
    async function staged(ports: Record<string, number>, passwords: Record<string, string> = {}): Promise<ScreenStage> {
      const stage = await screenStage({ link, staticDir, ports, passwords });
      undo.push(() => stage.dispose());
      return stage;
    }
    async function visit(stage: ScreenStage, more = ""): Promise<Page> {
      const page = await browser.newPage({ viewport: { width: 820, height: 620 } });
      undo.push(() => page.close());
      await page.goto(`${stage.host.url}${more}`);
      return page;
    }
    /** Dark pixels of the canvas' upper part. */
    const ink = (page: Page): Promise<number> =>
      page.evaluate(() => {
        const data = document.querySelector("canvas")?.getContext("2d")?.getImageData(0, 0, 600, 60).data ?? [];
        let dark = 0;
        for (let i = 0; i < data.length; i += 4) if ((data[i] ?? 255) + (data[i + 1] ?? 255) + (data[i + 2] ?? 255) < 200) dark += 1;
        return dark;
      });
    const logged = (page: Page, line: string) => until(`the page notes "${line}"`, async () => (await pageLog(page)).includes(line), 30_000);

    it.each([
      ["x11vnc", "x11 desk", "3.8", []],
      ["tigervnc", "tiger desk", "3.8", []],
      // As plain servers speak, that know nothing of what came after RFC 6143's first version.
      ["x11vnc", "x11 desk", "3.3", ["-rfbversion", "3.3"]],
    ] as const)("%s (%s, RFB %s): the picture is painted, keyboard and mouse arrive, no password in the page", async (kind, name, version, args) => {
      const desktop = await desktopOf({ kind, password: "swordf1sh", args });
      const stage = await staged({ paper: desktop.port }, { paper: "swordf1sh" });
      const frames: string[] = [];
      const page = await browser.newPage({ viewport: { width: 820, height: 620 } });
      undo.push(() => page.close());
      page.on("websocket", (socket) => {
        socket.on("framereceived", ({ payload }) => frames.push(String(payload)));
        socket.on("framesent", ({ payload }) => frames.push(String(payload)));
      });
      await page.goto(stage.host.url);
      await logged(page, "painted");
      const log = await pageLog(page);
      expect(log.filter((line) => /policy|credential|security|error|failed/.test(line))).toEqual([]);
      expect(log.some((line) => line.startsWith("name:") && line.includes(name))).toBe(true);
      expect(stage.reports).toEqual([
        { kind: "login", version, login: "accepted" },
        { kind: "picture", picture: "painted" },
      ]);

      const box = await page.locator("canvas").boundingBox();
      const at = { x: Math.round((box?.x ?? 0) + 203), y: Math.round((box?.y ?? 0) + 157) };
      await page.mouse.click(at.x, at.y);
      await until("the pointer is there", () => desktop.pointer().x === 203 && desktop.pointer().y === 157);
      // A click as xterm reports it: ESC [ M, button, column, row.
      await until("the click arrived", () => desktop.typed().includes("\x1b[M "));
      const before = await ink(page);
      await page.keyboard.type("Hello, Gate=42!");
      await until("the text arrived", () => desktop.typed().includes("Hello, Gate=42!"));
      await until("the text is seen", async () => (await ink(page)) > before + 200);
      await page.screenshot({ path: join(SHOTS, `screen-${kind}-${version}.png`) });
      expect(frames.length).toBeGreaterThan(5);
      expect(frames.join()).not.toContain("swordf1s");
      expect(Number(await page.evaluate(() => document.body.dataset.painted))).toBeGreaterThan(0);

      await page.close();
      await until("the screen is closed with its page", () => stage.screens.openCount("home", "paper") === 0);
    });

    it("works without a password, and shows two screens at once", async () => {
      const paper = await desktopOf({ kind: "x11vnc" });
      const live = await desktopOf({ kind: "tigervnc" });
      const stage = await staged({ paper: paper.port, live: live.port });
      const [one, two] = await Promise.all([visit(stage), visit(stage, "&gateway=live&fit=1")]);
      await Promise.all([logged(one, "painted"), logged(two, "painted")]);
      expect([stage.screens.openCount("home", "paper"), stage.screens.openCount("home", "live")]).toEqual([1, 1]);
      await one.screenshot({ path: join(SHOTS, "screen-no-password.png") });
    });

    it.each(["x11vnc", "tigervnc"] as const)("%s: tells a wrong password, and does not try the refused one again", async (kind) => {
      const desktop = await desktopOf({ kind, password: "rightone", terminal: false });
      const stage = await staged({ paper: desktop.port }, { paper: "wrongone" });
      const first = await visit(stage);
      await logged(first, "failed: password-missing");
      expect(stage.prompts).toHaveLength(1);
      expect(stage.reports[0]).toMatchObject({ kind: "login", login: "refused" });
      const second = await visit(stage);
      await logged(second, "failed: password-missing");
      expect(stage.reports.filter((report) => report.kind === "login")).toHaveLength(1);
    });

    it("tells that nothing listens, and that the server of the screen died while shown", async () => {
      const desktop = await desktopOf({ kind: "x11vnc" });
      const stage = await staged({ paper: desktop.port });
      const page = await visit(stage);
      await logged(page, "painted");
      await desktop.kill();
      await logged(page, "failed: closed");
      await logged(page, "disconnected: clean");
      const again = await visit(stage);
      await logged(again, "failed: refused");
      expect(stage.screens.openCount("home", "paper")).toBe(0);
    });

    it("tells TigerVNC's refusal after too many wrong passwords", async () => {
      const desktop = await desktopOf({
        kind: "tigervnc",
        password: "rightone",
        terminal: false,
        args: ["-BlacklistThreshold", "1", "-BlacklistTimeout", "60"],
      });
      for (const password of ["wrong1", "wrong2"]) {
        const page = await visit(await staged({ paper: desktop.port }, { paper: password }));
        await until("it is refused", async () => (await pageLog(page)).some((line) => line.startsWith("failed:")));
      }
      const stage = await staged({ paper: desktop.port }, { paper: "rightone" });
      await logged(await visit(stage), "failed: too-many-attempts");
      expect(stage.reports[0]).toMatchObject({ kind: "login", login: "too-many-attempts" });
    });
  },
);
