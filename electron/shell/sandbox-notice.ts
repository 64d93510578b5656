import { app } from "electron";
import type { Notice } from "../../shared/snapshot.ts";

/**
 * What to say where somebody started Gatelight with Chromium's sandbox switched off; `null` where it is on. An AppImage's launcher adds the switch by
 * itself where it finds no user namespaces (Ubuntu 24.04); the deb brings a profile that allows them.
 */
export function sandboxNotice(now: number): Notice | null {
  if (!app.commandLine.hasSwitch("no-sandbox")) return null;
  return {
    id: "no-sandbox",
    kind: "warning",
    title: "Chromium's sandbox is off",
    detail:
      "Gatelight was started with --no-sandbox: a fault in the window's page could reach more than the window. Where this system forbids user namespaces to an AppImage, the .deb or .rpm package runs with the sandbox.",
    at: now,
  };
}
