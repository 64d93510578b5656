import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, vi } from "vitest";
import { until } from "../support/contract-fixture.ts";
import type * as StandIn from "./electron-stand-in.ts";

/** Main from its sources, each start a program of its own: fresh modules, fresh Electron. Import it and use these names; it tidies up by itself. */
export let electron: typeof StandIn;
export let dir: string;
const before = { path: process.env.PATH, argv: process.argv, umask: process.umask() };

export interface StartOptions {
  readonly args?: string[];
  /** Whether the session bus knows a tray host. */
  readonly tray?: boolean;
  readonly lock?: boolean;
  /** Before anything of ours runs. */
  readonly prepare?: (electron: typeof StandIn) => void;
  /** What electron-updater gives. */
  readonly updater?: object;
}

export async function start(options: StartOptions = {}): Promise<void> {
  vi.resetModules();
  vi.doMock("electron", () => import("./electron-stand-in.ts"));
  vi.doMock("electron-updater", () => ({ default: { autoUpdater: options.updater } }));
  electron = await import("./electron-stand-in.ts");
  electron.app.lockFree = options.lock ?? true;
  options.prepare?.(electron);
  const bin = join(dir, "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "gdbus"), `#!/bin/sh\necho "(${options.tray ?? true},)"\n`);
  chmodSync(join(bin, "gdbus"), 0o755);
  process.env.PATH = `${bin}${delimiter}${before.path ?? ""}`;
  // An installed program has no script among its arguments.
  process.argv = ["electron", ...(electron.app.isPackaged ? [] : ["."]), "--data-dir", join(dir, "data"), ...(options.args ?? [])];
  await import("../../electron/main.ts");
  electron.app.becomeReady();
}
export const window = () => electron.BrowserWindowStandIn.all[0];
export const tray = () => electron.TrayStandIn.all[0];
export const log = () => (existsSync(join(dir, "data", "gatelight.log")) ? readFileSync(join(dir, "data", "gatelight.log"), "utf8") : "");
export async function running(options: StartOptions = {}): Promise<void> {
  await start(options);
  await until("the window", () => window()?.visible === true);
  if (options.tray !== false) await until("the tray", () => (tray()?.menusSet ?? 0) > 0);
}
export function click(label: string): void {
  const find = (items: readonly import("electron").MenuItemConstructorOptions[]): import("electron").MenuItemConstructorOptions | undefined =>
    items.find((item) => item.label === label) ??
    items.map((item) => (Array.isArray(item.submenu) ? find(item.submenu) : undefined)).find((item) => item !== undefined);
  const item = find(tray()?.menu.items ?? []);
  if (item === undefined) throw new Error(`no "${label}" in the tray`);
  Reflect.apply(item.click ?? (() => {}), undefined, []);
}
/** What is done in between sees another system. */
export async function onPlatform(platform: NodeJS.Platform, act: () => Promise<void>): Promise<void> {
  const before = Object.getOwnPropertyDescriptor(process, "platform");
  Object.defineProperty(process, "platform", { ...before, value: platform });
  try {
    await act();
    electron.app.quit();
    await until("the end", () => electron.app.quitDone);
  } finally {
    if (before !== undefined) Object.defineProperty(process, "platform", before);
  }
}
export const settings = () => {
  const file = join(dir, "data", "settings.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null;
};

const events = ["SIGINT", "SIGTERM", "SIGHUP", "uncaughtException", "unhandledRejection"] as const;
export let listeners: Map<string, unknown[]>;
const outputs: unknown[] = [process.stdout, process.stderr].flatMap((stream) => stream.listeners("error"));
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gatelight-shell-"));
  listeners = new Map(events.map((name) => [name, process.listeners(name as "SIGINT")]));
});
afterEach(async () => {
  if (electron.app.exitCode === null && !electron.app.quitDone) {
    electron.app.quit();
    await until("the end", () => electron.app.quitDone);
  }
  for (const name of events)
    for (const listener of process.listeners(name as "SIGINT")) if (!listeners.get(name)?.includes(listener)) process.off(name, listener);
  for (const stream of [process.stdout, process.stderr])
    for (const listener of stream.listeners("error")) if (!outputs.includes(listener)) stream.off("error", listener as () => void);
  process.env.PATH = before.path;
  process.argv = before.argv;
  process.umask(before.umask);
  rmSync(dir, { recursive: true, force: true });
});
