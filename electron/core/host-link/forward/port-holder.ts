import { linuxHolder } from "./linux-holder.ts";
import { macosHolder } from "./macos-holder.ts";
import { runProgram } from "./run-program.ts";
import { windowsHolder } from "./windows-holder.ts";

/** Who listens on a TCP port of this machine, e.g. "ssh (process 4711)". @returns `null` when it cannot be known */
export async function portHolder(port: number, platform: NodeJS.Platform = process.platform, run = runProgram): Promise<string | null> {
  if (platform === "linux") return linuxHolder(port);
  if (platform === "darwin") return macosHolder(port, run);
  if (platform === "win32") return windowsHolder(port, run);
  return null;
}
