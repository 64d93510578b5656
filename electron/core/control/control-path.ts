import { createHash } from "node:crypto";
import { tmpdir, userInfo } from "node:os";
import { join, resolve } from "node:path";

/** sun_path holds 104 bytes on macOS, 108 on Linux. */
const MAX_PATH = 100;

/** Where a running Gatelight answers for this data folder: a Unix socket in it, or a named pipe. */
export function controlPath(dataDir: string, platform: NodeJS.Platform = process.platform): string {
  const dir = resolve(dataDir);
  const digest = createHash("sha256").update(dir).digest("hex").slice(0, 24);
  if (platform === "win32") return `\\\\.\\pipe\\gatelight-${userInfo().username.replace(/[^A-Za-z0-9]/g, "")}-${digest}`;
  const path = join(dir, "control.sock");
  return Buffer.byteLength(path) <= MAX_PATH ? path : join(tmpdir(), `gatelight-${process.getuid?.() ?? 0}-${digest}.sock`);
}
