import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { peer } from "../support/peers.ts";
import { portableExecutable } from "./portable-executable.ts";

const NSIS_TEMPLATES = join(import.meta.dirname, "../../node_modules/app-builder-lib/templates/nsis");
/** Plugins that NSIS itself does not bring: electron-builder would download them. */
const NSIS_PLUGINS = /\b(StdUtils|UAC|nsProcess|Nsis7z|WinShell|SpiderBanner|inetc|nsisunz)::(\w+)/g;
/** Length of the head that makes an AppImage a program: the squashfs begins after it. */
export const RUNTIME_BYTES = 4096;

/** The AppImage tools that electron-builder would download, from Debian's; the runtime is a head of the right length that runs nothing. */
export function appImageTools(folder: string): void {
  for (const name of ["runtimes", "lib/x64"]) mkdirSync(join(folder, name), { recursive: true });
  for (const name of ["mksquashfs", "desktop-file-validate"] as const) symlinkSync(peer(name), join(folder, name));
  writeFileSync(join(folder, "runtimes", "runtime-x64"), Buffer.concat([Buffer.from("#!/bin/sh\nexit 1\n")], RUNTIME_BYTES));
}

/** fpm's place is taken by a program of ours that lets dpkg-deb and rpmbuild make the packages. @returns its path */
export function fpm(folder: string): string {
  const file = join(folder, "fpm");
  writeFileSync(file, `#!/bin/sh\nexec "${process.execPath}" "${join(import.meta.dirname, "fpm-stand-in.ts")}" "$@"\n`, { mode: 0o755 });
  return file;
}

/** Debian's makensis with libraries in place of the plugins: they export the names that the scripts call. It also takes wine's place, see below. */
export function nsisTools(folder: string): void {
  const plugins = new Map<string, Set<string>>();
  for (const name of readdirSync(NSIS_TEMPLATES, { recursive: true, encoding: "utf8" }).filter((one) => /\.ns[hi]$/.test(one)))
    for (const [, plugin = "", call = ""] of readFileSync(join(NSIS_TEMPLATES, name), "utf8").matchAll(NSIS_PLUGINS))
      plugins.set(plugin, (plugins.get(plugin) ?? new Set()).add(call));
  mkdirSync(join(folder, "plugins", "x86-unicode"), { recursive: true });
  for (const [name, calls] of plugins)
    writeFileSync(join(folder, "plugins", "x86-unicode", `${name}.dll`), portableExecutable({ exports: [...calls], library: true }));
  symlinkSync(peer("makensis"), join(folder, "makensis"));
  writeFileSync(join(folder, "elevate.exe"), portableExecutable({}));
  mkdirSync(join(folder, "bin"));
  // The builder runs a first installer under wine for the one thing that it does: it writes the uninstaller that it holds.
  writeFileSync(join(folder, "bin", "wine"), `#!/bin/sh\nexec "${peer("7z")}" x -so "$1" > "\${1%exe}__uninstaller.exe"\n`, { mode: 0o755 });
}
