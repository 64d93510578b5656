import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { matchesGlob } from "../known-hosts.ts";
import { type ConfigLine, parseConfigLine } from "./config-line.ts";

/** A file's lines; an Include holds what it brought in at its place. */
export type ConfigItem =
  | { readonly kind: "line"; readonly line: ConfigLine; readonly file: string }
  | { readonly kind: "include"; readonly items: readonly ConfigItem[] };

export class SshConfigError extends Error {
  override readonly name = "SshConfigError";
}

export interface ConfigSource {
  readonly file: string;
  /** The user's own: must not be writable by others (as OpenSSH demands), and may use `~`. */
  readonly user: boolean;
  readonly home: string;
  readonly uid: number | null;
}

const MAX_DEPTH = 16;
const MAX_BYTES = 1024 * 1024;

/**
 * Reads an ssh_config file with everything it includes. A file that does not exist is empty.
 * @throws SshConfigError for one that cannot be read or that others may write: whoever can write it decides where a connection goes
 */
export async function readConfig(source: ConfigSource, depth = 0, root = source.file): Promise<ConfigItem[]> {
  if (depth > MAX_DEPTH) throw new SshConfigError(`${source.file}: Include is nested more than ${MAX_DEPTH} deep.`);
  let text: string;
  try {
    const info = await stat(source.file);
    if (!info.isFile()) return [];
    if (source.user && source.uid !== null) {
      if ((info.uid !== 0 && info.uid !== source.uid) || (info.mode & 0o022) !== 0) {
        throw new SshConfigError(`${source.file} belongs to or can be written by others, so it was not used (chmod go-w mends it).`);
      }
    }
    if (info.size > MAX_BYTES) throw new SshConfigError(`${source.file} is larger than 1 MiB and was not read.`);
    text = await readFile(source.file, "utf8");
  } catch (error) {
    if (error instanceof SshConfigError) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw new SshConfigError(`${source.file} cannot be read (${code || "unknown reason"}).`);
  }
  const items: ConfigItem[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const line = parseConfigLine(raw, index + 1);
    if (line === null) continue;
    if (line.keyword !== "include") {
      items.push({ kind: "line", line, file: source.file });
      continue;
    }
    for (const word of line.words) {
      for (const file of await expandInclude(word, source, root)) {
        items.push({ kind: "include", items: await readConfig({ ...source, file }, depth + 1, root) });
      }
    }
  }
  return items;
}

async function expandInclude(word: string, source: ConfigSource, root: string): Promise<string[]> {
  const base = source.user ? join(source.home, ".ssh") : dirname(root);
  const full = word === "~" || word.startsWith("~/") ? join(source.home, word.slice(1)) : isAbsolute(word) ? word : join(base, word);
  return glob(full);
}

/** glob(3) with `*`, `?` and `[…]`, sorted; no match gives nothing. */
async function glob(pattern: string): Promise<string[]> {
  const parts = pattern.split(/[\\/]/);
  let found = [parts[0] === "" ? "/" : (parts[0] ?? "")];
  for (const part of parts.slice(1)) {
    if (part === "") continue;
    if (!/[*?[]/.test(part)) {
      found = found.map((folder) => join(folder, part));
      continue;
    }
    const next: string[] = [];
    for (const folder of found) {
      const names = await readdir(folder).catch(() => []);
      next.push(
        ...names
          .filter((name) => (!name.startsWith(".") || part.startsWith(".")) && matchesPart(part, name))
          .sort()
          .map((name) => join(folder, name)),
      );
    }
    found = next;
  }
  return found;
}

function matchesPart(part: string, name: string): boolean {
  if (!part.includes("[")) return matchesGlob(part, name);
  const source = part.replace(/\[!?[^\]]+\]|[\s\S]/g, (piece) => {
    if (piece.length > 1) return piece.replace(/^\[!/, "[^").replace(/\\/g, "\\\\");
    return piece === "*" ? ".*" : piece === "?" ? "." : piece.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  });
  try {
    return new RegExp(`^${source}$`, "s").test(name);
  } catch {
    // A class such as [z-a] matches nothing.
    return false;
  }
}
