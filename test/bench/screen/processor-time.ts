import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import type { Browser } from "playwright-core";

const TICKS_A_SECOND = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** Processor time in s that a process and all its descendants have used so far; 0 for one that is gone. */
export function usedBy(pid: number): number {
  const parents = new Map<number, number>();
  const used = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const fields = readFileSync(`/proc/${name}/stat`, "latin1")
        .replace(/^.*\) /s, "")
        .split(" ");
      parents.set(Number(name), Number(fields[1]));
      // With those of its children that have ended.
      used.set(Number(name), (Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14])) / TICKS_A_SECOND);
    } catch {
      // Ended between the listing and the reading.
    }
  }
  const below = (of: number): boolean => of === pid || (parents.has(of) && below(parents.get(of) ?? 0));
  return [...used].reduce((sum, [one, seconds]) => sum + (below(one) ? seconds : 0), 0);
}

/** Processor time in s of the browser's pages and of its drawing, without the browser process, which the bench itself keeps busy. */
export async function usedByPages(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  try {
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    return processInfo.reduce((sum, one) => sum + (one.type === "renderer" || one.type === "GPU" ? one.cpuTime : 0), 0);
  } finally {
    await session.detach();
  }
}
