import { execFile } from "node:child_process";

import type { Clock } from "../core/clock.ts";

const DEADLINE_MS = 2_000;
const WATCHER = "org.kde.StatusNotifierWatcher";
const OBJECT = "/StatusNotifierWatcher";
const PROPERTY = "IsStatusNotifierHostRegistered";
export type RunProgram = (program: string, args: readonly string[]) => Promise<string>;

const run: RunProgram = (program, args) =>
  new Promise((resolve, reject) => {
    execFile(program, [...args], { timeout: DEADLINE_MS, maxBuffer: 65_536 }, (error, stdout) => (error === null ? resolve(stdout) : reject(error)));
  });

/**
 * Whether a tray icon would be seen. Windows and macOS always show one. A Linux desktop without a StatusNotifier host (GNOME without its
 * extension) shows none and gives no error, so the session bus is asked for the host; where nothing can be asked, none is assumed, because a window
 * hidden into a tray that is not there would be lost. The watcher alone is not enough: KDE's is there before its panel, and Chromium, which asks for
 * the host once and never again, would give up.
 */
export async function hasTrayHost(platform: NodeJS.Platform, runProgram: RunProgram = run): Promise<boolean> {
  if (platform !== "linux") return true;
  const get = "org.freedesktop.DBus.Properties.Get";
  const asked: [string, string[]][] = [
    ["gdbus", ["call", "--session", "--dest", WATCHER, "--object-path", OBJECT, "--method", get, WATCHER, PROPERTY]],
    ["busctl", ["--user", "get-property", WATCHER, OBJECT, WATCHER, PROPERTY]],
    ["dbus-send", ["--session", "--print-reply", `--dest=${WATCHER}`, OBJECT, get, `string:${WATCHER}`, `string:${PROPERTY}`]],
  ];
  for (const [program, args] of asked) {
    try {
      return /\btrue\b/.test(await runProgram(program, args));
    } catch {
      // Not installed, no bus or no watcher: the next one may know.
    }
  }
  return false;
}

/** At log-in the panel often starts after us, so it is waited for. */
const AGAIN_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000] as const;

/** Looks until a host is there or a minute has passed. @returns a function that ends the looking */
export function awaitTrayHost(clock: Clock, look: () => Promise<boolean>, outcome: (found: boolean) => void): () => void {
  let ended = false;
  let cancel = () => {};
  const step = async (at: number): Promise<void> => {
    const found = await look();
    if (ended) return;
    const wait = AGAIN_MS[at];
    if (found || wait === undefined) return outcome(found);
    cancel = clock.after(wait, () => void step(at + 1));
  };
  void step(0);
  return () => {
    ended = true;
    cancel();
  };
}
