import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createPackageWithOptions } from "@electron/asar";
import { NtExecutable, NtExecutableResource, Resource } from "resedit";
import { portableExecutable } from "./portable-executable.ts";

export type System = "linux" | "mac" | "win";
export const ELECTRON_VERSION = "45.4.1";
/** What @electron/fuses looks for: the mark, the wire's version and length, one character a fuse. */
const WIRE = Buffer.concat([Buffer.from("dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX"), Buffer.from([1, 9]), Buffer.from("110000000")]);

/** A folder that electron-builder takes for Electron of that system: its fuses can be set and read, it cannot run anything. */
export async function electronFolder(folder: string, system: System): Promise<void> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "version"), ELECTRON_VERSION);
  writeFileSync(join(folder, "LICENSE"), "stand-in");
  const resources = system === "mac" ? macBundle(folder) : join(folder, "resources");
  mkdirSync(resources, { recursive: true });
  const empty = `${folder}-default-app`;
  mkdirSync(empty);
  writeFileSync(join(empty, "main.js"), "");
  await createPackageWithOptions(empty, join(resources, "default_app.asar"), {});
  if (system === "mac") return;
  mkdirSync(join(folder, "locales"));
  for (const name of ["en-US", "de"]) writeFileSync(join(folder, "locales", `${name}.pak`), "");
  if (system === "win") writeFileSync(join(folder, "electron.exe"), versioned(portableExecutable({ data: WIRE })));
  else {
    writeFileSync(join(folder, "electron"), Buffer.concat([Buffer.from("#!/bin/sh\nexit 1\n"), WIRE]));
    chmodSync(join(folder, "electron"), 0o755);
    writeFileSync(join(folder, "chrome-sandbox"), "");
  }
}

/** The builder writes the asar's integrity beside the version. */
function versioned(program: Buffer): Buffer {
  const executable = NtExecutable.from(program);
  const resources = NtExecutableResource.from(executable);
  const version = Resource.VersionInfo.createEmpty();
  version.setFileVersion(45, 4, 1, 0, 1033);
  version.setStringValues({ lang: 1033, codepage: 1200 }, { FileDescription: "Electron" });
  version.outputToResourceEntries(resources.entries);
  resources.outputResource(executable);
  return Buffer.from(executable.generate());
}

/** @returns its folder of resources */
function macBundle(folder: string): string {
  const contents = join(folder, "Electron.app", "Contents");
  const bundle = (at: string, name: string, program: Buffer) => {
    mkdirSync(join(at, "MacOS"), { recursive: true });
    writeFileSync(join(at, "MacOS", name), program);
    chmodSync(join(at, "MacOS", name), 0o755);
    writeFileSync(
      join(at, "Info.plist"),
      `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0"><dict><key>CFBundleExecutable</key><string>${name}</string><key>CFBundleIdentifier</key><string>com.github.Electron</string><key>CFBundleName</key><string>${name}</string><key>LSMinimumSystemVersion</key><string>13.0</string></dict></plist>\n`,
    );
  };
  bundle(contents, "Electron", Buffer.from("#!/bin/sh\nexit 1\n"));
  for (const kind of ["", " (GPU)", " (Plugin)", " (Renderer)"])
    bundle(join(contents, "Frameworks", `Electron Helper${kind}.app`, "Contents"), `Electron Helper${kind}`, Buffer.from("#!/bin/sh\nexit 1\n"));
  const framework = join(contents, "Frameworks", "Electron Framework.framework");
  for (const language of ["en", "de"]) {
    const folderOfIt = join(framework, "Versions", "A", "Resources", `${language}.lproj`);
    mkdirSync(folderOfIt, { recursive: true });
    writeFileSync(join(folderOfIt, "locale.pak"), "");
  }
  writeFileSync(join(framework, "Versions", "A", "Electron Framework"), WIRE);
  symlinkSync("A", join(framework, "Versions", "Current"));
  for (const name of ["Electron Framework", "Resources"]) symlinkSync(join("Versions", "Current", name), join(framework, name));
  return join(contents, "Resources");
}
