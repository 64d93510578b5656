import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPackageWithOptions, extractFile, listPackage } from "@electron/asar";
import { FuseV1Options, FuseVersion, getCurrentFuseWire } from "@electron/fuses";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
/** As the wire spells them; the package does not export its names for them. */
const FuseState = { DISABLE: "0".charCodeAt(0), ENABLE: "1".charCodeAt(0) };
const SENTINEL = "dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX";
let work: string;
let app: string;
let asar: string;
let files: string[];

/** A folder that electron-builder takes for Electron: its fuses can be set and read, it cannot run anything. */
async function standIn(folder: string): Promise<void> {
  mkdirSync(join(folder, "resources"), { recursive: true });
  mkdirSync(join(folder, "locales"));
  const wire = Buffer.concat([Buffer.from("#!/bin/sh\nexit 1\n"), Buffer.from(SENTINEL), Buffer.from([1, 9]), Buffer.from("110000000")]);
  writeFileSync(join(folder, "electron"), wire);
  chmodSync(join(folder, "electron"), 0o755);
  writeFileSync(join(folder, "chrome-sandbox"), "");
  writeFileSync(join(folder, "version"), "45.4.1");
  writeFileSync(join(folder, "LICENSE"), "stand-in");
  writeFileSync(join(folder, "locales", "en-US.pak"), "");
  writeFileSync(join(folder, "locales", "de.pak"), "");
  const empty = join(folder, "..", "default-app");
  mkdirSync(empty);
  writeFileSync(join(empty, "main.js"), "");
  await createPackageWithOptions(empty, join(folder, "resources", "default_app.asar"), {});
}

describe("the Linux package", () => {
  beforeAll(async () => {
    execFileSync(process.execPath, [join(ROOT, "build/build.mjs")], { stdio: "inherit", env: { ...process.env, NODE_ENV: "production" } });
    work = mkdtempSync(join(tmpdir(), "gatelight-pack-"));
    const electron = join(work, "electron");
    await standIn(electron);
    // A project of its own beside ours: builders run at the same time would fight over the output folder.
    const project = join(work, "project");
    mkdirSync(project);
    for (const name of ["dist", "build", "LICENSE", "electron-builder.yml"]) cpSync(join(ROOT, name), join(project, name), { recursive: true });
    const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    writeFileSync(
      join(project, "package.json"),
      JSON.stringify({ ...manifest, dependencies: {}, devDependencies: { electron: manifest.devDependencies.electron } }),
    );
    writeFileSync(join(project, "dist", "main.js.map"), "{}");
    const run = spawnSync(
      process.execPath,
      [
        join(ROOT, "node_modules/electron-builder/cli.js"),
        "--linux",
        "dir",
        "--x64",
        "--publish",
        "never",
        `-c.electronDist=${electron}`,
        "-c.electronVersion=45.4.1",
      ],
      { cwd: project, encoding: "utf8", timeout: 120_000, env: { ...process.env, CI: "", DEBUG: "" } },
    );
    if (run.status !== 0) throw new Error(`electron-builder failed:\n${run.stdout}\n${run.stderr}`);
    app = join(project, "release", "linux-unpacked");
    asar = join(app, "resources", "app.asar");
    files = listPackage(asar, { isPack: false }).map((name) => name.replaceAll("\\", "/"));
  }, 180_000);
  afterAll(() => rmSync(work, { recursive: true, force: true }));

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
    expect(statSync(asar).size).toBeLessThan(12 * 1024 * 1024);
    expect(existsSync(join(app, "resources", "app.asar.unpacked"))).toBe(false);
  });
  it("has a tray picture for every state beside the asar, where the system can read it", () => {
    const pictures = readdirSync(join(app, "resources", "assets", "tray"));
    for (const state of ["up", "connecting", "degraded", "down", "off", "needs-you", "unknown"]) expect(pictures).toContain(`${state}.png`);
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
});

describe("icons", () => {
  const size = (file: string) => {
    const png = readFileSync(file);
    expect(png.subarray(1, 4).toString("latin1")).toBe("PNG");
    return [png.readUInt32BE(16), png.readUInt32BE(20)];
  };
  it.each([16, 24, 32, 48, 64, 128, 256, 512])("are there at %d pixels", (pixels) => {
    expect(size(join(ROOT, `build/icons/${pixels}x${pixels}.png`))).toEqual([pixels, pixels]);
  });
  it("are packed for Windows and macOS", () => {
    const ico = readFileSync(join(ROOT, "build/icons/icon.ico"));
    expect([ico.readUInt16LE(2), ico.readUInt16LE(4)]).toEqual([1, 9]);
    const icns = readFileSync(join(ROOT, "build/icons/icon.icns"));
    expect(icns.subarray(0, 4).toString("latin1")).toBe("icns");
    expect(icns.readUInt32BE(4)).toBe(icns.length);
  });
});
