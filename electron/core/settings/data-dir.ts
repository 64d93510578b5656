import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { posix, win32 } from "node:path";

export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** The platform's folder for application data: XDG's configuration home, %APPDATA%, or ~/Library/Application Support. */
export function platformDataDir(around: Surroundings = { platform: process.platform, env: process.env, home: homedir() }): string {
  const { platform, env, home } = around;
  if (platform === "win32") {
    const roaming = env.APPDATA;
    return win32.join(roaming !== undefined && win32.isAbsolute(roaming) ? roaming : win32.join(home, "AppData", "Roaming"), "Gatelight");
  }
  if (platform === "darwin") return posix.join(home, "Library", "Application Support", "Gatelight");
  // The XDG specification says that a relative path is to be ignored.
  const xdg = env.XDG_CONFIG_HOME;
  return posix.join(xdg !== undefined && posix.isAbsolute(xdg) ? xdg : posix.join(home, ".config"), "gatelight");
}

/**
 * Makes the data folder for this user alone. A folder that exists keeps its mode: it may be the person's own choice.
 * @throws Error when it cannot be made
 */
export function ensureDataDir(dir: string): string {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
}

/**
 * Whatever this process creates from now on is for this user alone. To be called first in every main. On Linux that holds for a core file too, which the
 * system may write elsewhere (systemd-coredump): it gets none of the memory, where secrets are. Other systems give a program no say.
 */
export function privateUmask(): void {
  process.umask(0o077);
  if (process.platform !== "linux") return;
  try {
    writeFileSync("/proc/self/coredump_filter", "0");
  } catch {
    // No /proc, or a kernel without core files: there is nothing to keep the memory out of.
  }
}
