import { readFileSync, renameSync } from "node:fs";
import { z } from "zod";
import { writeAtomically } from "../settings/atomic-file.ts";
import { type SecretStore, secretKey } from "./secret-store.ts";

/** What the system offers for keeping secrets; Electron's safeStorage in the desktop. */
export interface Encryptor {
  /** May open a dialog of the system and take its time. */
  available(): Promise<boolean>;
  /** e.g. gnome_libsecret, kwallet6, keychain, dpapi; `basic_text` and `unknown` protect nothing. */
  backend(): string;
  encrypt(text: string): Promise<Buffer>;
  decrypt(data: Buffer): Promise<{ readonly text: string; readonly reEncrypt: boolean }>;
}

export interface KeychainOptions {
  readonly encryptor: Encryptor;
  readonly file: string;
  /** Holds what the environment gave and, without a keychain, everything. */
  readonly memory: SecretStore;
  /** Another keychain than the one that holds the secrets is in use. `start-new`: the old file is kept beside, a new one begun. */
  readonly onChangedBackend: (was: string, is: string) => Promise<"start-new" | "memory-only">;
  /** Nothing secret is ever passed. */
  readonly warn: (message: string) => void;
}

const stored = z.strictObject({
  version: z.literal(1),
  backend: z.string().min(1).max(100),
  entries: z.record(z.string().max(5000), z.base64().max(100_000)),
});
type Stored = z.output<typeof stored>;

/** The key of these lies in Chromium's source: a file encrypted by them is as good as plain text. */
const WORTHLESS: readonly string[] = ["basic_text", "unknown", ""];
const READABLE: Readonly<Record<string, string>> = {
  gnome_libsecret: "GNOME keyring",
  kwallet: "KWallet",
  kwallet5: "KWallet",
  kwallet6: "KWallet",
  keychain: "macOS keychain",
  dpapi: "Windows data protection",
};

/** Secrets encrypted by the system's keychain, in a file of ours. Falls back to memory, and says why. Nothing is ever deleted unasked. */
export async function openKeychainSecrets(options: KeychainOptions): Promise<SecretStore> {
  const { encryptor, memory } = options;
  if (!(await encryptor.available())) return inMemory(memory, "The system's keychain cannot be used");
  const backend = encryptor.backend();
  if (WORTHLESS.includes(backend)) return inMemory(memory, "This desktop has no keychain (GNOME keyring, KWallet) that protects secrets");
  let kept = readStored(options);
  if (kept === "unreadable") return inMemory(memory, `The file of kept secrets (${options.file}) cannot be read; it was left as it is`);
  if (kept !== null && kept.backend !== backend && !(await opens(encryptor, kept))) {
    if ((await options.onChangedBackend(kept.backend, backend)) === "memory-only")
      return inMemory(memory, `Secrets were kept by ${readable(kept.backend)}, but ${readable(backend)} is in use now`);
    renameSync(options.file, `${options.file}.${kept.backend.replace(/[^A-Za-z0-9_-]/g, "_")}`);
    kept = null;
  }
  return new KeychainSecrets(options, { version: 1, backend, entries: kept?.entries ?? {} });
}

function inMemory(memory: SecretStore, why: string): SecretStore {
  return {
    get: (name) => memory.get(name),
    set: (name, value) => memory.set(name, value),
    forget: (name) => memory.forget(name),
    backend: { persistent: false, name: "memory", detail: `${why}: secrets are kept in memory only and asked for again after a restart.` },
  };
}

const readable = (backend: string) => READABLE[backend] ?? backend;

function readStored({ file, warn }: KeychainOptions): Stored | null | "unreadable" {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    warn("the file of kept secrets cannot be read");
    return "unreadable";
  }
  try {
    return stored.parse(JSON.parse(text));
  } catch {
    warn("the file of kept secrets is damaged");
    return "unreadable";
  }
}

/** KWallet 5 and 6, and a renamed keyring, may well open what the other wrote: then nothing has changed for the person. */
async function opens(encryptor: Encryptor, kept: Stored): Promise<boolean> {
  const first = Object.values(kept.entries)[0];
  if (first === undefined) return true;
  try {
    await encryptor.decrypt(Buffer.from(first, "base64"));
    return true;
  } catch {
    return false;
  }
}

class KeychainSecrets implements SecretStore {
  readonly backend: SecretStore["backend"];
  readonly #options: KeychainOptions;
  #stored: Stored;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: KeychainOptions, kept: Stored) {
    this.#options = options;
    this.#stored = kept;
    this.backend = { persistent: true, name: readable(kept.backend), detail: `Secrets are kept, encrypted by ${readable(kept.backend)}.` };
  }

  async get(name: Parameters<SecretStore["get"]>[0]): Promise<string | null> {
    const given = await this.#options.memory.get(name);
    if (given !== null) return given;
    const key = secretKey(name);
    const data = this.#stored.entries[key];
    if (data === undefined) return null;
    let found: Awaited<ReturnType<Encryptor["decrypt"]>>;
    try {
      found = await this.#options.encryptor.decrypt(Buffer.from(data, "base64"));
    } catch {
      // Kept all the same: the keychain may be locked for now. The person is asked meanwhile.
      this.#options.warn("a kept secret could not be decrypted");
      return null;
    }
    // The system has a newer or a better key. That the old one still opens it is no less true where the new one fails.
    if (found.reEncrypt) await this.#write(key, found.text).catch(() => this.#options.warn("a kept secret could not be encrypted anew"));
    return found.text;
  }

  async set(name: Parameters<SecretStore["set"]>[0], value: string): Promise<void> {
    await this.#options.memory.set(name, value);
    await this.#write(secretKey(name), value);
  }

  async forget(name: Parameters<SecretStore["forget"]>[0]): Promise<void> {
    await this.#options.memory.forget(name);
    await this.#change((entries) => {
      delete entries[secretKey(name)];
    });
  }

  /** Written only after a round trip: a keychain that cannot give back what it took must not replace what was good. */
  async #write(key: string, text: string): Promise<void> {
    const data = await this.#options.encryptor.encrypt(text);
    if ((await this.#options.encryptor.decrypt(data)).text !== text) throw new Error("the system's keychain does not give back what it took");
    await this.#change((entries) => {
      entries[key] = data.toString("base64");
    });
  }

  #change(edit: (entries: Record<string, string>) => void): Promise<void> {
    const done = this.#writing.then(async () => {
      const entries = { ...this.#stored.entries };
      edit(entries);
      const next = { ...this.#stored, entries };
      await writeAtomically(this.#options.file, `${JSON.stringify(next, null, 2)}\n`);
      this.#stored = next;
    });
    this.#writing = done.catch(() => undefined);
    return done;
  }
}
