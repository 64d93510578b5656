import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../../electron/core/clock.ts";
import { openSettings, SettingsFault, type SettingsStore } from "../../../electron/core/settings/settings-store.ts";
import { EMPTY_SETTINGS, type SettingsInput } from "../../../shared/settings.ts";

let dir: string;
let open: SettingsStore[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gatelight-settings-"));
  open = [];
});
afterEach(() => {
  for (const store of open) store.dispose();
  rmSync(dir, { recursive: true, force: true });
});
const NOW = Date.UTC(2026, 10, 22, 10, 11, 12);
const clock = { ...systemClock, now: () => NOW };
function start(options: Partial<Parameters<typeof openSettings>[0]> = {}): SettingsStore {
  const store = openSettings({ dataDir: dir, clock, ...options });
  open.push(store);
  return store;
}
const file = () => join(dir, "settings.json");
const good: SettingsInput = { version: 1, servers: [{ id: "home", reach: { kind: "ssh", host: "linuxserver.lan" }, gateways: [] }] };

describe("settings store", () => {
  it("begins with defaults and writes nothing before the first save", () => {
    const store = start({ dataDir: join(dir, "new") });
    expect(store.current).toEqual(EMPTY_SETTINGS);
    expect(store.notice).toBeNull();
    expect(readdirSync(join(dir, "new"))).toEqual([]);
    expect(statSync(join(dir, "new")).mode & 0o777).toBe(0o700);
  });
  it("saves with defaults filled in, for this user alone, and reads the same again", async () => {
    const store = start();
    const heard = vi.fn();
    store.onChange(heard);
    expect(await store.save(good)).toEqual({ faults: [] });
    expect(heard).toHaveBeenCalledWith(store.current, null);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(store.current.servers[0]?.docker).toBe("docker");
    expect(start().current).toEqual(store.current);
    expect(readdirSync(dir)).toEqual(["settings.json"]);
  });
  it("refuses what is not valid, names the path, and leaves the file alone", async () => {
    const store = start();
    await store.save(good);
    const before = readFileSync(file(), "utf8");
    const bad = {
      version: 1,
      servers: [{ id: "home", reach: { kind: "local" }, gateways: [{ id: "paper", mode: "papr", container: "x", ports: { api: 0 } }] }],
    };
    const { faults } = await store.save(bad);
    expect(faults.some((fault) => fault.startsWith("servers[0].gateways[0].mode:"))).toBe(true);
    expect(faults.some((fault) => fault.startsWith("servers[0].gateways[0].ports.api:"))).toBe(true);
    expect(readFileSync(file(), "utf8")).toBe(before);
    expect(store.current.servers[0]?.reach.kind).toBe("ssh");
  });
  it.each([
    ["{ not json", /no valid JSON/],
    ['{"version":1,"serverz":[]}', /serverz/],
    ['{"version":7}', /newer Gatelight/],
    ["[]", /must be an object/],
    ["", /no valid JSON/],
  ])("keeps a damaged file aside, runs with defaults, and says so: %s", (text, why) => {
    writeFileSync(file(), text);
    const store = start();
    expect(store.current).toEqual(EMPTY_SETTINGS);
    expect(store.notice?.kind).toBe("error");
    expect(store.notice?.detail).toMatch(why);
    expect(store.notice?.detail).toContain("settings.damaged-20261122T101112.json");
    const copy = join(dir, "settings.damaged-20261122T101112.json");
    expect(readFileSync(copy, "utf8")).toBe(text);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    // The same damage again makes no second copy.
    start();
    expect(readdirSync(dir).sort()).toEqual(["settings.damaged-20261122T101112.json", "settings.json"]);
  });
  it("keeps the copy of a damaged file also when the settings are saved anew, and is well again then", async () => {
    writeFileSync(file(), "{ damaged");
    const store = start();
    expect(await store.save(good)).toEqual({ faults: [] });
    expect(store.notice).toBeNull();
    expect(readFileSync(join(dir, "settings.damaged-20261122T101112.json"), "utf8")).toBe("{ damaged");
    expect(start().notice).toBeNull();
  });
  it("keeps a file of a newer Gatelight, and does not write over it by itself", () => {
    const newer = '{"version":99,"servers":[],"invented":{"later":true}}';
    writeFileSync(file(), newer);
    start();
    expect(readFileSync(file(), "utf8")).toBe(newer);
  });
  it("reports the faults instead, for the command line", () => {
    writeFileSync(file(), '{"version":1,"notify":{"afterSeconds":-1}}');
    const run = () => start({ onDamage: "throw" });
    expect(run).toThrow(SettingsFault);
    expect(run).toThrow(/notify\.afterSeconds/);
    expect(readdirSync(dir)).toEqual(["settings.json"]);
  });
  it("writes through a symbolic link and leaves it one", async () => {
    mkdirSync(join(dir, "dotfiles"));
    writeFileSync(join(dir, "dotfiles", "gl.json"), JSON.stringify(good));
    mkdirSync(join(dir, "data"));
    symlinkSync(join(dir, "dotfiles", "gl.json"), join(dir, "data", "settings.json"));
    const store = start({ dataDir: join(dir, "data") });
    await store.save({ ...good, startAtLogin: true });
    expect(readlinkSync(join(dir, "data", "settings.json"))).toBe(join(dir, "dotfiles", "gl.json"));
    expect(readFileSync(join(dir, "dotfiles", "gl.json"), "utf8")).toContain('"startAtLogin": true');
  });
  it("saves one after the other, the last one wins, and no temporary file stays", async () => {
    const store = start();
    const results = await Promise.all(Array.from({ length: 20 }, (_, n) => store.save({ ...good, notify: { afterSeconds: n } })));
    expect(results.every(({ faults }) => faults.length === 0)).toBe(true);
    expect(store.current.notify.afterSeconds).toBe(19);
    expect(JSON.parse(readFileSync(file(), "utf8")).notify.afterSeconds).toBe(19);
    expect(readdirSync(dir)).toEqual(["settings.json"]);
  });
  it("says so when the file cannot be written, and keeps the settings in use", async () => {
    const store = start({ watch: false });
    await store.save(good);
    rmSync(dir, { recursive: true });
    const { faults } = await store.save({ ...good, startAtLogin: true });
    expect(faults[0]).toMatch(/^settings: could not be written/);
    expect(store.current.startAtLogin).toBe(false);
  });
  it("follows an edit from outside, and keeps the settings of before when the edit is not valid", async () => {
    const store = start();
    await store.save(good);
    const heard = vi.fn();
    store.onChange(heard);
    writeFileSync(file(), JSON.stringify({ ...good, startAtLogin: true }));
    await expect.poll(() => store.current.startAtLogin, { timeout: 10_000 }).toBe(true);
    writeFileSync(file(), "{");
    await expect.poll(() => store.notice?.id, { timeout: 10_000 }).toBe("settings-edit");
    expect(store.current.startAtLogin).toBe(true);
    writeFileSync(file(), JSON.stringify(good));
    await expect.poll(() => store.notice, { timeout: 10_000 }).toBeNull();
    expect(heard.mock.calls.length).toBeGreaterThanOrEqual(3);
  });
});
