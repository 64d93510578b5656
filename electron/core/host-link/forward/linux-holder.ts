import { readdir, readFile, readlink } from "node:fs/promises";
import { holderText } from "./holder-text.ts";

/** TCP_LISTEN in the kernel's tables (include/net/tcp_states.h). */
const LISTEN = "0A";

/** Who listens on a TCP port, as far as /proc may be read. @returns `null` when it cannot be known */
export async function linuxHolder(port: number): Promise<string | null> {
  const inodes = new Set<string>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    const text = await readFile(table, "utf8").catch(() => "");
    for (const inode of listeningInodes(text, port)) inodes.add(inode);
  }
  if (inodes.size === 0) return null;
  for (const pid of (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name))) {
    // Other users' processes do not show their files.
    const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const file of files) {
      const target = await readlink(`/proc/${pid}/fd/${file}`).catch(() => "");
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode === undefined || !inodes.has(inode)) continue;
      return holderText(await readFile(`/proc/${pid}/comm`, "utf8").catch(() => null), pid);
    }
  }
  return null;
}

/** Inodes of the listeners on a port in the text of /proc/net/tcp or tcp6 (proc(5)): `sl local_address rem_address st … inode`. */
export function listeningInodes(text: string, port: number): string[] {
  const found: string[] = [];
  for (const line of text.split("\n").slice(1)) {
    const columns = line.trim().split(/\s+/);
    const [, local, , state] = columns;
    const inode = columns[9];
    if (state !== LISTEN || local === undefined || inode === undefined) continue;
    if (Number.parseInt(local.slice(local.lastIndexOf(":") + 1), 16) === port) found.push(inode);
  }
  return found;
}
