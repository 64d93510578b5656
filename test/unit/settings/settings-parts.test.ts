import { describe, expect, it } from "vitest";
import { platformDataDir } from "../../../electron/core/settings/data-dir.ts";
import { migrate } from "../../../electron/core/settings/migrations.ts";
import { parseSettings, settingsText } from "../../../electron/core/settings/settings-text.ts";
import { EMPTY_SETTINGS } from "../../../shared/settings.ts";

describe("platformDataDir", () => {
  it.each([
    ["linux", {}, "/home/u", "/home/u/.config/gatelight"],
    ["linux", { XDG_CONFIG_HOME: "/xdg" }, "/home/u", "/xdg/gatelight"],
    ["linux", { XDG_CONFIG_HOME: "relative" }, "/home/u", "/home/u/.config/gatelight"],
    ["darwin", { XDG_CONFIG_HOME: "/xdg" }, "/Users/u", "/Users/u/Library/Application Support/Gatelight"],
    ["win32", { APPDATA: "D:\\Roam" }, "C:\\Users\\u", "D:\\Roam\\Gatelight"],
    ["win32", {}, "C:\\Users\\u", "C:\\Users\\u\\AppData\\Roaming\\Gatelight"],
  ] as const)("%s %j", (platform, env, home, wanted) => {
    expect(platformDataDir({ platform, env, home })).toBe(wanted);
  });
});

describe("migrate", () => {
  const table = { 1: (raw: object) => ({ ...raw, b: 2 }), 2: (raw: object) => ({ ...raw, c: 3 }) };
  it("goes step by step to the newest", () => {
    expect(migrate({ version: 1, a: 1 }, table, 3)).toEqual({ ok: true, from: 1, value: { version: 3, a: 1, b: 2, c: 3 } });
    expect(migrate({ version: 3 }, table, 3)).toEqual({ ok: true, from: 3, value: { version: 3 } });
  });
  it.each([[{ version: 4 }], [{ version: 0 }], [{ version: "1" }], [{}], [null], ["x"]])("refuses %j", (raw) => {
    expect(migrate(raw, table, 3).ok).toBe(false);
  });
  it("refuses where a step is missing", () => {
    expect(migrate({ version: 1 }, {}, 2)).toMatchObject({ ok: false });
  });
});

describe("settings as text", () => {
  it("goes out and comes in again", () => {
    expect(parseSettings(settingsText(EMPTY_SETTINGS))).toEqual({ ok: true, settings: EMPTY_SETTINGS, migratedFrom: null });
  });
  it("goes out and comes in again whole, with servers, gateways and every wish, and a second time the same", () => {
    const full = {
      version: 1,
      servers: [
        {
          id: "home",
          name: "linuxserver.lan",
          reach: { kind: "ssh", host: "linuxserver.lan", port: 2222, user: "administrator", identityFiles: ["~/.ssh/id_ed25519"], useAgent: false },
          gateways: [{ id: "live", name: "Live", mode: "live", container: "mcp-ib-gateway-live", ports: { relay: 4003, api: 4001, vnc: 5900 }, clientId: 7 }],
        },
      ],
      notify: { afterSeconds: 3, mute: true },
      privacy: { maskAmounts: true },
      startAtLogin: true,
      closeQuits: true,
    };
    const parsed = parseSettings(JSON.stringify(full));
    if (!parsed.ok) throw new Error(parsed.faults.join("; "));
    expect(parsed.settings).toMatchObject(full);
    const text = settingsText(parsed.settings);
    expect(parseSettings(text)).toEqual({ ok: true, settings: parsed.settings, migratedFrom: null });
    // Nothing of the kind can be in what is exported.
    expect(text).not.toMatch(/passw|passphrase|secret|token/i);
  });
  it("refuses what is too large to be settings, without reading it", () => {
    expect(parseSettings(" ".repeat(5 * 1024 * 1024))).toMatchObject({ ok: false });
  });
  it("reads a file with a byte order mark", () => {
    expect(parseSettings('\uFEFF{"version":1}').ok).toBe(true);
  });
  it.each(["password", "passphrase", "vncPassword"])("has no place for a secret: %s", (key) => {
    const inServer = { version: 1, servers: [{ id: "home", reach: { kind: "ssh", host: "linuxserver.lan", [key]: "x" } }] };
    const inGateway = {
      version: 1,
      servers: [{ id: "home", reach: { kind: "local" }, gateways: [{ id: "paper", mode: "paper", container: "c", [key]: "x" }] }],
    };
    for (const value of [{ version: 1, [key]: "x" }, inServer, inGateway]) expect(parseSettings(JSON.stringify(value)).ok).toBe(false);
  });
});
