import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type ElectronApplication, _electron as electron } from "playwright-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectControl } from "../../electron/core/control/control-socket.ts";
import { type TrayItem, type TrayModel, trayModel } from "../../electron/core/tray-model.ts";
import { trayImage } from "../../electron/shell/tray-images.ts";
import type { Client } from "../../shared/rpc-client.ts";
import type { LightState } from "../../shared/words.ts";
import { until } from "../lab/processes.ts";
import { electronBinary } from "./electron-binary.ts";
import { difference, findPicture, type Picture, toPng } from "./picture.ts";
import { noHostBecause, type StatusNotifierHost, startStatusNotifierHost } from "./status-notifier-host.ts";
import type { MenuLine, StatusNotifierItem } from "./status-notifier-item.ts";

const ROOT = join(import.meta.dirname, "../..");
const STATE_MS = 60_000;
const binary = electronBinary();
const missing = binary === null ? "Electron's binary is not on this machine" : noHostBecause();
if (missing !== null) {
  // On the workflow's Linux it must not be left out unseen.
  if (binary !== null && process.platform === "linux" && process.env.CI === "true") throw new Error(missing);
  process.stderr.write(`The suite of the tray in a real StatusNotifier host is left out: ${missing}.\n`);
}

type Line = Omit<MenuLine, "id" | "items"> & { readonly items: readonly Line[] };
const wanted = (items: readonly TrayItem[]): Line[] =>
  items.flatMap((item) => {
    if (item.kind === "separator") return [];
    const checked = item.kind === "check" ? item.checked : null;
    return [{ label: item.text, enabled: item.kind !== "text", checked, items: item.kind === "menu" ? wanted(item.items) : [] }];
  });
const withoutIds = (lines: readonly MenuLine[]): Line[] =>
  lines.map(({ label, enabled, checked, items }) => ({ label, enabled, checked, items: withoutIds(items) }));

describe.skipIf(missing !== null)("the tray of Gatelight on real Electron, in a real StatusNotifier host", () => {
  let dir: string;
  let host: StatusNotifierHost;
  let app: ElectronApplication;
  let client: Client;
  let item: StatusNotifierItem;
  /** The bar with nothing on it. */
  let bare: Picture;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), "gatelight-electron-"));
    host = await startStatusNotifierHost();
    bare = host.panel();
    app = await electron.launch({
      executablePath: binary ?? "",
      args: ["--no-sandbox", ROOT, "--data-dir", dir, "--hidden", "--simulate", "healthy"],
      env: { ...process.env, ...host.env },
    });
    client = await until(
      () => connectControl(dir),
      STATE_MS,
      () => "Gatelight's control socket answers",
    );
    item = await until(
      async () => (await host.items())[0],
      STATE_MS,
      () => "Gatelight's icon is registered",
    );
  }, 120_000);
  afterEach(async () => {
    client?.close();
    await app?.close();
    await host?.dispose();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  });

  const model = (): TrayModel | null => (client.snapshot === null ? null : trayModel(client.snapshot, { startAtLogin: false, mute: false, updates: false }));
  /** Waits until the state is this one and the host has been told all that the model says of it. */
  const told = async (state: LightState): Promise<TrayModel> => {
    let last: unknown = null;
    return until(
      async () => {
        const now = model();
        const { tooltip } = await item.read();
        const menu = withoutIds(await item.menu());
        last = { tooltip, menu, wanted: now };
        return now?.icon === state && isDeepStrictEqual({ tooltip, menu }, { tooltip: now.tooltip, menu: wanted(now.menu) }) ? now : null;
      },
      STATE_MS,
      () => `the host was told of "${state}": ${JSON.stringify(last)}`,
    );
  };
  /** The state's picture as the bar would show it: Electron gives hosts the best of the file's resolutions. */
  const picture = async (state: LightState): Promise<Picture> => {
    const width = (await item.read()).pictures[0]?.width ?? 0;
    const file = trayImage(state, "linux", true);
    const png = readFileSync(join(ROOT, "build/tray", width > 24 ? file.replace(".png", "@2x.png") : file)).toString("base64");
    const bgra = await app.evaluate(({ nativeImage }, url) => [...nativeImage.createFromDataURL(url).toBitmap()], `data:image/png;base64,${png}`);
    const argb = bgra.map((_, at) => bgra[at - (at % 4) + 3 - (at % 4)] ?? 0);
    return { width, height: bgra.length / 4 / width, argb: Uint8Array.from(argb) };
  };
  /** Waits until the bar shows that picture. */
  const seen = async (state: LightState) => {
    const sought = await picture(state);
    return until(
      () => findPicture(host.panel(), sought),
      STATE_MS,
      () => `the bar shows "${state}"`,
    );
  };
  const keep = (name: string) => writeFileSync(join(tmpdir(), `gatelight-tray-${name}.png`), toPng(host.screen()));

  it("shows the state as picture, tooltip and menu, and all of them change with it", async () => {
    const up = await told("up");
    expect(up.tooltip).toBe("Gatelight: Paper up, Live up");
    const place = await seen("up");
    const [given] = (await item.read()).pictures;
    expect(given && findPicture(given, await picture("up"))).toEqual({ x: 0, y: 0 });
    expect((await item.menu()).map((line) => line.label)).toEqual(expect.arrayContaining(["● Paper: up", "Open Gatelight", "Quit Gatelight"]));

    const closed = host.screen();
    await host.point({ x: place.x + 12, y: place.y + 12 });
    // A menu of a dozen lines is larger than any tooltip.
    await until(
      () => difference(closed, host.screen()) > 20_000,
      STATE_MS,
      () => "the panel has opened the menu",
    );
    keep("menu");
    await host.point(null);

    await client.call("simulation.play", { scenario: "relay-dead" }, { deadlineMs: STATE_MS });
    const down = await told("down");
    expect(down.menu[0]).toMatchObject({ text: "▲ Paper: down, The relay (socat) in front of the API does not run" });
    await seen("down");
    expect(findPicture(host.panel(), await picture("up"))).toBeNull();
    keep("down");
  }, 240_000);

  it("opens the window from its menu, and is gone from the bar after quitting", async () => {
    await told("up");
    await seen("up");
    const visible = () => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().some((window) => window.isVisible()));
    expect(await visible()).toBe(false);
    // Each change of the state makes the menu anew, with new ids.
    await until(
      async () => {
        const open = (await item.menu()).find((line) => line.label === "Open Gatelight");
        if (open !== undefined) await item.click(open.id);
        return visible();
      },
      STATE_MS,
      () => "the window is visible",
    );

    await app.close();
    await until(
      async () => (await host.items()).length === 0,
      STATE_MS,
      () => "no icon is registered",
    );
    await until(
      () => difference(bare, host.panel()) === 0,
      STATE_MS,
      () => `the bar is bare again: ${difference(bare, host.panel())} pixels are not`,
    );
  }, 240_000);
});
