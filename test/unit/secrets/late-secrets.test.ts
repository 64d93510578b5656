import { describe, expect, it } from "vitest";
import { lateSecrets } from "../../../electron/core/secrets/late-secrets.ts";
import { createMemorySecrets } from "../../../electron/core/secrets/memory-secrets.ts";
import { type SecretStore, secretKey } from "../../../electron/core/secrets/secret-store.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const VNC = { kind: "vnc-password", server: "home", gateway: "paper" } as const;
const SSH = { kind: "ssh-password", server: "home" } as const;

/** A keychain that takes its time for every call, and notes them. */
function slowKeychain(entries: Record<string, string>, calls: string[]): SecretStore {
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return {
    backend: { persistent: true, name: "GNOME keyring", detail: "kept" },
    async get(name) {
      return entries[secretKey(name)] ?? null;
    },
    async set(name, value) {
      await turn();
      calls.push(`set ${secretKey(name)}`);
      entries[secretKey(name)] = value;
    },
    async forget(name) {
      calls.push(`forget ${secretKey(name)}`);
      delete entries[secretKey(name)];
    },
  };
}
function stage(env: Record<string, string> = {}) {
  const clock = new FakeClock();
  const warnings: string[] = [];
  let open: (store: SecretStore) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const opening = new Promise<SecretStore>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  const store = lateSecrets({ opening, memory: createMemorySecrets(env), clock, warn: (message) => warnings.push(message) });
  return { clock, warnings, store, open: (keychain: SecretStore) => open(keychain), fail: (message: string) => fail(new Error(message)) };
}

describe("secrets of a keychain that opens late", () => {
  it("are waited for, but not without end, and no timer stays behind", async () => {
    const { clock, store, open } = stage();
    const patient = store.get(VNC);
    await clock.advance(5_000);
    open(slowKeychain({ [secretKey(VNC)]: "hunter22" }, []));
    expect(await patient).toBe("hunter22");
    expect(clock.pending).toBe(0);
    expect(store.backend).toMatchObject({ persistent: true, name: "GNOME keyring" });

    const never = stage();
    const given = never.store.get(VNC);
    await never.clock.advance(20_000);
    expect(await given).toBeNull();
    expect(never.store.backend.detail).toMatch(/not answered yet/);
  });
  it("of the environment are there at once", async () => {
    expect(await stage({ GATELIGHT_VNC_PASSWORD: "from-env" }).store.get(VNC)).toBe("from-env");
  });
  it("that were set and forgotten meanwhile reach it in that order", async () => {
    const { clock, store, open } = stage();
    await store.set(VNC, "hunter22");
    await store.set(SSH, "wrong");
    await store.forget(SSH);
    expect(await store.get(VNC)).toBe("hunter22");
    const calls: string[] = [];
    const entries: Record<string, string> = {};
    open(slowKeychain(entries, calls));
    await clock.advance(0);
    await clock.advance(0);
    expect(calls).toEqual([`set ${secretKey(VNC)}`, `set ${secretKey(SSH)}`, `forget ${secretKey(SSH)}`]);
    expect(entries).toEqual({ [secretKey(VNC)]: "hunter22" });
  });
  it("stay in memory where it fails, and the reason is said without them", async () => {
    const { clock, store, fail, warnings } = stage();
    await store.set(VNC, "hunter22");
    fail("no secret service on the bus");
    await clock.advance(0);
    expect(await store.get(VNC)).toBe("hunter22");
    expect(await store.get(SSH)).toBeNull();
    expect(store.backend).toMatchObject({ persistent: false, name: "memory" });
    expect(warnings).toEqual(["the system's keychain failed: no secret service on the bus"]);
  });
});
