import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname } from "node:path";
import { app } from "electron";
import type { Log } from "../core/report/log.ts";
import { type AutostartFacts, autostartPlan } from "./autostart-plan.ts";

/** Brings the system in line with the setting; also at each start, since an AppImage may have been moved. Never throws. */
export function applyAutostart(on: boolean, log: Log, facts: AutostartFacts = here()): void {
  const plan = autostartPlan(facts);
  try {
    if (plan.kind === "login-item") {
      const item = { args: [...plan.args] };
      if (app.getLoginItemSettings(item).openAtLogin !== on) app.setLoginItemSettings({ ...item, openAtLogin: on });
    } else if (plan.kind === "desktop-file") {
      if (!on) rmSync(plan.file, { force: true });
      else if (readIfThere(plan.file) !== plan.text) {
        mkdirSync(dirname(plan.file), { recursive: true, mode: 0o700 });
        writeFileSync(plan.file, plan.text, { mode: 0o644 });
      }
    } else if (on) log.info("start at login is not set up", { why: plan.why });
  } catch (error) {
    log.warn("start at login could not be changed", { error });
  }
}

function here(): AutostartFacts {
  return { platform: process.platform, env: process.env, home: homedir(), execPath: process.execPath, packaged: app.isPackaged };
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}
