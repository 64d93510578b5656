import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { extractFile, listPackage } from "@electron/asar";
import { FuseV1Options, FuseVersion, getCurrentFuseWire } from "@electron/fuses";
import { getConfig, validateConfiguration } from "app-builder-lib/out/util/config/config.js";
import { DebugLogger } from "builder-util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missingPeers, peer } from "../support/peers.ts";
import { type Packed, packForLinux, RUNTIME_BYTES } from "./pack.ts";

const ROOT = join(import.meta.dirname, "../..");
/** As the wire spells them; the package does not export its names for them. */
const FuseState = { DISABLE: "0".charCodeAt(0), ENABLE: "1".charCodeAt(0) };
const SIZES = [16, 24, 32, 48, 64, 128, 256, 512] as const;
const STATES = ["up", "connecting", "degraded", "down", "off", "needs-you", "unknown"] as const;
const VERSION: string = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).version;
const MEGABYTE = 1024 * 1024;

describe.skipIf(missingPeers("7za", "dpkg-deb", "mksquashfs", "unsquashfs", "desktop-file-validate").length > 0)("the Linux packages", () => {
  let packed: Packed;
  let app: string;
  let asar: string;
  let files: string[];
  beforeAll(async () => {
    packed = await packForLinux(["AppImage", "deb", "tar.gz"]);
    app = packed.app;
    asar = join(app, "resources", "app.asar");
    files = listPackage(asar, { isPack: false }).map((name) => name.replaceAll("\\", "/"));
  }, 200_000);
  afterAll(() => packed?.dispose());

  it("holds the built program and nothing of the workshop", () => {
    for (const needed of ["/dist/main.js", "/dist/preload.cjs", "/dist/renderer/index.html", "/package.json"]) expect(files).toContain(needed);
    expect(files.filter((name) => /(^|\/)(test|node_modules|electron|shared|renderer\/.*\.tsx?|\.git)(\/|$)/.test(name) && !name.startsWith("/dist/"))).toEqual(
      [],
    );
    expect(files.filter((name) => /\.(map|ts|tsx|cts|node)$/.test(name))).toEqual([]);
  });
  it("names no development dependency and no script", () => {
    const manifest = JSON.parse(extractFile(asar, "package.json").toString("utf8"));
    expect(manifest.main).toBe("dist/main.js");
    expect(manifest.devDependencies).toBeUndefined();
    expect(manifest.scripts).toBeUndefined();
  });
  it("carries no path of the machine that built it, and no link to source maps", () => {
    for (const name of files.filter((one) => /\.(c?js|html|css)$/.test(one))) {
      const text = extractFile(asar, name.slice(1)).toString("utf8");
      expect(text.includes(ROOT), name).toBe(false);
      expect(/^\/\/# sourceMappingURL=/m.test(text), name).toBe(false);
    }
  });
  it("keeps our part small", () => {
    expect(statSync(asar).size).toBeLessThan(12 * MEGABYTE);
    expect(existsSync(join(app, "resources", "app.asar.unpacked"))).toBe(false);
  });
  it("has a tray picture for every state beside the asar, where the system can read it", () => {
    const pictures = readdirSync(join(app, "resources", "assets", "tray"));
    for (const state of STATES) expect(pictures).toContain(`${state}.png`);
    expect(existsSync(join(app, "resources", "assets", "icons", "256x256.png"))).toBe(true);
  });
  it("has its fuses set", async () => {
    const wire = await getCurrentFuseWire(join(app, "gatelight"));
    expect(wire.version).toBe(FuseVersion.V1);
    expect(wire[FuseV1Options.RunAsNode]).toBe(FuseState.DISABLE);
    expect(wire[FuseV1Options.EnableNodeOptionsEnvironmentVariable]).toBe(FuseState.DISABLE);
    expect(wire[FuseV1Options.EnableNodeCliInspectArguments]).toBe(FuseState.DISABLE);
    expect(wire[FuseV1Options.GrantFileProtocolExtraPrivileges]).toBe(FuseState.DISABLE);
    expect(wire[FuseV1Options.EnableCookieEncryption]).toBe(FuseState.ENABLE);
    expect(wire[FuseV1Options.OnlyLoadAppFromAsar]).toBe(FuseState.ENABLE);
    expect(wire[FuseV1Options.EnableEmbeddedAsarIntegrityValidation]).toBe(FuseState.ENABLE);
  });

  describe("deb", () => {
    let file: string;
    let root: string;
    beforeAll(() => {
      file = join(packed.release, `gatelight-${VERSION}-amd64.deb`);
      root = join(packed.work, "deb-root");
      execFileSync(peer("dpkg-deb"), ["--raw-extract", file, root]);
    });
    const field = (name: string) => execFileSync(peer("dpkg-deb"), ["--field", file, name], { encoding: "utf8" }).trim();

    it("has its control fields", () => {
      expect(Object.fromEntries(["Package", "Version", "Architecture", "Maintainer", "Priority", "License"].map((name) => [name, field(name)]))).toEqual({
        Package: "gatelight",
        Version: VERSION,
        Architecture: "amd64",
        Maintainer: "The Gatelight authors <authors@gatelight.invalid>",
        Priority: "optional",
        License: "MIT",
      });
      expect(field("Description")).toMatch(/^A light in the tray for IB Gateway\n/);
      for (const needed of ["libgtk-3-0", "libnss3", "libsecret-1-0", "libnotify4"]) expect(field("Depends")).toContain(needed);
    });
    it("goes to /opt and gives the launcher its entry and its icon in every size", () => {
      expect(statSync(join(root, "opt/Gatelight/gatelight")).mode & 0o777).toBe(0o755);
      expect(existsSync(join(root, "opt/Gatelight/resources/app.asar"))).toBe(true);
      const entry = join(root, "usr/share/applications/gatelight.desktop");
      expectEntry(entry, "/opt/Gatelight/gatelight %U");
      for (const size of SIZES) expect(pngSize(join(root, `usr/share/icons/hicolor/${size}x${size}/apps/gatelight.png`))).toEqual([size, size]);
    });
    it("puts the command on the path, keeps Chromium's sandbox working, and takes both away again", () => {
      const after = readFileSync(join(root, "DEBIAN/postinst"), "utf8");
      expect(after).toContain("'/usr/bin/gatelight'");
      expect(after).toContain("chmod 4755 '/opt/Gatelight/chrome-sandbox'");
      // Ubuntu 24.04 denies user namespaces, and so the sandbox, to programs without a profile.
      expect(readFileSync(join(root, "opt/Gatelight/resources/apparmor-profile"), "utf8")).toMatch(
        /"\/opt\/Gatelight\/gatelight" flags=\(unconfined\) \{\s+userns,/,
      );
      expect(readFileSync(join(root, "DEBIAN/postrm"), "utf8")).toContain("gatelight");
      for (const script of ["postinst", "postrm"]) execFileSync("bash", ["-n", join(root, "DEBIAN", script)]);
    });
  });

  it("AppImage: a squashfs behind its head, with entry, icons and launcher, never started without the sandbox by itself", () => {
    const file = join(packed.release, `gatelight-${VERSION}-x86_64.AppImage`);
    expect(statSync(file).mode & 0o111).not.toBe(0);
    const root = join(packed.work, "appimage-root");
    execFileSync(peer("unsquashfs"), ["-quiet", "-no-progress", "-offset", String(RUNTIME_BYTES), "-dest", root, file]);
    expect(statSync(join(root, "AppRun")).mode & 0o777).toBe(0o755);
    execFileSync("bash", ["-n", join(root, "AppRun")]);
    expect(statSync(join(root, "resources/app.asar")).size).toBe(statSync(asar).size);
    expectEntry(join(root, "gatelight.desktop"), "AppRun %U");
    for (const size of SIZES) expect(pngSize(join(root, `usr/share/icons/hicolor/${size}x${size}/apps/gatelight.png`))).toEqual([size, size]);
    expect(pngSize(join(root, ".DirIcon"))).toEqual([512, 512]);
  });
  it("tar.gz: one folder, the program runnable in it, owned by nobody of the build machine", () => {
    const file = join(packed.release, `gatelight-${VERSION}-x64.tar.gz`);
    const lines = execFileSync("tar", ["--list", "--verbose", "--numeric-owner", "--file", file], { encoding: "utf8" }).trim().split("\n");
    const top = `gatelight-${VERSION}-x64/`;
    for (const line of lines) {
      expect(line).toContain(` ${top}`);
      expect(line).toMatch(/ 0\/0 /);
    }
    expect(lines.find((line) => line.endsWith(`${top}gatelight`))).toMatch(/^-rwxr-xr-x/);
    expect(lines.some((line) => line.endsWith(`${top}resources/app.asar`))).toBe(true);
  });
  it("in all of them our part is small", () => {
    for (const name of readdirSync(packed.release).filter((one) => one.startsWith("gatelight-")))
      expect(statSync(join(packed.release, name)).size, name).toBeLessThan(12 * MEGABYTE);
    expect(readdirSync(packed.release).filter((one) => one.startsWith("gatelight-"))).toHaveLength(3);
  });
});

/** Of the entry, what starts and what is shown. The system's own checker has the last word. */
function expectEntry(file: string, exec: string): void {
  execFileSync(peer("desktop-file-validate"), [file]);
  const text = readFileSync(file, "utf8");
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, "m").exec(text)?.[1];
  expect([value("Name"), value("Exec"), value("Icon"), value("Terminal"), value("Categories")]).toEqual([
    "Gatelight",
    exec,
    "gatelight",
    "false",
    "Office;Finance;",
  ]);
  expect(text).not.toContain("no-sandbox");
}

function pngSize(file: string): [number, number] {
  const png = readFileSync(file);
  expect(png.subarray(1, 4).toString("latin1")).toBe("PNG");
  return [png.readUInt32BE(16), png.readUInt32BE(20)];
}

/** rpm, dmg, zip and nsis are not packed here: no tool for them without a download. Their configuration is what the builder's own schema allows. */
describe("the configuration of all packages", () => {
  const read = () => getConfig(ROOT, join(ROOT, "electron-builder.yml"), null);
  const check = (configuration: object) => validateConfiguration(configuration, new DebugLogger(false));

  it("keeps to the builder's schema", async () => {
    await check(await read());
    // And the schema looks closely enough to be worth asking.
    for (const section of ["mac", "win", "nsis", "linux", "electronFuses"] as const) {
      const given = await read();
      await expect(check({ ...given, [section]: { ...given[section], noSuchOption: 1 } }), section).rejects.toThrow(
        new RegExp(`noSuchOption|configuration\\.${section}`),
      );
    }
  });
  it("names every package of every system, and files that exist", async () => {
    const { linux, mac, win } = await read();
    expect([linux?.target, mac?.target, win?.target]).toEqual([["AppImage", "deb", "rpm", "tar.gz"], ["dmg", "zip"], ["nsis"]]);
    for (const file of [linux?.icon, mac?.icon, mac?.entitlements, mac?.entitlementsInherit, win?.icon])
      expect(existsSync(join(ROOT, String(file))), String(file)).toBe(true);
  });
});

describe("icons", () => {
  it.each(SIZES)("are there at %d pixels", (pixels) => {
    expect(pngSize(join(ROOT, `build/icons/${pixels}x${pixels}.png`))).toEqual([pixels, pixels]);
  });
  it("are packed for Windows and macOS", () => {
    const ico = readFileSync(join(ROOT, "build/icons/icon.ico"));
    expect([ico.readUInt16LE(2), ico.readUInt16LE(4)]).toEqual([1, 9]);
    const icns = readFileSync(join(ROOT, "build/icons/icon.icns"));
    expect(icns.subarray(0, 4).toString("latin1")).toBe("icns");
    expect(icns.readUInt32BE(4)).toBe(icns.length);
  });
});
