import { execFile } from "node:child_process";

import type { Clock } from "../core/clock.ts";

const DEADLINE_MS = 2_000;
const WATCHER = "org.kde.StatusNotifierWatcher";
export type RunProgram = (program: string, args: readonly string[]) => Promise<string>;

const run: RunProgram = (program, args) =>
  new Promise((resolve, reject) => {
    execFile(program, [...args], { timeout: DEADLINE_MS, maxBuffer: 65_536 }, (error, stdout) => (error === null ? resolve(stdout) : reject(error)));
  });

/**
 * Whether a tray icon would be seen. Windows and macOS always show one. A Linux desktop without a StatusNotifier host (GNOME without its
 * extension) shows none and gives no error, so the session bus is asked for the host; where nothing can be asked, none is assumed, because a window
 * hidden into a tray that is not there would be lost.
 */
export async function hasTrayHost(platform: NodeJS.Platform, runProgram: RunProgram = run): Promise<boolean> {
  if (platform !== "linux") return true;
  const asked: [string, string[]][] = [
    [
      "gdbus",
      [
        "call",
        "--session",
        "--dest",
        "org.freedesktop.DBus",
        "--object-path",
        "/org/freedesktop/DBus",
        "--method",
        "org.freedesktop.DBus.NameHasOwner",
        WATCHER,
      ],
    ],
    ["busctl", ["--user", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner", "s", WATCHER]],
    [
      "dbus-send",
      ["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.NameHasOwner", `string:${WATCHER}`],
    ],
  ];
  for (const [program, args] of asked) {
    try {
      return /\btrue\b/.test(await runProgram(program, args));
    } catch {
      // Not installed or no bus: the next one may know.
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
