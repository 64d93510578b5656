import { readFile, stat } from "node:fs/promises";
import type { ParsedKey } from "ssh2";
import { type OpenedKey, openKey, unlockKey } from "./private-key.ts";

export interface KeyFile {
  readonly path: string;
  readonly opened: OpenedKey | { readonly kind: "absent" };
  /** The text, needed to open a locked key; never leaves the ring. */
  readonly text: string;
}

const MAX_BYTES = 256 * 1024;

/** The key files of one link: read anew at each attempt, opened with a passphrase at most once as long as the file stays the same. */
export class KeyRing {
  readonly #unlocked = new Map<string, { readonly text: string; readonly key: ParsedKey }>();

  /** Never throws: a file that cannot be used says why, and never stands in the way of the others. */
  async read(path: string): Promise<KeyFile> {
    let text: string;
    try {
      const info = await stat(path);
      if (!info.isFile()) return { path, opened: { kind: "unusable", why: "not a file" }, text: "" };
      if (info.size > MAX_BYTES) return { path, opened: { kind: "unusable", why: "too large to be a key" }, text: "" };
      text = await readFile(path, "utf8");
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
      if (code === "ENOENT" || code === "ENOTDIR") return { path, opened: { kind: "absent" }, text: "" };
      return { path, opened: { kind: "unusable", why: `cannot be read (${code})` }, text: "" };
    }
    const cached = this.#unlocked.get(path);
    if (cached?.text === text) return { path, opened: { kind: "private", key: cached.key }, text };
    const opened = openKey(text);
    if (opened.kind !== "locked" || opened.public !== null) return { path, opened, text };
    // PEM files hide their public half; ssh-keygen leaves it beside them.
    const beside = await readFile(`${path}.pub`, "utf8").then(openKey, () => null);
    return { path, opened: { kind: "locked", public: beside?.kind === "public" ? beside.key : null }, text };
  }

  /** @returns `true` once the key is open, `false` for a wrong passphrase, a sentence when it can never be opened */
  async unlock(path: string, passphrase: string): Promise<boolean | string> {
    const file = await this.read(path);
    if (file.opened.kind === "private") return true;
    if (file.opened.kind !== "locked") return file.opened.kind === "unusable" ? file.opened.why : "the file has no private key";
    const result = await unlockKey(file.text, passphrase);
    if (result.kind === "wrong") return false;
    if (result.kind === "unusable") return result.why;
    this.#unlocked.set(path, { text: file.text, key: result.key });
    return true;
  }
}
