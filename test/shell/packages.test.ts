import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { extractFile, getRawHeader, listPackage } from "@electron/asar";
import { FuseV1Options, FuseVersion, getCurrentFuseWire } from "@electron/fuses";
import { getConfig, validateConfiguration } from "app-builder-lib/out/util/config/config.js";
import { DebugLogger } from "builder-util";
import { NtExecutable, NtExecutableResource } from "resedit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { trayImage } from "../../electron/shell/tray-images.ts";
import { LIGHT_STATES } from "../../shared/words.ts";
import { missingPeers, peer } from "../support/peers.ts";
import type { System } from "./electron-folders.ts";
import { type Packed, pack } from "./pack.ts";
import { RUNTIME_BYTES } from "./packers.ts";

const ROOT = join(import.meta.dirname, "../..");
/** As the wire spells them; the package does not export its names for them. */
const FuseState = { DISABLE: "0".charCodeAt(0), ENABLE: "1".charCodeAt(0) };
const SIZES = [16, 24, 32, 48, 64, 128, 256, 512] as const;
const VERSION: string = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).version;
const MEGABYTE = 1024 * 1024;

const tools = { nsis: missingPeers("makensis", "7z").length === 0, rpm: missingPeers("rpmbuild", "rpm").length === 0 };
for (const [made, what] of [
  [tools.nsis, "makensis and 7z: the installer of Windows is not made, only its folder (nsis, p7zip-full)"],
  [tools.rpm, "rpmbuild: no rpm is made (rpm)"],
] as const)
  if (!made) process.stderr.write(`Not installed: ${what}.\n`);

describe.skipIf(missingPeers("7za", "dpkg-deb", "mksquashfs", "unsquashfs", "desktop-file-validate").length > 0)("the packages", () => {
  let packed: Packed;
  let folder: Readonly<Record<System, string>>;
  let resources: Readonly<Record<System, string>>;
  beforeAll(async () => {
    packed = await pack(tools);
    const { linux, mac, win } = packed.release;
    folder = { linux: join(linux, "linux-unpacked"), mac: join(mac, "mac", "Gatelight.app"), win: join(win, "win-unpacked") };
    resources = { linux: join(folder.linux, "resources"), mac: join(folder.mac, "Contents", "Resources"), win: join(folder.win, "resources") };
  }, 240_000);
  afterAll(() => packed?.dispose());

  describe.each(["linux", "mac", "win"] as const)("for %s", (system) => {
    let asar: string;
    let files: string[];
    beforeAll(() => {
      asar = join(resources[system], "app.asar");
      files = listPackage(asar, { isPack: false }).map((name) => name.replaceAll("\\", "/"));
    });

    it("hold the built program and nothing of the workshop", () => {
      for (const needed of ["/dist/main.js", "/dist/preload.cjs", "/dist/renderer/index.html", "/package.json"]) expect(files).toContain(needed);
      expect(
        files.filter((name) => /(^|\/)(test|node_modules|electron|shared|renderer\/.*\.tsx?|\.git)(\/|$)/.test(name) && !name.startsWith("/dist/")),
      ).toEqual([]);
      expect(files.filter((name) => /\.(map|ts|tsx|cts|node)$/.test(name))).toEqual([]);
    });
    it("name no development dependency and no script, and the program as its windows are known", () => {
      const manifest = JSON.parse(extractFile(asar, "package.json").toString("utf8"));
      expect([manifest.main, manifest.productName, manifest.desktopName]).toEqual(["dist/main.js", "Gatelight", "gatelight.desktop"]);
      expect(manifest.devDependencies).toBeUndefined();
      expect(manifest.scripts).toBeUndefined();
    });
    it("carry no path of the machine that built them, and no link to source maps", () => {
      for (const name of files.filter((one) => /\.(c?js|html|css)$/.test(one))) {
        const text = extractFile(asar, name.slice(1)).toString("utf8");
        expect(text.includes(ROOT), name).toBe(false);
        expect(/^\/\/# sourceMappingURL=/m.test(text), name).toBe(false);
      }
    });
    it("keep our part small", () => {
      expect(statSync(asar).size).toBeLessThan(12 * MEGABYTE);
      expect(existsSync(`${asar}.unpacked`)).toBe(false);
      const made = readdirSync(packed.release[system]).filter((one) => one.startsWith("gatelight-") && !one.endsWith(".blockmap"));
      for (const name of made) expect(statSync(join(packed.release[system], name)).size, name).toBeLessThan(12 * MEGABYTE);
      expect(made).toHaveLength(system === "linux" ? (tools.rpm ? 4 : 3) : system === "win" && !tools.nsis ? 0 : 1);
    });
    it("have a tray picture for every state beside the asar, where the system can read it", () => {
      const pictures = readdirSync(join(resources[system], "assets", "tray"));
      const platform = ({ linux: "linux", mac: "darwin", win: "win32" } as const)[system];
      for (const state of LIGHT_STATES) for (const dark of [true, false]) expect(pictures).toContain(trayImage(state, platform, dark));
    });
    it("have their fuses set", async () => {
      const wire = await getCurrentFuseWire({ linux: join(folder.linux, "gatelight"), mac: folder.mac, win: join(folder.win, "Gatelight.exe") }[system]);
      expect(wire.version).toBe(FuseVersion.V1);
      expect(wire[FuseV1Options.RunAsNode]).toBe(FuseState.DISABLE);
      expect(wire[FuseV1Options.EnableNodeOptionsEnvironmentVariable]).toBe(FuseState.DISABLE);
      expect(wire[FuseV1Options.EnableNodeCliInspectArguments]).toBe(FuseState.DISABLE);
      expect(wire[FuseV1Options.GrantFileProtocolExtraPrivileges]).toBe(FuseState.DISABLE);
      expect(wire[FuseV1Options.EnableCookieEncryption]).toBe(FuseState.ENABLE);
      expect(wire[FuseV1Options.OnlyLoadAppFromAsar]).toBe(FuseState.ENABLE);
      expect(wire[FuseV1Options.EnableEmbeddedAsarIntegrityValidation]).toBe(FuseState.ENABLE);
    });
  });

  describe("deb", () => {
    let file: string;
    let root: string;
    beforeAll(() => {
      file = join(packed.release.linux, `gatelight-${VERSION}-amd64.deb`);
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
    const file = join(packed.release.linux, `gatelight-${VERSION}-x86_64.AppImage`);
    expect(statSync(file).mode & 0o111).not.toBe(0);
    const root = join(packed.work, "appimage-root");
    execFileSync(peer("unsquashfs"), ["-quiet", "-no-progress", "-offset", String(RUNTIME_BYTES), "-dest", root, file]);
    expect(statSync(join(root, "AppRun")).mode & 0o777).toBe(0o755);
    execFileSync("bash", ["-n", join(root, "AppRun")]);
    expect(statSync(join(root, "resources/app.asar")).size).toBe(statSync(join(resources.linux, "app.asar")).size);
    expectEntry(join(root, "gatelight.desktop"), "AppRun %U");
    for (const size of SIZES) expect(pngSize(join(root, `usr/share/icons/hicolor/${size}x${size}/apps/gatelight.png`))).toEqual([size, size]);
    expect(pngSize(join(root, ".DirIcon"))).toEqual([512, 512]);
  });
  it("tar.gz: one folder, the program runnable in it, owned by nobody of the build machine", () => {
    const file = join(packed.release.linux, `gatelight-${VERSION}-x64.tar.gz`);
    const lines = execFileSync("tar", ["--list", "--verbose", "--numeric-owner", "--file", file], { encoding: "utf8" }).trim().split("\n");
    const top = `gatelight-${VERSION}-x64/`;
    for (const line of lines) {
      expect(line).toContain(` ${top}`);
      expect(line).toMatch(/ 0\/0 /);
    }
    expect(lines.find((line) => line.endsWith(`${top}gatelight`))).toMatch(/^-rwxr-xr-x/);
    expect(lines.some((line) => line.endsWith(`${top}resources/app.asar`))).toBe(true);
  });
  it.skipIf(!tools.rpm)("rpm: its head, what it needs, where its files go and what runs at its installation", () => {
    const file = join(packed.release.linux, `gatelight-${VERSION}-x86_64.rpm`);
    const ask = (...words: string[]) => execFileSync(peer("rpm"), ["--query", "--package", ...words, file], { encoding: "utf8" });
    expect(ask("--queryformat", "%{NAME} %{VERSION} %{ARCH} %{LICENSE} %{VENDOR}|%{SUMMARY}")).toBe(
      `gatelight ${VERSION} x86_64 MIT Gatelight|A light in the tray for IB Gateway`,
    );
    for (const needed of ["gtk3", "nss", "libnotify"]) expect(ask("--requires").split("\n")).toContain(needed);
    const listed = ask("--list", "--verbose").split("\n");
    for (const path of ["/opt/Gatelight/gatelight", "/opt/Gatelight/resources/app.asar", "/usr/share/applications/gatelight.desktop"])
      expect(
        listed.find((line) => line.endsWith(` ${path}`)),
        path,
      ).toMatch(/^-r.xr?-.r?-.*\broot +root\b|^-rw-r--r--.*\broot +root\b/);
    for (const size of SIZES) expect(listed.some((line) => line.endsWith(`/hicolor/${size}x${size}/apps/gatelight.png`))).toBe(true);
    const scripts = ask("--scripts");
    for (const text of ["'/usr/bin/gatelight'", "chmod 4755 '/opt/Gatelight/chrome-sandbox'", "/etc/apparmor.d/gatelight"]) expect(scripts).toContain(text);
  });
  it("zip for macOS: a bundle with its name, icon and helpers, whose asar is checked", () => {
    const plist = readFileSync(join(folder.mac, "Contents", "Info.plist"), "utf8");
    const value = (key: string) => new RegExp(`<key>${key}</key>\\s*<string>([^<]*)</string>`).exec(plist)?.[1];
    expect(["CFBundleName", "CFBundleDisplayName", "CFBundleExecutable", "CFBundleIdentifier", "CFBundleShortVersionString"].map(value)).toEqual([
      "Gatelight",
      "Gatelight",
      "Gatelight",
      "com.gatelight.app",
      VERSION,
    ]);
    expect(value("LSApplicationCategoryType")).toBe("public.app-category.finance");
    expect(readFileSync(join(resources.mac, String(value("CFBundleIconFile"))))).toEqual(readFileSync(join(ROOT, "build/icons/icon.icns")));
    expect(
      /<key>Resources\/app\.asar<\/key>\s*<dict>\s*<key>algorithm<\/key>\s*<string>SHA256<\/string>\s*<key>hash<\/key>\s*<string>(\w+)/.exec(plist)?.[1],
    ).toBe(headerHash(join(resources.mac, "app.asar")));
    const frameworks = join(folder.mac, "Contents", "Frameworks");
    for (const kind of ["", " (GPU)", " (Plugin)", " (Renderer)"])
      expect(existsSync(join(frameworks, `Gatelight Helper${kind}.app`, "Contents", "MacOS", `Gatelight Helper${kind}`)), kind).toBe(true);
    // One language, as the program has.
    expect(readdirSync(join(frameworks, "Electron Framework.framework", "Versions", "A", "Resources"))).toEqual(["en.lproj"]);
    const listed = execFileSync(peer("7za"), ["l", "-ba", "-slt", join(packed.release.mac, `gatelight-${VERSION}-x64.zip`)], { encoding: "utf8" });
    for (const path of ["Contents/MacOS/Gatelight", "Contents/Resources/app.asar"]) expect(listed).toContain(`Path = Gatelight.app/${path}\n`);
  });
  it("for Windows: a program whose asar is checked", () => {
    const { entries } = NtExecutableResource.from(NtExecutable.from(readFileSync(join(folder.win, "Gatelight.exe"))));
    const integrity = entries.find((entry) => entry.type === "INTEGRITY" && entry.id === "ELECTRONASAR");
    expect(JSON.parse(Buffer.from(integrity?.bin ?? new ArrayBuffer(0)).toString("utf8"))).toContainEqual({
      file: "resources\\app.asar",
      alg: "SHA256",
      value: headerHash(join(resources.win, "app.asar")),
    });
    expect(readdirSync(join(folder.win, "locales"))).toEqual(["en-US.pak"]);
  });
  it.skipIf(!tools.nsis)("installer for Windows: the program in it as it was packed, and an uninstaller that takes the log-in entry away", () => {
    const unpack = (file: string, name: string) => {
      const into = join(packed.work, name);
      execFileSync(peer("7z"), ["x", "-y", `-o${into}`, file], { stdio: "ignore" });
      return into;
    };
    const installer = unpack(join(packed.release.win, `gatelight-${VERSION}-x64.exe`), "installer");
    const program = unpack(join(installer, "$PLUGINSDIR", "app-64.7z"), "program");
    for (const name of ["Gatelight.exe", "resources/app.asar", "resources/assets/tray/up-dark.ico"])
      expect(readFileSync(join(program, name)).equals(readFileSync(join(folder.win, name))), name).toBe(true);
    // The registry's names stand in the uninstaller's strings.
    const strings = nsisHeader(readFileSync(join(installer, "$R0", "Uninstall Gatelight.exe"))).toString("utf16le");
    for (const text of ["Software\\Microsoft\\Windows\\CurrentVersion\\Run", "StartupApproved\\Run", "com.gatelight.app"]) expect(strings).toContain(text);
  });
});

/** What Electron compares at its start: the hash of the asar's list of files. */
const headerHash = (asar: string) => createHash("sha256").update(getRawHeader(asar).headerString).digest("hex");

/** The first block behind NSIS's own head: its signature, two lengths, then one length and deflated data. */
function nsisHeader(program: Buffer): Buffer {
  const at = program.indexOf("NullsoftInst", 0, "latin1") + 12 + 8;
  const size = program.readUInt32LE(at) & 0x7fffffff;
  return inflateRawSync(program.subarray(at + 4, at + 4 + size));
}

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
  // The name that Electron gives its windows, from the package's desktopName.
  expect(value("StartupWMClass")).toBe("gatelight");
}

function pngSize(file: string): [number, number] {
  const png = readFileSync(file);
  expect(png.subarray(1, 4).toString("latin1")).toBe("PNG");
  return [png.readUInt32BE(16), png.readUInt32BE(20)];
}

/** dmg can be made on macOS alone. */
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
