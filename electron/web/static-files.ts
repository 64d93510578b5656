import { readFile, realpath, stat } from "node:fs/promises";
import { extname, join, sep } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
  ".wasm": "application/wasm",
  ".txt": "text/plain; charset=utf-8",
};

export interface StaticFile {
  readonly body: Buffer;
  readonly type: string;
  readonly cache: string;
}

/**
 * The parts of a request's path, or `null` for one that could mean anything but a plain file below the folder: dots, backslashes, NULs,
 * hidden files, encoded separators, another scheme.
 */
export function pathParts(url: string): string[] | null {
  if (!url.startsWith("/")) return null;
  const path = url.split(/[?#]/, 1)[0] ?? "";
  let parts: string[];
  try {
    parts = path.slice(1).split("/").map(decodeURIComponent);
  } catch {
    return null;
  }
  if (parts.length === 1 && parts[0] === "") return ["index.html"];
  return parts.every((part) => /^[^./\\\0:][^/\\\0:]*$/.test(part)) ? parts : null;
}

/** @returns `null` where there is no such file inside the folder (also behind a link that leads out of it), or its kind is not served */
export async function readStatic(folder: string, url: string): Promise<StaticFile | null> {
  const parts = pathParts(url);
  if (parts === null) return null;
  const type = TYPES[extname(parts.at(-1) ?? "").toLowerCase()];
  if (type === undefined) return null;
  try {
    const root = await realpath(folder);
    const file = await realpath(join(root, ...parts));
    if (!file.startsWith(root + sep) || !(await stat(file)).isFile()) return null;
    // Names under assets/ hold a hash of their content.
    const cache = type.startsWith("text/html") ? "no-store" : parts[0] === "assets" ? "private, max-age=31536000, immutable" : "no-cache";
    return { body: await readFile(file), type, cache };
  } catch (error) {
    if (error instanceof Error && "code" in error && ["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG", "EACCES"].includes(String(error.code))) return null;
    throw error;
  }
}
