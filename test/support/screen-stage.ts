import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { systemClock } from "../../electron/core/clock.ts";
import type { HostLink } from "../../electron/core/host-link/host-link.ts";
import type { PromptRequest } from "../../electron/core/prompts.ts";
import type { ScreenReport } from "../../electron/core/screen/screen-ports.ts";
import { createScreens, type Screens } from "../../electron/core/screen/screens.ts";
import { createSnapshotStore } from "../../electron/core/snapshot-store.ts";
import { startWebHost, type WebHost } from "../../electron/web/web-host.ts";
import { BARE_SNAPSHOT, someHandlers } from "./contract-fixture.ts";
import { peer } from "./peers.ts";

/** Builds the least page that shows a screen. @returns its folder, to be removed by the caller */
export async function buildScreenPage(): Promise<string> {
  const outDir = await mkdtemp(join(tmpdir(), "gatelight-screen-page-"));
  await build({
    root: resolve(import.meta.dirname, "../ui/fixtures-screen"),
    base: "./",
    configFile: false,
    logLevel: "error",
    build: { outDir, emptyOutDir: true, target: "chrome140", modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
  });
  return outDir;
}

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: peer("chromium"),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export interface ScreenStage {
  readonly host: WebHost;
  readonly screens: Screens;
  readonly reports: ScreenReport[];
  readonly prompts: PromptRequest[];
  dispose(): Promise<void>;
}
/** Screens and the browser host around a link, as Core wires them. Ports are the VNC ports by gateway, as the server sees them. */
export async function screenStage(options: {
  readonly link: HostLink;
  readonly staticDir: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly passwords: Readonly<Record<string, string>>;
}): Promise<ScreenStage> {
  const reports: ScreenReport[] = [];
  const prompts: PromptRequest[] = [];
  const kept = new Map(Object.entries(options.passwords));
  const screens = createScreens({
    link: () => options.link,
    address: async (_server, gateway) => {
      const port = options.ports[gateway];
      return port === undefined ? null : { host: "127.0.0.1", port };
    },
    secrets: {
      backend: { persistent: false, name: "memory", detail: "" },
      get: async (name) => (name.kind === "vnc-password" ? (kept.get(name.gateway) ?? null) : null),
      set: async () => {},
      forget: async () => {},
    },
    prompts: {
      async ask(request) {
        prompts.push(request);
        return { kind: "dismissed" };
      },
    },
    nameOf: (_server, gateway) => gateway,
    report: (_server, _gateway, report) => reports.push(report),
  });
  const host = await startWebHost({
    handlers: someHandlers({
      "screen.open": (ref, context) => screens.open(ref, context),
      "screen.close": async ({ screen }, { link }) => {
        screens.close(screen, link);
        return null;
      },
      "screen.picture": async ({ screen, picture }, { link }) => {
        screens.picture(screen, picture, link);
        return null;
      },
    }),
    store: createSnapshotStore(BARE_SNAPSHOT, systemClock),
    screens,
    staticDir: options.staticDir,
  });
  return {
    host,
    screens,
    reports,
    prompts,
    async dispose() {
      await host.close();
      screens.dispose();
    },
  };
}

/** The most memory in bytes that any page of that browser has held at once (VmHWM of its process). */
export async function peakOfPages(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  try {
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    const peaks = processInfo.map(({ type, id }) =>
      type === "renderer" ? Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1]) : 0,
    );
    return Math.max(...peaks) * 1024;
  } finally {
    await session.detach();
  }
}

/** What the page wrote down so far. */
export async function pageLog(page: Page): Promise<string[]> {
  return JSON.parse(await page.evaluate(() => document.body.dataset.log ?? "[]"));
}

export const removeFolder = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });
