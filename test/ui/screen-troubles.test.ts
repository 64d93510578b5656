import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { SHOTS, type Visit, visit } from "../support/app.ts";
import { axeInBothThemes } from "../support/axe.ts";
import { DESKTOP_PEERS, type Desktop, startDesktop } from "../support/desktop.ts";
import { missingPeers } from "../support/peers.ts";
import { type RealGateway, type RealHome, startRealHome } from "../support/real-home.ts";
import { clickRemote, goToScreen, remoteCanvas, remoteColours, showScreen } from "../support/remote-picture.ts";
import { type ScriptedServer, scriptedServer, serverInit, take, u32 } from "../support/scripted-server.ts";
import { freePort } from "../support/sshd.ts";

const RIGHT = "rightone";
/** Listens, and its accept queue is full: who connects hears nothing at all. */
const HUNG = `
import socket, time
one = socket.socket(); one.bind(("127.0.0.1", 0)); one.listen(0)
full = [socket.create_connection(one.getsockname())]
more = [socket.socket() for _ in range(3)]
for each in more: each.setblocking(False); each.connect_ex(one.getsockname())
print(one.getsockname()[1], flush=True)
time.sleep(3600)
`;

/** A gateway for each way in which a screen may not come, in the app as it is, behind Debian's sshd. */
describe.skipIf(missingPeers("sshd", "ssh-keygen", "chromium", ...DESKTOP_PEERS).length > 0)("a screen that does not come as it should", () => {
  let home: RealHome;
  let window: Visit;
  let page: Page;
  let folder: string;
  let hung: ChildProcess;
  let mute: ScriptedServer;
  let blank: ScriptedServer;
  let locked: Desktop;
  let open: Desktop;
  let unset: Desktop;
  let black: Desktop;
  beforeAll(async () => {
    mkdirSync(SHOTS, { recursive: true });
    folder = mkdtempSync(join(tmpdir(), "gl-troubles-"));
    // Docker takes the question and never answers.
    writeFileSync(join(folder, "docker"), "#!/bin/sh\nexec sleep 600\n", { mode: 0o755 });
    hung = spawn("python3", ["-c", HUNG], { stdio: ["ignore", "pipe", "inherit"] });
    if (hung.stdout === null) throw new Error("no output");
    const [line] = await once(hung.stdout, "data");
    mute = await scriptedServer((socket) => void socket.resume());
    blank = await scriptedServer(async (socket) => {
      socket.write("RFB 003.008\n");
      await take(socket, 12);
      socket.write(Buffer.from([1, 1]));
      await take(socket, 1);
      socket.write(u32(0));
      await take(socket, 1);
      socket.write(serverInit({ name: "blank" }));
      socket.resume();
    });
    [locked, open, unset, black] = await Promise.all([
      startDesktop({ kind: "x11vnc", password: RIGHT, terminal: true }),
      startDesktop({ kind: "x11vnc" }),
      startDesktop({ kind: "tigervnc", password: "", terminal: false }),
      startDesktop({ kind: "x11vnc", terminal: false }),
    ]);
    const paper = (id: string, vncPort?: number): RealGateway => ({ id, name: `The ${id} one`, mode: "paper", ...(vncPort === undefined ? {} : { vncPort }) });
    home = await startRealHome(
      [
        ...[paper("open", open.port), paper("locked", locked.port), paper("unset", unset.port), paper("black", black.port), paper("gone", await freePort())],
        ...[paper("unknown"), paper("hung", Number(String(line))), paper("mute", mute.port), paper("blank", blank.port)],
      ],
      { docker: join(folder, "docker"), env: { GATELIGHT_VNC_PASSWORD: "wrongone" } },
    );
    window = await visit(home.browser, home.app.url);
    page = window.page;
    await page.locator("main").waitFor();
    // Its five seconds go by behind the others.
    await go("black");
    await remoteCanvas(page).or(cover()).first().waitFor();
    // Four desktops, a browser, a server and the app begin at once.
  }, 180_000);
  afterEach(() => expect(window.faults).toEqual([]));
  afterAll(async () => {
    await home?.dispose();
    for (const desktop of [locked, open, unset, black]) await desktop?.dispose();
    for (const server of [mute, blank]) await server?.close();
    hung?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  const go = (gateway: string) => goToScreen(page, gateway, `The ${gateway} one`);
  const cover = () => page.locator(".cover").filter({ visible: true });
  const failures = (desktop: Desktop) =>
    desktop
      .log()
      .split("\n")
      .filter((text) => /authentication failed/i.test(text)).length;

  it.each([
    ["unknown", "Find the screen's address"],
    ["hung", "Connect to the screen"],
    ["mute", "Log in"],
    ["blank", "Wait for the first picture"],
  ])("%s: “%s” is shown while it lasts, and can be cancelled", async (gateway, step) => {
    const sockets = { mute, blank }[gateway]?.sockets ?? new Set();
    // The watcher may be there by itself.
    const others = new Set(sockets);
    await go(gateway);
    await cover().locator("[aria-current=step]", { hasText: step }).waitFor({ timeout: 15_000 });
    const ours = [...sockets].filter((socket) => !others.has(socket));
    expect(ours.length > 0).toBe(gateway === "mute" || gateway === "blank");
    await cover().getByRole("button", { name: "Cancel" }).click();
    await cover().getByRole("heading", { name: "Cancelled" }).waitFor();
    // Nothing is left behind at the other end, and nothing begins again by itself.
    await expect.poll(() => ours.filter((socket) => sockets.has(socket)), { timeout: 15_000 }).toEqual([]);
    await cover().getByRole("button", { name: "Open the screen" }).waitFor();
  });

  it("a password that is switched off on the server is not asked for, whatever is kept", async () => {
    await showScreen(page, "open", "The open one");
    expect(await page.getByRole("dialog").count()).toBe(0);
  });

  it("a server that wants a password and has none set says so, and that it is to be set", async () => {
    await go("unset");
    await expect.poll(() => cover().innerText(), { timeout: 20_000 }).toContain("The screen has no password set");
    await cover().getByText("Set VNC_SERVER_PASSWORD").waitFor();
    await page.screenshot({ path: join(SHOTS, "trouble-unset.png") });
  });

  it("nothing listens: it is off or has died", async () => {
    await go("gone");
    await cover().getByRole("heading", { name: "No screen listens there" }).waitFor({ timeout: 20_000 });
    await cover()
      .getByText(/^Trying again in /)
      .waitFor();
    await cover().getByRole("button", { name: "Stop trying" }).click();
    await page.screenshot({ path: join(SHOTS, "trouble-gone.png") });
  });

  it("a refused password is asked for once, said to count with 8 characters, and never tried again by itself", async () => {
    await go("locked");
    const question = page.getByRole("dialog", { name: "Screen password of The locked one" });
    await question.waitFor({ timeout: 20_000 });
    expect(await question.innerText()).toContain("The password that was kept is not accepted. Only the first 8 characters of a VNC password count.");
    expect(failures(locked)).toBe(1);
    await question.getByLabel("VNC password").fill("alsowrong");
    await page.keyboard.press("Enter");
    const refused = cover().getByRole("heading", { name: "The VNC password was refused" });
    await refused.waitFor({ timeout: 20_000 });
    expect(failures(locked)).toBe(2);
    expect(await axeInBothThemes(page)).toEqual([]);
    await page.screenshot({ path: join(SHOTS, "trouble-refused.png") });
    await cover().getByRole("button", { name: "Try again" }).click();
    await question.getByLabel("VNC password").fill(`${RIGHT}-and more`);
    await page.keyboard.press("Enter");
    await remoteCanvas(page).waitFor({ timeout: 20_000 });
    await expect.poll(() => remoteColours(page), { timeout: 15_000 }).toBeGreaterThan(5);
    expect(failures(locked)).toBe(2);
    expect(await page.getByRole("dialog").count()).toBe(0);
  });

  it("a screen that comes back by itself asks nobody for the password a second time", async () => {
    await showScreen(page, "locked", "The locked one");
    let asked = 0;
    const watched = page.locator(".cover, [role=dialog]").filter({ hasText: "Screen password of" });
    await locked.kill();
    await cover().getByRole("heading", { name: "The screen's connection is lost" }).waitFor({ timeout: 20_000 });
    await locked.restart();
    await expect
      .poll(
        async () => {
          asked += await watched.count();
          return remoteCanvas(page).count();
        },
        { timeout: 60_000 },
      )
      .toBe(1);
    expect([asked, failures(locked)]).toEqual([0, 2]);
  });

  it("connected and black is told as such, and ends when something is painted", async () => {
    await go("black");
    await page.getByText("Connected, but the screen shows nothing.").filter({ visible: true }).waitFor({ timeout: 30_000 });
    await page.screenshot({ path: join(SHOTS, "trouble-black.png") });
    black.paint();
    await page.getByText("Connected, but the screen shows nothing.").filter({ visible: true }).waitFor({ state: "detached", timeout: 15_000 });
  });

  it("a server that stopped where it stood is told with its silence; it goes on as if nothing had been", async () => {
    await showScreen(page, "open", "The open one");
    const note = page.getByText(/^The screen has not answered for \d+ s\.$/).filter({ visible: true });
    open.signal("SIGSTOP");
    await clickRemote(page, [205, 160]);
    await note.waitFor({ timeout: 30_000 });
    await page
      .getByText(/^changed \d+ s ago$/)
      .filter({ visible: true })
      .waitFor();
    await page.screenshot({ path: join(SHOTS, "trouble-silent.png") });
    expect(await page.locator(".cover-note").filter({ visible: true }).getByRole("button", { name: "Reconnect" }).count()).toBe(1);
    open.signal("SIGCONT");
    await note.waitFor({ state: "detached", timeout: 15_000 });
    await remoteCanvas(page).waitFor({ timeout: 15_000 });
    await page.keyboard.type("still there");
    await expect.poll(() => open.typed(), { timeout: 15_000 }).toContain("still there");
  });

  it("the server goes: the last picture stays, dimmed, with the reason; the wait can be cancelled, and it opens again", async () => {
    await showScreen(page, "open", "The open one");
    // Its sessions end, and it takes new connections without a word.
    home.sshd.signal("SIGSTOP");
    home.sshd.killSessions();
    await cover().getByRole("heading", { name: "The screen's connection is lost" }).waitFor({ timeout: 20_000 });
    await page.screenshot({ path: join(SHOTS, "trouble-server-gone.png") });
    await cover().locator("[aria-current=step]", { hasText: "Reach the server" }).waitFor({ timeout: 20_000 });
    await cover().getByRole("button", { name: "Cancel" }).click();
    await cover().getByRole("heading", { name: "Cancelled" }).waitFor();
    home.sshd.signal("SIGCONT");
    await cover().getByRole("button", { name: "Open the screen" }).click();
    await remoteCanvas(page).waitFor({ timeout: 60_000 });
    await expect.poll(() => remoteColours(page), { timeout: 15_000 }).toBeGreaterThan(5);
  });

  it("gave no password away, and asked for none a second time", async () => {
    expect(failures(locked)).toBe(2);
    expect(window.received.filter((frame) => /wrongone|alsowrong|rightone/.test(frame))).toEqual([]);
    expect(window.sent.filter((frame) => frame.includes("wrongone"))).toEqual([]);
    expect(`${home.app.output()}${Object.values(home.app.files()).join()}`).not.toMatch(/wrongone|alsowrong|rightone/);
  });
});
