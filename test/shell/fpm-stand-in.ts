import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/**
 * Stands in for fpm, which Debian does not have: takes the arguments that electron-builder gives it and lets dpkg-deb or rpmbuild make the package. As a
 * program: node fpm-stand-in.ts -s dir -t deb --name … SOURCE=DESTINATION …
 */
const KNOWN = [
  ...["--name", "--version", "--architecture", "--maintainer", "--vendor", "--url", "--license", "--category", "--description", "--package"],
  ...["--after-install", "--after-remove", "-s", "-t", "--log", "--deb-priority", "--deb-compression", "--rpm-summary", "--rpm-os", "--rpm-compression"],
];
const LISTS = ["-d", "--deb-recommends"];
const words = process.argv.slice(2);
const given = new Map<string, string>();
const lists = new Map<string, string[]>(LISTS.map((name) => [name, []]));
const work = mkdtempSync(join(tmpdir(), "gatelight-fpm-"));
const root = join(work, "root");
const value = (name: string) => given.get(name) ?? "";

function readArguments(): void {
  while (words.length > 0) {
    const word = words.shift() ?? "";
    if (word === "--force" || word === "--debug") continue;
    if (!word.startsWith("-")) {
      const cut = word.indexOf("=");
      const to = join(root, word.slice(cut + 1));
      mkdirSync(dirname(to), { recursive: true });
      cpSync(word.slice(0, cut), to, { recursive: true, verbatimSymlinks: true });
    } else if (LISTS.includes(word)) lists.get(word)?.push(words.shift() ?? "");
    else if (KNOWN.includes(word)) given.set(word, words.shift() ?? "");
    else throw new Error(`not known to this stand-in: ${word} ${words[0]}`);
  }
}

function deb(): void {
  const control = {
    Package: value("--name"),
    Version: value("--version"),
    Architecture: value("--architecture"),
    Maintainer: value("--maintainer"),
    Vendor: value("--vendor"),
    Homepage: value("--url"),
    License: value("--license"),
    Priority: value("--deb-priority"),
    Description: value("--description"),
    Depends: lists.get("-d")?.join(", "),
    Recommends: lists.get("--deb-recommends")?.join(", "),
  };
  mkdirSync(join(root, "DEBIAN"));
  writeFileSync(
    join(root, "DEBIAN", "control"),
    Object.entries(control)
      .map(([field, text]) => `${field}: ${text}\n`)
      .join(""),
  );
  for (const [option, name] of [
    ["--after-install", "postinst"],
    ["--after-remove", "postrm"],
  ] as const) {
    cpSync(value(option), join(root, "DEBIAN", name));
    chmodSync(join(root, "DEBIAN", name), 0o755);
  }
  execFileSync("dpkg-deb", ["--root-owner-group", "-Zgzip", "-z1", "--build", root, value("--package")], { stdio: ["ignore", "inherit", "inherit"] });
}

/** As fpm writes it: every file listed by its name, nothing found out, stripped or compressed by rpmbuild itself. */
function rpm(): void {
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => `"${join(entry.parentPath, entry.name).slice(root.length)}"`);
  const script = (option: string) => readFileSync(value(option), "utf8").replaceAll("%", "%%");
  const spec = `Name: ${value("--name")}
Version: ${value("--version")}
Release: 1
Summary: ${value("--rpm-summary")}
License: ${value("--license")}
Vendor: ${value("--vendor")}
URL: ${value("--url")}
Packager: ${value("--maintainer")}
AutoReqProv: no
${lists
  .get("-d")
  ?.map((needed) => `Requires: ${needed}`)
  .join("\n")}
%define _build_id_links none
%define __os_install_post %{nil}
%define _binary_payload w1.gzdio
%description
${value("--description")}
%post
${script("--after-install")}
%postun
${script("--after-remove")}
%files
%defattr(-,root,root,-)
${files.join("\n")}
`;
  writeFileSync(join(work, "package.spec"), spec);
  const rpms = join(work, "rpms");
  const defines = [`_topdir ${work}`, `_rpmdir ${rpms}`, "_rpmfilename package.rpm"].flatMap((text) => ["--define", text]);
  // rpm's name of it, as fpm translates it.
  const machine = value("--architecture") === "amd64" ? "x86_64" : value("--architecture");
  execFileSync("rpmbuild", ["-bb", "--quiet", "--target", machine, "--buildroot", root, ...defines, join(work, "package.spec")], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  renameSync(join(rpms, "package.rpm"), value("--package"));
}

try {
  mkdirSync(root, { mode: 0o755 });
  readArguments();
  if (value("-t") === "deb") deb();
  else if (value("-t") === "rpm") rpm();
  else throw new Error(`not known to this stand-in: -t ${value("-t")}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
