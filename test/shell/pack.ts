import { execFile, execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { peer } from "../support/peers.ts";
import { ELECTRON_VERSION, electronFolder, type System } from "./electron-folders.ts";
import { appImageTools, fpm, nsisTools } from "./packers.ts";

const ROOT = join(import.meta.dirname, "../..");
const DEADLINE_MS = 150_000;

export interface Packed {
  /** Where the packages lie, and the folder that they were made from. */
  readonly release: Readonly<Record<System, string>>;
  /** For tests to unpack into. */
  readonly work: string;
  dispose(): void;
}

/**
 * Packs the built program by electron-builder.yml as it is, with stand-ins for what would be downloaded. Without `makensis` no installer of Windows is
 * made, without `rpmbuild` no rpm: its folder alone is.
 * @throws Error with the builder's output, also where the configuration breaks its schema
 */
export async function pack(tools: { readonly nsis: boolean; readonly rpm: boolean }): Promise<Packed> {
  execFileSync(process.execPath, [join(ROOT, "build/build.mjs")], { stdio: "inherit", env: { ...process.env, NODE_ENV: "production" } });
  const work = mkdtempSync(join(tmpdir(), "gatelight-pack-"));
  const dispose = () => rmSync(work, { recursive: true, force: true });
  try {
    appImageTools(join(work, "appimage"));
    if (tools.nsis) nsisTools(join(work, "nsis"));
    const env = {
      ...process.env,
      CI: "",
      DEBUG: "",
      ELECTRON_BUILDER_7ZIP_PATH: peer("7za"),
      CUSTOM_FPM_PATH: fpm(work),
      APPIMAGE_TOOLS_PATH: join(work, "appimage"),
      ...(tools.nsis
        ? {
            ELECTRON_BUILDER_NSIS_DIR: join(work, "nsis"),
            ELECTRON_BUILDER_NSIS_RESOURCES_DIR: join(work, "nsis"),
            PATH: `${join(work, "nsis", "bin")}${delimiter}${process.env.PATH ?? ""}`,
          }
        : {}),
    };
    const one = async (system: System, targets: readonly string[], options: readonly string[] = []): Promise<string> => {
      const electron = join(work, `electron-${system}`);
      await electronFolder(electron, system);
      // A project of its own beside ours: builders run at the same time would fight over the output folder.
      const project = join(work, system);
      mkdirSync(project);
      for (const name of ["dist", "build", "LICENSE", "electron-builder.yml"]) cpSync(join(ROOT, name), join(project, name), { recursive: true });
      const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
      writeFileSync(
        join(project, "package.json"),
        JSON.stringify({ ...manifest, dependencies: {}, devDependencies: { electron: manifest.devDependencies.electron } }),
      );
      // What a careless build might leave behind.
      writeFileSync(join(project, "dist", "main.js.map"), "{}");
      const args = [`--${system}`, ...targets, "--x64", "--publish", "never", `-c.electronDist=${electron}`, `-c.electronVersion=${ELECTRON_VERSION}`];
      const run = promisify(execFile)(process.execPath, [join(ROOT, "node_modules/electron-builder/cli.js"), ...args, ...options], {
        cwd: project,
        timeout: DEADLINE_MS,
        maxBuffer: 32 * 1024 * 1024,
        env,
      });
      await run.catch(({ stdout, stderr }: { stdout: string; stderr: string }) => {
        throw new Error(`electron-builder failed for ${system}:\n${stdout}\n${stderr}`);
      });
      return join(project, "release");
    };
    const runs = [
      one("linux", ["AppImage", "deb", "tar.gz", ...(tools.rpm ? ["rpm"] : [])]),
      one("mac", ["zip"]),
      // Names and icon are put into the program by a tool that runs under wine. Debian's NSIS lacks words of one of the languages.
      one("win", [tools.nsis ? "nsis" : "dir"], ["-c.win.signAndEditExecutable=false", "-c.nsis.installerLanguages=en_US"]),
    ] as const;
    // None may go on writing into a folder that is taken away.
    await Promise.allSettled(runs);
    const [linux, mac, win] = await Promise.all(runs);
    return { release: { linux, mac, win }, work, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}
