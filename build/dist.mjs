#!/usr/bin/env node
import { spawnSync } from "node:child_process";
import { lookup } from "node:dns/promises";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { distNeeds } from "./dist-needs.mjs";
import { ensureNode } from "./node-version.mjs";

ensureNode(fileURLToPath(import.meta.url));
const ROOT = join(import.meta.dirname, "..");
const { platform, env } = process;
const say = (text) => process.stderr.write(`${text}\n`);

/** Where @electron/get and electron-builder keep what they downloaded. */
const caches = { darwin: "Library/Caches", win32: "AppData/Local" }[platform] ?? ".cache";
const cache = (name) => join(homedir(), caches, name, ...(platform === "win32" ? ["Cache"] : []));
const version = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).devDependencies.electron;
const holds = (folder, part) => existsSync(folder) && readdirSync(folder, { recursive: true, encoding: "utf8" }).some((name) => name.includes(part));
const online = await Promise.race([
  lookup("github.com").then(
    () => true,
    () => false,
  ),
  new Promise((resolve) => setTimeout(() => resolve(false), 5_000).unref()),
]);
const folders = (env.PATH ?? "").split(delimiter);
const { missing, leftOut, args } = distNeeds({
  platform,
  args: process.argv.slice(2),
  online,
  env,
  kept: { electron: holds(cache("electron"), `electron-v${version}-`), tools: holds(cache("electron-builder"), "") },
  programs: ["rpmbuild"].filter((name) => folders.some((folder) => folder !== "" && existsSync(join(folder, name)))),
});
if (missing.length > 0) {
  say(`No package was made.${online ? "" : " This machine does not reach github.com, where electron-builder fetches its tools."} Missing:`);
  for (const what of missing) say(`  - ${what}`);
  say("Without any of it, the packages' shape is checked by: npx vitest run test/shell/packages.test.ts");
  process.exit(1);
}
const { buildIfStale } = await import("./build.mjs");
await buildIfStale();
const run = spawnSync(process.execPath, [join(ROOT, "node_modules/electron-builder/cli.js"), "--publish", "never", ...args], { cwd: ROOT, stdio: "inherit" });
for (const what of leftOut) say(`Not made: ${what}.`);
process.exit(run.status ?? 1);
