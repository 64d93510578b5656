import { readdirSync, readFileSync } from "node:fs";
import { getPriority, setPriority } from "node:os";
import { type Browser, chromium, type Page } from "playwright-core";
import { makeQuarters, startApp } from "../../support/app.ts";
import { createFakeDocker } from "../../support/fake-docker.ts";
import { peer } from "../../support/peers.ts";
import { shiftedBy } from "../../support/shift-clock.ts";
import { startSshd } from "../../support/sshd.ts";
import { inspected } from "../../unit/probes/samples.ts";
import { POSITIONS } from "./rates.ts";
import { startGateway } from "./start-gateway.ts";

const CONTAINER = "mcp-ib-gateway-paper";
const TICKS = 100;

/** What a window that is open did for a while. */
export interface Frames {
  readonly perSecond: number;
  /** Between two frames, ms: half and 99 of 100 are shorter. */
  readonly median: number;
  readonly p99: number;
  readonly longest: number;
  /** Tasks of more than 50 ms. */
  readonly longTasks: number;
  readonly longestTask: number;
}
export interface WindowResult {
  readonly still: Frames;
  readonly flooded: Frames;
  readonly sent: number;
  /** Shares of one core. */
  readonly mainProcess: number;
  readonly browser: number;
  /** Changes of the first row's price that the page saw, a second. */
  readonly changes: number;
  /** The chain from the server to the account, at the end. */
  readonly green: boolean;
}

/** Chromium begins a frame 60 times a second with or without work, so what is counted is what it could not keep. */
async function frames(page: Page, seconds: number): Promise<Frames> {
  return page.evaluate(
    (ms) =>
      new Promise<Frames>((done) => {
        const gaps: number[] = [];
        const tasks: number[] = [];
        const observer = new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) tasks.push(entry.duration);
        });
        observer.observe({ type: "longtask" });
        let last = performance.now();
        const begun = last;
        const next = (now: number) => {
          gaps.push(now - last);
          last = now;
          if (now - begun < ms) {
            requestAnimationFrame(next);
            return;
          }
          observer.disconnect();
          gaps.shift();
          const sorted = gaps.toSorted((a, b) => a - b);
          const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
          done({
            perSecond: (gaps.length * 1000) / gaps.reduce((sum, gap) => sum + gap, 0),
            median: at(0.5),
            p99: at(0.99),
            longest: sorted.at(-1) ?? 0,
            longTasks: tasks.length,
            longestTask: Math.max(0, ...tasks),
          });
        };
        requestAnimationFrame(next);
      }),
    seconds * 1000,
  );
}

/** Counts how often the page shows another price. */
const watchChanges = (page: Page) =>
  page.evaluate(() => {
    const body = document.querySelector(".positions table");
    if (body === null) throw new Error("no positions");
    let changes = 0;
    let seen = "";
    new MutationObserver(() => {
      const now = body.querySelector("tbody:not(.gap) td:nth-of-type(2)")?.textContent ?? "";
      if (now !== seen) changes++;
      seen = now;
    }).observe(body, { subtree: true, childList: true, characterData: true });
    Object.assign(window, { changesSeen: () => changes });
  });

const ticksOf = (pid: number): number => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return 0;
  }
};
const familyOf = (pid: number): number[] => {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
    return [pid, ...children.flatMap(familyOf)];
  } catch {
    return [];
  }
};

/** Chromium gives its processes priorities of their own; here they have the bench's, so that `nice` holds for all that is measured. */
function level(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      for (const thread of readdirSync(`/proc/${pid}/task`)) setPriority(Number(thread), getPriority());
    } catch {
      // It has ended, or this user may not raise it.
    }
  }
}

/**
 * The built app behind a real sshd, its window in Chromium on the overview with all positions, while the gateway floods. The window is measured still first:
 * this machine's best.
 */
export async function floodWindow(seconds: number, stillSeconds: number): Promise<WindowResult> {
  const gateway = await startGateway();
  const docker = createFakeDocker();
  const sshd = await startSshd();
  const quarters = makeQuarters();
  let browser: Browser | null = null;
  let app: Awaited<ReturnType<typeof startApp>> | null = null;
  try {
    // The app's clock stands at a quiet hour, and so must the server's.
    docker.setSkew(shiftedBy);
    const started = new Date(Date.now() - 3_600_000).toISOString();
    docker.setContainer(
      CONTAINER,
      inspected({ state: { Status: "running", Running: true, Pid: gateway.pid, ExitCode: 0, StartedAt: started, FinishedAt: "0001-01-01T00:00:00Z" } }),
    );
    const stamp = started.replace("Z", "000000Z");
    docker.appendLog(
      CONTAINER,
      `${stamp} .> Starting IBC/IB gateway`,
      `${stamp} 2026-11-24 08:00:00:000 IBC: Login has completed`,
      `${stamp} 2026-11-24 08:00:01:000 IBC: Configuration tasks completed`,
    );
    app = await startApp(quarters, {
      settings: {
        version: 1,
        servers: [
          {
            id: "home",
            reach: {
              ...{ kind: "ssh", host: "127.0.0.1", port: sshd.port, user: sshd.user },
              ...{ identityFiles: [sshd.identityFile], useAgent: false, useSshConfig: false, knownHostsFile: sshd.knownHostsFile },
            },
            docker: docker.path,
            gateways: [
              {
                id: "paper",
                mode: "paper",
                container: CONTAINER,
                ports: { relay: gateway.port, api: gateway.port, vnc: 5900 },
                endpoints: { api: `127.0.0.1:${gateway.port}` },
              },
            ],
          },
        ],
      },
    });
    browser = await chromium.launch({
      executablePath: peer("chromium"),
      args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
    });
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(app.url);
    await page.getByText(`Positions (${POSITIONS})`).waitFor({ timeout: 60_000 });
    await page.locator('.money[data-stale="false"]').waitFor({ timeout: 30_000 });
    const browsers = familyOf(process.pid).filter((pid) => readFileSync(`/proc/${pid}/comm`, "utf8").startsWith("chrom"));
    level(browsers);
    const still = await frames(page, stillSeconds);
    await watchChanges(page);
    level(browsers);
    const before = { app: ticksOf(app.pid), browser: browsers.map(ticksOf), at: performance.now() };
    gateway.flood();
    const flooded = await frames(page, seconds);
    const took = (performance.now() - before.at) / 1000;
    const share = (ticks: number) => ticks / TICKS / took;
    return {
      still,
      flooded,
      sent: gateway.sent(),
      mainProcess: share(ticksOf(app.pid) - before.app),
      browser: share(browsers.map(ticksOf).reduce((sum, ticks, i) => sum + ticks - (before.browser[i] ?? 0), 0)),
      changes: (await page.evaluate(() => (window as Window & { changesSeen?: () => number }).changesSeen?.() ?? 0)) / took,
      green: (await page.locator(".chain-main .stop-word").evaluateAll((words) => words.map((word) => word.getAttribute("data-state")))).every(
        (state) => state === "up",
      ),
    };
  } finally {
    await browser?.close();
    await app?.stop();
    gateway.stop();
    await sshd.dispose();
    docker.dispose();
    quarters.dispose();
  }
}
