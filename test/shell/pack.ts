import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPackageWithOptions } from "@electron/asar";
import { peer } from "../support/peers.ts";

const ROOT = join(import.meta.dirname, "../..");
const SENTINEL = "dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX";
/** Length of the head that makes an AppImage a program: the squashfs begins after it. */
export const RUNTIME_BYTES = 4096;

export interface Packed {
  /** The folder that electron-builder packs. */
  readonly app: string;
  readonly release: string;
  /** For tests to unpack into. */
  readonly work: string;
  dispose(): void;
}

/** A folder that electron-builder takes for Electron: its fuses can be set and read, it cannot run anything. */
async function electronStandIn(folder: string): Promise<void> {
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

/** The AppImage tools that electron-builder would download, from Debian's; the runtime is a head of the right length that runs nothing. */
function appImageTools(folder: string): void {
  for (const name of ["runtimes", "lib/x64"]) mkdirSync(join(folder, name), { recursive: true });
  for (const name of ["mksquashfs", "desktop-file-validate"] as const) symlinkSync(peer(name), join(folder, name));
  writeFileSync(join(folder, "runtimes", "runtime-x64"), Buffer.concat([Buffer.from("#!/bin/sh\nexit 1\n")], RUNTIME_BYTES));
}

/**
 * Packs the built program for Linux by electron-builder.yml as it is, with stand-ins for what would be downloaded.
 * @throws Error with the builder's output, also where the configuration breaks its schema
 */
export async function packForLinux(targets: readonly string[]): Promise<Packed> {
  execFileSync(process.execPath, [join(ROOT, "build/build.mjs")], { stdio: "inherit", env: { ...process.env, NODE_ENV: "production" } });
  const work = mkdtempSync(join(tmpdir(), "gatelight-pack-"));
  try {
    const electron = join(work, "electron");
    await electronStandIn(electron);
    const tools = join(work, "appimage-tools");
    appImageTools(tools);
    const fpm = join(work, "fpm");
    writeFileSync(fpm, `#!/bin/sh\nexec "${process.execPath}" "${join(import.meta.dirname, "deb-packer.ts")}" "$@"\n`, { mode: 0o755 });
    // A project of its own beside ours: builders run at the same time would fight over the output folder.
    const project = join(work, "project");
    mkdirSync(project);
    for (const name of ["dist", "build", "LICENSE", "electron-builder.yml"]) cpSync(join(ROOT, name), join(project, name), { recursive: true });
    const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    writeFileSync(
      join(project, "package.json"),
      JSON.stringify({ ...manifest, dependencies: {}, devDependencies: { electron: manifest.devDependencies.electron } }),
    );
    // What a careless build might leave behind.
    writeFileSync(join(project, "dist", "main.js.map"), "{}");
    const args = ["--linux", ...targets, "--x64", "--publish", "never", `-c.electronDist=${electron}`, "-c.electronVersion=45.4.1"];
    const run = spawnSync(process.execPath, [join(ROOT, "node_modules/electron-builder/cli.js"), ...args], {
      cwd: project,
      encoding: "utf8",
      timeout: 150_000,
      env: { ...process.env, CI: "", DEBUG: "", ELECTRON_BUILDER_7ZIP_PATH: peer("7za"), CUSTOM_FPM_PATH: fpm, APPIMAGE_TOOLS_PATH: tools },
    });
    if (run.status !== 0) throw new Error(`electron-builder failed:\n${run.stdout}\n${run.stderr}`);
    const release = join(project, "release");
    return { app: join(release, "linux-unpacked"), release, work, dispose: () => rmSync(work, { recursive: true, force: true }) };
  } catch (error) {
    rmSync(work, { recursive: true, force: true });
    throw error;
  }
}
