import { rmSync } from "node:fs";
import { homedir } from "node:os";
import { app } from "electron";
import { applyAutostartFile } from "../core/autostart/autostart-file.ts";
import { serveLoginFile } from "../core/autostart/serve-login-file.ts";
import type { StartAtLogin } from "../core/autostart/start-at-login.ts";
import type { Log } from "../core/report/log.ts";
import { type AutostartFacts, autostartPlan } from "./autostart-plan.ts";

/** Brings the system in line with the setting; also at each start, since an AppImage may have been moved. Never throws. */
export function desktopAtLogin(log: Log, facts: AutostartFacts = here()): StartAtLogin {
  const plan = autostartPlan(facts);
  return {
    hindrance: plan.kind === "none" ? plan.why : null,
    apply(on, asked) {
      try {
        if (plan.kind === "login-item") {
          const item = { args: [...plan.args] };
          if (app.getLoginItemSettings(item).openAtLogin !== on) app.setLoginItemSettings({ ...item, openAtLogin: on });
          // Only one of the two hosts: they share a data folder.
          const browser = serveLoginFile(facts);
          if (asked && browser !== null) rmSync(browser.file, { force: true });
        } else if (plan.kind === "desktop-file") applyAutostartFile(plan, on, asked);
        else if (on) log.info("start at login is not set up", { why: plan.why });
        return null;
      } catch (error) {
        log.warn("start at login could not be changed", { error });
        return `could not be set up (${error instanceof Error ? error.message : String(error)})`;
      }
    },
  };
}

/** macOS starts a log-in item without arguments, so that it must be asked whether this start is one. The app must be ready. */
export function startedAtLogin(platform: NodeJS.Platform = process.platform): boolean {
  return platform === "darwin" && app.getLoginItemSettings().wasOpenedAtLogin;
}

function here(): AutostartFacts {
  return { platform: process.platform, env: process.env, home: homedir(), execPath: process.execPath, packaged: app.isPackaged };
}
