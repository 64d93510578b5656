import { linuxHolder } from "./linux-holder.ts";
import { macosHolder } from "./macos-holder.ts";
import { windowsHolder } from "./windows-holder.ts";

/** Who listens on a TCP port of this machine, e.g. "ssh (process 4711)". @returns `null` when it cannot be known */
export async function portHolder(port: number, platform: NodeJS.Platform = process.platform): Promise<string | null> {
  if (platform === "linux") return linuxHolder(port);
  if (platform === "darwin") return macosHolder(port);
  if (platform === "win32") return windowsHolder(port);
  return null;
}
