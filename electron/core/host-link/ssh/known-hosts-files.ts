import { appendFile, mkdir, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { type KnownHost, keyType, parseKnownHosts } from "./known-hosts.ts";

const MAX_BYTES = 16 * 1024 * 1024;

export class KnownHostsError extends Error {
  override readonly name = "KnownHostsError";
}

/**
 * Reads all files in order; one that does not exist counts as empty.
 * @throws KnownHostsError for a file that exists and cannot be read: without it a changed key would pass as unknown
 */
export async function readKnownHosts(files: readonly string[]): Promise<KnownHost[]> {
  const all: KnownHost[] = [];
  for (const file of files) {
    try {
      const { size } = await stat(file);
      if (size > MAX_BYTES) throw new KnownHostsError(`${file} is larger than 16 MiB and was not read`);
      all.push(...parseKnownHosts(await readFile(file, "utf8"), file));
    } catch (error) {
      if (error instanceof KnownHostsError) throw error;
      const code = error instanceof Error && "code" in error ? String(error.code) : "";
      if (code === "ENOENT" || code === "ENOTDIR") continue;
      throw new KnownHostsError(`${file} cannot be read (${code || "unknown reason"}), so no host key can be checked`);
    }
  }
  return all;
}

/** Appends to Gatelight's own file; the user's own known_hosts is never written to. */
export async function rememberHostKey(file: string, name: string, key: Buffer): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await appendFile(file, `${name} ${keyType(key)} ${key.toString("base64")}\n`, { mode: 0o600 });
}
