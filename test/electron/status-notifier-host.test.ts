import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { describe, expect, it } from "vitest";
import { hasTrayHost, type RunProgram } from "../../electron/shell/tray-host.ts";
import { until } from "../lab/processes.ts";
import { peerPath } from "../support/peers.ts";
import { parseGVariant } from "./gvariant-text.ts";
import { difference, findPicture, type Picture } from "./picture.ts";
import { noHostBecause, startStatusNotifierHost } from "./status-notifier-host.ts";

const WAIT_MS = 30_000;
const browser = peerPath("chromium");
const missing = browser === null ? "Chromium is not installed (chromium)" : noHostBecause();
if (missing !== null) process.stderr.write(`The test of the StatusNotifier host itself is left out: ${missing}.\n`);

describe.skipIf(missing !== null)("the real StatusNotifier host, with an icon by the code of Chromium that Electron's Tray uses", () => {
  it("shows icon and menu, passes a click on, and is bare again afterwards", async () => {
    const dir = mkdtempSync(join(tmpdir(), "gatelight-tray-peer-"));
    const host = await startStatusNotifierHost();
    try {
      // Each of the programs that may be there sees the host as Chromium does, which never asks a second time.
      const env = { ...process.env, ...host.env };
      for (const only of ["gdbus", "busctl", "dbus-send"]) {
        const runs: RunProgram = async (program, args) => (program === only ? execFileSync(program, args, { env, encoding: "utf8" }) : Promise.reject());
        expect(await hasTrayHost("linux", runs), only).toBe(true);
      }
      const nowhere = { ...env, DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(dir, "no-bus")}` };
      expect(await hasTrayHost("linux", async (program, args) => execFileSync(program, args, { env: nowhere, encoding: "utf8", stdio: "pipe" }))).toBe(false);
      const bare = host.panel();
      expect(await host.items()).toEqual([]);
      // An extension that wants to run in the background is what makes Chromium show its icon.
      const extension = join(dir, "lamp");
      mkdirSync(extension);
      writeFileSync(join(extension, "worker.js"), "");
      // "&&" is how menus in Chromium and Electron write an ampersand.
      const manifest = { manifest_version: 3, name: "Lamp && co_1", version: "1", permissions: ["background"], background: { service_worker: "worker.js" } };
      writeFileSync(join(extension, "manifest.json"), JSON.stringify(manifest));
      const context = await chromium.launchPersistentContext(join(dir, "profile"), {
        executablePath: browser ?? "",
        headless: false,
        ignoreDefaultArgs: ["--disable-extensions"],
        args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--window-position=0,200", `--load-extension=${extension}`],
        env: { ...process.env, ...host.env },
      });
      try {
        const item = await until(
          async () => (await host.items())[0],
          WAIT_MS,
          () => "Chromium's icon is registered",
        );
        await until(
          () => difference(bare, host.panel()) > 500,
          WAIT_MS,
          () => "the bar shows it",
        );
        expect(await item.read()).toMatchObject({ status: "Active", tooltip: "Chromium", pictures: [{ width: expect.any(Number) }] });
        const ticked = await until(
          async () => (await item.menu()).find((line) => line.checked === true),
          WAIT_MS,
          () => "its menu has a ticked line",
        );
        expect((await item.menu()).map((line) => line.label)).toContain("Lamp & co_1");

        const closed = host.panel();
        const before = host.screen();
        await host.point({ x: 28, y: 28 });
        await until(
          () => difference(before, host.screen()) > 20_000 && difference(closed, host.panel()) > 0,
          WAIT_MS,
          () => "the panel has opened the menu",
        );
        await host.point(null);
        await item.click(ticked.id);
        // The panel keeps what it drew until the program leaves the bus: this Chromium tells a host nothing when it takes an icon away.
        await until(
          () =>
            item.read().then(
              () => false,
              () => true,
            ),
          WAIT_MS,
          () => "the click has made Chromium take its icon away",
        );
      } finally {
        await context.close();
      }
      await until(
        async () => (await host.items()).length === 0,
        WAIT_MS,
        () => "no icon is registered",
      );
      await until(
        () => difference(bare, host.panel()) === 0,
        WAIT_MS,
        () => "the bar is bare again",
      );
    } finally {
      await host.dispose();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    }
  }, 150_000);
});

describe("what is read of a host", () => {
  it.each([
    ["(<@as []>,)\n", [[]]],
    [
      "(uint32 7, (0, {'children-display': <'submenu'>}, [<(1, {'label': <'E_xit'>, 'toggle-state': <-1>}, @av [])>]))",
      [7, [0, { "children-display": "submenu" }, [[1, { label: "E_xit", "toggle-state": -1 }, []]]]],
    ],
    ["({'IconPixmap': <[(1, 1, [byte 0xff, 0x01, 0x02, 0x80])]>, 'Menu': <objectpath '/M'>},)", [{ IconPixmap: [[1, 1, [255, 1, 2, 128]]], Menu: "/M" }]],
    [`("it's", '\\u25cf \\'a\\' \\\\ ●', b'ab\\001', true, int64 5, 1.5)`, ["it's", "● 'a' \\ ●", [97, 98, 1, 0], true, 5, 1.5]],
  ])("gdbus's %s", (text, value) => {
    expect(parseGVariant(text)).toEqual(value);
  });
  it.each(["", "(", "(1,", "{'a' 1}", "'open", "(1) 2", "frog"])("refuses %j", (text) => {
    expect(() => parseGVariant(text)).toThrow("not GVariant text");
  });
  it("finds a picture by its opaque pixels alone", () => {
    const make = (width: number, height: number, pixels: readonly number[]): Picture => ({
      width,
      height,
      argb: Uint8Array.from(pixels.flatMap((pixel) => [pixel >>> 24, (pixel >> 16) & 255, (pixel >> 8) & 255, pixel & 255])),
    });
    const small = make(2, 1, [0xff10aa10, 0x80ffffff]);
    expect(findPicture(make(3, 2, [0xff000000, 0xff000000, 0xff000000, 0xff000000, 0xff10aa12, 0xff333333]), small)).toEqual({ x: 1, y: 1 });
    expect(findPicture(make(3, 2, [0xff000000, 0xff000000, 0xff000000, 0xff000000, 0xff000000, 0xff10aa10]), small)).toBeNull();
  });
});
