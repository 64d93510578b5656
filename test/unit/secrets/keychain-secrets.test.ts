import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Encryptor, openKeychainSecrets } from "../../../electron/core/secrets/keychain-secrets.ts";
import { createMemorySecrets } from "../../../electron/core/secrets/memory-secrets.ts";

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gatelight-keychain-"));
  file = join(dir, "secrets.json");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A real cipher with a key of its own, as a keychain would hold it. */
function keychain(backend: string, key = randomBytes(32), extra: Partial<Encryptor> = {}): Encryptor {
  return {
    available: async () => true,
    backend: () => backend,
    async encrypt(text) {
      const iv = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, iv);
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), body]);
    },
    async decrypt(data) {
      const decipher = createDecipheriv("aes-256-gcm", key, data.subarray(0, 12));
      decipher.setAuthTag(data.subarray(12, 28));
      return { text: Buffer.concat([decipher.update(data.subarray(28)), decipher.final()]).toString("utf8"), reEncrypt: false };
    },
    ...extra,
  };
}
const open = (
  encryptor: Encryptor,
  onChangedBackend: (was: string, is: string) => Promise<"start-new" | "memory-only"> = async () => "memory-only",
  env = {},
) => openKeychainSecrets({ encryptor, file, memory: createMemorySecrets(env), onChangedBackend, warn: () => {} });
const VNC = { kind: "vnc-password", server: "home", gateway: "paper" } as const;
const SSH = { kind: "ssh-password", server: "home" } as const;

describe("secrets in the keychain", () => {
  it("are kept over a restart, encrypted, for this user alone", async () => {
    const system = keychain("gnome_libsecret");
    const store = await open(system);
    await store.set(VNC, "hunter22");
    expect(store.backend).toMatchObject({ persistent: true, name: "GNOME keyring" });
    expect(readFileSync(file, "utf8")).not.toContain("hunter22");
    expect(readFileSync(file, "utf8")).not.toContain(Buffer.from("hunter22").toString("base64"));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const again = await open(system);
    expect(await again.get(VNC)).toBe("hunter22");
    expect(await again.get(SSH)).toBeNull();
    await again.forget(VNC);
    expect(await (await open(system)).get(VNC)).toBeNull();
  });
  it.each(["basic_text", "unknown"])("stay in memory with %s, which protects nothing, and that is said", async (backend) => {
    const store = await open(keychain(backend));
    await store.set(VNC, "hunter22");
    expect(await store.get(VNC)).toBe("hunter22");
    expect(store.backend.persistent).toBe(false);
    expect(store.backend.detail).toMatch(/memory only/);
    expect(existsSync(file)).toBe(false);
  });
  it("stay in memory where no keychain answers", async () => {
    const store = await open(keychain("kwallet6", undefined, { available: async () => false }));
    await store.set(VNC, "hunter22");
    expect(existsSync(file)).toBe(false);
    expect(store.backend.persistent).toBe(false);
  });
  it("ask when another keychain is in use, and keep the old ones whatever the answer", async () => {
    await (await open(keychain("kwallet5"))).set(VNC, "hunter22");
    const before = readFileSync(file, "utf8");
    const ask = vi.fn(async () => "memory-only" as const);
    const memoryOnly = await open(keychain("gnome_libsecret"), ask);
    expect(ask).toHaveBeenCalledWith("kwallet5", "gnome_libsecret");
    await memoryOnly.set(SSH, "other");
    expect(readFileSync(file, "utf8")).toBe(before);
    const fresh = await open(keychain("gnome_libsecret"), async () => "start-new");
    await fresh.set(SSH, "other");
    expect(readdirSync(dir).sort()).toEqual(["secrets.json", "secrets.json.kwallet5"]);
    expect(readFileSync(`${file}.kwallet5`, "utf8")).toBe(before);
  });
  it("do not ask when the other keychain opens them all the same", async () => {
    const key = randomBytes(32);
    await (await open(keychain("kwallet5", key))).set(VNC, "hunter22");
    const ask = vi.fn(async () => "memory-only" as const);
    expect(await (await open(keychain("kwallet6", key), ask)).get(VNC)).toBe("hunter22");
    expect(ask).not.toHaveBeenCalled();
  });
  it("leave a damaged file alone", async () => {
    writeFileSync(file, "{ damaged");
    const store = await open(keychain("dpapi"));
    await store.set(VNC, "hunter22");
    expect(readFileSync(file, "utf8")).toBe("{ damaged");
    expect(store.backend.persistent).toBe(false);
  });
  it("give nothing rather than fail where one cannot be decrypted, and do not delete it", async () => {
    const system = keychain("kwallet6");
    await (await open(system)).set(VNC, "hunter22");
    const before = readFileSync(file, "utf8");
    const locked = await open({ ...system, decrypt: async () => Promise.reject(new Error("locked")) });
    expect(await locked.get(VNC)).toBeNull();
    expect(readFileSync(file, "utf8")).toBe(before);
  });
  it("are not replaced by what the keychain cannot give back", async () => {
    const system = keychain("kwallet6");
    await (await open(system)).set(VNC, "good");
    const before = readFileSync(file, "utf8");
    const forgetful = await open({ ...system, decrypt: async () => ({ text: "something else", reEncrypt: false }) });
    await expect(forgetful.set(VNC, "better")).rejects.toThrow(/does not give back/);
    expect(readFileSync(file, "utf8")).toBe(before);
  });
  it("are encrypted anew when the system asks for it", async () => {
    const system = keychain("keychain");
    await (await open(system)).set(VNC, "hunter22");
    const before = readFileSync(file, "utf8");
    const rotated = await open({ ...system, decrypt: async (data) => ({ ...(await system.decrypt(data)), reEncrypt: true }) });
    expect(await rotated.get(VNC)).toBe("hunter22");
    expect(readFileSync(file, "utf8")).not.toBe(before);
  });
  it("are given all the same where encrypting them anew fails, and stay as they were", async () => {
    const system = keychain("keychain");
    await (await open(system)).set(VNC, "hunter22");
    const before = readFileSync(file, "utf8");
    const full = await open({
      ...system,
      decrypt: async (data) => ({ ...(await system.decrypt(data)), reEncrypt: true }),
      encrypt: async () => Promise.reject(new Error("the keychain is full")),
    });
    expect(await full.get(VNC)).toBe("hunter22");
    expect(readFileSync(file, "utf8")).toBe(before);
  });
  it("of the environment go first and are never written", async () => {
    const store = await open(keychain("keychain"), undefined, { GATELIGHT_VNC_PASSWORD: "from-env" });
    expect(await store.get(VNC)).toBe("from-env");
    expect(existsSync(file)).toBe(false);
  });
  it("survive many writes at once", async () => {
    const system = keychain("keychain");
    const store = await open(system);
    await Promise.all(Array.from({ length: 20 }, (_, n) => store.set({ kind: "ssh-password", server: `s${n}` }, `pw-${n}`)));
    const again = await open(system);
    for (let n = 0; n < 20; n++) expect(await again.get({ kind: "ssh-password", server: `s${n}` })).toBe(`pw-${n}`);
  });
});
