import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/**
 * Stands in for fpm, which Debian does not have: takes the arguments that electron-builder gives it and lets dpkg-deb make the package. As a program:
 * node deb-packer.ts -s dir -t deb --name … SOURCE=DESTINATION …
 */
const VALUES: Readonly<Record<string, string>> = {
  "--name": "Package",
  "--version": "Version",
  "--architecture": "Architecture",
  "--maintainer": "Maintainer",
  "--vendor": "Vendor",
  "--url": "Homepage",
  "--license": "License",
  "--category": "Section",
  "--deb-priority": "Priority",
  "--description": "Description",
};
const SCRIPTS: Readonly<Record<string, string>> = { "--after-install": "postinst", "--after-remove": "postrm" };
const words = process.argv.slice(2);
const control = new Map<string, string>();
const depends: string[] = [];
const recommends: string[] = [];
const root = mkdtempSync(join(tmpdir(), "gatelight-deb-"));
let output = "";

try {
  chmodSync(root, 0o755);
  mkdirSync(join(root, "DEBIAN"));
  while (words.length > 0) {
    const word = words.shift() ?? "";
    if (word === "--force" || word === "--debug") continue;
    if (!word.startsWith("-")) {
      const cut = word.indexOf("=");
      const [from, to] = [word.slice(0, cut), join(root, word.slice(cut + 1))];
      mkdirSync(dirname(to), { recursive: true });
      cpSync(from, to, { recursive: true, verbatimSymlinks: true });
      continue;
    }
    const value = words.shift() ?? "";
    const field = VALUES[word];
    const script = SCRIPTS[word];
    if (field !== undefined) control.set(field, value);
    else if (script !== undefined) {
      cpSync(value, join(root, "DEBIAN", script));
      chmodSync(join(root, "DEBIAN", script), 0o755);
    } else if (word === "-d") depends.push(value);
    else if (word === "--deb-recommends") recommends.push(value);
    else if (word === "--package") output = value;
    else if ((word === "-t" && value !== "deb") || !["-s", "-t", "--log", "--deb-compression"].includes(word))
      throw new Error(`not known to this stand-in: ${word} ${value}`);
  }
  control.set("Depends", depends.join(", "));
  control.set("Recommends", recommends.join(", "));
  writeFileSync(join(root, "DEBIAN", "control"), [...control].map(([field, value]) => `${field}: ${value}\n`).join(""));
  execFileSync("dpkg-deb", ["--root-owner-group", "-Zgzip", "-z1", "--build", root, output], { stdio: ["ignore", "inherit", "inherit"] });
} finally {
  rmSync(root, { recursive: true, force: true });
}
